"""Render a face of which only one picture exists."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from facedit.render.bank import ReferenceBank
from facedit.render.network import MouthNetwork
from facedit.render.own_teeth import OwnTeeth
from facedit.render.renderer import FaceRenderer
from facedit.render.renderer_interface import FrameTask, MouthPath, Patch
from facedit.render.settings import RenderSettings
from facedit.types import Float32, UInt8


@dataclass(frozen=True, slots=True)
class Still:
    """The upright picture that is animated (H, W, 3), its landmarks in pixels (478, 3)."""

    rgb: UInt8
    landmarks: Float32


class StillRenderer:
    """Puts target landmarks into one picture (implements ``ClipRenderer``).

    What the picture does not show, the mouth network invents, but for the picture's own teeth; a
    donor's mouths (another clip of the user's own) are handed to it as references after their tone
    was fitted to the picture's skin.
    """

    def __init__(
        self, still: Still, network: MouthNetwork | None, donor: ReferenceBank | None = None
    ) -> None:
        shows_teeth = OwnTeeth.visible_in(still.landmarks)
        self._teeth = OwnTeeth(still.rgb, still.landmarks) if shows_teeth else None
        # Of another person the network alone decides what to take.
        settings = RenderSettings(near=-2.0, far=-1.0, foreign=True)
        self._renderer = FaceRenderer(donor or ReferenceBank(), network, settings)

    def plan(self, target_landmarks: Float32, base_landmarks: Float32) -> MouthPath:
        """Choose the donor's frames; both arguments (F, 478, 3)."""
        return self._renderer.plan(target_landmarks, base_landmarks)

    def render(self, task: FrameTask) -> Patch:
        """Draw one frame as ``FaceRenderer.render`` does.

        The base is the picture, perhaps with lids drawn down; the choice is of the donor's frames.
        """
        teeth = self._teeth
        if teeth is None or np.allclose(task.target, task.base, atol=1e-3):
            return self._renderer.render(task)
        drawn = teeth.cleaned(task.base_rgb)
        patch = self._renderer.render(replace(task, base_rgb=drawn))
        height, width = patch.rgb.shape[:2]
        drawn[patch.y : patch.y + height, patch.x : patch.x + width] = patch.rgb
        return Patch(teeth.show(drawn, task.target), 0, 0)
