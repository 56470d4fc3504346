"""What both drawings by LivePortrait share: a crop of the frame, drawn anew and pasted back."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from torch import Tensor

from facedit.motion.liveportrait.crop import FaceBox, network_picture
from facedit.options import Region
from facedit.render.liveportrait.painter import Painter
from facedit.render.liveportrait.paste import pasted_face
from facedit.render.renderer_interface import Choice, FrameTask, MouthPath, Patch
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

    def render(self, task: FrameTask) -> Patch:
        """Draw one frame; its choice is left alone."""
        box = self.box(task.base_rgb, task.base)
        picture = network_picture(task.base_rgb, box)
        x_s, x_d = self.keypoints(picture, box, task.base, task.target, task.region)
        crop = self.painter.draw(picture, x_s, x_d)
        outline = None if task.region == "head" else self.outline(task.base)
        matrix = box.matrix(len(crop), upright=False)
        return pasted_face(task.base_rgb, crop, matrix, outline, task.weight)

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
