"""What a benchmark shall hold, and what came of building it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from facedit.errors import UsageError
from facedit.inputs import check_seed
from facedit.options import DEFAULT_VOICE


@dataclass(frozen=True, slots=True)
class BuildOptions:
    """What to build.

    Attributes:
        name: Name of the benchmark; the folder's unless given.
        data_version: Version of the data.
        seed: Same seed, same benchmark.
        split: Only clips of this split of the manifest.
        reconstruct: Items with a hidden span; 0 leaves the track out.
        edit: Items with new words; 0 leaves the track out. Edits of --texts come first, all of
            them; what is missing is taken from GRID's grammar and from rules.
        generate: Items with everything hidden; 0 leaves the track out.
        texts: Edits written by hand (CSV).
        transcripts: What is said: a CSV with the columns file, language, text, or a folder of
            transcript files named as the clips.
        voice: Voice of the new words.
        tracks: Folder of face tracks that prepare made: those there are used, those missing are
            added.
        force: Replace a benchmark that is there.
    """

    name: str = field(default="", metadata={"metavar": "NAME"})
    data_version: str = field(default="1", metadata={"metavar": "V"})
    seed: int = 0
    split: str = field(default="", metadata={"metavar": "NAME"})
    reconstruct: int = 150
    edit: int = 90
    generate: int = 20
    texts: Path | None = None
    transcripts: Path | None = None
    voice: str = field(default=DEFAULT_VOICE, metadata={"metavar": "NAME"})
    tracks: Path | None = field(default=None, metadata={"metavar": "DIR"})
    force: bool = False

    def __post_init__(self) -> None:
        """Refuse a negative number, or no items at all, with ``UsageError``."""
        counts = {"reconstruct": self.reconstruct, "edit": self.edit, "generate": self.generate}
        for name, count in counts.items():
            if count < 0:
                raise UsageError(f"--{name} {count}: choose 0 or more items.")
        if not any(counts.values()):
            raise UsageError("no items are asked for: all three tracks are set to 0.")
        check_seed(self.seed)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A clip or an edit that is not in the benchmark, and why, in a line."""

    what: str
    why: str


@dataclass(frozen=True, slots=True)
class Built:
    """What a run of ``bench build`` made.

    Attributes:
        items: Number of items per track.
        cells: Number of edit items per kind, length and position, e.g. ``delete short end``.
        clips: Number of clips in use.
        left_out: Clips and edits that are not in it, and why.
    """

    folder: Path
    items: dict[str, int] = field(default_factory=dict)
    cells: dict[str, int] = field(default_factory=dict)
    clips: int = 0
    left_out: tuple[LeftOut, ...] = ()
    seconds: float = 0.0

    def __str__(self) -> str:
        """Return the figures for people."""
        items = ", ".join(f"{count} {track}" for track, count in self.items.items())
        why = "".join(f"\n  left out {one.what}: {one.why}" for one in self.left_out)
        return f"{items} items of {self.clips} clips in {self.folder} ({self.seconds:.0f} s){why}"
