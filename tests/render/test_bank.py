"""The bank: what is kept, and what goes when it is full."""

from __future__ import annotations

import numpy as np
import pytest

from facedit.render.bank import ReferenceBank, most_different
from facedit.types import UInt8


def test_frames_lie_in_order_of_time(portrait: UInt8, make_face) -> None:
    bank = ReferenceBank()
    for time_s in (0.2, 0.0, 0.1):
        assert bank.add(portrait, make_face(), time_s)
    assert not bank.add(portrait, make_face(), 0.1)
    assert bank.times_s.tolist() == [0.0, 0.1, 0.2]


def test_cutouts_are_the_pictures_own_pixels(portrait: UInt8, make_face) -> None:
    bank = ReferenceBank()
    bank.add(portrait, make_face(), 0.0)
    for cutout in (bank.frames[0].mouth, bank.frames[0].eyes):
        (x, y), (height, width) = cutout.origin, cutout.rgb.shape[:2]
        assert np.array_equal(cutout.rgb, portrait[y : y + height, x : x + width])


def test_useless_frames_are_left_out(portrait: UInt8, make_face) -> None:
    bank = ReferenceBank()
    assert not bank.add(portrait, np.full((478, 3), np.nan, np.float32), 0.0)
    assert not bank.add(portrait, make_face(y=480), 0.0)
    assert len(bank) == 0


def test_size_is_bounded_and_rare_mouths_stay(portrait: UInt8, make_face) -> None:
    bank = ReferenceBank(max_frames=8)
    for number in range(40):
        opening = 2.0 if number == 5 else 0.3 * np.sin(number)
        bank.add(portrait, make_face(mouth=float(opening)), number / 25)
        assert len(bank) <= 10
    assert 5 / 25 in bank.times_s


def test_bytes_are_bounded(portrait: UInt8, make_face) -> None:
    one = ReferenceBank()
    one.add(portrait, make_face(), 0.0)
    limit = 5 * one.frames[0].nbytes
    bank = ReferenceBank(max_bytes=limit)
    for number in range(30):
        bank.add(portrait, make_face(mouth=0.05 * number), number / 25)
    assert sum(frame.nbytes for frame in bank.frames) <= 1.3 * limit


def test_a_bank_must_hold_something() -> None:
    with pytest.raises(ValueError, match="holds nothing"):
        ReferenceBank(max_frames=0)


def test_most_different_drops_doubles() -> None:
    descriptors = np.array([[0.0], [0.01], [5.0], [5.02], [9.0]], np.float32)
    kept = descriptors[most_different(descriptors, 3), 0].round().tolist()
    assert kept == [0.0, 5.0, 9.0]
