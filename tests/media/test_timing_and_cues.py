"""Frame rates told from times, and the text in packets of subtitles."""

from __future__ import annotations

from fractions import Fraction

import pytest

from facedit.media.cues import cue_text, held_codec, with_text
from facedit.media.timing import is_uneven, measured_rate, nominal_rate

WHOLE = (5, 6, 8, 10, 12, 15, 20, 24, 25, 30, 48, 50, 60, 90, 100, 120)
NTSC = (12, 15, 24, 30, 48, 60, 120)


@pytest.mark.parametrize(
    "rate", [*map(Fraction, WHOLE), *(Fraction(1000 * rate, 1001) for rate in NTSC)]
)
def test_a_rate_is_snapped_over_a_fiftieth_of_a_percent(rate: Fraction) -> None:
    for sign in (-1, 1):
        assert nominal_rate(rate * (1 + Fraction(sign, 5000))) == rate
        off = rate * (1 + Fraction(sign, 4999))
        assert nominal_rate(off) == off


def test_spacing_may_differ_by_rounding_or_two_in_a_hundred() -> None:
    assert not is_uneven([0, 100, 200, 302])
    assert is_uneven([0, 100, 200, 303])
    assert is_uneven([0, 100, 200, 297])
    assert not is_uneven([0, 10, 20, 31])
    assert is_uneven([0, 10, 20, 32])
    assert not is_uneven([0, 10, 20, 32], ticks_of_rounding=2)
    assert not is_uneven([200, 0, 302, 100])  # in order of decoding
    assert not is_uneven([0, 500])
    assert is_uneven([0, 100, 500])


def test_a_rate_is_frames_over_the_time_between_the_first_and_the_last() -> None:
    assert measured_rate([80, 0, 40], Fraction(1, 1000)) == 25
    assert measured_rate([0, 1], Fraction(1001, 30_000)) == Fraction(30_000, 1001)
    assert measured_rate([7], Fraction(1, 1000)) is None
    assert measured_rate([7, 7], Fraction(1, 1000)) is None


@pytest.mark.parametrize(
    ("codec", "mp4", "matroska", "webm"),
    [
        ("subrip", "mov_text", "subrip", "webvtt"), ("srt", "mov_text", "subrip", "webvtt"),
        ("text", "mov_text", "subrip", "webvtt"), ("webvtt", "mov_text", "webvtt", "webvtt"),
        ("mov_text", "mov_text", "subrip", "webvtt"), ("ass", "mov_text", "ass", "webvtt"),
        ("ssa", "mov_text", "ass", "webvtt"),
    ],
)  # fmt: skip
def test_a_container_holds_text_as_it_can(codec: str, mp4: str, matroska: str, webm: str) -> None:
    found = [held_codec(codec, one) for one in ("mp4", "mov", "matroska", "webm")]
    assert found == [mp4, mp4, matroska, webm]


def test_text_is_read_and_written_as_its_codec_has_it() -> None:
    line = b"1,0,Default,,0,0,0,,{\\b1}One,\\Ntwo\\hthree"
    assert cue_text("ass", line) == "{\\b1}One,\\Ntwo\\hthree"
    assert cue_text("mov_text", b"\0\3onestyles") == "one"
    assert cue_text("subrip", b"\0\3\xffone") == "\0\3\ufffdone"
    # Where nothing changes, the packet stays; else styles of MP4 go, those of ASS are the line's.
    styled = b"\0\3onestyles"
    assert with_text("mov_text", styled, "one", "mov_text") is styled
    assert with_text("mov_text", styled, "other", "mov_text") == b"\0\5other"
    assert with_text("ass", line, "a, b", "ass") == b"1,0,Default,,0,0,0,,a, b"
    assert with_text("ssa", line, "a", "ass") == b"1,0,Default,,0,0,0,,a"
    ass = cue_text("ass", line)
    assert with_text("ass", line, ass, "subrip") == b"One,\ntwo three"
    assert with_text("ass", line, ass, "mov_text") == b"\0\x0eOne,\ntwo three"
    assert with_text("subrip", b"<i>a</i>", "<i>b</i>", "subrip") == b"<i>b</i>"
    assert with_text("subrip", b"<i>a</i>", "<i>a</i>", "webvtt") == b"<i>a</i>"
    assert with_text("subrip", b"<i>a</i>", "<i>a</i>", "mov_text") == b"\0\1a"
    assert with_text("subrip", b"", "x" * 70_000, "mov_text") == b"\xff\xff" + b"x" * 65_535
