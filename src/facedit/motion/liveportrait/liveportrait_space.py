"""The motion space ``liveportrait``: the paper's 75 numbers, read by the official network.

A frame's motion is the expression of 21 keypoints (63), the rotation (9) and the translation (3);
the canonical keypoints and the scale are the frame's own, as is its crop.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache, cached_property
from importlib.resources import files
from itertools import chain, islice
from typing import ClassVar

import numpy as np
import torch

from facedit.device import inference
from facedit.errors import NoFace
from facedit.motion.identity import Identity
from facedit.motion.liveportrait.crop import FaceBox, network_picture
from facedit.motion.liveportrait.keypoints import KEYPOINTS, nearest_rotation
from facedit.motion.liveportrait.motion_extractor import MotionExtractor
from facedit.motion.liveportrait.official_files import find_networks, read_state
from facedit.motion.liveportrait.seen import READING, ROW, TERMS, Reading, row_of
from facedit.motion.liveportrait.source_crops import SourceCrops
from facedit.tensors import empty, filled
from facedit.types import Float32, Float64, UInt8

LIPS, EYES = (6, 12, 14, 17, 19, 20), (11, 13, 15, 16, 18)
"""Keypoints of the official regions."""

OTHERS = (*EYES, *(number for number in range(KEYPOINTS) if number not in LIPS + EYES))
"""Keypoints of the face beside the lips."""

_EXPRESSION = np.array([3 * point + axis for point in LIPS + OTHERS for axis in range(3)])
_ORDER = np.concatenate([_EXPRESSION, np.arange(3 * KEYPOINTS, 3 * KEYPOINTS + 12)])
"""Where each dim is found among expression, rotation and translation."""

_FLOOR = np.repeat([0.001, 0.01], [3 * KEYPOINTS, 12])
"""Least deviation: what hardly moves in anybody is numerically constant: noise, not motion."""

_AT_ONCE = 8


@cache
def _statistics() -> tuple[Float64, Float64]:
    """Return mean and deviation of expression, rotation and translation."""
    text = files("facedit.motion").joinpath("liveportrait.json").read_text()
    found = json.loads(text)
    return np.array(found["mean"]), np.maximum(found["std"], _FLOOR)


def expression_statistics() -> tuple[Float64, Float64]:
    """Return mean and deviation of the keypoints' offsets over people, shape (21, 3) each."""
    mean, std = (values[: 3 * KEYPOINTS].reshape(KEYPOINTS, 3) for values in _statistics())
    return mean, std


class LivePortraitSpace:
    """Implements ``MotionSpace`` and ``SeesFrames``; the network is loaded when it first looks.

    Args:
        name: What weights and prepared data call it.
        device: Where the network computes.

    Attributes:
        name: The same.
        names: Name of each dim, such as ``lips_19_y``.
        groups: The dims: lips; eyes and whatever else of the face moves; rotation and translation.
    """

    terms: ClassVar[str] = TERMS
    renderer: ClassVar[str] = "liveportrait"
    names: ClassVar[tuple[str, ...]] = (
        *(f"lips_{point}_{axis}" for point in LIPS for axis in "xyz"),
        *(f"face_{point}_{axis}" for point in OTHERS for axis in "xyz"),
        *(f"head_r{row}{column}" for row in range(3) for column in range(3)),
        *(f"head_t{axis}" for axis in "xyz"),
    )
    groups: ClassVar[dict[str, slice]] = {
        "lips": slice(0, 3 * len(LIPS)),
        "face": slice(3 * len(LIPS), 3 * KEYPOINTS),
        "head": slice(3 * KEYPOINTS, 3 * KEYPOINTS + 12),
    }

    def __init__(self, name: str, device: torch.device | str = "cpu") -> None:
        self.name = name
        self._device = device
        self._mean, self._std = (values[_ORDER] for values in _statistics())

    @property
    def effects(self) -> Float32:
        """Deviation of each dim over the largest of its group."""
        result = self._std.copy()
        for group in self.groups.values():
            result[group] /= result[group].max()
        return np.asarray(result, np.float32)

    @cached_property
    def _network(self) -> MotionExtractor:
        path = find_networks("motion_extractor")["motion_extractor"]
        return filled(empty(MotionExtractor), read_state(path), path).to(self._device)

    def see(self, frames: Iterable[tuple[UInt8, Float32]]) -> Float32:
        """Read frames, each as it is and mirrored, a row each, shape (F, ``ROW``).

        Args:
            frames: Upright pictures, (H, W, 3), and landmarks in pixels, (478, 3); one alone is
                cut out as a picture is.

        Returns:
            The rows. (``AssetMissing`` if the official file is not there, ``BadWeights`` if it is
            damaged.)
        """
        crops = SourceCrops.found()
        begun = list(islice(stream := iter(frames), 2))
        looks = (
            (network_picture(rgb, box := crops.box(rgb, at, still=len(begun) == 1)), box, at)
            for rgb, at in chain(begun, stream)
        )
        network, rows = self._network, [np.zeros((0, ROW), np.float32)]
        while some := list(islice(looks, _AT_ONCE)):
            rows.append(self._read(network, some))
        return np.concatenate(rows)

    def identity(self, seen: Float32, confidence: Float32) -> Identity:
        """Estimate a clip's constants.

        Args:
            seen: What was read, shape (F, ``ROW``), NaN where there is no face.
            confidence: Weight of each frame, shape (F,).

        Returns:
            Means over the frames: canonical keypoints, scale and crop count.

        Raises:
            NoFace: If no frame has a face.
        """
        known = np.isfinite(seen).all(axis=1) & (confidence > 0)
        if not known.any():
            raise NoFace(f"none of {len(seen)} frames shows the face: no identity to take out.")
        mean = np.average(seen[known], axis=0, weights=confidence[known])
        return Identity(mean.astype(np.float32))

    def encode(self, seen: Float32, identity: Identity) -> Float32:
        """Turn what was read, (T, ``ROW``), into standardised motion, (T, 75)."""
        own = Reading.of(seen)
        translation = own.translation(Reading.of(identity.neutral[None]))
        raw = [own.expression, own.rotation, translation]
        values = np.concatenate([part.reshape(len(seen), -1) for part in raw], axis=1)[:, _ORDER]
        return np.asarray((values - self._mean) / self._std, np.float32)

    def decode(self, values: Float32, identity: Identity) -> Float32:
        """Turn standardised motion, (T, 75), into what would be read, (T, ``ROW``).

        What is drawn need be no rotation: the nearest one is taken.
        """
        raw = np.empty((len(values), len(self.names)))
        raw[:, _ORDER] = values * self._std + self._mean
        rows = np.repeat(identity.neutral[None], len(values), axis=0)
        decoded = Reading.of(rows)  # views of the rows' parts
        rotation = raw[:, 63:72].reshape(-1, 3, 3)
        known = np.isfinite(rotation).all(axis=(1, 2))
        rotation[known] = nearest_rotation(torch.from_numpy(rotation[known])).numpy()
        place = raw[:, 72:] * decoded.side / 2
        place[:, :2] += decoded.centre
        rows[:, :75] = np.concatenate([raw[:, :63], rotation.reshape(-1, 9), place], axis=1)
        return rows

    def mirrored(self, seen: Float32) -> Float32:
        """Return what was read of the mirrored frames; the outline stays."""
        own, other, outline = np.split(seen, [READING, 2 * READING], axis=1)
        return np.concatenate([other, own, outline], axis=1)

    @inference()
    def _read(
        self, network: MotionExtractor, looks: list[tuple[UInt8, FaceBox, Float32]]
    ) -> Float32:
        crops, boxes, landmarks = zip(*looks, strict=True)
        pictures = torch.from_numpy(np.stack(crops)).to(self._device).movedim(-1, 1).float() / 255
        own = Reading.read(network.motion_of(pictures), list(boxes))
        flipped = [FaceBox(box.centre * (-1, 1), box.side, -box.angle) for box in boxes]
        other = Reading.read(network.motion_of(pictures.flip(-1)), flipped)
        return row_of(own, other, list(landmarks))
