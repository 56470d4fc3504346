"""PSNR, SSIM and change errors against what they must be; equal pictures; more damage is worse."""

import math

import numpy as np
import pytest

from bench.bench_networks import stlpips
from bench.scenes import make_item, make_pictures, make_scene
from facedit.bench.measures.picture import MEASURES, change_error, psnr, ssim, sums
from facedit.bench.scene import Scene
from facedit.types import UInt8


def values(found: dict[str, list[float]]) -> dict[str, float]:
    return {
        one.name: float(one.value(np.array(found[one.sums]))) for one in MEASURES
        if one.sums in found
    }  # fmt: skip


def noisy(pictures: tuple[UInt8, ...], level: float) -> tuple[UInt8, ...]:
    rng = np.random.default_rng(5)
    return tuple(
        np.clip(one + level * rng.standard_normal(one.shape), 0, 255).astype(np.uint8)
        for one in pictures
    )


def without_faces(scene: Scene, rows: list[int]) -> Scene:
    assert scene.truth is not None
    scene.truth.landmarks[rows] = np.nan
    return scene


def test_psnr_follows_its_formula_and_ends_at_its_cap() -> None:
    one = np.full((8, 8, 3), 100, np.uint8)
    assert psnr(one, one) == 100.0
    assert psnr(one, one + np.uint8(5)) == pytest.approx(20 * math.log10(255 / 5))
    with pytest.raises(ValueError, match="shapes"):
        psnr(one, one[:4])


def test_ssim_of_flat_pictures_is_its_luminance_term() -> None:
    a, b = np.full((32, 32), 100, np.float32), np.full((32, 32), 150, np.float32)
    c1 = (0.01 * 255) ** 2
    wanted = (2 * 100 * 150 + c1) / (100**2 + 150**2 + c1)
    assert ssim(a, b) == pytest.approx(wanted, abs=1e-6)
    assert ssim(a, a) == pytest.approx(1.0)


def test_a_constant_error_is_no_error_of_the_change() -> None:
    rng = np.random.default_rng(0)
    before, after = rng.integers(20, 200, (2, 6, 6, 3)).astype(np.uint8)
    assert change_error(before + np.uint8(30), after + np.uint8(30), before, after) == 0
    assert change_error(before, before, before, before + np.uint8(7)) == 7
    flicker = change_error(before, before + np.uint8(9), before, before)
    assert flicker == 9


def test_the_true_pictures_are_right_in_everything() -> None:
    found = values(sums(make_scene(), {}))
    assert {found[f"psnr_{region}"] for region in ("mouth", "face", "frame")} == {100.0}
    assert found["ssim_mouth"] == pytest.approx(1)
    assert found["ssim_face"] == pytest.approx(1)
    assert found["change_mouth"] == 0


def test_more_noise_is_worse() -> None:
    true = make_pictures()
    scenes = [
        make_scene(pictures=noisy(true, level), true_pictures=true) for level in (3.0, 10.0, 30.0)
    ]
    light, middle, strong = (values(sums(scene, {})) for scene in scenes)
    for name in ("psnr_mouth", "psnr_face", "psnr_frame", "ssim_mouth", "ssim_face"):
        assert light[name] > middle[name] > strong[name], name
    assert light["change_mouth"] < middle["change_mouth"] < strong["change_mouth"]


def test_only_filled_frames_with_a_face_count() -> None:
    true = make_pictures()
    wrong = list(true)
    wrong[10] = 255 - wrong[10]  # kept: pass-through is measured elsewhere
    wrong[22] = 255 - wrong[22]  # filled, but the truth shows no face
    scene = without_faces(make_scene(pictures=wrong, true_pictures=true, hidden=(20, 30)), [22])
    found = sums(scene, {})
    assert found["psnr_mouth"] == [900.0, 9.0]
    assert found["psnr_frame"] == [900.0, 9.0]
    assert found["change_mouth"] == [0.0, 7.0]  # of nine steps two touch frame 22


def test_an_edit_has_no_truth_to_compare_with() -> None:
    assert sums(make_scene(item=make_item("edit")), {}) == {}


def test_ssim_is_what_everyone_computes() -> None:
    metrics = pytest.importorskip("skimage.metrics")
    rng = np.random.default_rng(0)
    one = rng.uniform(0, 255, (40, 53)).astype(np.float32)
    for level in (0.0, 5.0, 60.0):
        other = (one + rng.normal(0, level, one.shape)).astype(np.float32)
        wanted = metrics.structural_similarity(
            one, other, data_range=255.0, gaussian_weights=True, sigma=1.5,
            use_sample_covariance=False,
        )  # fmt: skip
        assert ssim(one, other) == pytest.approx(wanted, abs=1e-5)


def test_stlpips_is_nothing_for_equal_pictures_and_grows_with_damage() -> None:
    net = stlpips()
    true = make_pictures(noise=2.0)
    scenes = [
        make_scene(pictures=noisy(true, level), true_pictures=true, hidden=(20, 21))
        for level in (0.0, 6.0, 40.0)
    ]
    same, light, strong = (values(sums(scene, {"stlpips": net})) for scene in scenes)
    for region in ("stlpips_mouth", "stlpips_face", "stlpips_frame"):
        assert same[region] == 0, region
        assert 0 < light[region] < strong[region], region


def test_stlpips_forgives_a_shift_that_psnr_does_not() -> None:
    skimage = pytest.importorskip("skimage.data")
    face = skimage.astronaut()[:160, 144:304]
    shifted = np.roll(face, 1, axis=1)
    blurred = np.repeat(np.repeat(face[::4, ::4], 4, 0), 4, 1)
    by_shift, by_blur = stlpips().distances([face, face], [shifted, blurred])
    assert by_shift < 0.1 * by_blur


def test_stlpips_gives_the_figures_of_its_authors_code() -> None:
    # Computed once by the package stlpips-pytorch 0.0.2 on the same pictures.
    y, x = np.mgrid[:96, :128]
    one = np.stack([x + y, 2 * y, 255 - x - y // 2], axis=-1).astype(np.uint8)
    other = np.stack([x + y // 2, 2 * y, 200 - x], axis=-1).astype(np.uint8)
    assert stlpips().distances([one], [other])[0] == pytest.approx(0.229762, abs=1e-5)
