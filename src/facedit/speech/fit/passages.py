"""New words by an engine: what it is shown of the clip, and what becomes of what it says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from facedit.editing.words import tokenise
from facedit.errors import BadPlugin, BadTranscript, FaceditError, UsageError
from facedit.inputs import MOST_NEW_LETTERS, check_text
from facedit.plugins import describe_error
from facedit.speech.fit.clip_reference import Reference
from facedit.speech.fit.own_recording import cut_from_recording
from facedit.speech.fit.shown import reference_of
from facedit.speech.fit.snippet import MOST_CONTEXT, Snippet
from facedit.speech.fit.voice_choice import VoiceChoice
from facedit.speech.recognition.align import align
from facedit.speech.signal.levels import active_level_db
from facedit.speech.sound_ops import cut, from_mono, mono
from facedit.speech.voices.voice import checked_sound
from facedit.speech.voices.voice_interface import Engine, Passage
from facedit.types import Sound, Transcript, Word

SILENT_DB = -60.0
"""What is quieter is nobody's speech."""

_LEAST_S, _PER_WORD_S = 20.0, 3.0
_BESIDE_S = 0.1


def words_by_engine(
    before: Sequence[str],
    new_words: Sequence[str],
    after: Sequence[str],
    choice: VoiceChoice,
    reference: Reference,
    language: str,
) -> Snippet:
    """Let an engine say new words among those beside them, and take them out of what it says.

    ``before`` and ``after``: the words of the sentence around the new ones. The engine is shown the
    speaker's clearest words, and the stretch of the clip that is edited; what it says is fitted as
    a recording of the user's. BadPlugin is raised if it fails, or says something else; UsageError
    if it does not speak the language, or too little is heard of the speaker.
    """
    engine = choice.engine
    assert engine is not None
    front, back = (
        tokenise(" ".join(before[-MOST_CONTEXT:])),
        tokenise(" ".join(after[:MOST_CONTEXT])),
    )
    new = tokenise(" ".join(new_words))
    if not new:
        raise UsageError("There are no new words to speak.")
    sentence = [*front, *new, *back]
    theirs, theirs_text = reference_of(*reference.heard())
    clip, clip_text, span_s = _stretch(reference, len(front), len(back))
    shown = Passage(" ".join(sentence), language, theirs, theirs_text, clip, clip_text, span_s)
    said = said_by(engine, shown)
    try:
        snippet = cut_from_recording(said, sentence, len(front), len(new), language, reference)
    except BadTranscript as error:
        raise BadPlugin(
            f"{engine.name} says something else than the new words “{' '.join(new)}”."
        ) from error
    return replace(snippet, voice=engine.name, choice=choice)


def text_by_engine(
    text: str, choice: VoiceChoice, speaker: Sound, heard: Transcript
) -> tuple[Sound, Transcript]:
    """Let an engine say a text by itself, in the voice of a sound whose words are known.

    The errors of ``words_by_engine``.
    """
    engine = choice.engine
    assert engine is not None
    reference = Reference(speaker, heard.words)
    shown = reference_of(*reference.heard())
    said = said_by(engine, Passage(text, heard.language, *shown))
    try:
        return said, align(said, text, heard.language)
    except BadTranscript as error:
        raise BadPlugin(f"{engine.name} says something else than the text.") from error


def said_by(engine: Engine, passage: Passage) -> Sound:
    """Let an engine say a passage; BadPlugin is raised if it gives no speech of a sane length.

    UsageError is raised if it does not speak the language, or there is nothing to say.
    """
    check_text(passage.text, "the new speech", UsageError, MOST_NEW_LETTERS)
    if engine.languages and passage.language not in engine.languages:
        raise UsageError(
            f"{engine.name} speaks {', '.join(engine.languages)} and the words are in "
            f"{passage.language}: record them and give --speech."
        )
    try:
        given = engine.say(passage)
    except FaceditError:
        raise
    except Exception as error:  # anything may happen in somebody else's code
        raise BadPlugin(f"{engine.name} cannot speak ({describe_error(error)}).") from error
    sound = checked_sound(given, engine.name)
    most_s = _LEAST_S + _PER_WORD_S * len(passage.text.split())
    if sound.duration_s > most_s:
        raise BadPlugin(
            f"{engine.name} speaks for {sound.duration_s:.0f} s where {most_s:.0f} s are plenty."
        )
    if active_level_db(mono(sound), sound.rate) < SILENT_DB:
        raise BadPlugin(f"{engine.name} gave nothing but silence.")
    return sound


def _stretch(
    reference: Reference, before: int, after: int
) -> tuple[Sound | None, str, tuple[float, float]]:
    """Cut out what was said where the new sentence is to stand, and where in it they differ."""
    voice = from_mono(reference.voice(), reference.sound.rate)
    start_s, end_s = reference.place_s
    front = [word for word in reference.words if word.end_s <= start_s + 1e-6][-before:]
    back = [word for word in reference.words if word.start_s >= end_s - 1e-6][:after]
    old = [w for w in reference.words if start_s - 1e-6 <= w.start_s and w.end_s <= end_s + 1e-6]
    words: list[Word] = [*(front if before else []), *old, *back]
    if not words:
        return None, "", (0.0, 0.0)
    low_s = max(0.0, words[0].start_s - _BESIDE_S)
    high_s = min(voice.duration_s, words[-1].end_s + _BESIDE_S)
    text = " ".join(word.text for word in words)
    return cut(voice, low_s, high_s), text, (start_s - low_s, end_s - low_s)
