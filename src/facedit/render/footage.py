"""A face that is seen moving, for renderers that learn from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from facedit.types import Float32, UInt8


@dataclass(frozen=True, slots=True)
class Footage:
    """Frames of one person, in their order.

    Attributes:
        key: Stands for the file and the frames; empty if nothing is to be kept on disk.
        looks: Streams upright pictures, (H, W, 3), with landmarks in pixels, (478, 3).
    """

    key: str
    looks: Callable[[], Iterator[tuple[UInt8, Float32]]]
