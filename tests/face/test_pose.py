import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facedit.face.canonical import load_canonical_face
from facedit.face.pose import (
    HeadPose,
    fit_pose,
    rotation_matrices,
    rotation_vectors,
    rotations_of,
)
from facedit.face.regions import POSE_POINTS

angles = st.floats(-3.0, 3.0)


@given(st.tuples(angles, angles, angles), st.floats(1, 900), st.tuples(angles, angles, angles))
def test_the_pose_that_was_put_in_comes_out(
    vector: tuple[float, float, float], scale: float, place: tuple[float, float, float]
) -> None:
    vectors = np.array([vector])
    if np.linalg.norm(vectors) > 3.1:
        vectors *= 3.1 / np.linalg.norm(vectors)
    canonical = load_canonical_face().vertices
    true = HeadPose(rotation_matrices(vectors), 100 * np.array([place]), np.array([scale]))
    found = fit_pose(true.apply(canonical), canonical)
    np.testing.assert_allclose(found.rotation, true.rotation, atol=1e-9)
    np.testing.assert_allclose(found.rotation_vectors, vectors, atol=1e-7)
    np.testing.assert_allclose(found.translation, true.translation, atol=1e-6)
    np.testing.assert_allclose(found.scale, true.scale, rtol=1e-9)
    np.testing.assert_allclose(found.remove(true.apply(canonical))[0], canonical, atol=1e-9)


def test_expression_outside_the_stable_points_does_not_move_the_pose() -> None:
    canonical = load_canonical_face().vertices
    moved = canonical.copy()
    others = np.setdiff1d(np.arange(468), POSE_POINTS)
    moved[others] += np.random.default_rng(0).normal(0, 0.2, (len(others), 3))
    found = fit_pose(moved[None], canonical)
    np.testing.assert_allclose(found.rotation[0], np.eye(3), atol=1e-9)


def test_the_fit_is_the_least_squares_one() -> None:
    # Any small change of the pose must make noisy points fit worse.
    rng = np.random.default_rng(3)
    canonical = load_canonical_face().vertices[list(POSE_POINTS)]
    noisy = (50 * canonical + rng.normal(0, 3, canonical.shape))[None]
    points = tuple(range(len(POSE_POINTS)))
    best = fit_pose(noisy, canonical, points)

    def error(pose: HeadPose) -> float:
        return float(((pose.apply(canonical) - noisy) ** 2).sum())

    for _ in range(30):
        turn = rotation_matrices(rng.normal(0, 1e-3, (1, 3)))
        other = HeadPose(
            turn @ best.rotation,
            best.translation + rng.normal(0, 1e-2, (1, 3)),
            best.scale * (1 + rng.normal(0, 1e-3, 1)),
        )
        assert error(other) > error(best)


def test_mirrored_points_give_a_rotation_not_a_reflection() -> None:
    canonical = load_canonical_face().vertices
    found = fit_pose((canonical * [-1, 1, 1])[None], canonical)
    assert np.linalg.det(found.rotation[0]) == pytest.approx(1)


def test_lost_frames_stay_lost_and_do_not_disturb_others() -> None:
    canonical = load_canonical_face().vertices
    track = np.stack([canonical, np.full_like(canonical, np.nan), 2 * canonical])
    found = fit_pose(track, canonical)
    np.testing.assert_allclose(found.scale, [1, np.nan, 2])
    assert np.isnan(found.rotation[1]).all()
    assert np.isfinite(found.degrees()[[0, 2]]).all()


def test_signs_of_the_angles_in_degrees() -> None:
    yaw, pitch, roll = 20.0, 10.0, 30.0

    def turn(x: float, y: float, z: float) -> HeadPose:
        vectors = np.radians([[x, 0, 0], [0, y, 0], [0, 0, z]])
        rx, ry, rz = rotation_matrices(vectors)
        return HeadPose((ry @ rx @ rz)[None], np.zeros((1, 3)), np.ones(1))

    pose = turn(-pitch, -yaw, roll)
    np.testing.assert_allclose(pose.degrees(), [[yaw, pitch, roll]], atol=1e-9)
    canonical = load_canonical_face().vertices
    eyes_middle, tip = canonical[[33, 263]].mean(axis=0), canonical[4]
    # Turned to the picture's right, the nose tip moves right; looking up, it moves up.
    right = turn(0, -yaw, 0).apply(np.stack([eyes_middle, tip]))[0]
    assert right[1, 0] - right[0, 0] > 0.1
    straight = turn(0, 0, 0).apply(canonical[[4]])[0, 0]
    assert turn(-pitch, 0, 0).apply(canonical[[4]])[0, 0, 1] < straight[1]
    # Rolled clockwise on the screen, the left eye (right in the picture) sinks.
    rolled = turn(0, 0, roll).apply(canonical[[33, 263]])[0]
    assert rolled[1, 1] > rolled[0, 1]


def test_rotation_vectors_at_awkward_angles() -> None:
    vectors = np.array([[0, 0, 0], [1e-9, 0, 0], [np.pi - 1e-6, 0, 0], [0, 3.1, 0], [0, 0, -3.1]])
    back = rotation_vectors(rotation_matrices(vectors))
    np.testing.assert_allclose(back, vectors, atol=1e-8)


def test_too_few_points_are_refused() -> None:
    with pytest.raises(ValueError, match="2 points"):
        fit_pose(np.zeros((1, 468, 3)), np.zeros((468, 3)), (1, 2))


def test_angles_in_degrees_are_turns_again() -> None:
    given_deg = np.array([[30.0, -20.0, 10.0], [-50.0, 5.0, -70.0], [0.0, 0.0, 0.0]])
    pose = HeadPose(rotations_of(given_deg), np.zeros((3, 3)), np.ones(3))
    np.testing.assert_allclose(pose.degrees(), given_deg, atol=1e-9)
