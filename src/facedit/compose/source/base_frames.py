"""The pictures underneath: the frames of a video, or one picture that lasts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import numpy as np

from facedit.compose.source.clip import Clip
from facedit.media.frame import Frame
from facedit.media.info import VideoInfo
from facedit.media.pixels import frame_from_rgb
from facedit.types import Float64, UInt8
from facedit.units import frame_time

FORWARD_S = 4.0
"""A gap shorter than this is read through; a longer one is jumped over."""

RECENT, RECENT_PIXELS = 48, 200_000_000
"""Streamed frames that stay at hand, and pixels in them: a span seldom needs others."""


Parts = tuple[tuple[float, float], ...] | None
"""Stretches of a source in seconds, in order and apart; None for all of it."""


class BaseFrames(Protocol):
    """Frames in order, and again by their times."""

    def stream(self, parts: Parts = None, again: Parts = None) -> Iterator[Frame]:
        """Yield every frame of some parts of the source once, in order; of all if None.

        ``again``: stretches of which frames will be loaded soon; perhaps of any if None.
        """
        ...

    def load(self, times_s: Float64) -> None:
        """Hold the frames shown at some times, and no others."""
        ...

    def at(self, time_s: float) -> Frame:
        """Return a frame that was loaded."""
        ...


class VideoFrames:
    """Reads a video's own frames: forward where it can, a chunk at a time.

    Args:
        clip: The source video.
    """

    def __init__(self, clip: Clip) -> None:
        self._clip = clip
        self._stream: Iterator[Frame] = iter(())
        self._position_s = np.inf
        self._frames: dict[int, Frame] = {}
        self._recent: dict[int, Frame] = {}

    def stream(self, parts: Parts = None, again: Parts = None) -> Iterator[Frame]:
        """Yield every frame of some parts of the source once, in order; of all if None.

        ``again``: stretches of which frames will be loaded soon; perhaps of any if None.
        """
        pixels = self._clip.info.width * self._clip.info.height
        most = min(RECENT, RECENT_PIXELS // pixels)
        for start_s, end_s in parts or ((None, None),):
            for frame in self._clip.frames(start_s, end_s):
                if again is None or any(low <= frame.time_s <= high for low, high in again):
                    self._recent[_tick(frame.time_s)] = frame
                if len(self._recent) > most:
                    del self._recent[next(iter(self._recent))]
                yield frame

    def load(self, times_s: Float64) -> None:
        """Hold the frames shown at some times, and no others."""
        wanted = {_tick(time_s) for time_s in times_s}
        known = self._recent | self._frames
        for tick in self._frames.keys() - wanted:  # pictures of 4K are 12 MB each
            self._recent.pop(tick, None)
        self._frames = {tick: frame for tick, frame in known.items() if tick in wanted}
        missing = [time_s for time_s in times_s if _tick(time_s) not in self._frames]
        if not missing:
            return
        if not self._position_s < min(missing) <= self._position_s + FORWARD_S:
            self._stream = self._clip.frames(min(missing) - 1e-4)
        for frame in self._stream:
            self._position_s = frame.time_s
            if _tick(frame.time_s) in wanted:
                self._frames[_tick(frame.time_s)] = frame
            if frame.time_s >= max(missing) - 1e-4:
                return

    def at(self, time_s: float) -> Frame:
        """Return a frame that was loaded."""
        return self._frames[_tick(time_s)]


class StillFrames:
    """One picture for as long as the output lasts.

    Args:
        rgb: Upright picture, shape (H, W, 3).
        info: What the output is to be: its size, rate and number of frames.
    """

    def __init__(self, rgb: UInt8, info: VideoInfo) -> None:
        self._info = info
        self._frame = frame_from_rgb(rgb, 0.0, info)

    def stream(self, parts: Parts = None, again: Parts = None) -> Iterator[Frame]:
        """Yield the picture once for every frame."""
        for index in range(self._info.frame_count):
            yield self._frame.at(frame_time(index, self._info.frame_rate))

    def load(self, times_s: Float64) -> None:
        """Do nothing: the picture is held."""

    def at(self, time_s: float) -> Frame:
        """Return the picture."""
        return self._frame.at(time_s)


def _tick(time_s: float) -> int:
    """Return a time in steps of ten microseconds: a name for a frame."""
    return round(float(time_s) * 1e5)
