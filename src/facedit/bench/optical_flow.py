"""How much the movement in the picture changes from one moment to the next: dense optical flow."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import cv2
import numpy as np

from facedit.types import Float32, Float64, UInt8

WIDTH = 96
"""Columns that crops are shrunk to before the flow is taken."""


def flow_changes(crops: Sequence[UInt8]) -> Float64:
    """Measure the change of optical flow at each inner picture.

    The flow is that of Kroeger et al. ("Fast Optical Flow using Dense Inverse Search", ECCV 2016)
    as OpenCV has it.

    ``crops``: crops of one shape (H, W, 3), in order.
    Returns mean over the crop of the length of the difference between the flow that leaves a
    picture and the flow that reached it, in per cent of the crop's width, shape (F - 2,).
    """
    flows = flows_of(crops)
    changes = [
        100 / one.shape[1] * float(np.linalg.norm(other - one, axis=-1).mean())
        for one, other in itertools.pairwise(flows)
    ]
    return np.array(changes, dtype=np.float64)


def flows_of(crops: Sequence[UInt8]) -> list[Float32]:
    """Compute the flow from each crop to the next.

    ``crops``: crops of one shape (H, W, 3), in order.
    Returns displacements in pixels of the shrunken crops, F - 1 of shape (h, w, 2).
    """
    small = [_shrunk(crop) for crop in crops]
    method = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    still = np.zeros((*small[0].shape, 2), np.float32)
    return [
        np.asarray(method.calc(one, other, still.copy()), np.float32)
        for one, other in itertools.pairwise(small)
    ]


def _shrunk(crop: UInt8) -> UInt8:
    """Return a crop as grey levels, ``WIDTH`` columns wide (the method needs some rows too)."""
    height = max(round(crop.shape[0] * WIDTH / crop.shape[1]), 32)
    grey = cv2.cvtColor(np.ascontiguousarray(crop), cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.resize(grey, (WIDTH, height), interpolation=cv2.INTER_AREA), np.uint8)
