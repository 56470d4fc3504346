"""The canvas hides what it should, and what is not changed is not moved."""

import numpy as np
import pytest

from compose.compose_cases import talking_track
from facedit.compose.frames.canvas import build_canvas, landmarks_at, region_dims, target_landmarks
from facedit.compose.source.sources import PictureTimes
from facedit.errors import NoFace
from facedit.motion.mesh_space import MeshSpace
from facedit.types import FaceTrack


@pytest.fixture(scope="module")
def space():
    return MeshSpace.load()


def moments(times_s):
    times_s = np.asarray(times_s, np.float64)
    return PictureTimes(times_s, times_s.copy(), np.zeros(len(times_s)))


def canvas_of(space, track, region="lips"):
    landmarks, confidence = landmarks_at(track, moments(track.times_s))
    hidden = (track.times_s >= 1.0) & (track.times_s < 2.0)
    identity = space.identity(landmarks[~hidden], confidence[~hidden])
    canvas = build_canvas(space, identity, landmarks, confidence, hidden, region=region)
    assert canvas.first_frame == 0  # unless another is said
    return canvas, hidden


@pytest.mark.parametrize(
    ("region", "groups"),
    [("lips", {"lips"}), ("face", {"lips", "face"}), ("head", {"lips", "face", "head"})],
)
def test_a_region_hides_its_groups_in_the_span_and_nothing_else(space, region, groups):
    canvas, hidden = canvas_of(space, talking_track(space), region)
    for name, dims in space.groups.items():
        assert (canvas.mask[:, dims] == (hidden[:, None] & (name in groups))).all()


def test_frames_without_a_face_are_hidden_whole(space):
    track = talking_track(space)
    landmarks, confidence = track.landmarks.copy(), track.confidence.copy()
    landmarks[10:20], confidence[10:20] = np.nan, 0
    lost = FaceTrack(track.times_s, landmarks, confidence, track.width, track.height)
    canvas, _ = canvas_of(space, lost)
    assert canvas.mask[10:20].all()
    assert np.isfinite(canvas.values).all()


def test_no_face_at_all_is_refused(space):
    track = talking_track(space)
    gone = FaceTrack(
        track.times_s, np.full_like(track.landmarks, np.nan), np.zeros_like(track.confidence),
        track.width, track.height,
    )  # fmt: skip
    with pytest.raises(NoFace):
        landmarks_at(gone, moments([0.0]))


def test_the_motion_underneath_moves_nothing(space):
    track = talking_track(space)
    canvas, _ = canvas_of(space, track)
    target = target_landmarks(space, canvas.identity, track.landmarks, canvas.values, "lips")
    assert np.abs(target - track.landmarks).max() < 0.02  # pixels


def test_new_lips_leave_eyes_and_head_alone(space):
    track = talking_track(space)
    canvas, hidden = canvas_of(space, track)
    other = canvas.values.copy()
    other[hidden] += 1.0  # every dim asks to move
    target = target_landmarks(space, canvas.identity, track.landmarks, other, "lips")
    moved = np.linalg.norm(target - track.landmarks, axis=2).max(axis=0)
    assert moved[[13, 14]].min() > 0.5  # inner lips
    assert moved[[33, 263, 159, 386, 105, 334]].max() < 0.05  # eye corners, lids, brows


def test_a_dissolve_lies_between_its_two_moments(space):
    track = talking_track(space)
    times = PictureTimes(np.array([0.4]), np.array([1.36]), np.array([0.25]))
    mixed, _ = landmarks_at(track, times)
    one, other = track.landmarks[10], track.landmarks[34]
    assert np.allclose(mixed[0], 0.75 * one + 0.25 * other, atol=1e-3)


def test_region_dims_grow(space):
    sizes = [int(region_dims(space, region).sum()) for region in ("lips", "face", "head")]
    assert sizes == sorted(set(sizes))
    assert sizes[-1] == space.dims
