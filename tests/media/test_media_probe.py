"""What a file is said to hold is what was put into it."""

from fractions import Fraction
from itertools import product
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from facedit.errors import NoSound
from facedit.media.orientation import Orientation
from facedit.media.probe import _frame_rate, probe
from facedit.media.read import read_frames
from facedit.media.timing import is_uneven, measured_rate, nominal_rate
from media.clips import make_clip


def test_description_of_a_plain_clip(tmp_path: Path) -> None:
    clip = make_clip(
        tmp_path / "a.mp4",
        rate=Fraction(30000, 1001),
        seconds=1.5,
        sound_rate=44_100,
        channels=2,
        aspect=Fraction(4, 3),
        colour=(1, 1, 1, 1),
    )
    info = probe(clip.path)
    assert info.frame_rate == Fraction(30000, 1001)
    assert info.frame_count == len(clip.times_s)
    assert info.duration_s == pytest.approx(len(clip.times_s) * 1001 / 30000, abs=1e-3)
    assert not info.is_variable
    assert info.sample_aspect_ratio == Fraction(4, 3)
    assert (info.width, info.height) == (64, 48)
    assert (info.colour.range, info.colour.matrix) == (1, 1)
    assert (info.colour.primaries, info.colour.transfer) == (1, 1)
    assert (info.codec, info.pix_fmt) == ("h264", "yuv420p")
    assert (info.sound_rate, info.channels, info.sound.layout) == (44_100, 2, "stereo")
    assert info.sound_codec == "aac"
    assert info.sound.duration_s == pytest.approx(1.5, abs=0.03)
    assert info.notes == ()


def test_without_sound(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mp4", seconds=0.5, sound_rate=0)
    info = probe(clip.path)
    assert not info.has_sound
    assert info.sound_rate == info.channels == 0
    with pytest.raises(NoSound, match="no sound"):
        probe(clip.path, need_sound=True)


def test_variable_rate_is_seen_wherever_it_begins(tmp_path: Path) -> None:
    even = [k / 30 for k in range(500)]
    late = [*even, *(500 / 30 + k / 20 for k in range(10))]
    steady = make_clip(tmp_path / "a.mp4", times_s=even, sound_rate=0, size=(16, 16))
    uneven = make_clip(tmp_path / "b.mp4", times_s=late, sound_rate=0, size=(16, 16))
    assert not probe(steady.path).is_variable
    assert probe(uneven.path).is_variable
    assert probe(uneven.path).frame_rate == pytest.approx(Fraction(30), rel=0.01)


def test_rounded_times_are_not_taken_for_variable(tmp_path: Path) -> None:
    """Matroska rounds times to milliseconds: 33, 34, 33 ms is a constant 29.97."""
    clip = make_clip(tmp_path / "a.mkv", rate=Fraction(30000, 1001), seconds=1.0)
    info = probe(clip.path)
    assert not info.is_variable
    assert info.frame_rate == Fraction(30000, 1001)


@pytest.mark.parametrize(("rotation", "hflip"), list(product((0, 90, 180, 270), (False, True))))
def test_rotation_is_applied(rotation: int, hflip: bool, tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mp4", seconds=0.2, rotation=rotation, hflip=hflip, sound_rate=0)
    info = probe(clip.path)
    # set_display_rotation turns counter-clockwise, then mirrors left to right.
    turned = np.rot90(clip.pictures[2], rotation // 90)
    expected = turned[:, ::-1] if hflip else turned
    assert (info.height, info.width) == expected.shape[:2]
    assert (info.stored_width, info.stored_height) == (64, 48)
    shown = list(read_frames(clip.path, info=info))[2].rgb()
    assert np.abs(shown.astype(int) - expected).mean() < 4
    assert info.orientation.mirrored == hflip


def test_orientation_table() -> None:
    stored = np.arange(6).reshape(2, 3)
    for transpose, flip_x, flip_y in product((False, True), repeat=3):
        turn = Orientation(transpose, flip_x, flip_y)
        assert Orientation.from_matrix(turn.matrix) == turn
        upright = turn.upright(stored)
        np.testing.assert_array_equal(turn.stored(upright), stored)
        by_angle = np.rot90(stored, turn.rotation_deg // 90)
        np.testing.assert_array_equal(upright, by_angle[:, ::-1] if turn.mirrored else by_angle)
        size = (upright.shape[1], upright.shape[0])
        x, y, width, height = 1, 0, size[0] - 1, size[1]
        left, top = turn.stored_corner(x, y, width, height, size)
        part = turn.stored(upright[y : y + height, x : x + width])
        found = stored[top : top + part.shape[0], left : left + part.shape[1]]
        np.testing.assert_array_equal(found, part)
    for degrees in (-180, -90, 0, 90, 180, 270):
        turned = Orientation.from_rotation(degrees).upright(stored)
        np.testing.assert_array_equal(turned, np.rot90(stored, degrees // 90))


@pytest.mark.parametrize(
    ("measured", "exact"),
    [
        (Fraction(23976, 1000), Fraction(24000, 1001)),
        (Fraction(24), Fraction(24)),
        (Fraction(2997, 100), Fraction(30000, 1001)),
        (Fraction(5994, 100), Fraction(60000, 1001)),
        (Fraction(27), Fraction(27)),
        (Fraction(25) + Fraction(25, 5000), Fraction(25)),  # 0.02 % off, and no more
        (Fraction(25) - Fraction(25, 4999), Fraction(25) - Fraction(25, 4999)),
    ],
)
def test_nominal_rate(measured: Fraction, exact: Fraction) -> None:
    assert nominal_rate(measured) == exact


def test_spacing() -> None:
    assert not is_uneven([0, 33, 67, 100, 133, 167])
    assert is_uneven([0, 33, 67, 133, 167])
    assert not is_uneven([3, 1, 2, 0])
    assert measured_rate([2, 0, 1], Fraction(1, 25)) == 25
    assert measured_rate([5], Fraction(1, 25)) is None


@pytest.mark.parametrize(
    ("said", "measured", "rate"),
    [
        (25, 27, 25),  # a header that is about right knows it exactly
        (25, 23, 25),
        (30, 25, 30),
        (50, 25, 25),  # fields, or a header that is wrong
        (20, 25, 25),
        (None, 25, 25),
        (None, None, 25),
        (90_000, 24, 24),
    ],
)
def test_the_headers_rate_counts_unless_packets_contradict_it(
    said: int | None, measured: int | None, rate: int
) -> None:
    times = [0] if measured is None else [k * 1000 for k in range(20)]
    tick = Fraction(1, 1000 * (measured or 1))
    video = SimpleNamespace(average_rate=None, guessed_rate=said and Fraction(said), base_rate=None)
    head = SimpleNamespace(times=times, time_base=tick)
    assert _frame_rate(video, head) == rate
