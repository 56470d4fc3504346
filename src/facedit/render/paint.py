"""Run the mouth network and apply what it says at the picture's own resolution."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch

from facedit.device import device_of, inference
from facedit.render.composite import in_colour
from facedit.render.geometry import crop_transform, transform_landmarks
from facedit.render.mouth_inputs import MouthSource, canvas_rect, network_inputs
from facedit.render.network import SOURCES, MouthNetwork
from facedit.render.network_drawing import DrawingNetwork
from facedit.render.warp import Rect
from facedit.types import Float32, Float64, UInt8


@dataclass(frozen=True, slots=True)
class WarpedSource:
    """A source for the network, and its picture warped to the target at its own size (h, w, 3)."""

    source: MouthSource
    native: UInt8


class MouthPainter:
    """Paints a mouth from warped pictures by the mouth network."""

    def __init__(self, network: MouthNetwork) -> None:
        self._device = device_of(network)
        self._network = DrawingNetwork(network)
        self._size = network.config.size

    def paint(
        self, target: Float32, rect: Rect, sources: Sequence[WarpedSource], added: float = 1.0
    ) -> Float32:
        """Paint a target's mouth: grey levels 0 to 255 (not clipped), shape (h, w, 3).

        The target (478, 3) is in pixels of the picture. Sources are the base, then up to three
        references; without those the base's native picture has a drawn mouth. ``added`` is the
        share of the residual that is added to what is copied. Only the canonical crop's canvas is
        meaningful; the base goes on outside.
        """
        matrix = crop_transform(target)
        points = transform_landmarks(target, matrix)
        inputs = network_inputs(points, [one.source for one in sources[:SOURCES]], self._size)
        pictures = torch.from_numpy(inputs.pictures).to(self._device)
        raster = torch.from_numpy(inputs.raster).to(self._device)
        gaps = torch.from_numpy(inputs.gaps).to(self._device)
        # From the region's pixels to those of the canvas.
        canvas = canvas_rect(self._size)
        matrix[:, 2] += matrix[:, :2] @ np.array([rect.x, rect.y], np.float64)
        matrix[:, 2] -= (canvas.x, canvas.y)
        with inference():
            weights, residual, covered = self._network(
                pictures.permute(1, 2, 0, 3)[None].float() / 255.0,
                raster[None].float() / 255.0,
                gaps[None],
                covering(matrix, rect, self._size),
            )
        matrix[:, 2] -= (covered.x, covered.y)

        def enlarged(part: torch.Tensor) -> Float32:
            big = cv2.warpAffine(
                part[0].contiguous().cpu().numpy(),
                matrix,
                (rect.width, rect.height),
                flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
                borderMode=cv2.BORDER_REPLICATE,
            )
            return np.asarray(big, np.float32)

        painted = np.zeros((rect.height, rect.width, 3), np.float32)
        if added:
            painted += np.float32(255.0 * added) * enlarged(residual)
        natives = [one.native for one in sources[:SOURCES]]
        if len(natives) == 1:  # whatever is copied from where, it is this
            painted += natives[0]
            return painted
        natives += [natives[0]] * (SOURCES - len(natives))
        for share, native in zip(cv2.split(enlarged(weights)), natives, strict=True):
            painted += cv2.multiply(in_colour(np.asarray(share)), native, dtype=cv2.CV_32F)
        return painted


def covering(matrix: Float64, rect: Rect, size: int) -> Rect:
    """Find the part of a canvas that a region reads by linear interpolation, one pixel or more.

    ``matrix`` (2, 3) leads from the region's pixels to the canvas's; only the region's size counts.
    What lies beyond the canvas reads its border.
    """
    corners = np.array([(x, y, 1) for x in (0, rect.width - 1) for y in (0, rect.height - 1)])
    places = corners @ matrix.T
    low = np.clip(np.floor(places.min(axis=0)).astype(int), 0, size - 1)
    high = np.clip(np.floor(places.max(axis=0)).astype(int) + 1, 0, size - 1)
    x, y = (int(value) for value in low)
    width, height = (int(value) for value in high - low + 1)
    return Rect(x, y, width, height)
