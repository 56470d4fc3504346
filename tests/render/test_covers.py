"""Which frames count as covered, and how what is drawn gives way."""

import numpy as np
import pytest

from facedit.face.canonical import load_canonical_face
from facedit.render.covers import Covers, cover_transform, drawn_shares, filled, kept_over, lasting
from facedit.render.renderer_interface import Patch


def test_a_stretch_lasts_and_is_sure_somewhere() -> None:
    shares = np.array([0, 0.05, 0.2, 0.05, 0, 0, 0.5, 0.5, 0, 0, 0.05, 0.05, 0.05, 0.05, 0])
    kept = lasting(shares)
    assert np.flatnonzero(kept).tolist() == [0, 1, 2, 3, 4]  # a frame more at each end
    assert lasting(np.array([0.3])).all()  # a picture


def test_nothing_is_drawn_on_a_hidden_mouth_or_lost_face_and_it_fades() -> None:
    times = np.arange(9) / 25
    shares = np.zeros(9, np.float32)
    assert (drawn_shares(times, shares, np.ones(9, bool), 0.08) == 1.0).all()
    shares[4] = 0.9
    drawn = drawn_shares(times, shares, np.ones(9, bool), 0.08)
    assert drawn == pytest.approx([1, 1, 1, 0.5, 0, 0.5, 1, 1, 1])
    shares[4] = 0.3  # partly: the rest of the mouth is drawn
    assert (drawn_shares(times, shares, np.ones(9, bool), 0.08) == 1.0).all()
    lost = np.ones(9, bool)
    lost[0] = False
    assert drawn_shares(times, shares, lost, 0.08)[:3] == pytest.approx([0, 0.5, 1])


def test_a_cover_is_kept_and_the_rest_is_drawn() -> None:
    landmarks = np.asarray(load_canonical_face().vertices, np.float32) * 85
    landmarks[:, :2] += 128 - landmarks[:, :2].mean(axis=0)
    picture = np.random.default_rng(0).integers(0, 255, (256, 256, 3), dtype=np.uint8)
    patch = Patch(255 - picture[60:220, 40:216], 40, 60)
    assert kept_over(patch, picture, [], landmarks) is patch
    mask = np.zeros((64, 64), np.uint8)
    mask[20:40, 20:30] = 255
    kept = kept_over(patch, picture, [mask], landmarks).rgb
    matrix = cover_transform(landmarks)
    y, x = np.mgrid[60:220, 40:216]
    u, v = np.moveaxis(np.stack([x, y], axis=-1) @ matrix[:, :2].T + matrix[:, 2], -1, 0)
    inside = (u > 20) & (u < 29) & (v > 20) & (v < 39)
    outside = (u < 14) | (u > 36) | (v < 14) | (v > 46)
    own = picture[60:220, 40:216]
    np.testing.assert_array_equal(kept[inside], own[inside])
    np.testing.assert_array_equal(kept[outside], patch.rgb[outside])


def test_a_cover_is_filled_with_the_skin_around_it() -> None:
    landmarks = np.asarray(load_canonical_face().vertices, np.float32) * 85
    landmarks[:, :2] += 128 - landmarks[:, :2].mean(axis=0)
    picture = np.full((256, 256, 3), (180, 140, 120), np.uint8)
    mask = np.zeros((64, 64), np.uint8)
    mask[20:40, 20:30] = 255
    y, x = np.mgrid[:256, :256]
    matrix = cover_transform(landmarks)
    u, v = np.moveaxis(np.stack([x, y], axis=-1) @ matrix[:, :2].T + matrix[:, 2], -1, 0)
    skin = picture.copy()
    picture[(u > 20) & (u < 29) & (v > 20) & (v < 39)] = (0, 0, 255)
    np.testing.assert_allclose(filled(picture, [mask], landmarks), skin, atol=1)
    assert filled(picture, [], landmarks) is picture


def test_of_two_mixed_frames_both_covers_count() -> None:
    mask = np.ones((64, 64), np.uint8)
    covers = Covers({1: mask}, np.array([0, 0.4], np.float32))
    first, second = np.array([0, 0]), np.array([1, 1])
    assert covers.shares_at(first, second, np.array([0.0, 0.3])) == pytest.approx([0, 0.4])
    assert covers.masks_at(0, 1, 0.0) == []
    assert covers.masks_at(0, 1, 0.3) == [mask]


def test_nothing_is_filled_that_is_not_laid_back_whole() -> None:
    landmarks = np.asarray(load_canonical_face().vertices, np.float32) * 85
    landmarks[:, :2] += 128 - landmarks[:, :2].mean(axis=0)
    picture = np.random.default_rng(0).integers(0, 255, (256, 256, 3), dtype=np.uint8)
    mask = np.zeros((64, 64), np.uint8)
    mask[20:40, 20:30], mask[20:40, 30:50] = 255, 90  # sure, and a guess
    free = filled(picture, [mask], landmarks)
    assert (free != picture).any()
    kept = kept_over(Patch(free, 0, 0), picture, [mask], landmarks)
    np.testing.assert_array_equal(kept.rgb, picture)
