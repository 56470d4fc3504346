"""The crops that SyncNet sees, cut as its authors' pipeline cuts them.

Faces by S3FD at a quarter of the size, tracks by overlap with gaps bridged, boxes interpolated and
smoothed, crops through JPEG, BGR. One thing is not as there: pictures come decoded from the video,
not through a first MPEG-4 copy of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import av
import cv2
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from facedit.bench.judges.s3fd import S3fd, apart, overlap
from facedit.bench.judges.syncnet import SIDE
from facedit.types import Float64, UInt8
from facedit.units import MOTION_FPS

_DETECT_SCALE, _SURE, _ALIKE, _APART = 0.25, 0.9, 0.5, 0.1
_LONGEST_GAP, _SHORTEST, _SMALLEST = 25, 100, 100
_MARGIN, _SMOOTH, _GREY = 0.4, 13, 110


def face_crops(net: S3fd, frames: Sequence[UInt8]) -> UInt8 | None:
    """Cut out the face of whoever is seen longest, of RGB pictures at 25 a second, each (H, W, 3).

    The original drops tracks of 100 pictures or fewer; a clip that is no longer itself is taken if
    the face is seen all through. Returns BGR, shape (F, 224, 224, 3); None if no face is followed
    through all pictures, or is smaller than 100 pixels.
    """
    found = [_faces(net, rgb) for rgb in frames]
    shortest = min(_SHORTEST, len(frames) - 1)
    tracks = [track for track in tracks_of(found, shortest) if len(track) == len(frames)]
    if not tracks:
        return None
    return through_jpeg(
        crops_along(frames, max(tracks, key=lambda track: float(_sides(track).max())))
    )


def _faces(net: S3fd, rgb: UInt8) -> Float64:
    """Find the sure faces of a picture: left, top, right, bottom in pixels, shape (n, 4)."""
    height, width = rgb.shape[:2]
    size = (int(width * _DETECT_SCALE), int(height * _DETECT_SCALE))
    found = net.detect(np.asarray(cv2.resize(rgb, size), np.uint8))
    found = apart(found[found[:, 0] > _SURE], _APART)
    return np.asarray(found[:, 1:] * (width, height, width, height), np.float64)


def tracks_of(found: Sequence[Float64], shortest: int = _SHORTEST) -> list[Float64]:
    """Follow faces from picture to picture; ``found``: the boxes of each, (n, 4).

    Returns of each face the box in every picture from its first to its last, (m, 4). Tracks of
    ``shortest`` pictures or fewer, and faces smaller than 100 pixels in the mean, are dropped.
    """
    left = [list(boxes) for boxes in found]
    tracks: list[Float64] = []
    while followed := _follow(left):
        if len(followed) > max(shortest, 1):
            places, boxes = [*followed], [*followed.values()]
            every = np.arange(places[0], places[-1] + 1)
            sides = (np.interp(every, places, side) for side in np.transpose(boxes))
            tracks.append(np.stack(list(sides), axis=1))
    return [track for track in tracks if _sides(track).max() > _SMALLEST]


def _follow(left: list[list[Float64]]) -> dict[int, Float64]:
    """Take the first face that is left out of the pictures: its box by picture."""
    found: dict[int, Float64] = {}
    last: int | None = None
    for place, some in enumerate(left):
        if last is not None and place - last > _LONGEST_GAP:
            break
        for number, box in enumerate(some):
            if last is None or overlap(box, found[last][None])[0] > _ALIKE:
                found[place], last = some.pop(number), place
                break
    return found


def _sides(track: Float64) -> Float64:
    return np.asarray((track[:, 2:] - track[:, :2]).mean(0), np.float64)


def _smoothed(values: Float64) -> Float64:
    """Take the median of 13 values around each one (T,), zeros beyond the ends."""
    around = sliding_window_view(np.pad(values, _SMOOTH // 2), _SMOOTH)
    return np.asarray(np.median(around, axis=1), np.float64)


def crops_along(frames: Sequence[UInt8], track: Float64) -> UInt8:
    """Cut a face out of RGB pictures, in the place of its smoothed box: BGR, (F, 224, 224, 3)."""
    half = _smoothed((track[:, 2:] - track[:, :2]).max(1) / 2)
    y = _smoothed((track[:, 1] + track[:, 3]) / 2)
    x = _smoothed((track[:, 0] + track[:, 2]) / 2)
    crops = []
    for rgb, s, cy, cx in zip(frames, half, y, x, strict=True):
        around = int(s * (1 + 2 * _MARGIN))
        edges = ((around, around), (around, around), (0, 0))
        padded = np.pad(rgb[..., ::-1], edges, constant_values=_GREY)
        top, left = cy + around, cx + around
        rows = slice(int(top - s), int(top + s * (1 + 2 * _MARGIN)))
        columns = slice(int(left - s * (1 + _MARGIN)), int(left + s * (1 + _MARGIN)))
        crops.append(cv2.resize(padded[rows, columns], (SIDE, SIDE)))
    return np.stack(crops).astype(np.uint8)


def through_jpeg(crops: UInt8) -> UInt8:
    """Write and read BGR pictures as FFmpeg's JPEG at its own settings, as the original does."""
    coder = av.CodecContext.create("mjpeg", "w")
    assert isinstance(coder, av.VideoCodecContext)
    coder.height, coder.width = crops.shape[1:3]
    coder.pix_fmt, coder.time_base = "yuvj420p", Fraction(1, MOTION_FPS)
    coder.framerate = Fraction(MOTION_FPS)
    reader = av.CodecContext.create("mjpeg", "r")
    assert isinstance(reader, av.VideoCodecContext)
    seen = []
    for number, crop in enumerate(crops):
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(crop), "bgr24")
        frame.pts = number
        for packet in coder.encode(frame.reformat(format="yuvj420p")):
            seen += [one.to_ndarray(format="bgr24") for one in reader.decode(packet)]
    return np.stack(seen)
