"""Two videos in one picture, for comparing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from facedit.media.frame import Frame
from facedit.media.info import new_video_info
from facedit.media.pixels import frame_from_rgb
from facedit.media.probe import probe
from facedit.media.read import read_frames
from facedit.media.sound import iter_sound
from facedit.media.write import VideoWriter


def side_by_side(left: Path, right: Path, output: Path, *, force: bool = False) -> None:
    """Put two videos of one size beside each other, over the sound of the right one.

    The right one's frame times are kept; the left one shows its frame of the same moment, and its
    last one when it has ended.

    Args:
        left: The video on the left.
        right: The video on the right.
        output: The new video.
        force: Replace an output that exists.

    Raises:
        ValueError: If the pictures differ in height.
    """
    one, other = probe(left), probe(right)
    if one.height != other.height:
        raise ValueError(f"Pictures of {one.height} and {other.height} rows don't stand together.")
    info = new_video_info(
        one.width + other.width,
        one.height,
        other.frame_rate,
        other.sound_rate,
        max(other.channels, 1),
    )
    info = replace(info, is_variable=other.is_variable)
    with VideoWriter(output, info, force=force) as writer:
        shown = _Latest(read_frames(left, info=one))
        for frame in read_frames(right, info=other):
            picture = np.hstack([shown.at(frame.time_s).rgb(), frame.rgb()])
            writer.write_frame(frame_from_rgb(picture, frame.time_s, info), frame.time_s)
        if other.has_sound:
            for block in iter_sound(right, info=other):
                writer.write_sound(block)


class _Latest:
    """The frame of a video that is shown at ascending times."""

    def __init__(self, frames: Iterator[Frame]) -> None:
        self._frames = frames
        self._shown = next(frames)
        self._next = next(frames, None)

    def at(self, time_s: float) -> Frame:
        """Return the frame shown at a time, not before the last one asked for."""
        while self._next is not None and self._next.time_s <= time_s + 1e-4:
            self._shown, self._next = self._next, next(self._frames, None)
        return self._shown
