"""Blinks, lids and a still picture that opens its mouth."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facedit.face.regions import IRIS_CENTRES, LOWER_LIDS, UPPER_LIDS
from facedit.render.bank import ReferenceBank
from facedit.render.blink import LENGTH_S, OPEN_S, Blink, blink_schedule, closure_at
from facedit.render.lids import close_lids
from facedit.render.network import MouthNetwork
from facedit.render.own_teeth import OwnTeeth
from facedit.render.renderer_interface import FrameTask
from facedit.render.still_renderer import Still, StillRenderer
from facedit.types import Float32, UInt8


@given(st.floats(0, 60), st.integers(0, 1000))
def test_blinks_are_inside_apart_and_short(duration: float, seed: int) -> None:
    blinks = blink_schedule(duration, np.random.default_rng(seed))
    for blink in blinks:
        assert LENGTH_S[0] <= blink.length_s <= LENGTH_S[1]
        assert blink.start_s >= 0
        assert blink.end_s <= duration
    for before, after in itertools.pairwise(blinks):
        assert after.start_s - before.end_s >= OPEN_S


def test_a_person_blinks_as_often_as_people_do_and_not_by_a_clock() -> None:
    minutes = 60
    blinks = blink_schedule(60.0 * minutes, np.random.default_rng(0))
    assert 22 < len(blinks) / minutes < 28
    open_s = [after.start_s - before.end_s for before, after in itertools.pairwise(blinks)]
    # Of a waiting time without memory: half of it by ln 2 of its mean, and as much spread as mean.
    free = np.array(open_s) - OPEN_S
    assert np.median(free) == pytest.approx(np.log(2) * free.mean(), rel=0.1)
    assert free.std() == pytest.approx(free.mean(), rel=0.1)


def test_the_same_generator_gives_the_same_blinks() -> None:
    first, second = (blink_schedule(30, np.random.default_rng(4)) for _ in range(2))
    assert first == second
    assert first != blink_schedule(30, np.random.default_rng(5))


def test_lids_close_and_open_once() -> None:
    times = np.linspace(0, 1, 1001)
    closure = closure_at(times, (Blink(0.4, 0.2),))
    assert closure.max() == pytest.approx(1.0, abs=1e-6)
    assert (closure[(times < 0.4) | (times > 0.6)] == 0).all()
    inside = closure[(times >= 0.4) & (times <= 0.6)]
    top = int(inside.argmax())
    assert (np.diff(inside[:top]) >= -1e-12).all()
    assert (np.diff(inside[np.flatnonzero(inside == inside.max())[-1] :]) <= 1e-12).all()
    assert np.abs(np.diff(closure)).max() < 0.05


def _eye_pixels(face: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    points = np.rint(face[list(IRIS_CENTRES), :2]).astype(int)
    return points[:, 1], points[:, 0]


def test_shut_lids_cover_the_eyes_with_skin(make_face) -> None:
    face = make_face(x=256, y=256, eyes=180)
    skin = np.array([200, 150, 130], np.uint8)
    picture = np.broadcast_to(skin, (512, 512, 3)).copy()
    import cv2

    for upper, lower in zip(UPPER_LIDS, LOWER_LIDS, strict=True):
        outline = np.rint(face[[*upper, *lower[::-1]], :2]).astype(np.int32)
        cv2.fillPoly(picture, [outline], (20, 60, 90))
    shut, rect = close_lids(picture, face, (1.0, 1.0))
    rows, columns = _eye_pixels(face)
    assert (picture[rows, columns] == (20, 60, 90)).all()
    assert np.abs(shut[rows, columns].astype(int) - skin).max() < 40
    outside = np.ones((512, 512), bool)
    outside[rect.slices] = False
    assert np.array_equal(shut[outside], picture[outside])
    # A dark line stays where the lids meet.
    x, y = np.rint(face[145, :2]).astype(int)
    assert shut[y - 3 : y + 4, x].mean() < 0.85 * skin.mean()


def test_open_lids_change_nothing(portrait: UInt8, make_face) -> None:
    out, rect = close_lids(portrait, make_face(), (0.0, 0.0))
    assert np.array_equal(out, portrait)
    assert rect.width == 0


def test_one_eye_can_wink(portrait: UInt8, make_face) -> None:
    face = make_face()
    out, _ = close_lids(portrait, face, (1.0, 0.0))
    changed = np.abs(out.astype(int) - portrait).max(axis=-1) > 0
    columns = np.flatnonzero(changed.any(axis=0))
    assert columns.size
    assert columns.max() < face[1, 0]


def drawn(renderer: StillRenderer, picture: UInt8, base: Float32, target: Float32) -> UInt8:
    """One frame of a still renderer."""
    (choice,) = renderer.plan(target[None], base[None]).choices
    patch = renderer.render(FrameTask(picture, base, target, choice))
    height, width = patch.rgb.shape[:2]
    out = picture.copy()
    out[patch.y : patch.y + height, patch.x : patch.x + width] = patch.rgb
    return out


def test_a_still_moves_its_mouth_and_little_else(portrait: UInt8, make_face) -> None:
    base = make_face()
    renderer = StillRenderer(Still(portrait, base), MouthNetwork())
    assert np.array_equal(drawn(renderer, portrait, base, base), portrait)
    frame = drawn(renderer, portrait, base, make_face(mouth=1.2))
    moved = np.abs(frame.astype(int) - portrait).max(axis=-1) > 0
    rows = np.flatnonzero(moved.any(axis=1))
    assert rows.min() > base[1, 1] - 30  # below the eyes
    assert rows.max() < base[152, 1] + 60
    assert np.array_equal(drawn(renderer, portrait, base, make_face(mouth=1.2)), frame)


def test_a_smile_keeps_what_is_drawn_elsewhere(portrait: UInt8, make_face) -> None:
    """Parted lips show the picture's own teeth; the base's lids stay as they were drawn."""
    base = make_face(mouth=2.0)
    assert OwnTeeth.visible_in(base)
    renderer = StillRenderer(Still(portrait, base), MouthNetwork())
    shut, rect = close_lids(portrait, base, (1.0, 1.0))
    frame = drawn(renderer, shut, base, make_face(mouth=1.2))
    assert np.array_equal(frame[: rect.y + rect.height // 2], shut[: rect.y + rect.height // 2])
    assert not np.array_equal(frame, shut)


def test_a_donor_is_used(portrait: UInt8, make_face, talking) -> None:
    pictures, faces = talking
    donor = ReferenceBank()
    for number, (picture, face) in enumerate(zip(pictures, faces, strict=True)):
        donor.add(picture, face, number / 25)
    base = make_face()
    renderer = StillRenderer(Still(portrait, base), MouthNetwork(), donor)
    choices = renderer.plan(faces[[2, 5]], np.stack([base, base])).choices
    assert [choice.mouth for choice in choices] == [2, 5]
    alone = StillRenderer(Still(portrait, base), MouthNetwork())
    with_donor = drawn(renderer, portrait, base, faces[5])
    assert not np.array_equal(with_donor, drawn(alone, portrait, base, faces[5]))
