"""What the processes beside the server do; it is loaded there alone."""

from __future__ import annotations

from threading import Event

from facedit.progress import OnProgress
from facedit.speech.recognition.whisper_words import Recogniser


def make_engine(
    device: str, recogniser: Recogniser | None, on_progress: OnProgress, cancel: Event
) -> object:
    """Make what does the jobs; what it needs is loaded in its process alone."""
    from facedit.studio.session_jobs import Engine

    return Engine(device, recogniser, on_progress, cancel)


def make_reader(on_progress: OnProgress, cancel: Event) -> object:
    """Make what opens files."""
    from facedit.studio.reader import Reader

    return Reader(on_progress, cancel)
