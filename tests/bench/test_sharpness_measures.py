"""Sharpness and grain against known pictures; blur lowers one, noise raises the other."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from bench.scenes import SIZE, make_item, make_pictures, make_scene
from facedit.bench.crops import mouth_box
from facedit.bench.measures.sharpness import MEASURES, grain, mouth_to_face, sharpness, sums
from facedit.bench.scene import Scene
from facedit.types import UInt8

EVERYWHERE = np.ones((80, 80), np.bool_)


def values(scene: Scene) -> dict[str, float]:
    found = sums(scene)
    return {one.name: float(one.value(np.array(found[one.sums]))) for one in MEASURES}


def edit_scene(pictures: tuple[np.ndarray, ...] | None = None, noise: float = 6.0) -> Scene:
    true = make_pictures(noise=noise)
    return make_scene(item=make_item("edit"), true_pictures=true, pictures=pictures or true)


def with_mouths(scene: Scene, change: Callable[[UInt8], np.ndarray]) -> tuple[UInt8, ...]:
    """Change the mouths in the filled frames."""
    frames = []
    for picture, points, filled in zip(
        scene.output.frames, scene.output.landmarks, scene.filled, strict=True
    ):
        frame = picture.copy()
        box = mouth_box(points, picture)
        if filled and box is not None:
            frame[box.slices] = np.clip(change(frame[box.slices]), 0, 255)
        frames.append(frame)
    return tuple(frames)


def blurred(scene: Scene, sigma: float) -> tuple[UInt8, ...]:
    return with_mouths(scene, lambda mouth: cv2.GaussianBlur(mouth, (0, 0), sigma))


def grainy(scene: Scene, level: float) -> tuple[UInt8, ...]:
    rng = np.random.default_rng(0)
    return with_mouths(scene, lambda mouth: mouth + level * rng.standard_normal(mouth.shape))


def test_grain_is_the_standard_deviation_of_white_noise() -> None:
    rng = np.random.default_rng(0)
    for level in (1.0, 4.0, 12.0):
        luma = (128 + level * rng.standard_normal((80, 80))).astype(np.float32)
        # The steepest tenth is left out, and noise is steep where it is strong.
        assert grain(luma, EVERYWHERE) == pytest.approx(level, rel=0.1)


def test_neither_slopes_nor_one_edge_are_grain() -> None:
    x = np.arange(80, dtype=np.float32)
    assert grain(np.tile(2 * x, (80, 1)), EVERYWHERE) == pytest.approx(0.0, abs=0.05)
    edge = np.zeros((80, 80), np.float32)
    edge[:, 40:] = 200
    assert grain(edge, EVERYWHERE) == 0


def test_sharpness_of_a_wave_is_its_curvature() -> None:
    x = np.arange(80, dtype=np.float32)
    luma = np.tile(100 + 50 * np.cos(2 * np.pi * x / 8), (80, 1)).astype(np.float32)
    inner = np.zeros((80, 80), np.bool_)
    inner[8:72, 8:72] = True
    wanted = 50 / np.sqrt(2) * (2 - 2 * np.cos(2 * np.pi / 8))
    assert sharpness(luma, inner) == pytest.approx(wanted, rel=1e-3)


def test_the_clips_own_pictures_are_right() -> None:
    found = values(edit_scene())
    assert found["sharpness_ratio"] == pytest.approx(1.0, abs=0.05)
    assert found["grain_ratio"] == pytest.approx(1.0, abs=0.05)


def test_more_blur_is_less_sharp() -> None:
    scene = edit_scene()
    ratios = [values(edit_scene(blurred(scene, sigma)))["sharpness_ratio"] for sigma in (0.5, 1.0)]
    assert 1.0 > ratios[0] > ratios[1]


def test_more_noise_is_more_grain() -> None:
    scene = edit_scene(noise=2.0)
    ratios = [
        values(edit_scene(grainy(scene, level), 2.0))["grain_ratio"] for level in (20.0, 40.0)
    ]
    assert 1.0 < ratios[0] < ratios[1]


def test_what_happens_to_the_whole_picture_is_not_the_mouths_fault() -> None:
    scene = edit_scene()
    everywhere = tuple(cv2.GaussianBlur(one, (0, 0), 1.0) for one in scene.output.frames)
    whole = values(edit_scene(everywhere))["sharpness_ratio"]
    mouth = values(edit_scene(blurred(scene, 1.0)))["sharpness_ratio"]
    assert abs(np.log(whole)) < 0.2 * abs(np.log(mouth))


def test_frames_without_a_face_do_not_count() -> None:
    scene = edit_scene()
    scene.output.landmarks[:] = np.nan
    assert sums(scene) == {"sharpness": [0.0, 0.0], "grain": [0.0, 0.0]}
    assert np.isnan(values(scene)["sharpness_ratio"])


def test_a_mouth_outside_the_picture_gives_no_ratio() -> None:
    scene = edit_scene()
    beside = scene.output.landmarks[0] + np.float32(2 * SIZE[1])
    assert np.isnan(mouth_to_face(scene.output.frames[0], beside)).all()
