"""The renderer ``liveportrait``: a frame's own features, warped to where motion wants them."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from facedit.motion.liveportrait.crop import FaceBox
from facedit.motion.liveportrait.keypoints import nearest_rotation
from facedit.motion.liveportrait.seen import TERMS, Reading, outline_of
from facedit.options import Region
from facedit.render.bank import ReferenceBank
from facedit.render.liveportrait.crop_drawing import CropDrawing
from facedit.render.liveportrait.from_landmarks import LandmarkLivePortrait
from facedit.render.liveportrait.networks import load_liveportrait
from facedit.render.liveportrait.painter import Painter
from facedit.render.network import MouthNetwork
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


class FaceDrawing(CropDrawing):
    """Puts motion into frames: what is seen of one is a row of the space, shape (``ROW``,)."""

    def box(self, base_rgb: UInt8, base: Float32) -> FaceBox:
        """Return the crop that was read."""
        source = Reading.of(base[None])
        return FaceBox(source.centre[0].astype(np.float64), float(source.side[0, 0]), 0.0)

    def outline(self, base: Float32) -> Float32:
        """Return the face's outline."""
        return outline_of(base)

    def keypoints(
        self, picture: UInt8, box: FaceBox, base: Float32, target: Float32, region: Region
    ) -> tuple[Tensor, Tensor]:
        """Return the keypoints that were read and those of the target, (1, 21, 3) each."""
        source, wanted = Reading.of(base[None]), Reading.of(target[None])
        wanted.rotation[:] = nearest_rotation(torch.from_numpy(wanted.rotation.copy())).numpy()
        x_s, x_d = (one.motion_in(source).moved() for one in (source, wanted))
        return x_s, x_d
