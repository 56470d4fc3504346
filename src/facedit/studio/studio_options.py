"""How the studio is started, and its limits."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from facedit.errors import UsageError


@dataclass(frozen=True, slots=True)
class StudioOptions:
    """Options of ``facedit studio``.

    Attributes:
        port: Where the page is served, on this machine alone; 0 is any free port.
        open: Open the page in the browser.
        folder: The page may open the videos of this folder too.
        limit_mb: Largest file that may be dropped on the page, in MB.
        model: A larger recogniser: a faster-whisper folder, instead of Whisper base.
        hotwords: Names and terms likely to be said.
        device: Where networks compute: auto, cpu, cuda or mps.
    """

    port: int = 0
    open: bool = True
    folder: Path | None = field(default=None, metadata={"metavar": "DIR"})
    limit_mb: int = 500
    model: Path | None = field(default=None, metadata={"metavar": "FOLDER"})
    hotwords: str | None = field(default=None, metadata={"metavar": "WORDS"})
    device: str = field(default="auto", metadata={"metavar": "DEVICE"})

    def __post_init__(self) -> None:
        """Check the values.

        Raises:
            UsageError: If one is not allowed; the message names the option.
        """
        if not 0 <= self.port <= 65535:
            raise UsageError(f"--port {self.port}: choose 0 to 65535.")
        if self.limit_mb < 1:
            raise UsageError(f"--limit-mb {self.limit_mb}: choose 1 or more.")
        if self.folder is not None and not self.folder.is_dir():
            raise UsageError(f"--folder {self.folder}: no such folder.")


MOST_CLIPS = 64
"""Clips that are kept at once."""

MOST_JSON = 1_000_000
"""Bytes of a request that is no upload."""

MOST_NAME = 200
"""Characters of a file's name."""

MOST_CONSENT = 1000
"""Characters of the statement of consent."""

MOST_JOBS = 20
"""Jobs that wait or run."""

MOST_RECORDINGS = 100
"""Recordings of new words of one clip."""

MOST_TAKES = 9
"""Takes that may be asked for at once: a key each."""

LONGEST_S = 60 * 60.0
"""Length of a clip."""

KEPT_DAYS = 7
"""Days after which a clip that was not opened is forgotten."""

LONGEST_READ_S = 60.0
"""Seconds that a look at a file may last: longer ones are made to hold the server up."""

STALLED_S = 60.0
"""Seconds without a byte after which an upload is given up."""
