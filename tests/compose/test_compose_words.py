"""The words of a source: recognised once, whoever asks first."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from facedit import api
from facedit.compose.session.session import Session
from facedit.compose.source.clip import Clip
from facedit.compose.words.source_words import checked_about, source_transcript, word_edits
from facedit.editing.diff import WordEdit
from facedit.errors import BadTranscript, UsageError
from facedit.media.sound import read_speech_file
from facedit.options import EditRequest, TranscribeOptions
from facedit.progress import StageClock
from facedit.speech.recognition import sound_cache as cache
from facedit.speech.recognition.align import align
from facedit.speech.recognition.whisper_words import Recogniser
from facedit.speech.text.transcript_io import save_transcript
from facedit.speech.voices.hibari_voice import HibariVoice
from facedit.types import Sound, Transcript, Word
from talking_clips import gradient, write_clip

SPOKEN = "bin blue at s three again"


@pytest.fixture
def asked(monkeypatch, tmp_path):
    """The sounds that the recogniser was given."""
    monkeypatch.setattr("facedit.cache.results_dir", lambda: tmp_path / "cache")
    sounds = []

    def recognise(sound, *_):
        sounds.append(sound)
        return Transcript((Word("Hello", 0.1, 0.5),), sound.duration_s)

    monkeypatch.setattr(cache, "transcribe", recognise)
    return sounds


@pytest.mark.parametrize("seconds", [0.6, 1.0, 1.4])
def test_transcribe_and_then_edit_recognise_once(asked, tmp_path, seconds):
    """Whether the sound is shorter than the pictures, as long, or longer."""
    noise = np.random.default_rng(0).normal(0, 0.1, (round(seconds * 16_000), 1))
    clip = tmp_path / "clip.mp4"
    write_clip(clip, [gradient(k) for k in range(25)], Sound(noise.astype(np.float32), 16_000))
    read = api.transcribe(clip).transcript
    found = source_transcript(Clip(clip, StageClock()), None, None)
    assert found == read
    assert len(asked) == 1


def test_of_a_recording_with_a_cover_all_is_heard(asked, tmp_path):
    """A picture in a music file is no video."""
    song = tmp_path / "song.mp4"
    with av.open(str(song), "w") as file:
        audio = file.add_stream("aac", rate=16_000, layout="mono")
        cover = file.add_stream("mjpeg", rate=1)
        cover.width, cover.height, cover.pix_fmt = 64, 64, "yuvj420p"
        cover.disposition = av.stream.Disposition.attached_pic
        frame = av.AudioFrame.from_ndarray(np.full((1, 16_000), 0.1, np.float32), "fltp", "mono")
        frame.sample_rate, frame.pts, frame.time_base = 16_000, 0, Fraction(1, 16_000)
        file.mux(audio.encode(frame))
        file.mux(audio.encode(None))
        picture = np.zeros((64, 64, 3), np.uint8)
        file.mux(cover.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        file.mux(cover.encode(None))
    api.transcribe(song)
    assert asked[0].samples.shape == read_speech_file(song).samples.shape


@pytest.mark.parametrize(
    ("wish", "edits"),
    [
        ({"insert_before": (("bin", "now"),)}, [(0, 0, "now")]),
        ({"insert_after": (("again", "now"),)}, [(6, 6, "now")]),
        ({"insert_before": (("s three@1.7s", "a"), ("blue", "b"))}, [(1, 1, "b"), (3, 3, "a")]),
        ({"say": "bin blue 😀 at s — three again ♪"}, []),
        ({"say": "bin green 😀 at s three again ♪"}, [(1, 2, "green")]),
    ],
)
def test_wishes_are_turned_into_edits(wish, edits):
    words = [Word(text, 0.3 * k + 0.5, 0.3 * k + 0.8) for k, text in enumerate(SPOKEN.split())]
    found = word_edits(Transcript(tuple(words), 3.0), EditRequest(**wish))
    assert [(edit.old_start, edit.old_end, edit.text) for edit in found] == edits


@pytest.fixture(scope="module")
def talk(tmp_path_factory):
    """A clip of half a second of quiet, a sentence and quiet again; its words as they are heard."""
    sound = HibariVoice().speak("The weather will be sunny again tomorrow morning.", 1.0)
    quiet = np.zeros((round(0.5 * sound.rate), 1), np.float32)
    sound = Sound(np.concatenate([quiet, sound.samples, quiet]), sound.rate)
    clip = tmp_path_factory.mktemp("talk") / "clip.mp4"
    write_clip(clip, [gradient(k) for k in range(round(25 * sound.duration_s))], sound)
    return clip, align(sound, "the weather will be sunny again tomorrow morning")


def shifted(heard, late_s):
    words = [
        replace(word, start_s=word.start_s + late_s, end_s=word.end_s + late_s, score=1.0)
        for word in heard.words
    ]
    return replace(heard, words=tuple(words), origin="given.json")


def starts_s(transcript):
    return [word.start_s for word in transcript.words]


@pytest.mark.parametrize("late_s", [0.0, 0.3])
def test_given_times_are_those_that_are_heard(talk, tmp_path, late_s):
    """Times that fit are taken as they are, a shifted transcript is measured anew."""
    clip, heard = talk
    file = tmp_path / "given.json"
    save_transcript(shifted(heard, late_s), file)
    found = source_transcript(Clip(clip, StageClock()), file, None)
    assert found.text == heard.text
    assert starts_s(found) == pytest.approx(starts_s(heard), abs=0.03)
    assert found.origin == ("given.json, times by phone alignment" if late_s else "given.json")
    assert bool(found.notes) == bool(late_s)


def test_of_a_longer_clip_the_times_about_the_edits_are_checked(talk, monkeypatch):
    clip, heard = talk
    monkeypatch.setattr("facedit.compose.words.source_words.CHECKED_S", heard.duration_s - 0.01)
    monkeypatch.setattr("facedit.compose.words.source_words.ABOUT_MARGINS_S", (0.1, 0.3))
    monkeypatch.setattr("facedit.compose.words.source_words.ABOUT", 3)
    edits = (WordEdit(3, 4, ("was",)),)

    def checked(given):
        return checked_about(Clip(clip, StageClock()), given, edits)

    right, late = shifted(heard, 0.0), shifted(heard, 0.25)
    assert checked(right) == right
    assert starts_s(checked(late)) == pytest.approx(starts_s(heard), abs=0.05)
    (note,) = checked(late).notes
    assert note.startswith("given.json: the times are 0.25 s late") or "do not fit" in note
    assert checked(replace(late, origin="phone alignment")).words == late.words
    texts = ["my", "old", "uncle", "cooks", "cheap", "fish", "for", "you"]
    other = [replace(word, text=t) for word, t in zip(right.words, texts, strict=True)]
    with pytest.raises(BadTranscript, match="fits"):
        checked(replace(right, words=tuple(other)))


def test_an_edit_recognises_as_transcribe_does(talk, monkeypatch):
    """The same options; a clip that stays open hears again if they change."""
    clip, heard = talk
    asked = []

    def cached(sound, language, progress, recogniser, told):
        asked.append(recogniser)
        return heard

    monkeypatch.setattr("facedit.speech.recognition.transcript_parts.cached_transcript", cached)
    with Session(clip) as session:
        for hotwords in (None, "Weathering", "Weathering"):
            request = EditRequest(say=heard.text, model=None, hotwords=hotwords)
            assert not session.plan(request).edits
    assert asked == [Recogniser(), Recogniser(hotwords="Weathering")]


@pytest.mark.parametrize("option", [{"model": Path("large")}, {"hotwords": "Rio"}])
def test_known_words_are_not_recognised(option):
    """Options that would do nothing are refused, by every verb that has them."""
    name = next(iter(option))
    for known in ({"transcript": Path("a.srt"), "say": "a"}, {"script": Path("a.json")}):
        with pytest.raises(UsageError, match=f"--{next(iter(known))} gives .* --{name}"):
            EditRequest(**known, **option)
    with pytest.raises(UsageError, match=f"--text gives the words, --{name}"):
        TranscribeOptions(text=Path("a.txt"), **option)
