"""A decoded picture with its time: what the stages pass on instead of arrays of pixels."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation

from facedit.media.colour import swscale_matrix
from facedit.media.info import VideoInfo
from facedit.types import UInt8

_SCALING = Interpolation.BILINEAR | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture of a video. Its pixels are never changed in place.

    Attributes:
        time_s: When it is shown, in seconds from the first picture.
        pts: The same in ticks of the file (``info.time_base``), not counted from the first.
        duration_s: How long it is shown in seconds (nominal where the file does not say).
        picture: The picture as decoded and as stored: own pixel format, not yet upright.
        info: The video it belongs to.
        made_of: The upright RGB that it was made of, shape (height, width, 3); None where decoded.
        base: The decoded picture that patches were laid onto; None where it is as decoded.
    """

    time_s: float
    pts: int
    duration_s: float
    picture: VideoFrame
    info: VideoInfo
    made_of: UInt8 | None = field(default=None, compare=False, repr=False)
    base: Frame | None = field(default=None, compare=False, repr=False)

    def at(self, time_s: float) -> Frame:
        """Return the same picture shown at another time, in seconds."""
        return replace(self, time_s=time_s)

    def rgb(self) -> UInt8:
        """Convert to upright 8-bit RGB.

        Returns:
            A new array, shape (height, width, 3).
        """
        if self.made_of is not None:
            return self.made_of.copy()
        converted = self.picture.reformat(
            format="rgb24",
            src_colorspace=swscale_matrix(self.info.matrix),
            src_color_range=2 if self.info.full_range else 1,
            dst_color_range=2,
            interpolation=int(_SCALING),
        )
        stored = converted.to_ndarray()
        upright: UInt8 = np.ascontiguousarray(self.info.orientation.upright(stored))
        return upright
