"""Reads still pictures as hostile input: upright, in sRGB, with 8 bits, scaled down on the way."""

from __future__ import annotations

import io
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from facedit.errors import BadMedia
from facedit.inputs import check_input
from facedit.media.open import picture_format
from facedit.types import UInt8

FORMATS = ("JPEG", "PNG", "WEBP", "AVIF")
"""What Pillow may decode. No file is opened but the one that is named."""

MAX_STILL_PIXELS = 64_000_000
"""Most pixels that are decoded: under 1 GB of memory. Of a JPEG they are counted as halved."""

MIN_SIDE = 32
"""Shortest side, after scaling, in which a face could be."""


def is_image(path: Path | str) -> bool:
    """Tell a still picture by its first bytes, whatever its name.

    Returns whether it is a picture, be it one that ``read_image`` refuses. False if it cannot be
    read.
    """
    try:
        with Path(path).open("rb") as file:
            return bool(picture_format(file.read(64)))
    except (OSError, ValueError):
        return False


def read_image(path: Path | str, longest_side: int | None = None) -> UInt8:
    """Read a still picture; of an animation the first one.

    ``path``: a local JPEG, PNG, WebP or AVIF file, told by its content; ``longest_side``: a larger
    picture is scaled down to this many pixels. Returns upright pixels in sRGB, shape (height,
    width, 3). An embedded colour profile is converted; CMYK without one by the plain rule; 16 bits
    keep the upper 8; transparency lies over white. Raises BadMedia if it is no such picture,
    damaged, too large or too small.
    """
    path = Path(path)
    with _opened(path) as image:
        width, height = image.size
        scale = min((longest_side or max(width, height)) / max(width, height), 1.0)
        if scale * min(width, height) < MIN_SIDE:
            raise BadMedia(
                f"{path}: {width}x{height} pixels are too few or too narrow to hold a face; "
                f"give a picture of at least {MIN_SIDE} pixels on each side, better 256."
            )
        size = round(scale * width), round(scale * height)
        # A JPEG is halved while it is decoded, as often as it can be: little memory and time.
        image.draft(None, size)
        if image.width * image.height > MAX_STILL_PIXELS:
            raise BadMedia(_too_large(path, f"{width * height / 1e6:.0f}"))
        plain = _plain(image)
        plain = plain.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
        return np.array(_over_white(_in_srgb(ImageOps.exif_transpose(plain))), np.uint8)


def stored_side(path: Path) -> int:
    """Read a still picture's longest side in its file, before any scaling.

    ``path``: as for ``read_image``. ``BadMedia`` if it is no such picture.
    """
    with _opened(path) as image:
        return max(image.size)


@contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    """Open a picture of a listed format, and turn what goes wrong with it into one line."""
    check_input(path, "picture")
    with path.open("rb") as file:
        kind = picture_format(file.read(64))
        file.seek(0)
        if kind.upper() not in FORMATS:
            what = f"is a {kind} picture, which facedit does not read" if kind else "not a picture"
            raise BadMedia(f"{path}: {what}; give a JPEG, PNG, WebP or AVIF (export it as JPEG).")
        with _one_line(path, kind), Image.open(file, formats=(kind.upper(),)) as image:
            yield image


def _too_large(path: Path, megapixels: str) -> str:
    limit = f"{MAX_STILL_PIXELS / 1e6:.0f}"
    return f"{path}: {megapixels} megapixels; scale it down to {limit} at most."


def _plain(image: Image.Image) -> Image.Image:
    """Decode to a mode that can be scaled: grey, RGB, CMYK, or RGB with alpha."""
    image.load()
    if image.mode.startswith("I"):  # 16-bit grey; Pillow's own conversion clips instead
        eight = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
        eight.info = image.info
        return eight
    if image.has_transparency_data:
        return image.convert("RGBA")
    return image if image.mode in ("L", "RGB", "CMYK") else image.convert("RGB")


def _in_srgb(image: Image.Image) -> Image.Image:
    """Convert by the embedded profile, if there is one that fits."""
    profile = image.info.get("icc_profile")
    if not profile:
        return image
    alpha = image.getchannel("A") if image.mode == "RGBA" else None
    colours = image.convert("RGB") if alpha else image
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        srgb = ImageCms.createProfile("sRGB")
        colours = ImageCms.profileToProfile(colours, source, srgb, outputMode="RGB") or colours
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return image  # a damaged profile, or one of other channels: shown as without it
    if alpha:
        colours.putalpha(alpha)
    return colours


def _over_white(image: Image.Image) -> Image.Image:
    """Lay what is transparent over white."""
    if image.mode != "RGBA":
        return image.convert("RGB")
    white = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(white, image).convert("RGB")


@contextmanager
def _one_line(path: Path, kind: str) -> Iterator[None]:
    """Turn whatever Pillow raises on a damaged file into one line."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of sizes (checked here) and odd metadata
            yield
    except BadMedia:
        raise
    except Image.DecompressionBombError as error:
        raise BadMedia(_too_large(path, "more than 178")) from error
    except (
        OSError, SyntaxError, ValueError, TypeError, LookupError, ArithmeticError, EOFError,
        MemoryError, RuntimeError, struct.error,
    ) as error:  # fmt: skip
        reason = " ".join(str(error).split()) or type(error).__name__
        if isinstance(error, UnidentifiedImageError):
            reason = f"no {kind} picture can be made out"
        raise BadMedia(f"{path}: damaged or truncated picture ({reason}).") from error
