"""The chip lies where dlib wants it; people differ; what is natural is told from what is not."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from bench.bench_networks import face_embedding
from bench.scenes import make_identity, make_item, make_motion, make_scene, motion_space
from facedit.bench.measures.face_identity import MEASURES, cosines, distances, means_of_others, sums
from facedit.bench.nets.face_embedding import (
    CHIP,
    SAME_PERSON,
    FaceEmbedding,
    FaceNet,
    chip_transform,
    face_chip,
)
from facedit.face.choice import FaceChoice
from facedit.face.landmarker import Landmarker
from facedit.face.track import track_face
from facedit.media.read import read_frames
from facedit.types import Float32, UInt8


class ByBrightness:
    """Stands in for the network: the embedding is the picture's mean."""

    def embed(self, pictures: list[UInt8], landmarks: Float32) -> Float32:
        means = np.array([one.mean() for one in pictures], np.float32)
        return np.stack([means, np.ones_like(means)], axis=1)


def face() -> Float32:
    return motion_space().decode(make_motion(1), make_identity())[0]


def moved(points: Float32, matrix: np.ndarray) -> Float32:
    out = points.copy()
    out[:, :2] = points[:, :2] @ matrix[:, :2].T + matrix[:, 2]
    return out


def test_the_eyes_lie_where_the_network_expects_them() -> None:
    points = face()
    there = moved(points, chip_transform(points))
    # Middle between each eye's corners: dlib's places, padding 0.25, in 150 pixels.
    right = np.array([(0.1205750620789 + 0.3340850613712) / 2, (0.2137274 + 0.2290642) / 2])
    left = np.array([(0.8595674595992 + 0.6460604764104) / 2, (0.2134981 + 0.2289674) / 2])
    for corners, place in (((33, 133), right), ((263, 362), left)):
        wanted = (place + 0.25) / 1.5 * CHIP
        np.testing.assert_allclose(there[list(corners), :2].mean(axis=0), wanted, atol=5)


@pytest.mark.parametrize("scale", [0.8, 1.7, 4.0])
def test_the_chip_is_the_same_wherever_the_face_is(scale: float) -> None:
    rng = np.random.default_rng(0)
    small = cv2.GaussianBlur(rng.uniform(0, 255, (96, 128, 3)).astype(np.uint8), (0, 0), 3)
    points = face()
    turn = cv2.getRotationMatrix2D((64, 48), 25, scale)
    turn[:, 2] += (scale * 64 - 20, scale * 48)
    size = (int(260 * scale), int(220 * scale))
    there = cv2.warpAffine(small, turn, size, borderMode=cv2.BORDER_REPLICATE)
    one, other = face_chip(small, points), face_chip(there, moved(points, turn))
    middle = np.s_[40:110, 40:110]
    error = np.abs(one[middle].astype(float) - other[middle])
    assert error.mean() < 2.0


def test_cosine_distance_and_leaving_one_out() -> None:
    rows = np.array([[3.0, 4.0], [0.0, 2.0]], np.float32)
    np.testing.assert_allclose(cosines(rows, np.array([1.0, 0.0])), [0.6, 0.0])
    np.testing.assert_allclose(distances(rows, np.array([0.0, 0.0])), [5.0, 2.0])
    three = np.array([[0.0], [3.0], [9.0]], np.float32)
    np.testing.assert_allclose(means_of_others(three), [[6.0], [4.5], [1.5]])


def test_the_excess_is_what_goes_beyond_the_clips_own_variation() -> None:
    def clip(filled: float) -> list[UInt8]:
        levels = [100.0 + 10.0 * (k % 2) for k in range(50)]
        levels[20:30] = [filled] * 10
        return [np.full((96, 128, 3), level, np.uint8) for level in levels]

    true = clip(105)
    excess = {
        level: sums(
            make_scene(item=make_item("edit"), pictures=clip(level), true_pictures=true),
            ByBrightness(),  # type: ignore[arg-type]
        )["identity_excess"]
        for level in (105, 150)
    }
    assert excess[105][1] == excess[150][1] == 6.0
    assert excess[105][0] < 0
    assert (excess[150][0] - excess[105][0]) / 6.0 == pytest.approx(45, abs=5)


def test_pictures_without_a_face_do_not_count() -> None:
    scene = make_scene()
    scene.output.landmarks[scene.filled] = np.nan
    found = sums(scene, ByBrightness())  # type: ignore[arg-type]
    assert found == {one.sums: [0.0, 0.0] for one in MEASURES}


def test_the_network_keeps_its_shapes() -> None:
    net = FaceEmbedding(FaceNet().eval().requires_grad_(False))
    picture = np.zeros((96, 128, 3), np.uint8)
    assert net.embed([picture] * 2, np.stack([face()] * 2)).shape == (2, 128)
    assert net.embed([], np.zeros((0, 478, 3), np.float32)).shape == (0, 128)


@pytest.mark.shared
def test_real_people_are_told_apart(shared_data: Path) -> None:
    net, landmarker = face_embedding(), Landmarker()
    clips = {
        "grid_s1/bbas3a.mp4": "s1",
        "grid_s1/bgat8n.mp4": "s1",
        "lrw_ar/00236_fdb8.mp4": "anchor12",
        "lrw_ar/00621_6f06.mp4": "anchor12",
        "hdtf/003.mp4": "radio",
        "grid_other/lbax4n.mp4": "other",
    }
    seen = {}
    for name in clips:
        frames = [(one.time_s, one.rgb()) for one in read_frames(shared_data / name, 0.0, 0.3)]
        track = track_face(frames, FaceChoice(largest=True), landmarker=landmarker)
        seen[name] = net.embed([frames[0][1], frames[-1][1]], track.landmarks[[0, -1]])
    for one, rows in seen.items():
        assert np.linalg.norm(rows[0] - rows[1]) < 0.5 * SAME_PERSON, one
        for other, theirs in seen.items():
            apart = float(np.linalg.norm(rows[0] - theirs[1]))
            assert (apart < SAME_PERSON) == (clips[one] == clips[other]), (one, other, apart)
