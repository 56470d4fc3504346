"""What both drawings by LivePortrait share: a crop of the frame, drawn anew and pasted back."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from torch import Tensor

from facedit.motion.liveportrait.crop import FaceBox, network_picture
from facedit.options import Region
from facedit.render.liveportrait.painter import Painter
from facedit.render.liveportrait.paste import pasted_face
from facedit.render.renderer_interface import Choice, MouthPath, Patch
from facedit.types import Float32, UInt8


@dataclass(frozen=True, slots=True)
class CropDrawing(ABC):
    """Puts targets into frames, each from its own pixels (implements ``ClipRenderer``).

    Where the head may move, the whole crop is pasted; else the face alone.

    Attributes:
        painter: The networks.
    """

    painter: Painter

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
            base: What the motion space sees of it.
            target: What it is to see.
            choice: Left alone.
            weight: 0 gives the frame's pixels, 1 the drawn ones.
            region: What may move.

        Returns:
            The patch to paste into the frame.
        """
        box = self.box(base_rgb, base)
        picture = network_picture(base_rgb, box)
        x_s, x_d = self.keypoints(picture, box, base, target, region)
        crop = self.painter.draw(picture, x_s, x_d)
        outline = None if region == "head" else self.outline(base)
        matrix = box.matrix(len(crop), upright=False)
        return pasted_face(base_rgb, crop, matrix, outline, weight)

    @abstractmethod
    def box(self, base_rgb: UInt8, base: Float32) -> FaceBox:
        """Return the crop of a frame, shape (H, W, 3), and of what is seen of it."""

    @abstractmethod
    def outline(self, base: Float32) -> Float32:
        """Return the face's outline in pixels, shape (36, 2)."""

    @abstractmethod
    def keypoints(
        self, picture: UInt8, box: FaceBox, base: Float32, target: Float32, region: Region
    ) -> tuple[Tensor, Tensor]:
        """Return the crop's keypoints and where they are to be, shape (1, 21, 3) each."""
