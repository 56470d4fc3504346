"""What an export holds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from facedit.errors import UsageError

SpanCodec = Literal["prores", "prores4444", "dnxhr", "h264", "png", "none"]
"""How changed spans are encoded."""

PatchCodec = Literal["none", "prores4444", "png"]
"""How patches with mattes are encoded."""

MOST_HANDLES = 500


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """What an export holds beside words, sounds, timeline, script and report.

    Attributes:
        spans: How the changed spans are encoded: ProRes 422 HQ, ProRes 4444, DNxHR, H.264, a folder
            of PNG pictures each, or not at all.
        patch: The changed pixels alone with a soft matte, for compositors: as ProRes 4444, as PNG
            pictures, or none.
        handles: Frames of the kept clip at both ends of each span and sound.
        video: The whole edited video too.
        subtitles: The clip's own subtitles (SRT or VTT), moved and changed with the edit; else they
            are made of its words.
    """

    spans: SpanCodec = "prores"
    patch: PatchCodec = "none"
    handles: int = 12
    video: bool = True
    subtitles: Path | None = None

    def __post_init__(self) -> None:
        """Check the values.

        Raises:
            UsageError: If there are fewer handles than none or more than ``MOST_HANDLES``.
        """
        if not 0 <= self.handles <= MOST_HANDLES:
            raise UsageError(f"--handles {self.handles}: choose 0 to {MOST_HANDLES}.")
