"""A face of noise, a tiny network with random weights behind the real ears."""

import numpy as np
import pytest

from facedit.compose.frames.person import Person
from facedit.compose.session.performance import nobody
from facedit.compose.source.models import Models
from facedit.model.checkpoint import MotionModel
from facedit.model.config import preset
from facedit.model.dit import DiT
from facedit.model.normalise import SpeechProjection
from facedit.motion.mesh_space import MeshSpace
from facedit.render.mouths import Mouths
from facedit.render.still_renderer import Still
from model.motion_models import randomised


@pytest.fixture(scope="session")
def models() -> Models:
    """A tiny network with random weights behind the real ears, and real pixels alone."""
    space = MeshSpace.load()
    net = randomised(DiT(preset("tiny", motion_dims=len(space.names), speech_dims=4)))
    matrix = 0.05 * np.random.default_rng(0).standard_normal((1026, 4))
    motion = MotionModel(
        net=net,
        projection=SpeechProjection(matrix.astype(np.float32), np.zeros(4, np.float32)),
        motion_scale=np.ones(len(space.names), np.float32),
        encoder="whisper-base/4+energy+vad",
        space="mesh",
        dim_names=space.names,
    )
    return Models(space, motion, Mouths(None))


@pytest.fixture(scope="session")
def person() -> Person:
    """The mean face, over noise that shows whatever moves."""
    picture = np.random.default_rng(0).integers(0, 255, (128, 128, 3), np.uint8)
    return Person(Still(picture, nobody(MeshSpace.load()).still.landmarks / 4))
