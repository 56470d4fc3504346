"""The parts of frames that mouths and eyes are taken from, held from tracking to taking them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from facedit.face.searched_picture import Indices, Pixels
from facedit.media.frame import Frame, Piece
from facedit.media.planes import Rectangle
from facedit.render.bank import looked_at
from facedit.types import FaceTrack, Float32, Float64, UInt8

HELD_BYTES, TRIED_BYTES = 300_000_000, 30_000_000
"""Bytes of pictures that may be held, and after how many a stretch shows whether it has more: then
it is decoded a second time, and nothing is held."""

_SLACK = 0.08
"""Eye distances by which smoothing may move landmarks off the part that was held."""


LARGE = 3.0
"""Pixels of a face per pixel that the tracker sees of it from which no RGB is made for it: at 4K
that takes as long as decoding, and of nine pixels the tracker reads one."""


@dataclass(frozen=True, slots=True)
class _Part:
    """A rectangle of a frame: RGB, shape (height, width, 3), or what it is made of."""

    held: UInt8 | Piece
    box: Rectangle

    @property
    def rgb(self) -> UInt8:
        """RGB, shape (height, width, 3)."""
        return self.held.rgb() if isinstance(self.held, Piece) else self.held


class FaceParts:
    """Converts of frames what is looked at, and holds what will be looked at again.

    It is itself the picture that the tracker is shown (implements ``Picture``).

    Args:
        size: Width and height of the frames in pixels.
        frames: About how many there are.
    """

    def __init__(self, size: tuple[int, int], frames: int) -> None:
        self.size, self._frames = size, frames
        # Rectangles are written into one picture; the memory of what no face touches is never used.
        self._canvas = np.zeros((size[1], size[0], 3), np.uint8)
        self._written: Rectangle = (0, 0, 0, 0)
        self._frame: Frame | None = None
        self._held: list[_Part] = []
        self._bytes, self._full = 0, False

    def of(self, frame: Frame) -> FaceParts:
        """Show another frame."""
        self._frame, self._written = frame, (0, 0, 0, 0)
        return self

    def rgb(self) -> UInt8:
        """Convert all of the frame, shape (H, W, 3)."""
        return self._shown.rgb()

    def sampled(self, matrix: Float64, side: int) -> UInt8:
        """Read a square piece of the frame, (side, side, 3), between its pixels."""
        if np.hypot(*matrix[:, 0]) >= LARGE:
            return self._shown.sampled(matrix, side)
        # Not of the rectangle alone: places between pixels, of other floating-point numbers, are
        # rounded otherwise.
        return Pixels(self._around(_shown_by(matrix, side, self.size))).sampled(matrix, side)

    def grey(self, rows: Indices, columns: Indices) -> Float32:
        """Read grey levels of the frame where rows and columns cross."""
        return self._shown.grey(rows, columns)

    def hold(self, landmarks: Float32) -> None:
        """Hold what is needed of the frame, given its raw landmarks, as long as all fit."""
        if self._full:
            return
        x, y, width, height = box = self._needed(landmarks, _SLACK)
        if _within(box, self._written):
            part = _Part(self._canvas[y : y + height, x : x + width].copy(), box)
        else:
            part = _Part(self._shown.piece(*box, apart=True), box)
        self._held.append(part)
        self._bytes += part.held.nbytes
        expected = self._bytes * max(self._frames / len(self._held), 1.0)
        self._full = expected > HELD_BYTES and self._bytes > TRIED_BYTES
        if self._full:
            self._held.clear()

    def pictures(self, track: FaceTrack, again: Callable[[], Iterable[Frame]]) -> Iterator[UInt8]:
        """Show once more what ``looked_at`` names of every frame of a smoothed track; let go of it.

        Args:
            track: The track; of a frame without a face nothing is shown.
            again: Decodes the frames again, if what is held is not all.

        Yields:
            Pictures (H, W, 3) that are right there, each until the next.
        """
        boxes = [self._needed(landmarks) for landmarks in track.landmarks]
        held = self._held if len(self._held) == len(boxes) else []
        if held and all(_within(box, part.box) for box, part in zip(boxes, held, strict=True)):
            while held:
                self._write(held.pop(0))
                yield self._canvas
            return
        for frame, box in zip(again(), boxes, strict=True):
            yield self.of(frame)._around(box)

    def _around(self, box: Rectangle) -> UInt8:
        """Convert a rectangle of the frame: a picture, (H, W, 3), that is right there."""
        if not _within(box, self._written):
            self._write(_Part(self._shown.part(*box), box))
        return self._canvas

    def _write(self, part: _Part) -> None:
        x, y, width, height = part.box
        self._canvas[y : y + height, x : x + width] = part.rgb
        self._written = part.box

    def _needed(self, landmarks: Float32, slack: float = 0.0) -> Rectangle:
        """Return what is needed of a frame with a face (478, 3); nothing where there is none."""
        if not np.isfinite(landmarks[0, 0]):
            return 0, 0, 0, 0
        box = looked_at(landmarks, self.size, slack).box
        return box if box[2] else (0, 0, *self.size)  # a face outside: its border is looked at

    @property
    def _shown(self) -> Frame:
        if self._frame is None:
            raise ValueError("No frame is shown.")
        return self._frame


def _within(box: Rectangle, outer: Rectangle) -> bool:
    """Tell whether a rectangle lies within another."""
    inside = all(
        outer[k] <= box[k] and box[k] + box[k + 2] <= outer[k] + outer[k + 2] for k in (0, 1)
    )
    return inside or not (box[2] and box[3])


def _shown_by(matrix: Float64, side: int, size: tuple[int, int]) -> Rectangle:
    """Return which rectangle of a picture of a size a square piece shows, at least a pixel."""
    corners = np.array([[0, 0], [side, 0], [0, side], [side, side]])
    places = corners @ matrix[:, :2].T + matrix[:, 2]
    low, high = np.floor(places.min(axis=0)) - 2, np.ceil(places.max(axis=0)) + 3
    x0, y0 = np.clip(low, 0, np.subtract(size, 1)).astype(int).tolist()
    x1, y1 = np.clip(high, np.add((x0, y0), 1), size).astype(int).tolist()
    return x0, y0, x1 - x0, y1 - y0
