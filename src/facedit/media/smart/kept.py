"""What of a source stays as it is: the border between an edit's plan and the packets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, Self

from facedit.types import Float32


@dataclass(frozen=True, slots=True)
class KeptPictures:
    """A run of pictures that an edit leaves as they are.

    Attributes:
        start_s: Time from which on, in the source.
        end_s: Time at which it ends (not included); infinity for the last one.
        shift_s: Seconds by which they come later in the output.
    """

    start_s: float
    end_s: float
    shift_s: float


@dataclass(frozen=True, slots=True)
class KeptSamples:
    """A run of samples that an edit leaves as they are.

    Attributes:
        start: First sample in the source.
        end: Sample after the last one.
        output_start: The first one's place in the output.
    """

    start: int
    end: int
    output_start: int


class EditedSound(Protocol):
    """The sound of an output, read from anywhere."""

    @property
    def length(self) -> int:
        """Number of samples."""
        ...

    @property
    def kept(self) -> tuple[KeptSamples, ...]:
        """Which of them are the source's own, in order."""
        ...

    @property
    def first(self) -> int:
        """Number of the first sample: negative where it sounds before the first picture."""
        ...

    def in_steps(self, step: int) -> Self:
        """Return the same sound with its kept runs moved by multiples of so many samples."""
        ...

    def blocks(self, start: int | None = None, end: int | None = None) -> Iterator[Float32]:
        """Yield the samples of a range, shape (N, channels) each."""
        ...
