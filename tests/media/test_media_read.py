"""Pictures come by their own times, the same whichever window they are read in."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from facedit.errors import BadMedia
from facedit.media import read
from facedit.media.planes import plane_array
from facedit.media.probe import probe
from facedit.media.read import read_frames
from media.clips import make_clip


def key(frame) -> tuple[int, bytes]:
    return frame.pts, plane_array(frame.picture.planes[0])[:, : frame.info.stored_width].tobytes()


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "webm", "ts", "avi", "flv", "mxf", "wmv"])
def test_windows_agree_with_the_whole(suffix: str, tmp_path: Path) -> None:
    others = {"webm": "libvpx-vp9", "avi": "mpeg4", "mxf": "mpeg2video", "wmv": "wmv2"}
    codec = others.get(suffix, "libx264")
    options = {"g": "12"} if codec != "libx264" else {"g": "12", "bf": "3", "crf": "12"}
    clip = make_clip(tmp_path / f"a.{suffix}", rate=25, seconds=3, codec=codec, options=options)
    info = probe(clip.path)
    whole = list(read_frames(clip.path, info=info))
    np.testing.assert_allclose([f.time_s for f in whole], clip.times_s, atol=6e-4)
    for start, end in [(0, 0.2), (0.48, 0.6), (0.99, 1.5), (1.44, 1.45), (2.8, None), (2.97, 9)]:
        found = [key(f) for f in read_frames(clip.path, start, end, info=info)]
        stop = 99 if end is None else end
        wanted = [key(f) for f in whole if start - 1e-6 <= f.time_s < stop - 1e-6]
        assert found == wanted, (start, end)


def test_open_groups_of_pictures(tmp_path: Path) -> None:
    """A picture shown before the key frame that follows it in the file is not missed."""
    clip = make_clip(
        tmp_path / "a.mp4",
        seconds=3,
        options={"g": "10", "bf": "4", "x264-params": "open-gop=1:b-adapt=0", "crf": "12"},
    )
    info = probe(clip.path)
    whole = [key(f) for f in read_frames(clip.path, info=info)]
    for k in range(len(whole)):
        assert key(next(read_frames(clip.path, k / 25, info=info))) == whole[k]


@pytest.mark.parametrize("codec", ["libx264", "mpeg4"])
def test_avi_with_reordered_pictures(codec: str, tmp_path: Path) -> None:
    """AVI has no presentation times; pictures are shown in the order of their packets' times."""
    clip = make_clip(tmp_path / "a.avi", codec=codec, options={"bf": "2"}, seconds=1)
    frames = list(read_frames(clip.path))
    np.testing.assert_allclose([f.time_s for f in frames], clip.times_s, atol=1e-6)
    means = [f.rgb().mean() for f in frames]
    assert [f.time_s for f, m in zip(frames, means, strict=True) if m > 200] == list(clip.flashes_s)


def test_a_start_cut_by_an_edit_list(tmp_path: Path) -> None:
    """Cutting without encoding leaves hidden pictures in the file; they are not shown."""
    clip = make_clip(tmp_path / "a.mp4", seconds=2, options={"g": "25", "bf": "2"})
    cut = tmp_path / "cut.mp4"
    with av.open(str(clip.path)) as old, av.open(str(cut), "w") as new:
        video = new.add_stream_from_template(old.streams.video[0])
        for packet in old.demux(video=0):
            if packet.dts is not None:
                shift = round(Fraction(8, 25) / packet.time_base)
                packet.pts, packet.dts = packet.pts - shift, packet.dts - shift
                packet.stream = video
                new.mux(packet)
    info = probe(cut)
    frames = list(read_frames(cut, info=info))
    assert len(frames) == info.frame_count == 42
    assert info.duration_s == pytest.approx(42 / 25)
    white = [f.time_s for f in frames if f.rgb().mean() > 200]
    np.testing.assert_allclose(white, clip.flashes_s - 8 / 25, atol=1e-6)


def test_variable_times(tmp_path: Path) -> None:
    times = [0, 0.02, 0.1, 0.13, 0.5, 0.51, 0.9]
    clip = make_clip(tmp_path / "a.mp4", times_s=times, sound_rate=0)
    frames = list(read_frames(clip.path))
    np.testing.assert_allclose([f.time_s for f in frames], times, atol=1e-6)
    np.testing.assert_allclose([f.duration_s for f in frames[:-1]], np.diff(times), atol=1e-4)


def test_edit_list_that_cuts_the_start(tmp_path: Path) -> None:
    """B-frames make the first decode time negative; the first picture is time 0 nevertheless."""
    clip = make_clip(tmp_path / "a.mp4", options={"bf": "3", "crf": "12"}, rate=Fraction(24))
    frames = list(read_frames(clip.path))
    assert frames[0].time_s == 0
    assert len(frames) == len(clip.times_s)


@pytest.mark.parametrize("pix_fmt", ["yuv420p", "yuv422p", "yuv444p", "yuvj420p", "yuv420p10le"])
@pytest.mark.parametrize("matrix", [1, 6])
def test_colours_come_out_right(pix_fmt: str, matrix: int, tmp_path: Path) -> None:
    full = 2 if pix_fmt.startswith("yuvj") else 1
    clip = make_clip(
        tmp_path / "a.mp4",
        seconds=0.2,
        pix_fmt=pix_fmt,
        colour=(full, matrix, matrix, matrix),
        options={"qp": "2"},
        sound_rate=0,
    )
    info = probe(clip.path)
    frame = list(read_frames(clip.path, info=info))[1]
    assert info.matrix == matrix
    assert info.full_range == (full == 2)
    error = np.abs(frame.rgb().astype(int) - clip.pictures[1])
    assert np.median(error) <= 1
    assert error.mean() < 2.5


def test_rgb_video_is_converted_with_a_note(tmp_path: Path) -> None:
    clip = make_clip(
        tmp_path / "a.mkv", seconds=0.2, codec="ffv1", pix_fmt="bgr0", options={}, sound_rate=0
    )
    info = probe(clip.path)
    assert info.pix_fmt == "yuv444p"
    assert any("converted" in note for note in info.notes)
    shown = next(read_frames(clip.path, info=info)).rgb()
    assert np.abs(shown.astype(int) - clip.pictures[0]).max() <= 3


def test_a_window_past_the_end_is_empty(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mp4", seconds=0.4)
    assert list(read_frames(clip.path, 5, 6)) == []


def test_a_file_that_shrinks_after_probing(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mkv", seconds=3)
    info = probe(clip.path)
    raw = clip.path.read_bytes()
    clip.path.write_bytes(raw[: len(raw) // 2])
    partial = list(read_frames(clip.path, info=info, allow_truncated=True))
    assert 5 < len(partial) < 70
    with pytest.raises(BadMedia, match=r"truncated: (\d+) of 75 frames readable") as error:
        list(read_frames(clip.path, info=info))
    told = int(str(error.value).split("truncated: ")[1].split(" of ")[0])
    assert told == pytest.approx(len(partial), abs=1)


@pytest.mark.parametrize("container", ["mpegts", "mpeg"])
@pytest.mark.parametrize("before_wrap_s", [0.05, 1.5])
def test_a_clock_that_wraps(container: str, before_wrap_s: float, tmp_path: Path) -> None:
    """The 33-bit clock of a transport or program stream starts anew every 26.5 hours."""
    codec, options = "mpeg2video", {"g": "75", "bf": "2"}
    if container == "mpegts":
        codec, options = "libx264", {"g": "75", "bf": "3", "crf": "12"}
    clip = make_clip(
        tmp_path / "a.ts",
        seconds=3,
        size=(352, 288),
        codec=codec,
        options=options,
        container=container,
        sound_codec="mp2",
        container_options={"output_ts_offset": f"{2**33 / 90_000 - before_wrap_s - 1.4:.3f}"},
    )
    info = probe(clip.path)
    assert info.duration_s == pytest.approx(3.0, abs=0.05)
    assert info.sound is not None
    assert abs(info.sound.start_s) < 0.1
    whole = list(read_frames(clip.path, info=info))
    np.testing.assert_allclose([f.time_s for f in whole], clip.times_s, atol=6e-4)
    for start in (0.04, 0.4, 1.2, 1.6, 2.4):
        found = key(next(read_frames(clip.path, start, info=info)))
        assert found == key(whole[round(start * 25)])


@pytest.mark.parametrize("start_s", [0.5, 3600.0])
def test_a_matroska_file_that_starts_late(start_s: float, tmp_path: Path) -> None:
    """Its length may be told from zero or from its first picture; neither means a cut file."""
    clip = make_clip(
        tmp_path / "a.mkv", seconds=2, container_options={"output_ts_offset": str(start_s)}
    )
    info = probe(clip.path)
    assert not info.truncated
    assert info.duration_s == pytest.approx(2.0, abs=0.05)
    assert info.frame_count == 50
    assert len(list(read_frames(clip.path, info=info))) == 50


def test_pictures_that_come_too_late_are_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A decoder of a damaged stream may give a picture after one that is shown later."""
    clip = make_clip(tmp_path / "a.mp4", seconds=0.4, sound_rate=0)
    info = probe(clip.path)
    pictures = read._pictures

    def shuffled(*how):
        order = list(pictures(*how))
        return iter([*order[:2], *order[3:6], order[2], *order[6:]])

    monkeypatch.setattr(read, "_pictures", shuffled)
    times = [frame.time_s for frame in read_frames(clip.path, info=info)]
    assert times == sorted(times)
    assert len(times) == len(clip.times_s) - 1
