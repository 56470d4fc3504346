"""Masks and colour at the seam, with answers known beforehand."""

from __future__ import annotations

import numpy as np
import pytest

from facedit.face.regions import LIPS
from facedit.render.composite import (
    MAX_OFFSET,
    MOST_CONTRAST,
    blend,
    fill_polygon,
    mouth_mask,
    mouth_outline,
    seal_border,
    seam_offset,
    with_contrast,
)
from facedit.render.warp import Rect, bounding_rect


def _scene(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    base = rng.uniform(60, 180, (80, 100, 3)).astype(np.float32)
    mask = np.zeros((80, 100), np.float32)
    rows, columns = np.mgrid[:80, :100]
    mask[:] = np.clip(1.5 - np.hypot((rows - 40) / 20, (columns - 50) / 30), 0, 1)
    return base, mask


def test_a_constant_difference_disappears() -> None:
    base, mask = _scene(np.random.default_rng(0))
    patch = base - np.array([20.0, -13.0, 7.0], np.float32)
    offset = seam_offset(base, patch, mask, 30.0)
    assert np.abs(blend(base, patch + offset, mask) - base).max() < 0.5


def test_a_gain_disappears_on_even_skin() -> None:
    _, mask = _scene(np.random.default_rng(0))
    base = np.full((80, 100, 3), 150.0, np.float32)
    patch = 0.85 * base
    offset = seam_offset(base, patch, mask, 30.0)
    assert np.abs(blend(base, patch + offset, mask) - base).max() < 0.5


def test_the_middle_does_not_change_the_offset() -> None:
    base, mask = _scene(np.random.default_rng(1))
    patch = base - 10.0
    dark = patch.copy()
    dark[36:44, 45:55] = 0.0  # the mouth's inside, where the mask is 1
    assert mask[36:44, 45:55].min() == 1.0
    same = seam_offset(base, patch, mask, 30.0) - seam_offset(base, dark, mask, 30.0)
    assert np.abs(same).max() < 1e-3


def test_offsets_are_limited() -> None:
    base, mask = _scene(np.random.default_rng(1))
    assert seam_offset(base, base - 200.0, mask, 30.0).max() == pytest.approx(MAX_OFFSET)


def test_mouth_mask_shows_lips_whole_and_ends_inside(make_face) -> None:
    for opening in (0.0, 1.5):
        face = make_face(mouth=opening)
        rect = bounding_rect(mouth_outline(face), 0.25 * 40, 512, 512)
        mask = mouth_mask(face, rect)
        assert mask.min() >= 0
        assert mask.max() <= 1
        border = np.concatenate([mask[0], mask[-1], mask[:, 0], mask[:, -1]])
        assert border.max() == 0.0
        for x, y in face[list(LIPS), :2]:
            assert mask[round(float(y)) - rect.y, round(float(x)) - rect.x] > 0.5
        middle = face[[13, 14], :2].mean(axis=0)
        assert mask[round(float(middle[1])) - rect.y, round(float(middle[0])) - rect.x] > 0.95


def test_polygon_area() -> None:
    square = np.array([[10, 10], [30, 10], [30, 30], [10, 30]], np.float32)
    assert fill_polygon(square, Rect(0, 0, 50, 50)).sum() == pytest.approx(441, rel=0.1)


def test_border_is_the_bases_except_at_the_pictures_edge() -> None:
    base = np.zeros((20, 20, 3), np.uint8)
    rect = Rect(0, 4, 10, 8)
    sealed = seal_border(np.full((8, 10, 3), 9, np.uint8), base, rect)
    assert (sealed[0] == 0).all()
    assert (sealed[-1] == 0).all()
    assert (sealed[:, -1] == 0).all()
    assert (sealed[1:-1, 0] == 9).all()


def test_a_mixed_mouth_has_the_contrast_of_the_real_ones() -> None:
    opening = np.zeros((40, 60), np.float32)
    opening[10:30, 10:50] = 1.0
    rows = np.arange(40)[:, None, None]
    real = [
        np.broadcast_to(np.where((rows + shift) % 10 < 5, 200, 40), (40, 60, 3)).astype(np.uint8)
        for shift in (0, 1)
    ]
    mixed = np.asarray(np.mean(real, axis=0), np.float32)
    shown = with_contrast(mixed, real, opening)
    inside = (slice(13, 27), slice(13, 47))
    assert shown[inside].std() == pytest.approx(real[0][inside].std(), rel=0.05)
    assert mixed[inside].std() < 0.92 * real[0][inside].std()
    assert shown[inside].mean() == pytest.approx(mixed[inside].mean(), abs=8)
    np.testing.assert_array_equal(shown[:6], mixed[:6])
    # One that has as much is left alone, and a flat one is not torn apart.
    sharp = real[0].astype(np.float32)
    np.testing.assert_allclose(with_contrast(sharp, real[:1], opening), sharp, atol=1e-3)
    flat = mixed.mean() + 0.1 * (mixed - mixed.mean())
    more = with_contrast(flat, real, opening)[inside].std() / flat[inside].std()
    assert more == pytest.approx(MOST_CONTRAST, rel=0.01)
