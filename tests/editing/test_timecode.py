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


@pytest.mark.parametrize(
    ("frame", "text"),
    [
        (0, "00:00:00;00"), (1799, "00:00:59;29"), (1800, "00:01:00;02"), (3597, "00:01:59;29"),
        (3598, "00:02:00;02"), (17_981, "00:09:59;29"), (17_982, "00:10:00;00"),
        (19_782, "00:11:00;02"), (107_892, "01:00:00;00"), (2_589_408, "00:00:00;00"),
    ],
)  # fmt: skip
def test_two_addresses_are_left_out_in_every_minute_but_each_tenth(frame: int, text: str) -> None:
    rate = Fraction(30_000, 1001)
    assert str(Timecode(frame, rate, drop=True)) == text
    assert Timecode.parse(text, rate) == Timecode(frame % 2_589_408, rate, drop=True)
    assert str(Timecode(2 * frame, 2 * rate, drop=True))[:9] == text[:9]


def test_frames_are_written_in_as_many_digits_as_their_rate_has() -> None:
    assert str(Timecode(0, Fraction(10))) == "00:00:00:00"
    assert str(Timecode(0, Fraction(100))) == "00:00:00:00"
    assert str(Timecode(5, Fraction(101))) == "00:00:00:005"
    assert Timecode.parse("00:00:00:99", Fraction(100)) == Timecode(99, Fraction(100))
    assert Timecode.parse("00:00:00:24", Fraction(24)) is None
    # 30 frames a second that are exact keep pace with the clock as they are.
    assert Timecode.parse("00:01:00;00", Fraction(30)) == Timecode(1800, Fraction(30))
