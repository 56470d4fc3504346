"""Opens files that somebody gave, in a process of its own (``Worker``): most are looked at once."""

from __future__ import annotations

from pathlib import Path
from threading import Event
from typing import Any

from facedit.media.sound import read_speech_file
from facedit.media.wav import write_wav
from facedit.progress import OnProgress
from facedit.studio.clip_facts import facts_of
from facedit.studio.peaks import peaks


class Reader:
    """What is done with files beside the jobs."""

    def __init__(self, on_progress: OnProgress, cancel: Event) -> None:
        del on_progress, cancel  # it is done at once

    def facts(self, source: Path) -> dict[str, Any]:
        """Look at a clip that was just opened; ``BadMedia`` if it is none."""
        return facts_of(source)

    def peaks(self, source: Path, block: int) -> dict[str, Any]:
        """Find the shape of a minute of sound; ``Refused`` if there is none."""
        return peaks(source, block)

    def recording(self, sent: Path, wav: Path) -> None:
        """Keep the sound of a recording as a wav; ``BadMedia`` if it holds none."""
        write_wav(wav, read_speech_file(sent))
