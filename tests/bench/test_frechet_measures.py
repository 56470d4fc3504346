"""Fréchet distances of Gaussians against closed forms; sums add up; the projection is fixed."""

import numpy as np
import pytest

from bench.bench_networks import picture_features
from bench.scenes import make_pictures, make_scene
from facedit.bench.measures.frechet import (
    DIMS,
    MEASURES,
    frechet_distance,
    frechet_of,
    gaussian_of,
    gaussian_sums,
    projection,
    sums,
    sums_length,
    symmetric_root,
)
from facedit.bench.nets.mobilenet import SIZE, MobileNetV2, PictureFeatures
from facedit.types import Float32, UInt8


class ByChannels:
    """Stands in for the network: the features are the crop's mean colour, and noise."""

    def describe(self, pictures: list[UInt8]) -> Float32:
        rows = np.zeros((len(pictures), SIZE), np.float32)
        for row, picture in zip(rows, pictures, strict=True):
            row[:] = np.resize(picture.reshape(-1, 3).mean(axis=0), SIZE)
            row += picture.reshape(-1)[:SIZE].astype(np.float32)
        return rows


def covariance(seed: int, dims: int = 5) -> np.ndarray:
    root = np.random.default_rng(seed).standard_normal((dims, dims + 2))
    return root @ root.T


def test_equal_covariances_leave_the_distance_of_the_means() -> None:
    mean = np.array([1.0, 2.0, 0.0, -1.0, 3.0])
    far = frechet_distance(mean, covariance(0), np.zeros(5), covariance(0))
    assert far == pytest.approx(float(mean @ mean), abs=1e-9)
    assert frechet_distance(mean, covariance(0), mean, covariance(0)) == pytest.approx(0, abs=1e-9)


def test_commuting_covariances_compare_by_their_axes() -> None:
    basis = np.linalg.qr(np.random.default_rng(1).standard_normal((4, 4)))[0]
    a, b = np.array([1.0, 4.0, 9.0, 0.0]), np.array([4.0, 4.0, 1.0, 16.0])
    distance = frechet_distance(np.zeros(4), basis * a @ basis.T, np.zeros(4), basis * b @ basis.T)
    assert distance == pytest.approx(np.sum((np.sqrt(a) - np.sqrt(b)) ** 2), abs=1e-6)


def test_the_distance_is_symmetric_and_knows_leading_axes() -> None:
    ones = np.stack([covariance(k) for k in range(3)])
    others = np.stack([covariance(k) for k in range(10, 13)])
    means = np.random.default_rng(2).standard_normal((3, 5))
    there = frechet_distance(means, ones, np.zeros((3, 5)), others)
    back = frechet_distance(np.zeros((3, 5)), others, means, ones)
    np.testing.assert_allclose(there, back)
    single = frechet_distance(means[1], ones[1], np.zeros(5), others[1])
    assert there.shape == (3,)
    assert there[1] == pytest.approx(float(single))


def test_the_root_squared_is_the_matrix() -> None:
    root = symmetric_root(covariance(3))
    np.testing.assert_allclose(root @ root, covariance(3), atol=1e-9)


def test_added_sums_are_the_sums_of_all_vectors() -> None:
    rows = np.random.default_rng(4).standard_normal((40, 3)) + 2.0
    parts = np.array([gaussian_sums(rows[:7]), gaussian_sums(rows[7:]), gaussian_sums(rows[:0])])
    assert parts.shape == (3, sums_length(3))
    count, mean, spread = gaussian_of(parts.sum(axis=0), 3)
    assert count == 40
    np.testing.assert_allclose(mean, rows.mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(spread, np.cov(rows, rowvar=False), rtol=1e-4)


def test_directions_are_orthonormal_and_always_the_same() -> None:
    directions = projection()
    np.testing.assert_allclose(directions.T @ directions, np.eye(DIMS), atol=1e-12)
    np.testing.assert_array_equal(directions, projection())


def test_a_shifted_copy_is_as_far_as_the_shift() -> None:
    rows = np.random.default_rng(5).standard_normal((60, DIMS))
    total = np.array(gaussian_sums(rows + 0.5) + gaussian_sums(rows))
    assert frechet_of(total) == pytest.approx(0.25 * DIMS, rel=1e-3)
    both = frechet_of(np.stack([total, 2 * total]))
    assert both.shape == (2,)


def test_too_few_vectors_give_no_figure() -> None:
    rows = np.random.default_rng(6).standard_normal((2 * DIMS - 1, DIMS))
    assert np.isnan(frechet_of(np.array(gaussian_sums(rows) + gaussian_sums(rows))))
    nothing = np.array(gaussian_sums(rows[:0]) * 2)
    assert np.isnan(frechet_of(nothing))


def test_a_scene_counts_its_filled_and_its_own_frames() -> None:
    found = sums(make_scene(hidden=(20, 24)), ByChannels())  # type: ignore[arg-type]
    half = sums_length(DIMS)
    assert {len(one) for one in found.values()} == {2 * half}
    assert (found["frechet"][0], found["frechet"][half]) == (4.0, 24.0)
    assert (found["frechet_dt"][0], found["frechet_dt"][half]) == (3.0, 12.0)
    assert {one.sums for one in MEASURES} == set(found)


def test_a_scene_without_faces_has_sums_of_nothing() -> None:
    scene = make_scene()
    scene.output.landmarks[:] = np.nan
    scene.source.landmarks[:] = np.nan
    found = sums(scene, ByChannels())  # type: ignore[arg-type]
    assert {value for one in found.values() for value in one} == {0.0}


def test_flicker_moves_the_distance_of_changes() -> None:
    true = make_pictures(noise=2.0)
    dark = [np.clip(one.astype(int) - 60 * (k % 2), 0, 255).astype(np.uint8)
            for k, one in enumerate(true)]  # fmt: skip
    net = ByChannels()

    def figure(pictures: list[UInt8] | tuple[UInt8, ...]) -> float:
        scenes = [make_scene(pictures=pictures, true_pictures=true, hidden=(first, first + 24))
                  for first in (0, 8, 16, 24)]  # fmt: skip
        total = np.sum([sums(one, net)["frechet_dt"] for one in scenes], axis=0)  # type: ignore[arg-type]
        return float(frechet_of(total))

    assert figure(dark) > 10 * figure(true)


def test_the_network_keeps_its_shapes() -> None:
    net = PictureFeatures(MobileNetV2().eval().requires_grad_(False))
    assert net.describe([np.zeros((96, 128, 3), np.uint8)] * 9).shape == (9, SIZE)
    assert net.describe([]).shape == (0, SIZE)


def test_the_network_knows_a_cat() -> None:
    # The classifier that the features were trained under, from the same file.
    torch = pytest.importorskip("torch")
    skimage = pytest.importorskip("skimage.data")
    import cv2

    from facedit.weights.fetch import asset_path

    features = picture_features().describe([cv2.resize(skimage.chelsea(), (224, 224))])[0]
    state = torch.load(asset_path("mobilenet_v2-b0353104.pth"), weights_only=True)
    scores = state["classifier.1.weight"].numpy() @ features + state["classifier.1.bias"].numpy()
    assert int(scores.argmax()) in (281, 282, 285)  # tabby, tiger cat, Egyptian cat
