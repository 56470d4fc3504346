from pathlib import Path

import numpy as np
import pytest
from clips import make_clip

from facedit.media.probe import probe
from facedit.media.read import read_frames
from facedit.media.side_by_side import STRIP_ROWS, Column, side_by_side, videos_beside
from facedit.media.sound import read_sound
from facedit.media.write_options import WriteOptions

HEIGHT = 48


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return make_clip(tmp_path / "one.mp4", seconds=1.0).path


def test_both_pictures_are_shown_with_the_right_ones_sound(clip: Path, tmp_path: Path) -> None:
    short = make_clip(tmp_path / "short.mp4", seconds=0.6, sound_rate=0).path
    side_by_side(short, clip, tmp_path / "out.mp4")
    info = probe(tmp_path / "out.mp4")
    assert (info.width, info.height, info.frame_count) == (128, HEIGHT, 25)
    frames = [frame.rgb().astype(int) for frame in read_frames(tmp_path / "out.mp4")]
    own = [frame.rgb().astype(int) for frame in read_frames(clip)]
    for k in (0, 7, 24):
        assert np.abs(frames[k][:, 64:] - own[k]).mean() < 6
        assert np.abs(frames[k][:, :64] - own[min(k, 14)]).mean() < 6
    heard, said = (read_sound(p).samples[:40_000, 0] for p in (tmp_path / "out.mp4", clip))
    assert np.corrcoef(heard, said)[0, 1] > 0.9


def test_heights_that_differ_are_refused_unless_scaled(clip: Path, tmp_path: Path) -> None:
    tall = make_clip(tmp_path / "tall.mp4", seconds=0.4, size=(64, 96)).path
    with pytest.raises(ValueError, match="48 and 96 rows"):
        side_by_side(clip, tall, tmp_path / "out.mp4")
    videos_beside([Column(clip), Column(tall)], tmp_path / "out.mp4", height=HEIGHT)
    info = probe(tmp_path / "out.mp4")
    assert (info.width, info.height) == (64 + 32, HEIGHT)


def test_the_strip_is_coloured_while_its_column_is_marked(clip: Path, tmp_path: Path) -> None:
    columns = [Column(clip, "a"), Column(clip, "b", ((0.2, 0.4),)), Column(clip, "c")]
    videos_beside(columns, tmp_path / "out.mp4", clock=1)
    frames = list(read_frames(tmp_path / "out.mp4"))
    assert frames[0].rgb().shape == (HEIGHT + STRIP_ROWS, 192, 3)
    for frame in frames:
        blue = [frame.rgb()[STRIP_ROWS - 4, left + 50, 2] > 150 for left in (0, 64, 128)]
        assert blue == [False, 0.2 - 1e-6 <= frame.time_s < 0.4 - 1e-6, False]


def test_a_label_is_drawn_whatever_its_letters(clip: Path, tmp_path: Path) -> None:
    strips = {}
    for text in (" ", "ours", "ünser\n\x00" * 30):
        videos_beside(
            [Column(clip, text)],
            tmp_path / "out.mp4",
            shown_s=(0.0, 0.1),
            options=WriteOptions(force=True),
        )
        strips[text] = next(read_frames(tmp_path / "out.mp4")).rgb()[:STRIP_ROWS]
    empty, *written = (strip.astype(int) for strip in strips.values())
    assert all(np.abs(strip - empty).max() > 60 for strip in written)


def test_a_window_starts_at_zero_and_columns_stay_together(clip: Path, tmp_path: Path) -> None:
    videos_beside([Column(clip), Column(clip)], tmp_path / "out.mp4", shown_s=(0.4, 0.8))
    info = probe(tmp_path / "out.mp4")
    assert info.frame_count == 10
    own = [frame.rgb().astype(int) for frame in read_frames(clip)][10:20]
    for frame, true in zip(read_frames(tmp_path / "out.mp4"), own, strict=True):
        picture = frame.rgb().astype(int)
        assert np.abs(picture[:, :64] - true).mean() < 6
        assert np.abs(picture[:, 64:] - true).mean() < 6
    assert read_sound(tmp_path / "out.mp4").duration_s == pytest.approx(0.4, abs=0.05)


def test_a_column_that_ended_before_the_window_shows_its_last_picture(
    clip: Path, tmp_path: Path
) -> None:
    short = make_clip(tmp_path / "short.mp4", seconds=0.4).path
    videos_beside([Column(short), Column(clip)], tmp_path / "out.mp4", shown_s=(0.8, None))
    last = [frame.rgb().astype(int) for frame in read_frames(short)][-1]
    shown = next(read_frames(tmp_path / "out.mp4")).rgb().astype(int)
    assert np.abs(shown[:, :64] - last).mean() < 6
