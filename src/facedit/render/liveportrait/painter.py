"""LivePortrait's networks at work on one crop after the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor

from facedit.device import inference
from facedit.motion.liveportrait.keypoints import FaceMotion
from facedit.render.liveportrait.networks import LivePortrait
from facedit.render.liveportrait.stitching import stitched
from facedit.types import UInt8

Seen = TypeVar("Seen")


class Painter:
    """Draws crops; what is seen in one that comes again is not computed again.

    Args:
        networks: All of them.
        device: Where they compute.

    Attributes:
        networks: The same.
        device: The same.
    """

    def __init__(self, networks: LivePortrait, device: torch.device | str = "cpu") -> None:
        self.networks, self.device = networks, device
        self._held: dict[Callable[[Tensor], Any], tuple[UInt8, Any]] = {}

    @inference(large=True)
    def draw(self, picture: UInt8, x_s: Tensor, x_d: Tensor) -> UInt8:
        """Draw a crop.

        Args:
            picture: The source, shape (N, N, 3).
            x_s: Its keypoints, shape (1, 21, 3).
            x_d: Where they are to be.

        Returns:
            Shape (2 N, 2 N, 3).
        """
        x_s, x_d = x_s.to(self.device), x_d.to(self.device)
        x_d = stitched(self.networks.stitching, x_s, x_d)
        warped = self.networks.warping(self._seen(self.networks.appearance, picture), x_s, x_d)
        drawn = self.networks.decoder(warped.features)[0].movedim(0, -1)
        return np.asarray((drawn.clamp(0, 1) * 255).byte().cpu(), np.uint8)

    @inference()
    def motion_of(self, picture: UInt8) -> FaceMotion:
        """Read the motion of a crop, shape (N, N, 3)."""
        return self._seen(self.networks.motion.motion_of, picture)

    def _seen(self, look: Callable[[Tensor], Seen], picture: UInt8) -> Seen:
        """Look at a picture by a network, unless it was the last that this one looked at."""
        last = self._held.get(look)
        if last is None or not np.array_equal(picture, last[0]):
            pixels = torch.from_numpy(picture).to(self.device).movedim(-1, 0)[None].float() / 255
            last = self._held[look] = (picture, look(pixels))
        seen: Seen = last[1]
        return seen
