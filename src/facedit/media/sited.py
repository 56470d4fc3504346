"""Patched pictures as editing programs get them: chroma in its place, and with alpha."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from facedit.media.colour import swscale_matrix
from facedit.media.frame import Frame
from facedit.media.info import VideoInfo
from facedit.media.planes import converted, copy_samples, filtered


def sited(frame: Frame) -> Frame:
    """Let a patched picture say where its chroma samples lie, as the decoded one under it does.

    A new picture does not say it, and PyAV has no way to tell it: FFmpeg then places chroma half a
    sample elsewhere when it converts it. So the decoded picture is copied by a filter, which keeps
    what it says, and gets the patched one's samples.
    """
    if frame.base is None:
        return frame
    copy = filtered(frame.base.picture, "copy")
    copy_samples(frame.picture, copy)
    return replace(frame, held=copy)


def picture_from_rgba(rgba: NDArray[np.unsignedinteger], info: VideoInfo) -> VideoFrame:
    """Make a picture of ten bits with an alpha plane, in the luma matrix of a video.

    ``rgba``: upright pixels with straight alpha, shape (height, width, 4), of 8 or 16 bits.
    """
    stored = np.ascontiguousarray(info.orientation.stored(rgba))
    pix_fmt = "rgba" if stored.dtype == np.uint8 else "rgba64le"
    picture = converted(
        VideoFrame.from_ndarray(stored, format=pix_fmt),
        "yuva444p10le",
        dst_colorspace=swscale_matrix(info.matrix),
        src_color_range=2,
        dst_color_range=2 if info.full_range else 1,
    )
    picture.color_range, picture.colorspace = info.colour.range, info.colour.matrix
    picture.color_primaries, picture.color_trc = info.colour.primaries, info.colour.transfer
    return picture
