"""The parts of frames that mouths and eyes are taken from, held from tracking to taking them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from facedit.face.searched_picture import Indices
from facedit.media.frame import Frame
from facedit.media.planes import Rectangle
from facedit.render.bank import looked_at
from facedit.types import FaceTrack, Float32, UInt8

HELD_BYTES = 300_000_000
"""Bytes of pictures that may be held; a stretch with more is decoded a second time."""

_SLACK = 0.08
"""Eye distances by which smoothing may move landmarks off the part that was held."""


@dataclass(frozen=True, slots=True)
class _Part:
    """A rectangle of a frame, converted to RGB, shape (height, width, 3)."""

    rgb: UInt8
    x: int
    y: int

    @property
    def box(self) -> Rectangle:
        """Left, top, width, height."""
        return self.x, self.y, self.rgb.shape[1], self.rgb.shape[0]


class FaceParts:
    """Converts of frames what is looked at, and holds what will be looked at again.

    It is itself the picture that the tracker is shown (implements ``Picture``).

    Args:
        size: Width and height of the frames in pixels.
    """

    def __init__(self, size: tuple[int, int]) -> None:
        self.size = size
        # Rectangles are written into one picture; the memory of what no face touches is never used.
        self._canvas = np.zeros((size[1], size[0], 3), np.uint8)
        self._written: Rectangle = (0, 0, 0, 0)
        self._frame: Frame | None = None
        self._held: list[_Part] = []
        self._bytes = 0

    def of(self, frame: Frame) -> FaceParts:
        """Show another frame."""
        self._frame, self._written = frame, (0, 0, 0, 0)
        return self

    def rgb(self) -> UInt8:
        """Convert all of the frame, shape (H, W, 3)."""
        return self._shown.rgb()

    def around(self, x: int, y: int, width: int, height: int) -> UInt8:
        """Convert a rectangle of the frame: a picture, (H, W, 3), that is right there."""
        if not _within((x, y, width, height), self._written):
            self._write(_Part(self._shown.part(x, y, width, height), x, y))
        return self._canvas

    def grey(self, rows: Indices, columns: Indices) -> Float32:
        """Read grey levels of the frame where rows and columns cross."""
        return self._shown.grey(rows, columns)

    def hold(self, landmarks: Float32) -> None:
        """Hold what is needed of the frame, given its raw landmarks, as long as all fit."""
        if self._bytes > HELD_BYTES:
            return
        x, y, width, height = self._needed(landmarks, _SLACK)
        rgb = self.around(x, y, width, height)[y : y + height, x : x + width].copy()
        self._held.append(_Part(rgb, x, y))
        self._bytes += rgb.nbytes
        if self._bytes > HELD_BYTES:
            self._held.clear()

    def pictures(self, track: FaceTrack, again: Callable[[], Iterable[Frame]]) -> Iterator[UInt8]:
        """Show once more what ``looked_at`` names of every frame of a smoothed track.

        Args:
            track: The track; of a frame without a face nothing is shown.
            again: Decodes the frames again, if what is held is not all.

        Yields:
            Pictures (H, W, 3) that are right there, each until the next.
        """
        boxes = [self._needed(landmarks) for landmarks in track.landmarks]
        held = self._held if len(self._held) == len(boxes) else []
        if held and all(_within(box, part.box) for box, part in zip(boxes, held, strict=True)):
            for part in held:
                self._write(part)
                yield self._canvas
            return
        for frame, box in zip(again(), boxes, strict=True):
            yield self.of(frame).around(*box)

    def _write(self, part: _Part) -> None:
        height, width = part.rgb.shape[:2]
        self._canvas[part.y : part.y + height, part.x : part.x + width] = part.rgb
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
