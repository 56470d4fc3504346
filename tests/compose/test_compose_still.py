"""A picture's mouth, whatever it shows, is where speech starts from."""

import numpy as np
import pytest

from compose.compose_cases import brow_height, drawn_brows, upright_face, with_raised_brows
from facedit.compose.still import (
    CLOSED,
    PROMPT_FRAMES,
    closed_mouth,
    even,
    still_canvas,
    still_targets,
)
from facedit.face.distances import lip_opening
from facedit.motion.space import MotionSpace
from facedit.render.network import MouthNetwork
from facedit.render.still import Still, StillAnimator


@pytest.fixture(scope="module")
def space():
    return MotionSpace.load()


@pytest.fixture(scope="module")
def smiling(space):
    """A face with parted lips."""
    face = upright_face(space)
    identity = space.identity(face[None], np.ones(1, np.float32))
    values = space.encode(face[None], identity)
    open_face = None
    for dim in range(space.groups["lips"].stop):
        for sign in (-2.0, 2.0):
            moved = values.copy()
            moved[0, dim] += sign
            landmarks = space.decode(moved, identity)
            if open_face is None or lip_opening(landmarks) > lip_opening(open_face):
                open_face = landmarks
    return open_face[0]


def test_the_mouth_is_closed_by_the_least_change(space, smiling):
    assert lip_opening(smiling[None])[0] > 5 * CLOSED
    identity = space.identity(smiling[None], np.ones(1, np.float32))
    values = space.encode(smiling[None], identity)[0]
    closed = closed_mouth(space, values, identity)
    assert lip_opening(space.decode(closed[None], identity))[0] <= CLOSED
    lips = space.groups["lips"]
    assert np.array_equal(np.delete(closed, np.r_[lips]), np.delete(values, np.r_[lips]))
    change = closed - values
    rng = np.random.default_rng(0)
    for _ in range(20):  # any other change of that size closes less
        other = values.copy()
        direction = rng.standard_normal(lips.stop - lips.start)
        other[lips] += direction / np.linalg.norm(direction) * np.linalg.norm(change)
        assert lip_opening(space.decode(other[None], identity))[0] > CLOSED
    assert np.array_equal(closed_mouth(space, closed, identity), closed)


def test_speech_starts_from_the_closed_mouth(space, smiling):
    still = Still(np.zeros((256, 256, 3), np.uint8), smiling)
    canvas = still_canvas(space, still, 20, "head")
    assert not canvas.mask[:PROMPT_FRAMES].any()
    assert canvas.mask[PROMPT_FRAMES:].all()
    assert canvas.first_frame == -PROMPT_FRAMES
    targets = still_targets(space, canvas, canvas.values, still, "head")
    assert len(targets) == 20
    assert (lip_opening(targets) <= 1.5 * CLOSED).all()
    eyes = [33, 133, 263, 362]
    assert np.allclose(targets[:, eyes], smiling[eyes], atol=0.1)


def test_pictures_get_even_sides_of_a_bearable_size():
    assert even(np.zeros((101, 77, 3), np.uint8)).shape == (100, 76, 3)
    assert even(np.zeros((3000, 4000, 3), np.uint8)).shape == (1440, 1920, 3)


@pytest.mark.parametrize(("region", "arrives"), [("lips", False), ("face", True), ("head", True)])
def test_brows_that_the_model_moves_reach_the_pixels_of_a_picture(space, region, arrives):
    face = upright_face(space)
    still = Still(drawn_brows(face), face)
    canvas = still_canvas(space, still, 3, "head")
    motion = canvas.values.copy()
    motion[-1] = with_raised_brows(space, motion[-1], canvas.identity, 6.0)
    targets = still_targets(space, canvas, motion, still, region)
    before, _, after = StillAnimator(still, MouthNetwork(), region=region).animate(targets)
    moved = brow_height(after, face) - brow_height(before, face)
    assert moved == pytest.approx(6.0 if arrives else 0.0, abs=1.0)
