"""Pictures and legends as HTML."""

from __future__ import annotations

import base64
from collections.abc import Sequence

import numpy as np

from facedit.report.drawing import escape
from facedit.report.run_report import Picture

_STRIP_HEIGHT = 256
"""Pictures are embedded no higher than this: twice what is shown, for sharp screens."""

_JPEG_QUALITY = 85


def strip(pictures: Sequence[Picture]) -> str:
    """Show frames side by side; the bar under each tells whose it is.

    Args:
        pictures: The frames.

    Returns:
        HTML; empty without frames.
    """
    if not pictures:
        return ""
    shown = "".join(
        f"<figure class='{escape(picture.role)}'><img src='{data_uri(picture)}' "
        f"alt='frame at {picture.time_s:.3f} s'><figcaption>{picture.time_s:.3f}</figcaption>"
        "</figure>"
        for picture in pictures
    )
    return f"<div class='strip'>{shown}</div>"


def data_uri(picture: Picture) -> str:
    """Pack a picture into a data URI (JPEG).

    Args:
        picture: The picture.

    Returns:
        The URI.

    Raises:
        ValueError: If it is not RGB of at least one pixel.
    """
    import cv2

    pixels = picture.pixels
    if pixels.ndim != 3 or pixels.shape[2] != 3 or not pixels.size or pixels.dtype != np.uint8:
        raise ValueError(f"Not an RGB picture: {pixels.dtype} {pixels.shape}.")
    if pixels.shape[0] > _STRIP_HEIGHT:
        width = max(round(pixels.shape[1] * _STRIP_HEIGHT / pixels.shape[0]), 1)
        resized = cv2.resize(pixels, (width, _STRIP_HEIGHT), interpolation=cv2.INTER_AREA)
        pixels = np.asarray(resized, dtype=np.uint8)
    done, jpeg = cv2.imencode(
        ".jpg", pixels[:, :, ::-1].copy(), [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY]
    )
    if not done:
        raise ValueError(f"A picture of {pixels.shape} could not be encoded.")
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg.tobytes()).decode('ascii')}"


def legend(entries: Sequence[tuple[str, str]], note: str = "") -> str:
    """Explain colours.

    Args:
        entries: Colours as written in CSS, and what they stand for.
        note: Further words.

    Returns:
        HTML.
    """
    shown = "".join(
        f"<span><i style='background:{colour}'></i>{escape(text)}</span>"
        for colour, text in entries
    )
    return f"<div class='legend'>{shown}<span>{escape(note)}</span></div>"
