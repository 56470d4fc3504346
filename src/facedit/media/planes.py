"""The planes of a decoded picture: viewed, cropped, read at points."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import lru_cache
from threading import get_ident
from typing import cast

import cv2
import numpy as np
from av.filter import Graph
from av.video.frame import VideoFrame
from av.video.plane import VideoPlane
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

from facedit.media.colour import rgb_to_ycbcr
from facedit.media.formats import PlaneLayout, plane_layout
from facedit.media.info import VideoInfo
from facedit.types import Float32, Float64, UInt8

Rectangle = tuple[int, int, int, int]
"""Left, top, width, height in pixels."""


def plane_array(plane: VideoPlane, bits: int = 8) -> NDArray[np.unsignedinteger]:
    """View a plane's samples without copying.

    Returns samples, shape (rows, columns); columns of nv12 chroma alternate Cb and Cr.
    """
    kind = np.uint8 if bits <= 8 else np.uint16
    samples: NDArray[np.unsignedinteger] = np.frombuffer(memoryview(plane), dtype=np.dtype(kind))
    return samples.reshape(-1, plane.line_size // samples.itemsize)[: plane.height]


def layout_of(picture: VideoFrame) -> PlaneLayout:
    """Look up how a picture's planes are laid out.

    Raises ValueError for formats that are converted on reading, so that no picture has them.
    """
    layout = plane_layout(picture.format.name)
    if layout is None:
        raise ValueError(f"Pictures of format {picture.format.name} are converted on reading.")
    return layout


def cropped(picture: VideoFrame, rectangle: Rectangle) -> VideoFrame:
    """Take a rectangle of a picture that begins at a whole chroma sample.

    It is not copied.
    """
    x, y, width, height = rectangle
    return filtered(picture, "crop", f"{width}:{height}:{x}:{y}:exact=1")


def converted(picture: VideoFrame, pix_fmt: str, **how: int | None) -> VideoFrame:
    """Convert a picture as PyAV's ``reformat`` does, whose further arguments ``how`` are.

    What was set up for such pictures in this thread is used again: to set it up takes longer than
    to convert a small picture. It is done by one thread: several take a quarter more of the
    processor, and of ten bits they make other samples, now and then, where their parts meet.
    """
    kind = picture.width, picture.height, picture.format.name
    converter = _converter(get_ident(), *kind, pix_fmt, *how.items())
    return converter.reformat(picture, format=pix_fmt, threads=1, **how)


@lru_cache(maxsize=16)
def _converter(*_: object) -> VideoReformatter:
    return VideoReformatter()


def filtered(picture: VideoFrame, name: str, argument: str = "") -> VideoFrame:
    """Run a picture through one filter of libavfilter.

    What comes of it says where its chroma is sited, as the picture does, unlike PyAV's new frames.
    """
    graph = Graph()
    graph.threads = 1  # to begin others takes longer than a picture
    source = graph.add_buffer(
        width=picture.width,
        height=picture.height,
        format=picture.format,
        time_base=picture.time_base or Fraction(1, 90_000),
    )
    effect, sink = graph.add(name, argument), graph.add("buffersink")
    source.link_to(effect)
    effect.link_to(sink)
    graph.configure()
    graph.push(picture)
    return cast(VideoFrame, graph.pull())


def greys(
    picture: VideoFrame, info: VideoInfo, rows: NDArray[np.intp], columns: NDArray[np.intp]
) -> Float32:
    """Read a stored picture's means of red, green and blue where rows and columns cross.

    Returns 0 to 255, shape (rows, columns), without converting the picture.
    """
    shares = _to_rgb(picture, info).mean(axis=0)
    grey = np.zeros((len(rows), len(columns)), np.float32)
    for share, (samples, x, y, zero) in zip(shares, _channels(picture, info), strict=False):
        read = samples[np.ix_(rows // y, columns // x)].astype(np.float32)
        grey += share * (read - np.float32(zero))
    return np.asarray(np.clip(grey, 0, 255), np.float32)


def sampled(picture: VideoFrame, info: VideoInfo, matrix: Float64, side: int) -> UInt8:
    """Read a square piece of a stored picture between its samples, without converting the picture.

    ``matrix``: leads from the piece's pixels to the picture's, shape (2, 3). Returns RGB, shape
    (side, side, 3); beyond the edges they go on.
    """
    shares = _to_rgb(picture, info).T
    rgb = np.zeros((3, side, side), np.float32)
    for share, (samples, x, y, zero) in zip(shares, _channels(picture, info), strict=False):
        # A sample of chroma lies amid its pixels: wherever else a file sites it, it is near enough.
        there = matrix / np.array([[x], [y]])
        there[:, 2] += 0.5 / x - 0.5, 0.5 / y - 0.5
        read = cv2.warpAffine(
            np.ascontiguousarray(samples) if samples.strides[1] > samples.itemsize else samples,
            there,
            (side, side),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
        rgb += (read.astype(np.float32) - np.float32(zero)) * share[:, None, None]
    return np.asarray(cv2.merge(list(np.clip(np.rint(rgb), 0, 255).astype(np.uint8))), np.uint8)


def _to_rgb(picture: VideoFrame, info: VideoInfo) -> Float32:
    """Return what a picture's channels add to red, green and blue, shape (3, 3)."""
    bits = layout_of(picture).bits
    back: Float32 = np.linalg.inv(rgb_to_ycbcr(info.matrix, info.full_range, bits))
    return back


def _channels(
    picture: VideoFrame, info: VideoInfo
) -> Iterator[tuple[NDArray[np.unsignedinteger], int, int, int]]:
    """Give luma and chroma: samples, pixels per sample across and down, and what is no colour."""
    layout = layout_of(picture)
    unit = 1 << (layout.bits - 8)
    luma = plane_array(picture.planes[0], layout.bits)[:, : picture.width]
    yield luma, 1, 1, 0 if info.full_range else 16 * unit
    columns = -(-picture.width // layout.sub_x)
    for channel in range(2 if layout.has_chroma else 0):
        if layout.interleaved:
            samples = plane_array(picture.planes[1])[:, channel : 2 * columns : 2]
        else:
            samples = plane_array(picture.planes[1 + channel], layout.bits)[:, :columns]
        yield samples, layout.sub_x, layout.sub_y, 128 * unit


def copy_samples(picture: VideoFrame, target: VideoFrame) -> None:
    """Copy the samples of a picture into another of its size and format."""
    layout = layout_of(picture)
    for number, (old, new) in enumerate(zip(picture.planes, target.planes, strict=True)):
        columns = old.width * (2 if layout.interleaved and number else 1)
        samples, place = plane_array(old, layout.bits), plane_array(new, layout.bits)
        place[:, :columns] = samples[:, :columns]
