"""Changes pixels of a picture in its own format, leaving every other sample as it was.

A decoded picture holds more than its 8-bit RGB shows: half-step luma, ten bits, chroma that no
conversion back reproduces. What RGB leaves out (the residue) is kept where a patch hardly differs
from the picture, and dropped where the patch shows something else. So where a patch equals the
picture nothing changes, not even by rounding; a soft edge fades into the source's own grain; and
no ghost of old colour edges stays under new content.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache

import cv2
import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from facedit.media.colour import rgb_to_ycbcr, swscale_matrix
from facedit.media.formats import PlaneLayout, plane_layout
from facedit.media.frame import Frame
from facedit.media.info import VideoInfo
from facedit.media.planes import Rectangle, converted, copy_samples, layout_of, plane_array
from facedit.types import Float32, UInt8

_UNLIKE = np.minimum(np.arange(256, dtype=np.float32) / 16, 1)
"""How far samples that differ by so many levels show something else, from 0 to 1."""

_BAND_ROWS = 32
"""Rows that are worked on at once: a whole number of chroma samples."""


def patch_frame(
    frame: Frame, patch_rgb: UInt8, x: int, y: int, *, base_rgb: UInt8 | None = None
) -> Frame:
    """Put an RGB patch into a picture without touching anything else.

    ``patch_rgb``: new pixels of a rectangle of the upright picture, shape (h, w, 3); ``x``: left
    edge of the rectangle in the upright picture; ``base_rgb``: ``frame.rgb()`` where the caller has
    it already. Returns a new frame in the same pixel format and orientation. Its samples equal the
    source's bit for bit outside ``chroma_aligned(frame.info, rectangle)``, and inside it wherever
    the patch equals the picture. Raises ValueError if the rectangle is not inside the picture.
    """
    info = frame.info
    height, width = patch_rgb.shape[:2]
    if x < 0 or y < 0 or x + width > info.width or y + height > info.height:
        raise ValueError(
            f"A patch of {width}x{height} at ({x}, {y}) leaves the picture "
            f"of {info.width}x{info.height}."
        )
    if frame.made_of is not None:
        # Nothing was decoded: there is no residue to keep, and one rounding less.
        base = frame.rgb()
        base[y : y + height, x : x + width] = patch_rgb
        return frame_from_rgb(base, frame.time_s, info)
    turn = info.orientation
    wide = chroma_aligned(info, (x, y, width, height))
    if base_rgb is None:
        base = frame.part(*wide)
    else:
        base = base_rgb[wide[1] : wide[1] + wide[3], wide[0] : wide[0] + wide[2]]
    left, top = turn.stored_corner(x, y, width, height, (info.width, info.height))
    picture = _copy(frame.picture)
    _replace(picture, turn.stored(base), turn.stored(patch_rgb), left, top, info)
    decoded = frame.base or frame
    return Frame(frame.time_s, frame.pts, frame.duration_s, picture, info, base=decoded)


def chroma_aligned(info: VideoInfo, rectangle: Rectangle) -> Rectangle:
    """Grow a rectangle of the upright picture until it holds whole chroma samples.

    Returns the smallest such rectangle that contains it.
    """
    x, y, width, height = rectangle
    turn = info.orientation
    layout = plane_layout(info.pix_fmt) or PlaneLayout(2, 2)
    left, top = turn.stored_corner(x, y, width, height, (info.width, info.height))
    across, down = (height, width) if turn.transpose else (width, height)
    left, across = _grown(left, across, layout.sub_x, info.stored_width)
    top, down = _grown(top, down, layout.sub_y, info.stored_height)
    if turn.transpose:
        x, y, width, height = top, left, down, across
    else:
        x, y, width, height = left, top, across, down
    x = info.width - x - width if turn.flip_x else x
    y = info.height - y - height if turn.flip_y else y
    return x, y, width, height


def frame_from_rgb(rgb: UInt8, time_s: float, info: VideoInfo) -> Frame:
    """Make a whole new picture, in a video's own format as soon as that is asked for.

    ``rgb``: upright pixels, shape (height, width, 3), of the video's size; not changed any more.
    """

    @cache
    def picture() -> VideoFrame:
        stored = np.ascontiguousarray(info.orientation.stored(rgb))
        made = converted(
            VideoFrame.from_ndarray(stored, format="rgb24"),
            info.pix_fmt,
            dst_colorspace=swscale_matrix(info.matrix),
            src_color_range=2,
            dst_color_range=2 if info.full_range else 1,
        )
        _tag(made, info)
        return made

    pts = info.origin_pts + round(Fraction(time_s) / info.time_base)
    return Frame(time_s, pts, info.frame_period_s, picture, info, made_of=rgb)


def _copy(picture: VideoFrame) -> VideoFrame:
    """Copy a picture with its times and colour tags."""
    copy = VideoFrame(picture.width, picture.height, picture.format.name)
    copy_samples(picture, copy)
    copy.pts, copy.time_base = picture.pts, picture.time_base
    copy.color_range, copy.colorspace = picture.color_range, picture.colorspace
    copy.color_primaries, copy.color_trc = picture.color_primaries, picture.color_trc
    return copy


def _tag(picture: VideoFrame, info: VideoInfo) -> None:
    """Give a new picture the colour tags of its video."""
    picture.color_range, picture.colorspace = info.colour.range, info.colour.matrix
    picture.color_primaries, picture.color_trc = info.colour.primaries, info.colour.transfer


def _replace(
    picture: VideoFrame, base: UInt8, patch: UInt8, left: int, top: int, info: VideoInfo
) -> None:
    """Put a patch into a picture in place; base and patch are RGB in stored orientation.

    The base covers the whole chroma samples that the patch touches. It goes by bands of rows: what
    is computed of one stays in the processor's cache, and memory does not grow with the patch.
    """
    layout = layout_of(picture)
    height, width = patch.shape[:2]
    x0 = left - left % layout.sub_x
    y0, down = _grown(top, height, layout.sub_y, picture.height)
    columns = slice(left - x0, left - x0 + width)
    for first in range(y0, y0 + down, _BAND_ROWS):
        last = min(first + _BAND_ROWS, y0 + down)
        old = np.ascontiguousarray(base[first - y0 : last - y0])
        new = old.copy()
        inside = slice(max(top, first), min(top + height, last))
        if inside.start < inside.stop:
            new[inside.start - first : inside.stop - first, columns] = patch[
                inside.start - top : inside.stop - top
            ]
        unlike = _unlike(old, new)
        changed = np.flatnonzero(unlike.any(axis=0))
        if not len(changed):
            continue
        start, across = _grown(
            int(changed[0]), int(changed[-1] - changed[0]) + 1, layout.sub_x, old.shape[1]
        )
        part = (slice(None), slice(start, start + across))
        corner = x0 + start, first
        _replace_band(picture, layout, info, corner, (old[part], new[part], unlike[part]))


def _unlike(old: UInt8, new: UInt8) -> Float32:
    """Say how far two RGB pictures (h, w, 3) differ: 0 (equal) to 1, shape (h, w)."""
    red, green, blue = cv2.split(cv2.absdiff(new, old))
    return np.asarray(cv2.LUT(cv2.max(cv2.max(red, green), blue), _UNLIKE), np.float32)


def _replace_band(
    picture: VideoFrame,
    layout: PlaneLayout,
    info: VideoInfo,
    corner: tuple[int, int],
    band: tuple[UInt8, UInt8, Float32],
) -> None:
    """Move whole chroma samples from one RGB (h, w, 3) to another that differs so far, in place."""
    old, new, unlike = band
    (x0, y0), (down, across) = corner, unlike.shape
    rows = rgb_to_ycbcr(info.matrix, info.full_range, layout.bits)
    unit = 1 << (layout.bits - 8)
    brightest = (1 << layout.bits) - 1
    # A plane a channel: numpy takes four times as long for every third number of a row.
    before, after = (
        (rows @ rgb.astype(np.float32).reshape(-1, 3).T).reshape(3, down, across)
        for rgb in (old, new)
    )
    luma = plane_array(picture.planes[0], layout.bits)[y0 : y0 + down, x0 : x0 + across]
    black = 0.0 if info.full_range else 16.0 * unit
    _change(luma, before[0] + black, after[0] + black, unlike, brightest)
    if not layout.has_chroma:
        return
    x_c, y_c = x0 // layout.sub_x, y0 // layout.sub_y
    before, after = _box_mean(before[1:], layout), _box_mean(after[1:], layout)
    unlike = _box_mean(unlike, layout)
    lines, columns = unlike.shape
    grey = 128.0 * unit
    for channel in range(2):
        if layout.interleaved:
            plane = plane_array(picture.planes[1])[:, channel::2]
        else:
            plane = plane_array(picture.planes[1 + channel], layout.bits)
        region = plane[y_c : y_c + lines, x_c : x_c + columns]
        _change(region, before[channel] + grey, after[channel] + grey, unlike, brightest)


def _change(
    samples: NDArray[np.unsignedinteger],
    before: Float32,
    after: Float32,
    unlike: Float32,
    brightest: int,
) -> None:
    """Move samples in place from what their RGB means to what the patch's means.

    ``unlike``: how far the two differ, 0 (equal: the samples stay exactly) to 1.
    """
    residue = samples - before
    moved = np.where(unlike > 0.0, after + (1.0 - unlike) * residue, samples)
    samples[...] = np.clip(np.rint(moved), 0, brightest).astype(samples.dtype)


def _box_mean(values: Float32, layout: PlaneLayout) -> Float32:
    """Average (..., h, w) over chroma samples; one cut by the edge takes its last pixel twice."""
    height, width = values.shape[-2:]
    right, bottom = -width % layout.sub_x, -height % layout.sub_y
    if right or bottom:
        edges = ((0, 0),) * (values.ndim - 2) + ((0, bottom), (0, right))
        values = np.pad(values, edges, mode="edge")
    across, down = layout.sub_x, layout.sub_y
    # Slices are added: numpy's own mean over two axes takes eight times as long.
    parts = [values[..., y::down, x::across] for y in range(down) for x in range(across)]
    means: Float32 = sum(parts[1:], start=parts[0]) / np.float32(len(parts))
    return means


def _grown(start: int, length: int, step: int, limit: int) -> tuple[int, int]:
    """Grow a range to multiples of a step, within a limit."""
    first = start - start % step
    last = min(limit, -(-(start + length) // step) * step)
    return first, last - first
