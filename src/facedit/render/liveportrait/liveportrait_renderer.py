"""The renderer ``liveportrait``: a frame's own features, warped to where motion wants them."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import torch

from facedit.motion.liveportrait.crop import FaceBox, network_picture
from facedit.motion.liveportrait.keypoints import nearest_rotation
from facedit.motion.liveportrait.seen import TERMS, Reading, outline_of
from facedit.options import Region
from facedit.render.bank import ReferenceBank
from facedit.render.liveportrait.from_landmarks import LandmarkLivePortrait
from facedit.render.liveportrait.networks import load_liveportrait
from facedit.render.liveportrait.painter import Painter
from facedit.render.liveportrait.paste import pasted_face
from facedit.render.network import MouthNetwork
from facedit.render.renderer_interface import Choice, MouthPath, Patch
from facedit.render.renderers import Renderer
from facedit.render.still_renderer import Still
from facedit.types import LANDMARK_TERMS, Float32, UInt8


class LivePortraitRenderer:
    """Draws by the user's official files (implements ``Renderer``).

    Args:
        network: The mouth network, which it leaves alone.
        device: Where the networks compute. (``AssetMissing`` names all files that are not there.)
    """

    name: ClassVar[str] = "liveportrait"
    terms: ClassVar[str] = TERMS

    def __init__(
        self, network: MouthNetwork | None = None, device: torch.device | str = "cpu"
    ) -> None:
        self._painter = Painter(load_liveportrait(device), device)

    def drawing(self, terms: str) -> Renderer:
        """Draw landmarks too, by the retargeting networks."""
        return LandmarkLivePortrait(self._painter) if terms == LANDMARK_TERMS else self

    def of_clip(self, bank: ReferenceBank) -> FaceDrawing:
        """Draw into frames of a clip, each from its own pixels; the mouths are left alone."""
        return FaceDrawing(self._painter)

    def of_picture(self, still: Still) -> FaceDrawing:
        """Draw into a picture."""
        return FaceDrawing(self._painter)


class FaceDrawing:
    """Puts motion into frames (implements ``ClipRenderer``).

    Where the head may move, the whole crop is pasted; else the face alone.

    Args:
        painter: The networks.
    """

    def __init__(self, painter: Painter) -> None:
        self._painter = painter

    def plan(self, target: Float32, base: Float32) -> MouthPath:
        """Choose nothing: each frame is drawn from itself."""
        return MouthPath((Choice(),) * len(target))

    def render(
        self,
        base_rgb: UInt8,
        base: Float32,
        target: Float32,
        choice: Choice,
        *,
        weight: float = 1.0,
        region: Region = "lips",
    ) -> Patch:
        """Draw one frame.

        Args:
            base_rgb: The frame, shape (H, W, 3); not changed.
            base: What the space ``liveportrait`` sees of it, shape (``ROW``,).
            target: What it is to see.
            choice: Left alone.
            weight: 0 gives the frame's pixels, 1 the drawn ones.
            region: What may move.

        Returns:
            The patch to paste into the frame.
        """
        source, wanted = Reading.of(base[None]), Reading.of(target[None])
        wanted.rotation[:] = nearest_rotation(torch.from_numpy(wanted.rotation.copy())).numpy()
        x_s, x_d = (one.motion_in(source).moved() for one in (source, wanted))
        box = FaceBox(source.centre[0].astype(np.float64), float(source.side[0, 0]), 0.0)
        crop = self._painter.draw(network_picture(base_rgb, box), x_s, x_d)
        outline = None if region == "head" else outline_of(base)
        return pasted_face(base_rgb, crop, box.matrix(len(crop)), outline, weight)
