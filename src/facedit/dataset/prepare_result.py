"""What a run of ``facedit prepare`` did, in figures and in words."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path

from facedit.dataset.footage_list import MEASURED
from facedit.dataset.prepared import ROWS
from facedit.dataset.prepared_page import PAGE
from facedit.scale.workers import Workers
from facedit.units import MOTION_FPS


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a run of ``prepare`` did.

    Attributes:
        folder: Where the results lie.
        kept: Clips kept, earlier runs included.
        splits: Clips kept by split: ``train`` is learnt from, ``dev`` is measured.
        chosen: Whether that was chosen here, because nothing says it.
        others: Clips of earlier runs that this run was not given; their rows stay.
        dropped: Kinds of reasons with their number of clips, earlier runs included.
        frames: Motion frames kept (25 a second), earlier runs included.
        seconds: Wall time of this run.
        run_clips: Clips that this run worked on.
        run_frames: Motion frames that it kept of them.
        workers: Who worked.
    """

    folder: Path
    kept: int = 0
    splits: dict[str, int] = field(default_factory=dict)
    chosen: bool = False
    others: int = 0
    dropped: dict[str, int] = field(default_factory=dict)
    frames: int = 0
    seconds: float = 0.0
    run_clips: int = 0
    run_frames: int = 0
    workers: Workers = field(default_factory=Workers)

    @property
    def minutes(self) -> float:
        """Minutes of motion kept."""
        return self.frames / MOTION_FPS / 60

    @property
    def speed(self) -> dict[str, float]:
        """Speed of this run: clips and kept motion frames a second, seconds of motion a second."""
        seconds = max(self.seconds, 1e-9)
        return {
            "clips_per_s": self.run_clips / seconds,
            "frames_per_s": self.run_frames / seconds,
            "times_real_time": self.run_frames / MOTION_FPS / seconds,
        }

    def to_dict(self) -> dict[str, object]:
        """Return the figures for JSON."""
        return asdict(self) | {"folder": str(self.folder), "speed": self.speed}

    def __str__(self) -> str:
        """Return the figures for people."""
        notes = [f"not used {n}: {reason}" for reason, n in self.dropped.items()]
        if self.chosen:
            notes.append(
                f"{self.splits.get(MEASURED, 0)} set aside for measuring (split {MEASURED}), "
                "chosen here: a manifest with the columns file and split says which"
            )
        if self.others:
            notes.append(
                f"{self.others} clips of earlier runs were not given this time and stay: to drop "
                f"them, take their lines out of {self.folder / ROWS}"
            )
        ran = ""
        if self.run_clips:
            clips, frames, real = self.speed.values()
            ran = (
                f"; {self.run_clips} clips in this run: {clips:.2f} clips/s, {frames:.0f} frames/s,"
                f" {real:.1f} x real time"
            )
        return (
            f"{self.kept} clips, {self.minutes:.1f} min of motion in {self.folder} "
            f"({self.seconds:.0f} s{ran}); see {self.folder / PAGE}"
            + "".join(f"\n  {note}" for note in notes)
        )
