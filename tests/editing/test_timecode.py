"""Timecode counts frames as OpenTimelineIO does, at its rates and at others."""

from fractions import Fraction

import opentimelineio as otio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facedit.editing.timecode import Timecode

RATES = (
    Fraction(24_000, 1001), Fraction(24), Fraction(25), Fraction(30_000, 1001), Fraction(30),
    Fraction(50), Fraction(60_000, 1001), Fraction(60),
)  # fmt: skip


@given(st.sampled_from(RATES), st.integers(0, 2_000_000), st.booleans())
def test_addresses_are_those_of_opentimelineio(rate: Fraction, frame: int, drop: bool) -> None:
    drop &= rate in (Fraction(30_000, 1001), Fraction(60_000, 1001))
    written = str(Timecode(frame, rate, drop))
    time = otio.opentime.RationalTime(frame, float(rate))
    assert written == otio.opentime.to_timecode(time, float(rate), drop)
    assert Timecode.parse(written, rate) == Timecode(frame, rate, drop)


@pytest.mark.parametrize(
    ("text", "rate", "frame"),
    [
        ("01:00:00;00", Fraction(30_000, 1001), 107_892),
        ("01:00:00:00", Fraction(30_000, 1001), 108_000),
        ("01:00:00;00", Fraction(25), 90_000),  # nothing is dropped at this rate
        ("00:00:01:00", Fraction(15), 15),
        ("00:00:01:100", Fraction(120), 220),
    ],
)
def test_a_written_timecode_is_a_frame(text: str, rate: Fraction, frame: int) -> None:
    found = Timecode.parse(text, rate)
    assert found is not None
    assert found.frame == frame
    assert str(found.later(1)) != text


@pytest.mark.parametrize("text", ["", "1:2", "01:00:00:25", "01:60:00:00", "nowhere"])
def test_what_is_none_is_none(text: str) -> None:
    assert Timecode.parse(text, Fraction(25)) is None
