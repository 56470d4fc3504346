"""A picture and meshes that need no footage: the astronaut and the canonical face."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from facedit.face.regions import INNER_LIPS, OUTER_LIPS
from facedit.types import Float32, UInt8
from faces import canonical_landmarks

FaceMaker = Callable[..., Float32]

_LOWER_INNER = INNER_LIPS[1:10]
_LOWER_OUTER = OUTER_LIPS[1:10]
_UPPER = (*INNER_LIPS[10:], *OUTER_LIPS[10:], INNER_LIPS[0], OUTER_LIPS[0])


@pytest.fixture(autouse=True)
def _one_thread(one_thread: None) -> None:
    """All tests of this folder draw small networks."""


@pytest.fixture(scope="session")
def portrait() -> UInt8:
    """scikit-image's public-domain astronaut, 512 x 512."""
    from skimage import data

    return np.asarray(data.astronaut(), np.uint8)


@pytest.fixture(scope="session")
def make_face() -> FaceMaker:
    """Make landmarks of a face: place, size, opening of the mouth, roll, lids."""

    def make(
        x: float = 222.0,
        y: float = 118.0,
        eyes: float = 70.0,
        mouth: float = 0.0,
        roll: float = 0.0,
        lids: float = 0.0,
    ) -> Float32:
        face = canonical_landmarks().astype(np.float64)
        # The jaw: all below the line between the lips goes down, less towards the cheeks.
        below = np.clip((face[:, 1] - 4.3) / 0.4, 0.0, 1.0)
        below[list(_LOWER_INNER)] = below[list(_LOWER_OUTER)] = 1.0
        below[list(_UPPER)] = 0.0
        face[:, 1] += mouth * below * np.exp(-((face[:, 0] / 4.0) ** 4))
        for upper, lower in zip(
            ((246, 161, 160, 159, 158, 157, 173), (466, 388, 387, 386, 385, 384, 398)),
            ((7, 163, 144, 145, 153, 154, 155), (249, 390, 373, 374, 380, 381, 382)),
            strict=True,
        ):
            face[list(upper), 1] += lids * (face[list(lower), 1] - face[list(upper), 1])
        turn = np.array([[np.cos(roll), -np.sin(roll)], [np.sin(roll), np.cos(roll)]])
        face[:, :2] = face[:, :2] @ turn.T
        face *= eyes / np.linalg.norm(face[263] - face[33])
        face[:, :2] += [x, y]
        return face.astype(np.float32)

    return make


@pytest.fixture(scope="session")
def talking(portrait: UInt8, make_face: FaceMaker) -> tuple[list[UInt8], Float32]:
    """Pictures whose mouths are painted by their number (colour tells the frame), and landmarks."""
    openings = [0.0, 0.4, 0.8, 1.2, 1.6, 2.0, 1.4, 0.6]
    faces = np.stack([make_face(mouth=opening) for opening in openings])
    pictures = []
    for number, face in enumerate(faces):
        picture = portrait.copy()
        polygon = np.rint(face[list(INNER_LIPS), :2]).astype(np.int32)
        cv2.fillPoly(picture, [polygon], (30 * number, 20, 200 - 20 * number))
        pictures.append(picture)
    return pictures, faces
