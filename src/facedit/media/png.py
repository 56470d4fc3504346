"""Writes PNG pictures of 8 and 16 bits, with and without alpha."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from facedit.errors import OutputNotWritable
from facedit.media.output import Seal, whole_or_nothing

_HEADER_BYTES = 33
"""The signature and the first chunk, behind which others may stand."""


def write_png(
    path: Path,
    pixels: NDArray[np.unsignedinteger],
    *,
    force: bool = False,
    comment: str = "",
    seal: Seal | None = None,
) -> None:
    """Write a picture, whole or not at all.

    Args:
        path: The output.
        pixels: RGB or RGBA with straight alpha, 8 or 16 bits, shape (height, width, 3 or 4).
        force: Whether it may replace a file that is there.
        comment: What its text ``Comment`` says, if anything.
        seal: What is done to the finished file before it gets its name.

    Raises:
        OutputNotWritable: If the picture cannot be encoded.
    """
    order = cv2.COLOR_RGBA2BGRA if pixels.shape[2] == 4 else cv2.COLOR_RGB2BGR
    done, coded = cv2.imencode(".png", cv2.cvtColor(pixels, order))
    if not done:
        raise OutputNotWritable(f"{path}: cannot be encoded.")
    data = coded.tobytes()
    if comment:
        data = data[:_HEADER_BYTES] + _text(comment) + data[_HEADER_BYTES:]
    with whole_or_nothing(path, force, seal) as temporary:
        temporary.write_bytes(data)


def _text(comment: str) -> bytes:
    """Return the chunk of a comment: international text, not compressed."""
    body = b"iTXt" + b"Comment\0\0\0\0\0" + comment.encode()
    return struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
