"""A picture that is searched for a face: whole where it must be, else in parts, which cost less."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from facedit.types import Float32, UInt8

Indices = NDArray[np.intp]


class Picture(Protocol):
    """An upright picture."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        ...

    def rgb(self) -> UInt8:
        """Return all of it, shape (height, width, 3)."""
        ...

    def around(self, x: int, y: int, width: int, height: int) -> UInt8:
        """Return a picture of this size, (H, W, 3), that is this one in a rectangle at least.

        It holds until the next call. (Of the rectangle alone, samples between pixels are rounded
        otherwise: their places are other floating-point numbers.)
        """
        ...

    def grey(self, rows: Indices, columns: Indices) -> Float32:
        """Return its grey levels, 0 to 255, where rows and columns cross."""
        ...


@dataclass(frozen=True, slots=True)
class Pixels:
    """A picture all of whose pixels are there, shape (H, W, 3) (implements ``Picture``)."""

    pixels: UInt8

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.pixels.shape[1], self.pixels.shape[0]

    def rgb(self) -> UInt8:
        """Return all of it, shape (height, width, 3)."""
        return self.pixels

    def around(self, x: int, y: int, width: int, height: int) -> UInt8:
        """Return all of it, shape (H, W, 3)."""
        return self.pixels

    def grey(self, rows: Indices, columns: Indices) -> Float32:
        """Return its grey levels, 0 to 255, where rows and columns cross."""
        grey: Float32 = self.pixels[np.ix_(rows, columns)].mean(axis=2, dtype=np.float32)
        return grey
