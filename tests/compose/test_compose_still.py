"""A picture's mouth, whatever it shows, is where speech starts from."""

import numpy as np
import pytest

from compose.compose_cases import upright_face
from facedit.compose.source.source_still import CLOSED, closed_mouth, even
from facedit.face.distances import lip_opening
from facedit.motion.mesh_space import MeshSpace


@pytest.fixture(scope="module")
def space():
    return MeshSpace.load()


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


def test_pictures_get_even_sides_of_a_bearable_size():
    assert even(np.zeros((101, 77, 3), np.uint8)).shape == (100, 76, 3)
    assert even(np.zeros((3000, 4000, 3), np.uint8)).shape == (1440, 1920, 3)
