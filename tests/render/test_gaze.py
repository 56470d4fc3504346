"""Eyes that are turned in a picture: the iris moves as asked, and nothing beyond the lids."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from facedit.face.closed_lids import eye_axes, turned_landmarks
from facedit.face.regions import LEFT_IRIS, LOWER_LIDS, RIGHT_IRIS, UPPER_LIDS
from facedit.render.gaze import turn_eyes
from facedit.types import Float32, UInt8


def painted(face: Float32) -> UInt8:
    """A face of one colour with white eyes and dark irises."""
    picture = np.full((400, 500, 3), (190, 150, 130), np.uint8)
    for side, iris in enumerate((RIGHT_IRIS, LEFT_IRIS)):
        lids = face[[*UPPER_LIDS[side], *LOWER_LIDS[side][-2:0:-1]], :2]
        mask = np.zeros(picture.shape[:2], np.uint8)
        cv2.fillPoly(mask, [np.rint(lids).astype(np.int32)], 255)
        picture[mask > 0] = 240
        radius = int(np.linalg.norm(face[iris[1], :2] - face[iris[0], :2]))
        dark = np.zeros_like(mask)
        cv2.circle(dark, [int(one) for one in face[iris[0], :2]], radius, 255, -1)
        picture[(mask > 0) & (dark > 0)] = (40, 25, 20)
    return picture


def dark_middle(picture: UInt8, face: Float32, side: int) -> Float32:
    lids = face[[*UPPER_LIDS[side], *LOWER_LIDS[side]], :2]
    (x0, y0), (x1, y1) = lids.min(axis=0).astype(int), lids.max(axis=0).astype(int) + 1
    rows, columns = np.nonzero(picture[y0:y1, x0:x1].mean(axis=-1) < 90)
    return np.array([columns.mean() + x0, rows.mean() + y0], np.float32)


@pytest.mark.parametrize("roll", [0.0, 0.3])
@pytest.mark.parametrize("way", [(0.12, 0.0), (-0.12, 0.0)])
def test_the_iris_moves_as_far_as_asked(
    way: tuple[float, float], roll: float, make_face: Callable[..., Float32]
) -> None:
    face = make_face(x=250.0, y=200.0, eyes=220.0, roll=roll)
    eyes = np.zeros((2, 3), np.float32)
    eyes[:, 1:] = way
    before = painted(face)
    after = turn_eyes(before, face, eyes)
    for side in (0, 1):
        moved = dark_middle(after, face, side) - dark_middle(before, face, side)
        assert moved == pytest.approx(np.array(way) @ eye_axes(face, side), abs=2.0)
    changed = np.flatnonzero((after != before).any(axis=-1).any(axis=0))
    lids = face[[*UPPER_LIDS[0], *UPPER_LIDS[1]], 0]
    assert lids.min() - 6 <= changed.min()
    assert changed.max() <= lids.max() + 6
    skin = (before == (190, 150, 130)).all(axis=-1).astype(np.uint8)
    far = cv2.erode(skin, np.ones((5, 5), np.uint8)) > 0  # but for a rim of two pixels
    assert np.array_equal(after[far], before[far])
    turned = turned_landmarks(face, eyes)
    assert turned[RIGHT_IRIS[0], :2] - face[RIGHT_IRIS[0], :2] == pytest.approx(
        np.array(way) @ eye_axes(face, 0), abs=1e-3
    )


def test_eyes_that_stay_are_left_alone(make_face: Callable[..., Float32]) -> None:
    face = make_face()
    picture = painted(face)
    lids_only = np.zeros((2, 3), np.float32)
    lids_only[:, 0] = 1.0
    assert turn_eyes(picture, face, lids_only) is picture
