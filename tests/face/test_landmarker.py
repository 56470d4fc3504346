import math
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from facedit.errors import BadWeights
from facedit.face.blendshapes import BLENDSHAPE_NAMES, BLENDSHAPE_POINTS
from facedit.face.landmarker import (
    Landmarker,
    Roi,
    _tile_starts,
    roi_from_detection,
    roi_from_landmarks,
)
from facedit.face.regions import FACE_OVAL, INNER_LIPS, LEFT_IRIS, RIGHT_IRIS
from facedit.face.searched_picture import Pixels
from facedit.types import Float32, UInt8


@pytest.fixture(scope="module")
def landmarks(landmarker: Landmarker, portrait: UInt8) -> Float32:
    (face,) = landmarker.detect(portrait)
    points, presence = landmarker.landmarks(Pixels(portrait), roi_from_detection(face))
    assert presence > 0.99
    return points


def test_the_face_of_the_portrait_is_where_it_is(
    landmarker: Landmarker, portrait: UInt8, landmarks: Float32
) -> None:
    # Eyes and mouth as read off the picture by eye, to a few pixels.
    np.testing.assert_allclose(landmarks[RIGHT_IRIS[0], :2], [84, 81], atol=4)
    np.testing.assert_allclose(landmarks[LEFT_IRIS[0], :2], [127, 86], atol=4)
    np.testing.assert_allclose(landmarks[list(INNER_LIPS), :2].mean(axis=0), [102, 126], atol=5)
    # The nose tip is nearer to the camera than the outline.
    assert landmarks[1, 2] < landmarks[list(FACE_OVAL), 2].mean()


def test_landmarks_follow_a_shift_and_a_quarter_turn(
    landmarker: Landmarker, portrait: UInt8, landmarks: Float32
) -> None:
    roi = roi_from_landmarks(landmarks)
    settled, _ = landmarker.landmarks(Pixels(portrait), roi)
    padded = np.pad(portrait, ((17, 0), (31, 0), (0, 0)), mode="edge")
    moved, _ = landmarker.landmarks(
        Pixels(padded), Roi(roi.x + 31, roi.y + 17, roi.side, roi.angle)
    )
    np.testing.assert_allclose(moved[:, :2] - settled[:, :2], np.tile([31, 17], (478, 1)), atol=0.1)
    turned = np.ascontiguousarray(np.rot90(portrait, -1))  # clockwise: (x, y) to (H - 1 - y, x)
    height = portrait.shape[0]
    quarter = Roi(height - 1 - roi.y, roi.x, roi.side, roi.angle + math.pi / 2)
    found, _ = landmarker.landmarks(Pixels(turned), quarter)
    expected = np.stack([height - 1 - settled[:, 1], settled[:, 0]], axis=1)
    np.testing.assert_allclose(found[:, :2], expected, atol=0.2)
    np.testing.assert_allclose(found[:, 2], settled[:, 2], atol=0.2)


def test_the_next_crop_is_level_with_the_eyes_and_does_not_drift(landmarks: Float32) -> None:
    roi = roi_from_landmarks(landmarks)
    angle = 0.4
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    turned = landmarks.copy()
    turned[:, :2] = landmarks[:, :2] @ turn.T.astype(np.float32)
    other = roi_from_landmarks(turned)
    assert other.angle == pytest.approx(roi.angle + angle, abs=1e-5)
    assert other.side == pytest.approx(roi.side, rel=1e-5)
    assert [other.x, other.y] == pytest.approx(turn @ [roi.x, roi.y], rel=1e-5)


def test_tiles_find_a_face_too_small_for_the_whole_picture(
    landmarker: Landmarker, portrait: UInt8, scene: Callable[..., UInt8]
) -> None:
    picture = np.pad(scene((400, 130, 200)), ((0, 540), (0, 960), (0, 0)), constant_values=96)
    assert landmarker.detect(picture) == []
    (face,) = landmarker.detect_small(picture)
    x, y = face.centre
    assert (x, y) == pytest.approx((400 + 105, 130 + 108), abs=12)


@pytest.mark.parametrize(("length", "side"), [(100, 100), (101, 100), (1280, 640), (720, 640)])
def test_tiles_cover_and_stay_inside(length: int, side: int) -> None:
    starts = _tile_starts(length, side)
    assert starts[0] == 0
    assert starts[-1] + side == length
    assert all(later - earlier <= side / 2 + 1 for earlier, later in pairwise(starts))


def test_blendshapes_see_the_smile(landmarker: Landmarker, landmarks: Float32) -> None:
    weights = landmarker.blendshapes(landmarks)
    assert weights.shape == (52,)
    assert ((weights >= 0) & (weights <= 1)).all()
    named = dict(zip(BLENDSHAPE_NAMES, weights, strict=True))
    assert min(named["mouthSmileLeft"], named["mouthSmileRight"]) > 0.5
    assert named["jawLeft"] < 0.1
    assert len(set(BLENDSHAPE_NAMES)) == 52
    assert len(set(BLENDSHAPE_POINTS)) == 146


def test_a_file_without_the_networks_is_refused(tmp_path: Path) -> None:
    wrong = tmp_path / "face_landmarker.task"
    wrong.write_bytes(b"no zip at all")
    with pytest.raises(BadWeights, match=r"face_landmarker\.task"):
        Landmarker(task=wrong)
