"""Luma matrices: from R'G'B' to Y'CbCr and the parameters that swscale wants.

Coefficients after ITU-R BT.601, BT.709, BT.2020 and SMPTE 240M, indexed as ITU-T H.273.
"""

from __future__ import annotations

import numpy as np

from facedit.types import Float32

_LUMA = {1: (0.2126, 0.0722), 4: (0.30, 0.11), 7: (0.212, 0.087), 9: (0.2627, 0.0593)}
_BT601 = (0.299, 0.114)
_SWSCALE = {1: 1, 4: 4, 7: 7, 9: 9, 10: 9}
_SWSCALE_BT601 = 5


def rgb_to_ycbcr(matrix: int, full_range: bool, bits: int = 8) -> Float32:
    """Compute the linear part of the conversion of 8-bit R'G'B' differences.

    ``matrix``: luma matrix, H.273 number; unknown ones are taken as BT.601; ``full_range``: whether
    luma runs over the whole range. Returns rows Y', Cb, Cr times columns R', G', B': code values
    per 8-bit step, shape (3, 3).
    """
    red, blue = _LUMA.get(9 if matrix == 10 else matrix, _BT601)
    luma = np.array([red, 1.0 - red - blue, blue])
    cb = (np.array([0.0, 0.0, 1.0]) - luma) / (2.0 * (1.0 - blue))
    cr = (np.array([1.0, 0.0, 0.0]) - luma) / (2.0 * (1.0 - red))
    if full_range:
        steps = np.full(3, (2.0**bits - 1.0) / 255.0)
    else:
        steps = np.array([219.0, 224.0, 224.0]) / 255.0 * 2.0 ** (bits - 8)
    rows: Float32 = (np.stack([luma, cb, cr]) * steps[:, None]).astype(np.float32)
    return rows


def swscale_matrix(matrix: int) -> int:
    """Name a luma matrix as swscale counts them.

    ``matrix``: luma matrix, H.273 number.
    """
    return _SWSCALE.get(matrix, _SWSCALE_BT601)
