"""A decoded picture with its time: what the stages pass on instead of arrays of pixels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation
from numpy.typing import NDArray

from facedit.media.colour import swscale_matrix
from facedit.media.info import VideoInfo
from facedit.media.planes import Rectangle, converted, cropped, filtered, greys, sampled
from facedit.types import Float32, Float64, UInt8

_AROUND, _STEP = 8, 16
"""Pixels around a piece that are converted with it, and multiples of which it begins at."""

_SCALING = Interpolation.BILINEAR | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT


@dataclass(frozen=True, slots=True)
class Piece:
    """A rectangle of a picture that can be converted by itself.

    Attributes:
        pixels: As decoded, with what converting it looks at around it; RGB if only whole pictures
            are converted.
        info: The video it belongs to.
        inside: The rectangle in it, as stored.
    """

    pixels: VideoFrame | UInt8
    info: VideoInfo
    inside: Rectangle

    @property
    def nbytes(self) -> int:
        """Bytes that are held."""
        if isinstance(self.pixels, np.ndarray):
            return self.pixels.nbytes
        return sum(plane.buffer_size for plane in self.pixels.planes)

    def rgb(self) -> UInt8:
        """Convert it to upright 8-bit RGB, shape (height, width, 3)."""
        if isinstance(self.pixels, np.ndarray):
            return self.pixels
        x, y, width, height = self.inside
        stored = _rgb(self.pixels, self.info)[y : y + height, x : x + width]
        return np.ascontiguousarray(self.info.orientation.upright(stored))


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture of a video. Its pixels are never changed in place.

    Attributes:
        time_s: When it is shown, in seconds from the first picture.
        pts: The same in ticks of the file (``info.time_base``), not counted from the first.
        duration_s: How long it is shown in seconds (nominal where the file does not say).
        held: The picture, or what makes it once it is asked for.
        info: The video it belongs to.
        made_of: The upright RGB that it was made of, shape (height, width, 3); None where decoded.
        base: The decoded picture that patches were laid onto; None where it is as decoded.
    """

    time_s: float
    pts: int
    duration_s: float
    held: VideoFrame | Callable[[], VideoFrame]
    info: VideoInfo
    made_of: UInt8 | None = field(default=None, compare=False, repr=False)
    base: Frame | None = field(default=None, compare=False, repr=False)

    def at(self, time_s: float) -> Frame:
        """Return the same picture shown at another time, in seconds."""
        return replace(self, time_s=time_s)

    @property
    def picture(self) -> VideoFrame:
        """The picture as decoded and as stored: own pixel format, not yet upright."""
        return self.held() if callable(self.held) else self.held

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the upright picture in pixels."""
        return self.info.width, self.info.height

    def rgb(self) -> UInt8:
        """Convert to upright 8-bit RGB.

        Returns:
            A new array, shape (height, width, 3).
        """
        if self.made_of is not None:
            return self.made_of.copy()
        return np.ascontiguousarray(self.info.orientation.upright(_rgb(self.picture, self.info)))

    def rgb16(self) -> NDArray[np.uint16]:
        """Convert a decoded or patched picture to upright 16-bit RGB, without loss of ten bits.

        Returns:
            A new array, shape (height, width, 3).
        """
        converted = _reformatted(self.picture, self.info, "rgb48le")
        stored = np.asarray(converted.to_ndarray(), np.uint16)
        return np.ascontiguousarray(self.info.orientation.upright(stored))

    def part(self, x: int, y: int, width: int, height: int) -> UInt8:
        """Convert a rectangle to upright 8-bit RGB: what ``rgb`` has there, for less.

        Args:
            x: Left edge in the upright picture; the rectangle is inside it.
            y: Top edge.
            width: Its width in pixels.
            height: Its height.

        Returns:
            An array, shape (height, width, 3).
        """
        return self.piece(x, y, width, height).rgb()

    def piece(self, x: int, y: int, width: int, height: int, *, apart: bool = False) -> Piece:
        """Cut out what ``part`` converts of a rectangle.

        Args:
            x: Left edge in the upright picture; the rectangle is inside it.
            y: Top edge.
            width: Its width in pixels.
            height: Its height.
            apart: Copy it, so that the rest of the picture need not be held.

        Returns:
            The piece.
        """
        info, turn = self.info, self.info.orientation
        left, top = turn.stored_corner(x, y, width, height, (info.width, info.height))
        across, down = (height, width) if turn.transpose else (width, height)
        # Chroma is interpolated: at a piece's edges it may differ from the whole picture's, and
        # so it does all over a picture of odd size.
        x0, y0 = max(left - _AROUND, 0) // _STEP * _STEP, max(top - _AROUND, 0) // _STEP * _STEP
        x1 = min(-(-(left + across + _AROUND) // _STEP) * _STEP, info.stored_width)
        y1 = min(-(-(top + down + _AROUND) // _STEP) * _STEP, info.stored_height)
        if self.made_of is not None or info.stored_width % 2 or info.stored_height % 2:
            rgb = np.ascontiguousarray(self.rgb()[y : y + height, x : x + width])
            return Piece(rgb, info, (0, 0, across, down))
        picture = cropped(self.picture, (x0, y0, x1 - x0, y1 - y0))
        if apart:
            picture = filtered(picture, "copy")
        return Piece(picture, info, (left - x0, top - y0, across, down))

    def sampled(self, matrix: Float64, side: int) -> UInt8:
        """Read a square piece of the upright picture, (side, side, 3), without converting it.

        Args:
            matrix: Leads from the piece's pixels to the picture's, shape (2, 3).
            side: Its width and height.

        Returns:
            RGB by bilinear interpolation of the planes; beyond the edges they go on.
        """
        info = self.info
        there = info.orientation.stored_map(matrix, (info.width, info.height))
        return sampled(self.picture, info, there, side)

    def grey(self, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> Float32:
        """Read grey levels where rows and columns of the upright picture cross.

        Args:
            rows: Numbers of rows.
            columns: Numbers of columns.

        Returns:
            Means of red, green and blue from 0 to 255, nearly, shape (rows, columns).
        """
        turn = self.info.orientation
        rows = self.info.height - 1 - rows if turn.flip_y else rows
        columns = self.info.width - 1 - columns if turn.flip_x else columns
        if turn.transpose:
            return greys(self.picture, self.info, columns, rows).T
        return greys(self.picture, self.info, rows, columns)


def _rgb(picture: VideoFrame, info: VideoInfo) -> UInt8:
    """Convert a picture, or a piece of one, to RGB as stored."""
    return np.asarray(_reformatted(picture, info, "rgb24").to_ndarray(), np.uint8)


def _reformatted(picture: VideoFrame, info: VideoInfo, pix_fmt: str) -> VideoFrame:
    return converted(
        picture,
        pix_fmt,
        src_colorspace=swscale_matrix(info.matrix),
        src_color_range=2 if info.full_range else 1,
        dst_color_range=2,
        interpolation=int(_SCALING),
    )
