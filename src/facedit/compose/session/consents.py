"""Consent to speak in somebody's voice: asked once, kept for the clip and the footage of them.

No voice is stored to know a speaker again by: a file is known by its hash. The statements lie in
the folder of settings, where whoever wrote them can read and remove them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from facedit.cache import config_dir
from facedit.compose.source.clip import Clip
from facedit.errors import FaceditError, UsageError
from facedit.inputs import read_json
from facedit.media.output import whole_or_nothing
from facedit.options import OWN_VOICE, Run
from facedit.speech.voices.voice import voice_named
from facedit.speech.voices.voice_interface import Engine
from facedit.weights.fetch import sha256_of

FILE = "consents.json"


def with_consent(
    run: Run, voices: Sequence[str | Engine], clip: Clip, footage: Path | None = None
) -> Run:
    """Return the options with the consent that was stated for this clip or this footage before.

    What is stated now is kept for both. Only where one of the voices copies or imitates the
    speaker; UsageError is raised if one copies them and nothing was ever stated.
    """
    copying = next((one for one in map(_engine, voices) if one is not None), None)
    if copying is None and OWN_VOICE not in voices:
        return run
    known, files = _read(), [clip.sha256]
    if footage is not None and footage.is_file():
        files.append(sha256_of(footage))
    if run.consent:
        if any(known.get(one) != run.consent for one in files):
            _write(known | dict.fromkeys(files, run.consent))
        return run
    stated = next((known[one] for one in files if one in known), None)
    if stated is None and copying is not None:
        raise UsageError(
            f"{copying.name} copies the speaker's voice: say who agreed to that, and when, by "
            "--consent; it is asked once for a clip and its footage, and kept in file and report."
        )
    return replace(run, consent=stated)


def consent_notes(imitation: str, run: Run) -> tuple[str, ...]:
    """Ask for consent where new words are in somebody's voice and nothing was stated."""
    if not imitation or run.consent:
        return ()
    return (f"the new words are in {imitation}: --consent states who agreed (once for a clip).",)


def _engine(voice: str | Engine) -> Engine | None:
    """Return what copies a speaker, if a voice does."""
    if isinstance(voice, str):
        if voice in ("auto", OWN_VOICE):
            return None
        found = voice_named(voice)
        return found if isinstance(found, Engine) else None
    return voice


def _read() -> dict[str, str]:
    """Read what was stated; nothing where there is no good file."""
    file = config_dir() / FILE
    with suppress(FaceditError):
        known = read_json(file, "statements of consent", UsageError) if file.is_file() else {}
        if isinstance(known, dict):
            return {k: v for k, v in known.items() if isinstance(k, str) and isinstance(v, str)}
    return {}


def _write(known: dict[str, str]) -> None:
    """Keep what was stated, for its owner's eyes; where nothing can be kept it is asked again."""
    with suppress(OSError):
        config_dir().mkdir(parents=True, exist_ok=True, mode=0o700)
        with whole_or_nothing(config_dir() / FILE, force=True) as part:
            part.write_text(json.dumps(known, indent=1, ensure_ascii=False), encoding="utf-8")
            part.chmod(0o600)
