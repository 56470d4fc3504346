import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from facedit.errors import BadWeights, NoFace
from facedit.face.distances import lip_opening, lip_width
from facedit.face.pose import HeadPose, fit_pose, rotation_matrices
from facedit.face.regions import JAW, LIPS
from facedit.media.read import read_frames
from facedit.motion import mesh_space
from facedit.motion.fit import grid_landmarks
from facedit.motion.identity import Identity
from facedit.motion.mesh_space import MeshSpace
from facedit.types import FaceTrack
from faces import jitter

MakeTrack = Callable[..., FaceTrack]


def random_values(space: MeshSpace, frames: int = 20) -> np.ndarray:
    values = np.random.default_rng(0).normal(size=(frames, space.dims)).astype(np.float32)
    return values - values.mean(axis=0)


def test_dims_names_and_groups_agree(space: MeshSpace) -> None:
    assert space.dims == 42 == len(space.names) == len(set(space.names))
    taken = [dim for part in space.groups.values() for dim in range(space.dims)[part]]
    assert taken == list(range(space.dims))
    for group, part in space.groups.items():
        assert all(name.startswith(group) for name in space.names[part])
    assert space.names[space.groups["head"]] == (
        "head_rx", "head_ry", "head_rz", "head_tx", "head_ty", "head_log_scale",
    )  # fmt: skip
    assert 0 < space.effects.min() <= space.effects.max() == 1


def test_values_come_back_from_shape_and_pose(space: MeshSpace, make_track: MakeTrack) -> None:
    track = make_track()
    identity = space.identity(track.landmarks, track.confidence)
    values = random_values(space)
    offset = (space.decode_shape(values, identity) - identity.neutral) * space.weights
    lower = offset[:, space.lower_points].reshape(20, -1) @ space.lower.T
    upper = offset[:, space.upper_points].reshape(20, -1) @ space.upper.T
    pose = space.decode_pose(values, identity)
    head = np.concatenate(
        [
            pose.rotation_vectors - identity.rotation,
            (pose.translation - identity.centre_px)[:, :2] / identity.scale_px,
            np.log(pose.scale / identity.scale_px)[:, None],
        ],
        axis=1,
    )
    back = (np.concatenate([lower, upper, head], axis=1) - space.mean) / space.std
    np.testing.assert_allclose(back, values, atol=1e-3)


def test_values_come_nearly_back_from_landmarks(space: MeshSpace, make_track: MakeTrack) -> None:
    # Nearly: the nose tip and the eye corners fix the pose and deform a little themselves.
    track = make_track()
    identity = space.identity(track.landmarks, track.confidence)
    values = random_values(space)
    back = space.encode(space.decode(values, identity), identity)
    for group in ("lips", "head"):
        part = space.groups[group]
        error = np.sqrt(((back - values)[:, part] ** 2).mean())
        assert error < 0.2, group
    assert np.corrcoef(back[:, 0], values[:, 0])[0, 1] > 0.99


def test_zero_motion_is_the_neutral_face_in_its_usual_pose(
    space: MeshSpace, make_track: MakeTrack
) -> None:
    track = make_track()
    identity = space.identity(track.landmarks, track.confidence)
    rest = (-space.mean / space.std)[None].astype(np.float32)
    np.testing.assert_allclose(space.decode_shape(rest, identity)[0], identity.neutral, atol=1e-5)
    pose = space.decode_pose(rest, identity)
    assert pose.scale[0] == pytest.approx(identity.scale_px, rel=1e-5)
    np.testing.assert_allclose(pose.translation[0], identity.centre_px, atol=1e-3)


def test_a_talking_face_survives_the_round_trip(space: MeshSpace, make_track: MakeTrack) -> None:
    track = make_track()
    identity = space.identity(track.landmarks, track.confidence)
    decoded = space.decode(space.encode(track.landmarks, identity), identity)
    error = np.linalg.norm((decoded - track.landmarks)[:, list(LIPS), :2], axis=-1)
    moved = np.ptp(track.landmarks[:, 17, 1])
    assert moved > 10
    assert np.sqrt((error**2).mean()) < 0.5  # of 100 px between the eyes
    opened = lip_opening(track.landmarks)
    assert np.corrcoef(lip_opening(decoded), opened)[0, 1] > 0.99


def test_motion_does_not_depend_on_place_size_or_usual_direction(
    space: MeshSpace, make_track: MakeTrack
) -> None:
    track = make_track(sway=0.02)
    # 0.6 of the size, turned by 20 degrees in the picture plane, elsewhere.
    turn = rotation_matrices(np.array([[0.0, 0.0, np.radians(20)]]))
    move = HeadPose(np.repeat(turn, 75, 0), np.tile([50.0, 80.0, 3.0], (75, 1)), np.full(75, 0.6))
    other = move.apply(track.landmarks).astype(np.float32)
    first = space.identity(track.landmarks, track.confidence)
    second = space.identity(other, track.confidence)
    assert second.scale_px == pytest.approx(0.6 * first.scale_px, rel=1e-4)
    np.testing.assert_allclose(first.neutral, second.neutral, atol=1e-4)
    expressions = slice(0, space.groups["head"].start)
    np.testing.assert_allclose(
        space.encode(track.landmarks, first)[:, expressions],
        space.encode(other, second)[:, expressions],
        atol=0.01,
    )


def test_moving_the_head_moves_only_the_head_dims(space: MeshSpace, make_track: MakeTrack) -> None:
    still = make_track(opening=0.0, sway=0.15)
    identity = space.identity(still.landmarks, still.confidence)
    values = space.encode(still.landmarks, identity)
    assert values[:, space.groups["head"]].std(axis=0).max() > 1
    assert values[:, : space.groups["head"].start].std(axis=0).max() < 0.01


def test_moving_the_jaw_moves_only_the_lower_face(space: MeshSpace, make_track: MakeTrack) -> None:
    talk = make_track(opening=0.1, sway=0.0)
    identity = space.identity(talk.landmarks, talk.confidence)
    values = space.encode(talk.landmarks, identity)
    lips, face, head = (values[:, space.groups[name]] for name in ("lips", "face", "head"))
    assert lips[:, 0].std() > 0.3
    assert max(face.std(axis=0).max(), head.std(axis=0).max()) < 0.01


def test_lost_frames_are_nan_and_do_not_enter_the_identity(
    space: MeshSpace, make_track: MakeTrack
) -> None:
    track = make_track()
    landmarks, confidence = track.landmarks.copy(), track.confidence.copy()
    landmarks[:3], confidence[:3] = np.nan, 0
    landmarks[3] += 500  # distrusted, though finite
    confidence[3] = 0
    identity = space.identity(landmarks, confidence)
    clean = space.identity(track.landmarks[4:], track.confidence[4:])
    np.testing.assert_array_equal(identity.neutral, clean.neutral)
    values = space.encode(landmarks, identity)
    assert np.isnan(values[:3]).all()
    assert np.isfinite(values[4:]).all()
    with pytest.raises(NoFace, match="none of 75"):
        space.identity(landmarks, np.zeros(75, np.float32))


def test_one_still_frame_is_its_own_neutral(space: MeshSpace, make_track: MakeTrack) -> None:
    track = make_track()
    identity = space.identity(track.landmarks[10:11], track.confidence[10:11])
    rest = (-space.mean / space.std)[None].astype(np.float32)
    np.testing.assert_allclose(space.decode(rest, identity), track.landmarks[10:11], atol=0.01)


def test_lip_measures_of_a_known_mouth() -> None:
    face = np.zeros((2, 478, 3), np.float32)
    face[:, 33], face[:, 263] = [-1, 0, 0], [1, 0, 0]
    face[:, [87, 14, 317]] = [0, 0.5, 0]
    face[:, 61], face[:, 291] = [-0.3, 0, 0.4], [0.3, 0, -0.4]
    np.testing.assert_allclose(lip_opening(face), [0.25, 0.25])
    np.testing.assert_allclose(lip_width(face), [0.5, 0.5])
    np.testing.assert_allclose(lip_opening(7 * face[0]), 0.25)


def test_save_and_load_give_the_same_space(space: MeshSpace, tmp_path: Path) -> None:
    space.save(tmp_path / "a.safetensors")
    back = MeshSpace.load(tmp_path / "a.safetensors")
    for name in ("canonical", "lower", "upper", "lower_points", "weights", "mean", "std"):
        np.testing.assert_array_equal(getattr(back, name), getattr(space, name))
    assert back.metadata == space.metadata
    assert json.dumps(space.metadata)
    assert [path.name for path in tmp_path.iterdir()] == ["a.safetensors"]


def test_other_files_are_refused(space: MeshSpace, tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    for content in (b"", b"\xff" * 64):
        path.write_bytes(content)
        with pytest.raises(BadWeights, match=r"a\.safetensors"):
            MeshSpace.load(path)
    save_file({"x": np.zeros(3, np.float32)}, path)
    with pytest.raises(BadWeights, match="kind"):
        MeshSpace.load(path)
    replace(space, mean=space.mean[:-1], std=space.std[:-1]).save(path)
    with pytest.raises(BadWeights, match="shapes or values"):
        MeshSpace.load(path)
    with pytest.raises(BadWeights):
        MeshSpace.load(tmp_path / "missing.safetensors")


def test_the_shipped_space_tells_where_it_comes_from(space: MeshSpace) -> None:
    assert "research use only" in space.metadata["licence"]
    assert space.metadata["corpora"]["lrw_ar"] > 0
    assert space.metadata["split"] == "train"
    # Standardised about zero: the deformations are about each clip's own mean.
    assert np.abs(space.mean / space.std).max() < 0.01


@pytest.mark.shared
def test_real_lips_come_back_within_the_tracker_noise(space: MeshSpace, shared_data) -> None:  # type: ignore[no-untyped-def]
    from facedit.face.choice import FaceChoice
    from facedit.face.landmarker import Landmarker
    from facedit.face.track import track_face

    clip = sorted((shared_data / "grid_other").glob("*.m*"))[0]
    frames = [(frame.time_s, frame.rgb()) for frame in read_frames(clip)]
    track = track_face(iter(frames), FaceChoice(), landmarker=Landmarker())
    landmarks, confidence = grid_landmarks(track)
    identity = space.identity(landmarks, confidence)
    values, pose = space.encode_with_pose(landmarks, identity)
    decoded = space.decode(values, identity)
    error = ((decoded - landmarks)[..., :2] / identity.scale_px) ** 2
    noise = jitter(fit_pose(track.landmarks, identity.neutral).remove(track.landmarks))[:, :2] ** 2
    for part in (LIPS, JAW):
        assert error[:, list(part)].mean() < noise[list(part)].mean()
    moved = pose.remove(landmarks)[:, list(LIPS), :2].var(axis=0)
    assert error[:, list(LIPS)].mean() < 0.01 * moved.mean()
    assert np.corrcoef(lip_opening(landmarks), lip_opening(decoded))[0, 1] > 0.995
    assert len(landmarks) == len(confidence) == len(frames)


def test_a_long_clip_is_turned_into_motion_and_back_a_stretch_at_a_time(
    space: MeshSpace, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = random_values(space, 50)
    identity = space.identity(space.decode(values, Identity(space.canonical, 100.0)), np.ones(50))
    faces = space.decode(values, identity)
    motion = space.encode(faces, identity)
    monkeypatch.setattr(mesh_space, "FRAMES_AT_ONCE", 16)
    np.testing.assert_allclose(space.decode(values, identity), faces, atol=1e-3)
    np.testing.assert_allclose(space.encode(faces, identity), motion, atol=1e-3)
