"""The page kit: templates that escape every text; pages load nothing and run nothing."""

from __future__ import annotations

import base64
import functools
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import cv2
import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from facedit.report.run_report import Picture

STYLE = Path(__file__).with_name("templates") / "kit.css"
"""Colours and parts that reports and the studio's page share."""

_FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
"""Control characters and lone surrogates, which no page may hold. Joiners and marks of direction
stay: Arabic and Persian need them."""

_STRIP_HEIGHT = 256
"""Pictures are embedded no higher than this: twice what is shown, for sharp screens."""

_JPEG_QUALITY = 85


def page(template: str, **content: object) -> str:
    """Fill a document of ``templates/``: HTML or Markdown, as its name ends.

    In HTML, what ``content`` holds is escaped wherever it is put, except drawings (``Markup``).
    """
    return _environment().get_template(template).render(content)


def clean(value: object) -> object:
    """Replace what no page may hold in a text by U+FFFD; other things stay as they are."""
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    return _FORBIDDEN.sub("\ufffd", value)


def markdown_table(
    head: Sequence[str], rows: Iterable[Iterable[object]], below: str = "---"
) -> Markup:
    """Write a table in Markdown; ``below``: the line under each heading but the first."""
    lines = [head, *rows]
    texts = ["| " + " | ".join(str(clean(cell)) for cell in line) + " |" for line in lines]
    texts.insert(1, "|---|" + f"{below}|" * (len(head) - 1))
    return Markup("\n".join(texts))


def data_uri(picture: Picture) -> str:
    """Pack an RGB picture into a data URI (JPEG); ``ValueError`` if it is none."""
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


@functools.cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("facedit.report"),
        autoescape=lambda name: not (name or "").endswith(".md"),
        undefined=StrictUndefined,
        finalize=clean,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["data_uri"] = data_uri
    environment.globals["table"] = markdown_table
    return environment
