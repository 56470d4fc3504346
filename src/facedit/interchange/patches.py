"""The changed pixels of a picture alone, with a soft matte: laid over the original they give it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from facedit.media.formats import plane_layout
from facedit.media.frame import Frame
from facedit.types import Bool, Float32

SOFT_SHARE = 0.008
"""Width of a matte's soft edge, as a share of the picture's longer side."""

KEPT_PIXELS = 16
"""Colours go on so far beyond the matte, for codecs that smear; beyond, the patch is black."""

Pixels = NDArray[np.unsignedinteger]


def patch_of(frame: Frame) -> Pixels:
    """Return what changed in a picture, over the decoded one that it was made of.

    Args:
        frame: The picture.

    Returns:
        Upright RGB with straight alpha, shape (height, width, 4); of 16 bits if the picture has
        more than 8. Alpha is full wherever a pixel differs, so that the patch over the decoded
        picture is the frame to the last level, and falls to nothing over pixels that do not.
    """
    layout = plane_layout(frame.info.pix_fmt)
    deep = layout is not None and layout.bits > 8
    under = frame.base or frame
    drawn, old = (one.rgb16() if deep else one.rgb() for one in (frame, under))
    full = np.iinfo(drawn.dtype).max
    pixels = np.zeros((*drawn.shape[:2], 4), drawn.dtype)
    changed = np.asarray((drawn != old).any(axis=2))
    if not changed.any():
        return pixels
    soft = max(round(SOFT_SHARE * max(changed.shape)), 2)
    reach = soft + KEPT_PIXELS + 1
    rows, columns = (_reached(np.flatnonzero(changed.any(axis=axis)), reach) for axis in (1, 0))
    alpha, near = matte_of(changed[rows, columns], soft)
    pixels[rows, columns, :3] = np.where(near[..., None], drawn[rows, columns], 0)
    pixels[rows, columns, 3] = np.rint(alpha * full)
    return pixels


def matte_of(changed: Bool, soft: int) -> tuple[Float32, Bool]:
    """Draw a matte round what changed.

    Args:
        changed: Which pixels did, shape (height, width); one at least.
        soft: Width of its edge in pixels.

    Returns:
        Weights, 1 where something changed and falling to 0 within the edge outside it; and where
        colours matter, shape (height, width) each.
    """
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * soft + 1, 2 * soft + 1))
    solid = cv2.morphologyEx(changed.astype(np.uint8), cv2.MORPH_CLOSE, kernel)
    distance = cv2.distanceTransform((1 - solid).astype(np.uint8), cv2.DIST_L2, 5)
    share = np.clip(1.0 - distance / (soft + 1), 0.0, 1.0).astype(np.float32)
    weights = np.where(changed, np.float32(1.0), share * share * (3.0 - 2.0 * share))
    return weights.astype(np.float32), np.asarray(distance <= soft + KEPT_PIXELS)


def _reached(places: NDArray[np.intp], reach: int) -> slice:
    """Return from the first to the last of some rows or columns, and so many beside them."""
    return slice(max(int(places[0]) - reach, 0), int(places[-1]) + reach + 1)
