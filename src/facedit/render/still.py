"""Animate one picture: it moves as the targets say, its mouth's inside is painted, it blinks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from facedit.render.bank import ReferenceBank
from facedit.render.lids import close_lids, closed_landmarks
from facedit.render.network import MouthNetwork
from facedit.render.own_teeth import OwnTeeth
from facedit.render.renderer import FaceRenderer
from facedit.render.settings import RenderSettings
from facedit.render.types import Choice, Region
from facedit.types import Float32, Float64, UInt8


@dataclass(frozen=True, slots=True)
class Still:
    """The picture that is animated.

    Attributes:
        rgb: Upright picture, shape (H, W, 3).
        landmarks: Its landmarks in pixels, shape (478, 3).
    """

    rgb: UInt8
    landmarks: Float32


class StillAnimator:
    """Draws frames of a face of which only one picture exists.

    What the picture does not show, the mouth network invents; a donor's mouths (another clip of the
    user's own) are handed to it as references after their tone was fitted to the picture's skin.

    Args:
        still: The picture.
        network: Mouth network.
        donor: Frames of a clip that shows a speaking mouth; None to invent it all.
        own: The donor is this person as in the picture: its pixels are shown as in an edit.
        region: What may move beside the lids of a blink.
    """

    def __init__(
        self,
        still: Still,
        network: MouthNetwork,
        donor: ReferenceBank | None = None,
        own: bool = False,
        region: Region = "lips",
    ) -> None:
        self._still, self._region = still, region
        shows_teeth = not own and OwnTeeth.shown_in(still.landmarks)
        self._teeth = OwnTeeth(still.rgb, still.landmarks) if shows_teeth else None
        bank = donor or ReferenceBank()
        # Of another person the network alone decides what to take.
        settings = RenderSettings() if own else RenderSettings(near=-2.0, far=-1.0, foreign=True)
        self._renderer = FaceRenderer(bank, network, settings)

    def plan(self, targets: Float32) -> tuple[Choice, ...]:
        """Choose the donor's frames.

        Args:
            targets: Landmarks of consecutive frames, shape (F, 478, 3).

        Returns:
            A choice per frame, empty ones without a donor.
        """
        base = np.broadcast_to(self._still.landmarks, targets.shape)
        return self._renderer.plan(targets, np.asarray(base, np.float32)).choices

    def frame(self, target: Float32, choice: Choice, closure: float = 0.0) -> UInt8:
        """Draw one frame.

        Args:
            target: Landmarks to reach in pixels, shape (478, 3).
            choice: The donor's frames.
            closure: How far a blink brings the lids down, 0 not at all, 1 shut.

        Returns:
            The frame, shape (H, W, 3).
        """
        as_it_is = np.allclose(target, self._still.landmarks, atol=1e-3)
        teeth = None if as_it_is else self._teeth
        picture = teeth.cleaned if teeth else self._still.rgb
        base, landmarks = picture.copy(), self._still.landmarks
        if closure > 0.0:
            lids = (closure, closure)
            base, _ = close_lids(picture, landmarks, lids)
            landmarks, target = closed_landmarks(landmarks, lids), closed_landmarks(target, lids)
        patch = self._renderer.render(base, landmarks, target, choice, region=self._region)
        height, width = patch.rgb.shape[:2]
        base[patch.y : patch.y + height, patch.x : patch.x + width] = patch.rgb
        return teeth.show(base, target) if teeth else base

    def animate(
        self, targets: Float32, closures: Sequence[float] | Float64 | None = None
    ) -> Iterator[UInt8]:
        """Draw consecutive frames.

        Args:
            targets: Landmarks of the frames, shape (F, 478, 3).
            closures: How far the lids are down in each, shape (F,); None for no blinks.

        Yields:
            The frames.
        """
        shut = np.zeros(len(targets)) if closures is None else np.asarray(closures, np.float64)
        for target, choice, closure in zip(targets, self.plan(targets), shut, strict=True):
            yield self.frame(target, choice, float(closure))
