"""Draw targets that are landmarks by LivePortrait: no motion model of its own need be trained.

The official retargeting networks open lips and lids as far as the landmarks do, and the head turns
as they do. All else of the lips' shape, such as rounding, is lost on the way.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from facedit.device import inference
from facedit.face.pose import fit_pose
from facedit.face.regions import FACE_OVAL, MOUTH_CORNERS, POSE_POINTS
from facedit.motion.liveportrait.crop import FaceBox
from facedit.motion.liveportrait.seen import Reading, box_of
from facedit.options import Region
from facedit.render.bank import ReferenceBank
from facedit.render.liveportrait.crop_drawing import CropDrawing
from facedit.render.liveportrait.painter import Painter
from facedit.render.liveportrait.stitching import KeypointNetwork, retargeted
from facedit.render.still_renderer import Still
from facedit.types import LANDMARK_TERMS, Float32, UInt8

_LIPS = ((13, 14), MOUTH_CORNERS)
_EYES = (((159, 145), (33, 133)), ((386, 374), (263, 362)))
"""Points whose distance is the opening, and the width."""


@dataclass(frozen=True, slots=True)
class LandmarkLivePortrait:
    """The renderer ``liveportrait`` for spaces that decode to landmarks (implements ``Renderer``).

    Attributes:
        painter: The networks.
    """

    painter: Painter
    name: ClassVar[str] = "liveportrait"
    terms: ClassVar[str] = LANDMARK_TERMS

    def of_clip(self, bank: ReferenceBank) -> LandmarkDrawing:
        """Draw into frames of a clip, each from its own pixels; the mouths are left alone."""
        return LandmarkDrawing(self.painter)

    def of_picture(self, still: Still) -> LandmarkDrawing:
        """Draw into a picture."""
        return LandmarkDrawing(self.painter)


class LandmarkDrawing(CropDrawing):
    """Puts landmarks into frames."""

    def box(self, base: Float32) -> FaceBox:
        """Return the crop of landmarks in pixels, shape (478, 3)."""
        return box_of(base)

    def outline(self, base: Float32) -> Float32:
        """Return the face's outline."""
        return base[list(FACE_OVAL), :2]

    @inference()
    def keypoints(
        self, picture: UInt8, box: FaceBox, base: Float32, target: Float32, region: Region
    ) -> tuple[Tensor, Tensor]:
        """Return the picture's keypoints and where they are to be, shape (1, 21, 3) each."""
        networks = self.painter.networks
        source = Reading.read(self.painter.motion_of(picture), [box])
        wanted = turned(source, base, target) if region == "head" else source
        x_s, x_d = (one.motion_in(source).moved() for one in (source, wanted))
        lips = [ratio(points, *_LIPS) for points in (base, target)]
        x_d = x_d + self._change(networks.lips, x_s, lips[:1], *lips)
        if region != "lips":
            here, there = ([ratio(points, *eye) for eye in _EYES] for points in (base, target))
            means = float(np.mean(here)), float(np.mean(there))
            x_d = x_d + self._change(networks.eyes, x_s, here, *means)
        return x_s, x_d

    def _change(
        self, network: KeypointNetwork, x_s: Tensor, own: list[float], now: float, then: float
    ) -> Tensor:
        """Return how keypoints move from one opening to another: nothing for the same."""
        on = x_s.to(self.painter.device)
        ratios = (torch.tensor([[*own, wanted]]).to(on.device) for wanted in (now, then))
        before, after = (retargeted(network, on, one) for one in ratios)
        return (after - before).to(x_s.device)


def turned(source: Reading, base: Float32, target: Float32) -> Reading:
    """Turn and move a head, shape (1, ...), as landmarks do, (478, 3) each.

    The head's middle is taken to be as deep as the landmarks that move with the skull.
    """
    pose = fit_pose(target[None], base)
    middle = source.place.astype(np.float64)
    middle[:, 2] = base[list(POSE_POINTS), 2].mean()
    place = pose.apply(middle[:, None])[:, 0]
    place[:, 2] = source.place[:, 2]
    return replace(
        source,
        rotation=np.asarray(source.rotation @ pose.rotation.swapaxes(1, 2), np.float32),
        place=np.asarray(place, np.float32),
        scale=np.asarray(source.scale * pose.scale[:, None], np.float32),
    )


def ratio(landmarks: Float32, opening: tuple[int, int], width: tuple[int, int]) -> float:
    """Return the opening of lips or lids over their width, as the official networks take it."""
    high, wide = (
        float(np.linalg.norm(landmarks[a, :2] - landmarks[b, :2])) for a, b in (opening, width)
    )
    return high / (wide + 1e-6)
