"""What is written shows and sounds when it should, at every frame rate."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from facedit.media.probe import probe
from facedit.media.read import read_frames
from facedit.media.sound import iter_sound
from facedit.media.write import VideoWriter, write_video
from media.clips import make_clip, offsets_ms

NTSC = Fraction(1000, 1001)


def variable_times(seconds: float) -> list[float]:
    """Times that jump between 20 and 67 ms, like a phone's in the dark."""
    rng = np.random.default_rng(3)
    gaps = rng.choice([1800, 3000, 3003, 6006], size=200)
    ticks = np.concatenate([[0], np.cumsum(gaps)])
    return [int(t) / 90_000 for t in ticks if t < seconds * 90_000]


CASES = {
    "23.976": {"rate": 24 * NTSC},
    "24": {"rate": 24},
    "25": {"rate": 25},
    "29.97": {"rate": 30 * NTSC},
    "30": {"rate": 30},
    "50": {"rate": 50},
    "59.94": {"rate": 60 * NTSC},
    "60": {"rate": 60},
    "variable": {"times_s": variable_times(2.0)},
    "rotated 90": {"rate": 30 * NTSC, "rotation": 90},
    "rotated 270": {"rate": 25, "rotation": 270},
    "44.1 kHz stereo": {"rate": 25, "sound_rate": 44_100, "channels": 2},
    "16 kHz": {"rate": 25, "sound_rate": 16_000},
    "sound starts late": {"rate": 25, "sound_start_s": 0.25},
}


@pytest.mark.parametrize("case", CASES)
def test_flash_and_click_stay_together(case: str, tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "in.mp4", **CASES[case])
    # The made clip itself is in sync (16 kHz: one sample is 0.06 ms; AAC smears a little).
    assert np.abs(offsets_ms(clip.path)).max() < 2
    info = probe(clip.path)
    out = tmp_path / "out.mp4"
    write_video(out, info, read_frames(clip.path, info=info), iter_sound(clip.path, info=info))
    found = offsets_ms(out)
    assert len(found) == len(clip.flashes_s)
    assert np.abs(found).max() <= 2
    after = probe(out)
    times = [frame.time_s for frame in read_frames(out)]
    np.testing.assert_allclose(times, clip.times_s, atol=1e-6)
    assert abs(after.duration_s - info.duration_s) < 1e-3
    assert after.is_variable == (case == "variable")
    assert after.frame_rate == info.frame_rate or after.is_variable
    assert (after.width, after.height) == (info.width, info.height)
    assert after.orientation == info.orientation


@pytest.mark.parametrize("suffix", [".mov", ".mkv", ".webm"])
def test_other_containers_are_in_sync_too(suffix: str, tmp_path: Path) -> None:
    codec = "libvpx-vp9" if suffix == ".webm" else "libx264"
    clip = make_clip(tmp_path / f"in{suffix}", rate=30 * NTSC, codec=codec)
    info = probe(clip.path)
    assert info.frame_rate == 30 * NTSC
    out = tmp_path / f"out{suffix}"
    write_video(out, info, read_frames(clip.path, info=info), iter_sound(clip.path, info=info))
    assert np.abs(offsets_ms(out)).max() <= 3
    assert probe(out).codec == info.codec
    assert probe(out).sound_codec == info.sound_codec


def test_a_stream_that_does_not_start_at_zero(tmp_path: Path) -> None:
    """MPEG-TS starts later than 0; the picture's first frame is time 0 all the same."""
    clip = make_clip(tmp_path / "in.ts", rate=25)
    info = probe(clip.path)
    assert info.origin_pts > 0
    frames = list(read_frames(clip.path, info=info))
    np.testing.assert_allclose([f.time_s for f in frames], clip.times_s, atol=1e-6)
    out = tmp_path / "out.mp4"
    write_video(out, info, frames, iter_sound(clip.path, info=info))
    assert np.abs(offsets_ms(out)).max() <= 2


def test_pictures_and_sound_may_come_in_any_order(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "in.mp4", rate=25, seconds=1.2)
    info = probe(clip.path)
    frames = list(read_frames(clip.path, info=info))
    sounds = list(iter_sound(clip.path, 1000, info=info))
    for order in ("sound first", "pictures first"):
        out = tmp_path / f"{order}.mp4"
        with VideoWriter(out, info) as writer:
            if order == "sound first":
                for block in sounds:
                    writer.write_sound(block)
            for frame in frames:
                writer.write_frame(frame)
            if order == "pictures first":
                for block in sounds:
                    writer.write_sound(block)
        assert np.abs(offsets_ms(out)).max() <= 2


def test_moved_pictures_and_sound_move_together(tmp_path: Path) -> None:
    """An insertion: everything from 0.6 s on comes 0.28 s later."""
    clip = make_clip(tmp_path / "in.mp4", rate=25, flash_every_s=1.0, seconds=2.4)
    info = probe(clip.path)
    cut = round(0.6 * clip.sound_rate)
    gap = round(0.28 * clip.sound_rate)
    out = tmp_path / "out.mp4"
    with VideoWriter(out, info) as writer:
        held = None
        for frame in read_frames(clip.path, info=info):
            if frame.time_s < 0.6 - 1e-9:
                writer.write_frame(frame)
                held = frame
                continue
            if held is not None:
                for k in range(7):
                    writer.write_frame(held.picture, 0.6 + k / 25)
                held = None
            writer.write_frame(frame, frame.time_s + 0.28)
        sound = np.concatenate([b.samples for b in iter_sound(clip.path, info=info)])
        writer.write_sound(sound[:cut])
        writer.write_sound(np.zeros((gap, 1), np.float32))
        writer.write_sound(sound[cut:])
    assert np.abs(offsets_ms(out)).max() <= 2
    assert abs(probe(out).duration_s - 2.68) < 1e-3
