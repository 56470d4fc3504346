"""Draw targets that are landmarks by LivePortrait: no motion model of its own need be trained.

Footage of the person tells how LivePortrait's expression follows the mesh; without any, the
official retargeting networks open lips and lids as far as the landmarks do, and all else of the
lips' shape, such as rounding, is lost on the way. The head turns as the landmarks do.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from facedit.cache import cached
from facedit.device import inference
from facedit.errors import BadWeights
from facedit.face.pose import fit_pose
from facedit.face.regions import FACE_OVAL, MOUTH_CORNERS, POSE_POINTS
from facedit.motion.liveportrait.crop import FaceBox, network_picture
from facedit.motion.liveportrait.expression_map import PARTS, ExpressionMap, Part
from facedit.motion.liveportrait.keypoints import KEYPOINTS
from facedit.motion.liveportrait.official_files import INSIGHTFACE, LANDMARK_FILE, find_networks
from facedit.motion.liveportrait.seen import Reading
from facedit.motion.space import MotionSpace
from facedit.options import Region
from facedit.render.bank import ReferenceBank
from facedit.render.footage import Footage
from facedit.render.liveportrait.crop_drawing import CropDrawing
from facedit.render.liveportrait.networks import load_liveportrait
from facedit.render.liveportrait.painter import Painter
from facedit.render.liveportrait.stitching import KeypointNetwork, retargeted
from facedit.render.network import MouthNetwork
from facedit.render.renderers import Renderer
from facedit.render.still_renderer import Still
from facedit.tensors import read_arrays
from facedit.types import LANDMARK_TERMS, LANDMARKS, Float32, UInt8
from facedit.weights.fetch import sha256_of
from facedit.weights.user_files import find_in, models_dir

_VERSION = 1
"""Of how expressions are read, for what is kept on disk."""

_LIPS = ((13, 14), MOUTH_CORNERS)
_EYES = (((159, 145), (33, 133)), ((386, 374), (263, 362)))
"""Points whose distance is the opening, and the width."""


@dataclass(frozen=True, slots=True)
class RetargetingLivePortrait:
    """The renderer ``liveportrait-retargeting``: landmarks by the official small networks.

    Attributes:
        painter: The networks.
        expressions: How the person's expression follows landmarks; None: nobody knows.
    """

    painter: Painter
    expressions: ExpressionMap | None = None
    name: ClassVar[str] = "liveportrait-retargeting"
    terms: ClassVar[str] = LANDMARK_TERMS

    def of_clip(self, bank: ReferenceBank) -> LandmarkDrawing:
        """Draw into frames of a clip, each from its own pixels; the mouths are left alone."""
        return LandmarkDrawing(self.painter, self.expressions)

    def of_picture(self, still: Still) -> LandmarkDrawing:
        """Draw into a picture."""
        return LandmarkDrawing(self.painter, self.expressions, still=True)


class LandmarkLivePortrait(RetargetingLivePortrait):
    """The renderer ``liveportrait`` for landmarks: learns from footage where there is any."""

    name: ClassVar[str] = "liveportrait"

    def learnt(
        self, space: MotionSpace, footage: Footage | None
    ) -> tuple[LandmarkLivePortrait, dict[str, float | str]]:
        """Read the footage's expressions, once, and map the space's motion to them."""
        found = None if footage is None else self._fitted(space, footage)
        parts = {} if found is None else found.parts
        left = [name for name in PARTS if found is None or name not in found.known]
        figures: dict[str, float | str] = {
            f"expression error, {name}": round(part.error, 3) for name, part in parts.items()
        }
        if left:
            figures["drawn by retargeting networks"] = ", ".join(left)
        return replace(self, expressions=found), figures

    def _fitted(self, space: MotionSpace, footage: Footage) -> ExpressionMap | None:
        landmarks, read = (
            cached(f"expressions/{_key(footage)}.npz", _load, lambda: self._read(footage), _save)
            if footage.key
            else self._read(footage)
        )
        return ExpressionMap.fitted(space, landmarks, read)

    def _read(self, footage: Footage) -> tuple[Float32, Float32]:
        """Return the landmarks that are looked at, and the expressions read there."""
        points: list[Float32] = [np.zeros((0, LANDMARKS, 3), np.float32)]
        read: list[Float32] = [np.zeros((0, KEYPOINTS, 3), np.float32)]
        for rgb, landmarks in footage.looks():
            box = self.painter.networks.crops.box(rgb, landmarks)
            motion = self.painter.motion_of(network_picture(rgb, box))
            points.append(landmarks[None])
            read.append(motion.expression.cpu().numpy())
        return np.concatenate(points), np.concatenate(read)


def _key(footage: Footage) -> str:
    """Name what is read of footage, by the networks that look too."""
    extractor = find_networks("motion_extractor")["motion_extractor"]
    found = (find_in(models_dir(), (name,)) for name in (LANDMARK_FILE, *INSIGHTFACE))
    hashes = (sha256_of(path) for path in (extractor, *found) if path is not None)
    return hashlib.sha256(" ".join((str(_VERSION), footage.key, *hashes)).encode()).hexdigest()


def _load(path: Path) -> tuple[Float32, Float32]:
    held = read_arrays(path, ("landmarks", "expression"), BadWeights)
    landmarks, read = (np.asarray(held[name], np.float32) for name in ("landmarks", "expression"))
    if landmarks.shape[1:] != (LANDMARKS, 3) or read.shape != (len(landmarks), KEYPOINTS, 3):
        raise ValueError(f"landmarks {landmarks.shape}, expressions {read.shape}")
    return landmarks, read


def _save(path: Path, found: tuple[Float32, Float32]) -> None:
    with path.open("wb") as file:
        np.savez(file, landmarks=found[0], expression=found[1])


def retargeting(network: MouthNetwork | None, device: torch.device | str) -> Renderer:
    """Make the renderer that never looks at footage; the mouth network is left alone."""
    return RetargetingLivePortrait(Painter(load_liveportrait(device), device))


@dataclass(frozen=True, slots=True)
class LandmarkDrawing(CropDrawing):
    """Puts landmarks into frames.

    Attributes:
        expressions: How the expression follows landmarks, if footage told; where it did not, the
            retargeting networks open lips and lids.
        still: Whether all is drawn into one picture.
    """

    expressions: ExpressionMap | None = None
    still: bool = False

    def box(self, base_rgb: UInt8, base: Float32) -> FaceBox:
        """Return the crop of a frame's landmarks in pixels, shape (478, 3)."""
        return self.painter.networks.crops.box(base_rgb, base, still=self.still)

    def outline(self, base: Float32) -> Float32:
        """Return the face's outline."""
        return base[list(FACE_OVAL), :2]

    @inference()
    def keypoints(
        self, picture: UInt8, box: FaceBox, base: Float32, target: Float32, region: Region
    ) -> tuple[Tensor, Tensor]:
        """Return the picture's keypoints and where they are to be, shape (1, 21, 3) each."""
        source = Reading.read(self.painter.motion_of(picture), [box])
        wanted = turned(source, base, target) if region == "head" else source
        mapped, parts = self.expressions, list(PARTS)[: 1 if region == "lips" else None]
        known = [part for part in parts if mapped is not None and part in mapped.known]
        if mapped is not None:
            moved = sum((mapped.change(part, base, target) for part in known), np.float32(0))
            wanted = replace(wanted, expression=wanted.expression + moved)
        x_s, x_d = (one.motion_in(source).moved() for one in (source, wanted))
        for part in parts:
            if part not in known:
                x_d = x_d + self._retargeted(part, x_s, base, target)
        return x_s, x_d

    def _retargeted(self, part: Part, x_s: Tensor, base: Float32, target: Float32) -> Tensor:
        """Open lips or eyes as far as the landmarks do, by the official networks."""
        networks = self.painter.networks
        if part == "lips":
            lips = [ratio(points, *_LIPS) for points in (base, target)]
            return self._change(networks.lips, x_s, lips[:1], *lips)
        here, there = ([ratio(points, *eye) for eye in _EYES] for points in (base, target))
        means = float(np.mean(here)), float(np.mean(there))
        return self._change(networks.eyes, x_s, here, *means)

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
