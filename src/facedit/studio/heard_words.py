"""The words of a clip as they come: kept part by part, so that they can be edited meanwhile."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

from facedit.editing.script import EditScript, ScriptSource, loads
from facedit.errors import BadTranscript
from facedit.scale.task_process import Tell
from facedit.studio.clip_store import StoredClip
from facedit.studio.refused import Refused
from facedit.types import Transcript, Word

_OPTIONS = {"voice": "auto", "region": "lips", "seed": 0}


def is_heard(clip: StoredClip) -> bool:
    """Tell whether all words of a clip are known."""
    return clip.script_text() is not None and clip.notes().get("heard_s") is None


def hear(
    clip: StoredClip,
    recognise: Callable[[float, Tell], object],
    publish: Callable[[dict[str, Any]], None],
) -> dict[str, Any]:
    """Recognise the words that are not known yet, and keep each part of them as it is there.

    Args:
        clip: The clip.
        recognise: Does it from a time on, and tells of parts as ``Engine.words`` does.
        publish: Told what a page shows: words that come, and those that may be edited.

    Returns:
        How many words are known.

    Raises:
        BadTranscript: If nobody speaks.
    """
    if is_heard(clip):
        return {}
    known = _count(clip)
    heard_s = clip.notes().get("heard_s") or 0.0
    clip.note(heard_s=heard_s)  # as long as this is noted, words are missing

    def told(news: tuple[ScriptSource | None, Transcript]) -> None:
        nonlocal known
        source, part = news
        new = part.words if source is None else _keep(clip, source, part)
        words, final = [asdict(word) for word in new], source is not None
        publish({"from": known, "words": words, "until_s": part.duration_s, "final": final})
        known += len(new) if final else 0

    recognise(heard_s, told)
    clip.note(heard_s=None)
    if clip.script_text() is None:
        raise BadTranscript("no words were recognised: is anybody speaking, and loud enough?")
    return {"words": known}


def forget(clip: StoredClip, language: str | None = None) -> None:
    """Let the words of a clip be heard anew, in a language if it is not to be recognised.

    ``Refused`` is raised if words are edited: edits are over the words as they are.
    """
    with clip.writing():
        check_unedited(clip)
        (clip.folder / "script.json").unlink(missing_ok=True)
    clip.note(heard_s=0.0, language=language, words=secrets.token_hex(8))


def check_unedited(clip: StoredClip) -> None:
    """Refuse, by ``Refused``, to take other words where some are edited."""
    text = clip.script_text()
    if text is not None and loads(text).edits:
        raise Refused(409, "take the edits back first: they are over the words as they are.")


def take_given(clip: StoredClip, source: ScriptSource, given: Transcript) -> dict[str, Any]:
    """Take words that somebody gave, in the place of those that were heard.

    Args:
        clip: The clip.
        source: What they are the words of.
        given: The words.

    Returns:
        How many there are. (``Refused`` if words are edited.)
    """
    forget(clip, given.language)
    _keep(clip, source, given)
    clip.note(heard_s=None)
    return {"words": len(given.words)}


def corrected(
    clip: StoredClip, version: object, correct: Callable[[], tuple[str, EditScript]]
) -> dict[str, Any]:
    """Keep words that were corrected, whatever is saved meanwhile.

    Args:
        clip: The clip.
        version: Of its words, when they were wrong.
        correct: Corrects the script as it is, and returns its text and the corrected one.

    Returns:
        How many words there are.

    Raises:
        Refused: If the words are others by now.
    """
    while True:
        if clip.notes().get("words") != version:
            raise Refused(409, "the words were corrected elsewhere meanwhile.")
        text, script = correct()
        version = secrets.token_hex(8)
        clip.note(words=version)  # first: no page may save over words that it does not know
        with clip.writing():
            if clip.script_text() == text:
                clip.save_script(script)
                return {"words": len(script.transcript.words)}


def _count(clip: StoredClip) -> int:
    text = clip.script_text()
    return 0 if text is None else len(loads(text).transcript.words)


def _keep(clip: StoredClip, source: ScriptSource, part: Transcript) -> tuple[Word, ...]:
    """Put the words of a part behind those that are known; returns which are new."""
    with clip.writing():
        text = clip.script_text()
        whole = replace(part, words=(), duration_s=source.duration_s)
        script = EditScript(source, whole, (), _OPTIONS) if text is None else loads(text)
        before = script.transcript.words
        end_s = before[-1].end_s - 0.01 if before else 0.0
        new = tuple(word for word in part.words if word.start_s >= end_s)
        if new:
            transcript = replace(script.transcript, words=(*before, *new))
            clip.save_script(replace(script, transcript=transcript, plan=None))
    clip.note(heard_s=part.duration_s)
    return new
