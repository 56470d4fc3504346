"""Pixel formats: what is worked on as it is, what is converted on reading, how planes are laid."""

from __future__ import annotations

import re
from dataclasses import dataclass

_PLANAR = re.compile(r"yuv[aj]?(420|422|444)p(?:(9|10|12|14|16)le)?")
_SUBSAMPLING = {"420": (2, 2), "422": (2, 1), "444": (1, 1)}
_LOSSLESS = {
    "nv21": "nv12",
    "p010le": "yuv420p10le",
    "p210le": "yuv422p10le",
    "p410le": "yuv444p10le",
    "nv16": "yuv422p",
    "nv24": "yuv444p",
    "yuyv422": "yuv422p",
    "uyvy422": "yuv422p",
    "yvyu422": "yuv422p",
    "gray10le": "gray10le",
}


@dataclass(frozen=True, slots=True)
class PlaneLayout:
    """How a pixel format lays out luma and chroma.

    Attributes:
        sub_x: Pixels per chroma sample, across.
        sub_y: Pixels per chroma sample, down.
        bits: Depth of the code values (held in 16 bits where above 8).
        interleaved: Whether Cb and Cr alternate in one plane (nv12).
        has_chroma: Whether there is any chroma.
    """

    sub_x: int
    sub_y: int
    bits: int = 8
    interleaved: bool = False
    has_chroma: bool = True


def plane_layout(pix_fmt: str) -> PlaneLayout | None:
    """Look up the layout of a pixel format that is worked on as it is.

    Returns the layout, or None if pictures of this format are converted on reading.
    """
    if pix_fmt == "nv12":
        return PlaneLayout(2, 2, interleaved=True)
    if pix_fmt == "gray":
        return PlaneLayout(1, 1, has_chroma=False)
    if pix_fmt == "gray10le":
        return PlaneLayout(1, 1, bits=10, has_chroma=False)
    found = _PLANAR.fullmatch(pix_fmt)
    if found is None or found[2] not in (None, "10"):
        return None
    return PlaneLayout(*_SUBSAMPLING[found[1]], bits=int(found[2] or 8))


def working_format(pix_fmt: str, bits: int = 8) -> str:
    """Choose the format in which pictures of a video are worked on and written.

    Returns the same format where it is worked on as it is; else the nearest one, by a conversion
    that loses nothing where there is one.
    """
    if plane_layout(pix_fmt) is not None:
        return pix_fmt
    if pix_fmt in _LOSSLESS:
        return _LOSSLESS[pix_fmt]
    if found := _PLANAR.fullmatch(pix_fmt):
        alpha = "a" if pix_fmt.startswith("yuva") else ""
        return f"yuv{alpha}{found[1]}p" + ("10le" if found[2] else "")
    if pix_fmt.startswith("yuvj"):
        return "yuvj444p"
    if pix_fmt.startswith(("gray", "mono", "ya8", "ya16")):
        return "gray10le" if bits > 8 else "gray"
    return "yuv444p10le" if bits > 8 else "yuv444p"
