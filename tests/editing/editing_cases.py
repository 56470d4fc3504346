"""Random transcripts, edits and plans that the tests of this folder share."""

from fractions import Fraction

from hypothesis import strategies as st

from facedit.editing.diff import WordEdit
from facedit.editing.planner import make_plan
from facedit.types import Transcript, Word

RATES = (
    Fraction(24000, 1001),
    Fraction(25),
    Fraction(30000, 1001),
    Fraction(60),
)


def spoken(text, start_s=0.3, word_s=0.3, pause_s=0.1, tail_s=0.3):
    """A transcript of evenly spoken words."""
    words, time_s = [], start_s
    for word in text.split():
        words.append(Word(word, time_s, time_s + word_s))
        time_s += word_s + pause_s
    return Transcript(tuple(words), time_s - pause_s + tail_s)


@st.composite
def transcripts(draw, max_words=8):
    """Words of few kinds (so that they repeat) with pauses that are often zero."""
    count = draw(st.integers(1, max_words))
    words, time_s = [], draw(st.sampled_from([0.0, 0.05, 0.4]))
    for _ in range(count):
        length_s = draw(st.floats(0.02, 0.7))
        words.append(Word(draw(st.sampled_from("abcd")), time_s, time_s + length_s))
        time_s += length_s + draw(st.sampled_from([0.0, 0.0, 0.03, 0.2, 1.0]))
    return Transcript(tuple(words), time_s + draw(st.sampled_from([0.0, 0.1, 0.5])))


@st.composite
def edits_of(draw, words):
    """Edits in order with at least one kept word between two of them."""
    edits, position = [], 0
    while position <= words:
        start = draw(st.integers(position, words))
        end = draw(st.integers(start, min(words, start + 3)))
        new = tuple(draw(st.lists(st.sampled_from("abxy"), max_size=3)))
        if start < end or new:
            edits.append(WordEdit(start, end, new))
        if not draw(st.booleans()):
            break
        position = end + 1
    return tuple(edits)


@st.composite
def plans(draw):
    """A transcript, a frame count and a plan over a source of constant rate."""
    transcript = draw(transcripts())
    rate = draw(st.sampled_from(RATES))
    # The picture ends within a frame of the sound, as files do.
    frames = max(int(transcript.duration_s * rate) + 1, 2)
    duration_s = float(frames / rate)
    edits = draw(edits_of(len(transcript.words)))
    last = len(transcript.words)
    if any((edit.old_start, edit.old_end) == (0, last) and not edit.new_words for edit in edits):
        edits = ()  # cutting every word may leave nothing, which is refused
    sounds = [None if edit.kind == "delete" else draw(st.floats(0.05, 1.5)) for edit in edits]
    plan = make_plan(edits, transcript, sounds, source_duration_s=duration_s, frame_rate=rate)
    return transcript, frames, sounds, plan
