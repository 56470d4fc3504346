"""Reads still pictures (jpeg, png, webp) as hostile input, upright after their EXIF tag."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from facedit.errors import BadMedia
from facedit.media.open import IMAGE_FORMATS, open_media, typed_errors
from facedit.media.streams import check_pixels, find_video
from facedit.types import UInt8


@dataclass(frozen=True, slots=True)
class ImageInfo:
    """A still picture.

    Attributes:
        path: The file.
        codec: Name of the codec, e.g. ``mjpeg`` or ``png``.
        width: Width of the upright picture in pixels.
        height: Height of the upright picture in pixels.
    """

    path: Path
    codec: str
    width: int
    height: int


def is_image(path: Path | str) -> bool:
    """Tell a still picture by its first bytes.

    Args:
        path: A file.

    Returns:
        Whether it starts like a jpeg, png or webp. False if it cannot be read.
    """
    try:
        with Path(path).open("rb") as file:
            head = file.read(12)
    except OSError:
        return False
    jpeg, png = head[:3] == b"\xff\xd8\xff", head[:8] == b"\x89PNG\r\n\x1a\n"
    return jpeg or png or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")


def probe_image(path: Path | str) -> ImageInfo:
    """Describe a still picture.

    Args:
        path: A local jpeg, png or webp file.

    Returns:
        The description. (``BadMedia`` if it is none, damaged, or over the pixel limit.)
    """
    codec = _check(Path(path))
    height, width = _decode(Path(path)).shape[:2]
    return ImageInfo(Path(path), codec, width, height)


def read_image(path: Path | str) -> UInt8:
    """Read a still picture.

    Args:
        path: A local jpeg, png or webp file.

    Returns:
        Upright RGB pixels, shape (height, width, 3); transparency is dropped. (``BadMedia`` if
        it is none, damaged, or over the pixel limit.)
    """
    _check(Path(path))
    return _decode(Path(path))


def _check(path: Path) -> str:
    """Check kind and size by the header alone; returns the codec."""
    with (
        open_media(path, IMAGE_FORMATS, "picture (jpeg, png or webp)") as container,
        typed_errors(path),
    ):
        stream = find_video(container, path)
        check_pixels(path, stream.width, stream.height)
        return stream.codec_context.name


def _decode(path: Path) -> UInt8:
    """Decode with OpenCV, which knows all eight EXIF orientations (PyAV 18 mixes up mirrors)."""
    raw = np.fromfile(path, np.uint8)
    try:
        bgr = cv2.imdecode(raw, cv2.IMREAD_COLOR)
    except cv2.error as error:
        raise BadMedia(f"{path}: its picture is damaged ({error.err}).") from error
    if bgr is None:
        raise BadMedia(f"{path}: its picture is damaged.")
    return np.ascontiguousarray(bgr[..., ::-1], dtype=np.uint8)
