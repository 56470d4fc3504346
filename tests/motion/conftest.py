"""A made-up talking face: the canonical mesh moved by known deformations and poses."""

from collections.abc import Callable

import numpy as np
import pytest

from facedit.face.canonical import load_canonical_face
from facedit.face.pose import HeadPose, rotation_matrices
from facedit.motion.mesh_space import MeshSpace
from facedit.types import FaceTrack, Float64

MakeTrack = Callable[..., FaceTrack]


def neutral_face() -> Float64:
    """The canonical mesh with irises in its eyes, shape (478, 3)."""
    vertices = load_canonical_face().vertices
    rim = 0.04 * np.array([[0, 0, 0], [1, 0, 0], [0, -1, 0], [-1, 0, 0], [0, 1, 0]])
    return np.concatenate(
        [vertices, vertices[[33, 133]].mean(0) + rim, vertices[[362, 263]].mean(0) + rim]
    )


@pytest.fixture(scope="session")
def neutral() -> Float64:
    """The face from which tracks are made, before its random traits, shape (478, 3)."""
    return neutral_face()


@pytest.fixture(scope="session")
def space() -> MeshSpace:
    """The space shipped with the package."""
    return MeshSpace.load()


@pytest.fixture(scope="session")
def make_track() -> MakeTrack:
    """Makes a track of a face that opens its jaw at 3 Hz and sways."""

    def make(
        frames: int = 75, fps: float = 25.0, seed: int = 0, opening: float = 0.1, sway: float = 0.1
    ) -> FaceTrack:
        rng = np.random.default_rng(seed)
        face = neutral_face() + 0.01 * rng.normal(size=(478, 3))
        times = np.arange(frames) / fps
        jaw = np.clip((face[:, 1] - 0.75) / 0.6, 0, 1)  # 0 at the lips, 1 at the chin
        down = opening * (1 - np.cos(2 * np.pi * 3 * times)) / 2
        shape = np.tile(face, (frames, 1, 1))
        shape[:, :, 1] += down[:, None] * np.sqrt(jaw)
        phases = rng.uniform(0, 2 * np.pi, (1, 3))
        turn = sway * np.sin(2 * np.pi * 0.4 * times[:, None] + phases)
        pose = HeadPose(
            rotation_matrices(turn),
            np.array([320.0, 170.0, 5.0]) + 100 * turn * np.array([1, 1, 0]),
            100 * np.exp(0.3 * turn[:, 0]),
        )
        one = np.ones(frames, np.float32)
        return FaceTrack(times, pose.apply(shape).astype(np.float32), one, 640, 360)

    return make
