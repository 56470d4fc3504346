from dataclasses import replace

import numpy as np
import pytest

from facedit.dataset.encode_clip import Unusable, check_track
from facedit.dataset.outliers import (
    LEAST_SPOKEN,
    MOST_MOVED,
    MOST_SCALED,
    find_outlier,
    measure_steps,
)
from facedit.motion.mesh_space import MeshSpace
from facedit.types import FaceTrack

SPACE = MeshSpace.load()
TIMES = np.arange(40) / 25
EYES = 100.0
"""Outer-eye distance of the faces below in pixels."""


def faces(opening=2.0, frames=40):
    """Faces whose mouth opens and closes."""
    values = np.zeros((frames, SPACE.dims), np.float32)
    values[:, 0] = opening * np.sin(np.arange(frames) / 2)
    identity = SPACE.identity(SPACE.canonical[None] * 100, np.ones(1, np.float32))
    landmarks = SPACE.decode(values, identity)
    eyes = np.linalg.norm(landmarks[0, 263] - landmarks[0, 33])
    return (landmarks * (EYES / eyes) + np.array([180, 140, 0])).astype(np.float32)


def test_a_talking_head_is_no_outlier():
    assert find_outlier(faces(), TIMES) is None


@pytest.mark.parametrize(("beyond", "kind"), [(1.05, "head jumps"), (0.95, None)])
def test_a_head_may_not_jump(beyond, kind):
    landmarks = faces()
    landmarks[20:, :, 0] += beyond * MOST_MOVED * EYES
    found = find_outlier(landmarks, TIMES)
    assert (found and found.kind) == kind
    if found:
        assert "at 0.80 s" in found.detail


def test_a_jump_is_seen_at_any_distance_from_the_camera():
    landmarks = faces()
    landmarks[20:, :, 0] += 1.05 * MOST_MOVED * EYES
    assert find_outlier(landmarks / 8, TIMES).kind == "head jumps"


def test_after_a_gap_a_head_may_be_elsewhere():
    landmarks = faces()
    landmarks[20:, :, 0] += 1.5 * MOST_MOVED * EYES
    times = TIMES + np.where(np.arange(40) >= 20, 0.04, 0)  # two frames' time for one step
    assert find_outlier(landmarks, times) is None


def test_at_a_high_rate_a_step_counts_as_if_it_took_a_motion_frame():
    landmarks = faces()
    landmarks[20:, :, 0] += 0.9 * MOST_MOVED * EYES
    assert find_outlier(landmarks, TIMES / 4) is None


def test_a_head_may_not_change_its_size_at_once():
    landmarks = faces()
    centre = landmarks[20:].mean(axis=1, keepdims=True)
    factor = np.exp(1.1 * MOST_SCALED)
    landmarks[20:] = centre + factor * (landmarks[20:] - centre)
    assert find_outlier(landmarks, TIMES).kind == "head changes size"
    steps = measure_steps(landmarks, TIMES)
    # Size and nothing else is what changed; the mouth moves on.
    assert steps.scaled[19] == pytest.approx(1.1 * MOST_SCALED, abs=0.02)
    assert steps.moved.max() < 0.1
    assert steps.shaped.max() < 0.1


def test_another_shape_is_no_face():
    landmarks = faces()
    landmarks[20] = landmarks[20, ::-1]  # the same cloud of points, all in wrong places
    assert find_outlier(landmarks, TIMES).kind == "face changes shape"


def test_a_mouth_opens_only_so_far():
    landmarks = faces()
    lower = [14, 87, 317, 17, 84, 314, 15, 16]
    slow = np.sin(np.linspace(0, np.pi, 40))[:, None]
    landmarks[:, lower, 1] += 0.8 * EYES * slow
    assert find_outlier(landmarks, TIMES).kind == "mouth too open"
    landmarks = faces()
    landmarks[20, lower, 1] += 0.5 * EYES
    assert find_outlier(landmarks, TIMES).kind == "mouth jumps"


def test_a_mouth_that_does_not_move_says_nothing():
    found = find_outlier(faces(opening=0.0), TIMES)
    assert found.kind == "mouth still"
    assert f"under {LEAST_SPOKEN}" in found.detail


def test_only_the_used_stretch_of_a_track_is_looked_at():
    landmarks = faces()
    landmarks[30:, :, 0] += 3 * EYES
    track = FaceTrack(TIMES, landmarks, np.ones(40, np.float32), 360, 288)
    check_track(track, slice(0, 30))
    check_track(track, slice(30, 40))
    with pytest.raises(Unusable, match="head jumps"):
        check_track(track, slice(0, 31))
    lost = landmarks.copy()
    lost[10] = np.nan
    sure = np.ones(40, np.float32)
    sure[10] = 0
    check_track(replace(track, landmarks=lost, confidence=sure), slice(0, 30))
