"""LivePortrait's expression from the mesh's motion, where the true map is known."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from facedit.motion.identity import Identity
from facedit.motion.liveportrait.expression_map import LEAST_FRAMES, PARTS, ExpressionMap, dims_of
from facedit.motion.liveportrait.liveportrait_space import (
    LIPS,
    OTHERS,
    LivePortraitSpace,
    expression_statistics,
)
from facedit.motion.mesh_space import MeshSpace
from facedit.types import Float32, Float64

FRAMES, CAUSES = 250, 3
MEAN, STD = expression_statistics()


@pytest.fixture(scope="module")
def landmarks(space: MeshSpace, neutral: Float64) -> Float32:
    """A face whose dims follow a few causes smoothly, as in speech, in a head that turns."""
    rng = np.random.default_rng(0)
    rough = rng.normal(size=(FRAMES + 8, CAUSES))
    smooth = np.stack([rough[k : k + FRAMES] for k in range(9)]).sum(axis=0) / 3
    smooth = smooth @ rng.normal(size=(CAUSES, len(space.names))) / np.sqrt(CAUSES)
    smooth += 0.01 * rng.normal(size=smooth.shape)
    identity = Identity(neutral.astype(np.float32), 90.0, np.array([320.0, 180.0, 0.0]))
    return space.decode(smooth.astype(np.float32), identity)


@pytest.fixture(scope="module")
def motion(space: MeshSpace, landmarks: Float32) -> Float64:
    """The dims that move the face, as the map sees them."""
    neutral = space.identity(landmarks, np.ones(FRAMES, np.float32)).neutral
    return space.encode(landmarks, Identity(neutral)).astype(np.float64)


def read(motion: Float64, space: MeshSpace, bend: Callable[[Float64], Float64]) -> Float32:
    """An extractor that sees a known function of the motion and nothing else."""
    rng = np.random.default_rng(1)
    expression = np.empty((len(motion), 21, 3))
    for points, groups in PARTS.values():
        x = motion[:, dims_of(space, groups)]
        seen = bend(x @ rng.normal(size=(x.shape[1], 3 * len(points))) / np.sqrt(x.shape[1]))
        expression[:, list(points)] = seen.reshape(len(x), -1, 3)
    return (MEAN + STD * expression).astype(np.float32)


def test_a_linear_map_is_found_as_it_is(
    space: MeshSpace, landmarks: Float32, motion: Float64
) -> None:
    expression = read(motion, space, lambda x: x)
    found = ExpressionMap.fitted(space, landmarks, expression)
    assert found is not None
    assert found.known == ("lips", "face")
    assert all(part.error < 1e-4 and part.into.shape[1] == 0 for part in found.parts.values())
    for here, there in ((0, 100), (40, 7)):
        change = sum(found.change(part, landmarks[here], landmarks[there]) for part in PARTS)
        np.testing.assert_allclose(
            change / STD, (expression[there] - expression[here]) / STD, atol=0.05
        )
    # Nothing moves where nothing moves, and lips move lips alone.
    assert not found.change("face", landmarks[3], landmarks[3]).any()
    assert not found.change("lips", landmarks[0], landmarks[100])[list(OTHERS)].any()


def test_a_bent_map_is_told_better_by_the_features(
    space: MeshSpace, landmarks: Float32, motion: Float64
) -> None:
    found = ExpressionMap.fitted(space, landmarks, read(motion, space, lambda x: np.tanh(2 * x)))
    assert found is not None
    part = found.parts["lips"]
    assert part.into.shape[1] > 0
    assert part.error < 0.05


def test_the_error_is_the_share_of_noise(
    space: MeshSpace, landmarks: Float32, motion: Float64
) -> None:
    rng = np.random.default_rng(2)
    clean = read(motion, space, lambda x: x)
    signal = ((clean - MEAN) / STD).var(axis=0)
    noisy = clean + (0.5 * np.sqrt(signal) * STD) * rng.normal(size=clean.shape)
    found = ExpressionMap.fitted(space, landmarks, noisy.astype(np.float32))
    assert found is not None
    assert found.parts["lips"].error == pytest.approx(0.2, abs=0.06)  # 0.25 of 1.25
    # What has nothing to do with the mesh is not known.
    nothing = rng.normal(size=clean.shape).astype(np.float32)
    found = ExpressionMap.fitted(space, landmarks, MEAN.astype(np.float32) + nothing)
    assert found is not None
    assert found.known == ()


def test_a_second_of_footage_is_too_little(space: MeshSpace, landmarks: Float32) -> None:
    few = LEAST_FRAMES - 1
    assert ExpressionMap.fitted(space, landmarks[:few], np.zeros((few, 21, 3), np.float32)) is None


def test_all_keypoints_are_of_one_part() -> None:
    assert sorted(LIPS + OTHERS) == list(range(21))
    assert MEAN.shape == STD.shape == (21, 3)
    space = LivePortraitSpace("liveportrait")
    at = space.names.index("lips_19_y")
    assert space._std[at] == STD[19, 1]
