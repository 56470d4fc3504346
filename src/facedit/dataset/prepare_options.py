"""How clips are prepared; nothing heavy, for the command line reads it."""

from __future__ import annotations

from dataclasses import dataclass, field

from facedit.options import DEFAULT_SPACE
from facedit.scale.workers import Workers


@dataclass(frozen=True, slots=True)
class PrepareOptions:
    """How clips are prepared.

    Attributes:
        voices: Let each training clip be heard in N other voices and rooms too.
        space: Motion space: mesh, mesh-grid (fitted to GRID alone), or another package's.
        encoder: Whose states describe the speech.
        layer: Layer of it; of whisper-base 1 to 6, 4 unless given; of wavlm-large 1 to 24, or
            several such as 12-24, which the motion model learns to mix: all unless given.
        device: Where networks compute: auto, cpu, cuda or mps.
        workers: 1: this process; N: processes; ray, ray:N: a Ray cluster of its own; ray:ADDRESS:
            join one.
    """

    voices: int = 0
    space: str = field(default=DEFAULT_SPACE, metadata={"metavar": "NAME"})
    encoder: str = field(default="whisper-base", metadata={"metavar": "NAME"})
    layer: str | None = field(default=None, metadata={"metavar": "N"})
    device: str = field(default="auto", metadata={"metavar": "DEVICE"})
    workers: Workers = field(
        default_factory=Workers, metadata={"metavar": "N|ray|ray:ADDRESS", "parse": Workers.parse}
    )

    @property
    def hearing(self) -> str:
        """The encoder with its layer, as ``speech.encoders.encoder_named`` takes it."""
        return self.encoder if self.layer is None else f"{self.encoder}/{self.layer}"
