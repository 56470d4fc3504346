"""A tiny motion model with random weights."""

import pytest
from motion_models import tiny_model

from facedit.model.checkpoint import MotionModel


@pytest.fixture
def tiny() -> MotionModel:
    return tiny_model()
