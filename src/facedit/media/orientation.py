"""How a stored picture is turned to stand upright: the eight right-angled display matrices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from facedit.types import Float64

_Scalar = TypeVar("_Scalar", bound=np.generic)


@dataclass(frozen=True, slots=True)
class Orientation:
    """Upright picture = stored picture, transposed if so told, then flipped.

    Attributes:
        transpose: Swap rows and columns first.
        flip_x: Then mirror left and right.
        flip_y: And mirror top and bottom.
    """

    transpose: bool = False
    flip_x: bool = False
    flip_y: bool = False

    @classmethod
    def from_matrix(cls, matrix: Sequence[int]) -> Orientation:
        """Read a display matrix as FFmpeg stores it.

        A stored pixel (x, y) is shown at (m0 x + m3 y, m1 x + m4 y). A matrix that is no right
        angle is taken as the nearest one.

        ``matrix``: the 9 fixed-point entries, row by row.
        """
        a, b, _, c, d, *_ = matrix
        if abs(b) + abs(c) > abs(a) + abs(d):
            return cls(transpose=True, flip_x=c < 0, flip_y=b < 0)
        return cls(transpose=False, flip_x=a < 0, flip_y=d < 0)

    @classmethod
    def from_rotation(cls, degrees: float) -> Orientation:
        """Take the right angle nearest to a rotation.

        ``degrees``: counter-clockwise turn that shows the picture upright.
        """
        quarter = round(degrees / 90.0) % 4
        return cls(quarter in (1, 3), flip_x=quarter in (2, 3), flip_y=quarter in (1, 2))

    @property
    def is_upright(self) -> bool:
        """Whether stored and upright picture are the same."""
        return not (self.transpose or self.flip_x or self.flip_y)

    @property
    def mirrored(self) -> bool:
        """Whether the picture is mirrored on top of its rotation."""
        return self.transpose ^ self.flip_x ^ self.flip_y

    @property
    def rotation_deg(self) -> int:
        """Counter-clockwise turn in degrees (0, 90, 180, 270) that shows the picture upright.

        A mirrored picture is turned first and then mirrored left to right.
        """
        flip_x = self.flip_x ^ self.mirrored
        if self.transpose:
            return 270 if flip_x else 90
        return 180 if flip_x else 0

    @property
    def matrix(self) -> tuple[int, ...]:
        """The display matrix as FFmpeg stores it (16.16 and 2.30 fixed point)."""
        x, y = (-1 if self.flip_x else 1) << 16, (-1 if self.flip_y else 1) << 16
        if self.transpose:
            return (0, y, 0, x, 0, 0, 0, 0, 1 << 30)
        return (x, 0, 0, 0, y, 0, 0, 0, 1 << 30)

    def upright(self, stored: NDArray[_Scalar]) -> NDArray[_Scalar]:
        """Turn a stored picture upright.

        ``stored``: picture, shape (H, W) or (H, W, channels).
        """
        turned = stored.swapaxes(0, 1) if self.transpose else stored
        return turned[:: -1 if self.flip_y else 1, :: -1 if self.flip_x else 1]

    def stored(self, upright: NDArray[_Scalar]) -> NDArray[_Scalar]:
        """Turn an upright picture back to the way it is stored.

        ``upright``: picture, shape (H, W) or (H, W, channels).
        """
        flipped = upright[:: -1 if self.flip_y else 1, :: -1 if self.flip_x else 1]
        return flipped.swapaxes(0, 1) if self.transpose else flipped

    def stored_map(self, matrix: Float64, upright_size: tuple[int, int]) -> Float64:
        """Let an affine map (2, 3) to places of the upright picture lead to the stored one's.

        ``upright_size``: width and height of the upright picture.
        """
        there = matrix.copy()
        for row, flip in enumerate((self.flip_x, self.flip_y)):
            if flip:
                there[row] = -there[row]
                there[row, 2] += upright_size[row] - 1
        return there[::-1].copy() if self.transpose else there

    def stored_corner(
        self, x: int, y: int, width: int, height: int, upright_size: tuple[int, int]
    ) -> tuple[int, int]:
        """Find the top left corner of an upright rectangle in the stored picture.

        ``width``: width of the rectangle in the upright picture; ``height``: height of the
        rectangle in the upright picture; ``upright_size``: width and height of the upright picture.
        Returns left and top edge of the same pixels in the stored picture.
        """
        column = upright_size[0] - x - width if self.flip_x else x
        row = upright_size[1] - y - height if self.flip_y else y
        return (row, column) if self.transpose else (column, row)
