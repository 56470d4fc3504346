"""Run the mouth network and apply what it says at the picture's own resolution."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch

from facedit.render.geometry import crop_transform, transform_landmarks
from facedit.render.interior import draw_interior
from facedit.render.mouth_inputs import MouthSource, canvas_rect, network_inputs
from facedit.render.network import SOURCES, MouthNetwork
from facedit.render.warp import Rect
from facedit.types import Float32, UInt8


@dataclass(frozen=True, slots=True)
class WarpedSource:
    """A source for the network in both its sizes.

    Attributes:
        source: Canonical crop with landmarks.
        native: The source's picture warped to the target, own resolution, shape (h, w, 3).
    """

    source: MouthSource
    native: UInt8


class MouthPainter:
    """Paints a mouth from warped pictures by the mouth network.

    Args:
        network: The network.
        device: Torch device to run it on.
    """

    def __init__(self, network: MouthNetwork, device: str = "cpu") -> None:
        self._device = torch.device(device)
        self._network = network.eval().to(self._device)
        self._size = network.config.size

    def paint(
        self, target: Float32, rect: Rect, sources: Sequence[WarpedSource], added: float = 1.0
    ) -> Float32:
        """Paint the target's mouth.

        Args:
            target: Landmarks in pixels of the picture, shape (478, 3).
            rect: Region of the picture to paint.
            sources: Base first, then up to three references; with none, a drawn mouth is used.
            added: Share of the residual that is added to what is copied.

        Returns:
            The region, grey levels 0 to 255 (not clipped), shape (h, w, 3). Only the canonical
            crop's canvas is meaningful; the base goes on outside.
        """
        matrix = crop_transform(target)
        points = transform_landmarks(target, matrix)
        inputs = network_inputs(points, [one.source for one in sources[:SOURCES]], self._size)
        pictures = torch.from_numpy(inputs.pictures).to(self._device)
        raster = torch.from_numpy(inputs.raster).to(self._device)
        gaps = torch.from_numpy(inputs.gaps).to(self._device)
        with (
            torch.inference_mode(),
            torch.autocast(self._device.type, torch.bfloat16),
        ):
            weights, residual = self._network(
                pictures.permute(0, 3, 1, 2)[None].float() / 255.0,
                raster.permute(2, 0, 1)[None].float() / 255.0,
                gaps[None],
            )
        maps = torch.cat([weights[0], 255.0 * residual[0]]).permute(1, 2, 0).float().cpu().numpy()
        # Canvas coordinates of the region's pixels, to enlarge the maps with.
        canvas = canvas_rect(self._size)
        matrix[:, 2] += matrix[:, :2] @ np.array([rect.x, rect.y], np.float64)
        matrix[:, 2] -= (canvas.x, canvas.y)
        large = [
            cv2.warpAffine(
                np.ascontiguousarray(part),
                matrix,
                (rect.width, rect.height),
                flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
                borderMode=cv2.BORDER_REPLICATE,
            )
            for part in (maps[..., :SOURCES], maps[..., SOURCES:])
        ]
        painted = np.float32(added) * large[1].astype(np.float32)
        natives = [one.native for one in sources[:SOURCES]]
        if len(natives) == 1:
            natives = [draw_interior(natives[0], target, rect)]
        natives += [natives[0]] * (SOURCES - len(natives))
        for number, native in enumerate(natives):
            painted += large[0][..., number : number + 1] * native
        return np.asarray(painted, np.float32)
