"""Teeth of the picture stay the skull's, whatever the lips do."""

import numpy as np
import pytest

from facedit.face.regions import INNER_LIPS, OUTER_LIPS
from facedit.motion.mesh_space import MeshSpace
from facedit.render.composite import fill_polygon
from facedit.render.own_teeth import OwnTeeth
from facedit.render.warp import Rect

SIZE = 256
WHOLE = Rect(0, 0, SIZE, SIZE)
TEETH, LIPS, SKIN = (235, 230, 215), (170, 90, 90), (200, 160, 140)


@pytest.fixture(scope="module")
def face():
    """A face with parted lips, in pixels."""
    canonical = np.asarray(MeshSpace.load().canonical, np.float32) * (SIZE / 2.5)
    canonical[:, :2] += SIZE / 2 - canonical[:, :2].mean(axis=0)
    return opened(canonical, 14.0)


def opened(face, gap_px):
    """The face with its inner lips a number of pixels apart in the middle."""
    out = face.copy()
    inner = list(INNER_LIPS)
    left, right = out[inner[0], :2], out[inner[10], :2]
    middle = (left[1] + right[1]) / 2
    share = 1 - ((out[inner, 0] - (left[0] + right[0]) / 2) / ((right[0] - left[0]) / 2)) ** 2
    lower = np.arange(20) < 11
    out[inner, 1] = middle + np.where(lower, 0.5, -0.5) * gap_px * np.clip(share, 0, 1)
    return out


@pytest.fixture(scope="module")
def picture(face):
    rgb = np.full((SIZE, SIZE, 3), SKIN, np.uint8)
    rgb[fill_polygon(face[list(OUTER_LIPS), :2], WHOLE) > 0.5] = LIPS
    rgb[fill_polygon(face[list(INNER_LIPS), :2], WHOLE) > 0.5] = TEETH
    return rgb


def test_only_parted_lips_show_teeth(face):
    assert OwnTeeth.visible_in(face)
    assert not OwnTeeth.visible_in(opened(face, 0.5))


def test_the_inside_is_darkened_and_nothing_else(face, picture):
    before = picture.copy()
    cleaned = OwnTeeth(picture, face).cleaned(picture)
    assert np.array_equal(picture, before)
    inside = fill_polygon(face[list(INNER_LIPS), :2], WHOLE)
    assert cleaned[inside > 0.99].mean() < 90
    far = fill_polygon(face[list(OUTER_LIPS), :2], WHOLE) == 0
    assert np.array_equal(cleaned[far], picture[far])


def test_the_pictures_own_mouth_shows_its_own_teeth(face, picture):
    teeth = OwnTeeth(picture, face)
    shown = teeth.show(teeth.cleaned(picture), face)
    middle = face[[13, 14], :2].mean(axis=0).round().astype(int)
    assert np.abs(shown[middle[1], middle[0]].astype(int) - TEETH).max() < 12


def test_closed_lips_hide_them(face, picture):
    teeth = OwnTeeth(picture, face)
    target = opened(face, 0.2)
    flat = np.full_like(picture, LIPS)
    assert np.abs(teeth.show(flat, target).astype(int) - LIPS).max() < 0.5 * (TEETH[1] - LIPS[1])


def test_teeth_move_with_the_head_and_not_with_the_lips(face, picture):
    mark = face[[13, 14], :2].mean(axis=0)
    marked = picture.copy()
    x, y = mark.round().astype(int)
    marked[y - 1 : y + 2, x - 1 : x + 2] = (0, 0, 255)
    teeth = OwnTeeth(marked, face)
    target = opened(face, 26.0)
    target[list(INNER_LIPS), 1] += 5  # the lips go down
    moved = target + np.array([7, -4, 0], np.float32)  # and the head to the side
    shown = teeth.show(np.zeros_like(picture), moved).astype(int)
    blueness = shown[..., 2] - shown[..., 0]
    row, column = np.unravel_index(np.argmax(blueness), blueness.shape)
    assert abs(column - (x + 7)) <= 1
    assert abs(row - (y - 4)) <= 1


def test_a_mouth_outside_the_picture_changes_nothing(face, picture):
    teeth = OwnTeeth(picture, face)
    assert np.array_equal(teeth.show(picture, face + np.array([900, 0, 0])), picture)
