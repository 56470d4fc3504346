"""LivePortrait's crops against what the official code cut out and pasted back."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from facedit.motion.liveportrait.crop import (
    LANDMARKS,
    NETWORK_SIZE,
    SOURCE,
    SOURCE_SIZE,
    CropRule,
    FaceBox,
    cut_out,
    face_box,
    paste_mask,
)
from golden.seeded import picture
from liveportrait_golden import GOLDEN

GEOMETRY = np.load(GOLDEN / "geometry.npz")
PICTURE = picture(480, 640, 5)


def box(frame: int, rule: CropRule) -> FaceBox:
    points = GEOMETRY["landmarks"][frame].astype(np.float64)
    eyes = np.stack([points[[0, 6, 12, 18]].mean(0), points[[24, 30, 36, 42]].mean(0)])
    return face_box(points, eyes, points[[48, 66]], rule)


def blocks(picture: np.ndarray) -> np.ndarray:
    """Means of 16 x 16 pixels."""
    high, wide = picture.shape[0] // 16, picture.shape[1] // 16
    return picture.astype(float).reshape(high, 16, wide, 16, -1).mean((1, 3)).squeeze()


@pytest.mark.parametrize("frame", range(3))
def test_faces_are_cut_out_where_they_are_there(frame: int) -> None:
    source = box(frame, SOURCE)
    for mine, name in (
        (source.matrix(512), f"source/{frame}/M_o2c"),
        (source.matrix(512, upright=False), f"source_norot/{frame}/M_o2c"),
        (box(frame, LANDMARKS).matrix(224)[:2], f"landmark_net/{frame}/M_o2c"),
    ):
        assert np.abs(mine - GEOMETRY[name]).max() < 0.01, name


def test_pixels_are_cut_out_as_there() -> None:
    matrix = GEOMETRY["source/0/M_o2c"].astype(np.float64)
    crop = cut_out(PICTURE, matrix, SOURCE_SIZE)
    assert np.array_equal(blocks(crop).astype(np.float32), GEOMETRY["source/0/crop_blocks"])
    small = cv2.resize(crop, (NETWORK_SIZE, NETWORK_SIZE), interpolation=cv2.INTER_AREA)
    assert np.array_equal(small[128], GEOMETRY["source/0/crop256_row"])


def test_a_drawn_crop_is_pasted_back_as_there() -> None:
    matrix = GEOMETRY["source/0/M_o2c"].astype(np.float64)
    back, size = np.linalg.inv(matrix)[:2], PICTURE.shape[1::-1]
    shown = cv2.warpAffine(paste_mask().astype(np.float32), back, size)[..., None]
    moved = cv2.warpAffine(picture(512, 512, 9), back, size)
    whole = (shown * moved + (1 - shown) * PICTURE).clip(0, 255).astype(np.uint8)
    # The stored inverse has five decimals: where it turns a truncation, a value differs by one.
    for mine, name in ((whole[240], "paste/row240"), (whole[:, 150], "paste/column150")):
        difference = np.abs(mine.astype(int) - GEOMETRY[name])
        assert difference.max() <= 1
        assert difference.mean() < 0.05
    assert np.abs(blocks(whole) - GEOMETRY["paste/blocks"]).max() < 0.2
