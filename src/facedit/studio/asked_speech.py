"""What the page asks of a whole clip: which speech, and what the face shows beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from facedit.compose.takes.express import wishes_of
from facedit.editing.script import loads
from facedit.errors import UsageError
from facedit.inputs import check_text
from facedit.options import Run
from facedit.studio.clip_store import StoredClip
from facedit.studio.export_wishes import Verb
from facedit.studio.made_files import made_file
from facedit.studio.refused import Refused
from facedit.studio.shown_wishes import check, guessed_words, of_whole
from facedit.studio.studio_options import LONGEST_S


@dataclass(frozen=True, slots=True)
class AskedSpeech:
    """Speech over a whole clip, or from a picture.

    Attributes:
        text: What is said.
        recording: Its sound, instead of a text.
        voice: Who says the text.
        run: Options.
    """

    text: str | None
    recording: Path | None
    voice: str
    run: Run


def asked_speech(
    clip: StoredClip, verb: Verb, body: Mapping[str, Any], consent: str, seed: int
) -> AskedSpeech:
    """Read what the page asks for.

    Args:
        clip: Whose recordings may be meant.
        verb: What is done.
        body: ``text`` and ``voice``, or ``speech``; and ``expression``.
        consent: The statement of consent.
        seed: Seed of the motion.

    Returns:
        What is asked. (``UsageError`` if a text or an expression is no good.)

    Raises:
        Refused: If nothing is to be said, or both.
    """
    text, speech, voice = body.get("text"), body.get("speech"), body.get("voice", "auto")
    for name, value in (("text", text), ("speech", speech)):
        if value is not None and not isinstance(value, str):
            raise Refused(422, f"{name}: expected a text.")
    if not isinstance(voice, str) or (text is None) == (speech is None):
        raise Refused(422, "say what is spoken: a text with a voice, or a recording.")
    if text is not None:
        check_text(text, "the text", UsageError)
    recording = None if speech is None else made_file(clip, "recordings", speech)
    run = Run(seed=seed, consent=consent, expression=_expression(verb, body))
    if verb == "sync" and any(wish.expression.group == "face" for wish in wishes_of(run)):
        run = replace(run, region="face")
    return AskedSpeech(text, recording, voice, run)


def outlined(clip: StoredClip, verb: Verb, body: Mapping[str, Any]) -> dict[str, Any]:
    """Say, before anything is spoken, how long it will last and what the face will show when.

    Args:
        clip: The clip; of one whose words are known the speaker's own rate counts.
        verb: What is done.
        body: ``text``, or how long the recording is as ``speech_s``; and ``expression``.

    Returns:
        ``length_s`` and ``wishes``, for JSON. (``UsageError`` if an expression is none.)

    Raises:
        Refused: If this is malformed.
    """
    text, speech_s = body.get("text", ""), body.get("speech_s")
    if not isinstance(text, str):
        raise Refused(422, "text: expected a text.")
    if speech_s is not None and not (
        isinstance(speech_s, int | float) and 0 < speech_s <= LONGEST_S
    ):
        raise Refused(422, "speech_s: expected seconds.")
    if text:
        check_text(text, "the text", UsageError)
    known = clip.script_text()
    words = guessed_words(text, None if known is None else loads(known).transcript)
    length_s = speech_s or (words[-1].end_s if words else 0.0)
    if verb == "sync":
        length_s = clip.notes()["info"]["duration_s"]
    return {"length_s": length_s, "wishes": of_whole(_expression(verb, body), words, length_s)}


def _expression(verb: Verb, body: Mapping[str, Any]) -> tuple[str, ...]:
    wishes = body.get("expression", [])
    if not isinstance(wishes, list) or not all(isinstance(one, str) for one in wishes):
        raise Refused(422, "expression: expected a list of texts.")
    check(wishes, verb, "face" if verb == "sync" else None)
    return tuple(wishes)
