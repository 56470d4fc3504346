"""The mesh warp: identity, exact places, hidden parts, rest outside."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from facedit.face.canonical import load_canonical_face
from facedit.face.distances import eye_distance, lip_gap
from facedit.face.regions import FACE_OVAL, INNER_LIPS, OUTER_EYE_CORNERS
from facedit.render.geometry import (
    crop_transform,
    fit_similarity,
    lip_descriptor,
    transform_landmarks,
)
from facedit.render.warp import (
    Rect,
    TargetMesh,
    bounding_rect,
    mesh_step,
    moved_region,
    moved_rings,
    rings_of,
    sample,
)
from facedit.types import UInt8


def _whole(picture: UInt8) -> Rect:
    return Rect(0, 0, picture.shape[1], picture.shape[0])


@pytest.mark.parametrize("step", [1, 2, 4])
def test_identity_returns_the_picture(portrait: UInt8, make_face, step: int) -> None:
    face = make_face()
    mesh = TargetMesh(face, _whole(portrait), rings_of(face), step)
    warped = sample(portrait, mesh.source_map(face, rings_of(face)))
    difference = warped.astype(int) - portrait
    assert np.abs(difference).max() <= 1
    assert np.mean(difference**2) < 1e-4 * 255**2  # PSNR above 40 dB


def test_landmarks_go_to_their_targets(portrait: UInt8, make_face) -> None:
    base, target = make_face(), make_face(x=226, y=121, mouth=1.5, roll=0.05)
    mesh = TargetMesh(target, _whole(portrait), moved_rings(base, target))
    sources = mesh.source_map(base, rings_of(base))
    for point in (1, 14, 17, 152, 205, 159, 61, 291, 234):
        x, y = np.rint(target[point, :2]).astype(int)
        off = target[point, :2] - (x, y)
        assert np.linalg.norm(sources[y, x] + off - base[point, :2]) < 0.8, point
    # On the whole far better than a pixel's rounding: interpolate the map at the target itself.
    errors = []
    for point in range(468):
        x, y = np.floor(target[point, :2]).astype(int)
        u, v = target[point, :2] - (x, y)
        corner = sources[y : y + 2, x : x + 2]
        value = (corner[0, 0] * (1 - u) + corner[0, 1] * u) * (1 - v)
        value += (corner[1, 0] * (1 - u) + corner[1, 1] * u) * v
        errors.append(np.linalg.norm(value - base[point, :2]))
    assert np.median(errors) < 0.5


@pytest.mark.parametrize(("eyes", "chosen"), [(80, 1), (120, 2), (240, 4)])
def test_coarse_map_is_near_the_fine_one(make_face, eyes: float, chosen: int) -> None:
    base, target = make_face(eyes=eyes), make_face(eyes=eyes, mouth=1.0, x=225)
    assert mesh_step(target) == chosen
    # Odd sides: the last block is not whole.
    rect = replace(moved_region(base, target, 512, 512), width=333, height=201)
    maps = [
        TargetMesh(target, rect, moved_rings(base, target), step).source_map(base, rings_of(base))
        for step in (1, chosen)
    ]
    assert maps[0].shape == maps[1].shape == (201, 333, 2)
    apart = np.abs(maps[0] - maps[1]).max(axis=-1)
    assert np.percentile(apart, 95) < 0.002 * eyes
    rim = np.concatenate([apart[0], apart[-1], apart[:, 0], apart[:, -1]])
    assert np.percentile(rim, 95) < 0.002 * eyes


def test_nearer_triangles_hide_farther_ones(make_face) -> None:
    face = make_face()
    rect = bounding_rect(face[:, :2], 2, 512, 512)
    frontal = TargetMesh(face, rect)
    nose = face.copy()
    nose[:, 0] += 0.9 * (face[:, 2].max() - face[:, 2])  # a strong turn: near points move sideways
    turned = TargetMesh(nose, bounding_rect(nose[:, :2], 2, 512, 512))
    corners = load_canonical_face().triangles
    centre = nose[corners].mean(axis=1)
    depth = centre[:, 2]
    # At the middle of every triangle, no triangle that is drawn there may lie behind it by far.
    order = np.argsort(-depth, kind="stable")
    rank = np.empty(len(order), int)
    rank[order] = np.arange(len(order))
    for number, (x, y, _) in enumerate(centre):
        row, column = round(y) - turned.rect.y, round(x) - turned.rect.x
        assert turned.inside[row, column] >= rank[number] - 40
    assert (frontal.inside >= 0).any()


def test_what_rests_is_outside_the_region(portrait: UInt8, make_face) -> None:
    base, target = make_face(), make_face(mouth=1.2)
    rect = moved_region(base, target, 512, 512)
    full = TargetMesh(target, _whole(portrait), moved_rings(base, target))
    sources = full.source_map(base, rings_of(base))
    rows, columns = np.mgrid[:512, :512]
    moved = np.abs(sources - np.stack([columns, rows], -1)).max(axis=-1) > 0.02
    outside = np.ones((512, 512), bool)
    outside[rect.slices] = False
    assert not (moved & outside).any()
    assert moved[rect.slices].any()
    assert rect.y > base[OUTER_EYE_CORNERS[0], 1]  # a jaw that drops does not touch the eyes


def test_nothing_moves_gives_no_region(make_face) -> None:
    face = make_face()
    assert moved_region(face, face.copy(), 512, 512).width == 0


def test_rings_follow_the_head_and_the_outermost_rests(make_face) -> None:
    base, target = make_face(), make_face(x=230)
    here, there = rings_of(base), moved_rings(base, target)
    size = len(FACE_OVAL)
    assert np.allclose((there - here)[:size], [8, 0], atol=1e-3)
    assert np.allclose((there - here)[-size:], 0)
    jaw = make_face(mouth=1.5)
    assert np.allclose(moved_rings(base, jaw), here, atol=1e-3)


def test_rings_belong_to_both_or_neither(make_face) -> None:
    face = make_face()
    with pytest.raises(ValueError, match="Rings"):
        TargetMesh(face, Rect(0, 0, 8, 8)).source_map(face, rings_of(face))


def test_rects_are_even_and_inside() -> None:
    points = np.array([[3.2, 5.1], [30.9, 17.0]], np.float32)
    rect = bounding_rect(points, 0.0, 100, 100)
    assert (rect.x % 2, rect.y % 2, rect.width % 2, rect.height % 2) == (0, 0, 0, 0)
    assert rect.x <= 3
    assert rect.x + rect.width > 31
    assert rect.y + rect.height > 17
    assert bounding_rect(points - 1000, 0.0, 100, 100).width == 0
    clipped = bounding_rect(points + 85, 0.0, 99, 99)
    assert clipped.x + clipped.width <= 99


def test_similarity_is_recovered(make_face) -> None:
    base = make_face()
    matrix = np.array([[0.9, -0.3, 5.0], [0.3, 0.9, -7.0]])
    fitted = fit_similarity(base, transform_landmarks(base, matrix))
    assert np.allclose(fitted, matrix, atol=1e-3)


def test_canonical_crop_is_free_of_place_size_and_roll(make_face) -> None:
    faces = [make_face(mouth=0.7), make_face(x=90, y=300, eyes=140, roll=0.4, mouth=0.7)]
    crops = [transform_landmarks(face, crop_transform(face)) for face in faces]
    assert np.abs(crops[0] - crops[1]).max() < 0.05
    assert eye_distance(crops[0]) == pytest.approx(96.0, abs=1e-3)
    assert lip_descriptor(faces[0]) == pytest.approx(lip_descriptor(faces[1]), abs=0.02)


def test_lip_gap_grows_with_the_mouth(make_face) -> None:
    def gap(mouth: float) -> float:
        return lip_gap(make_face(mouth=mouth))

    assert gap(0) < gap(0.5) < gap(1.5)
    # Inner lips were moved by 1 cm of a canonical face whose eyes are 8.89 cm apart.
    assert gap(1.0) - gap(0.0) == pytest.approx(1.0 / 8.8917, rel=0.02)


def test_mouth_has_triangles_of_its_own() -> None:
    inside = set(INNER_LIPS)
    corners = load_canonical_face().triangles.tolist()
    assert sum(set(three) <= inside for three in corners) == len(INNER_LIPS) - 2
