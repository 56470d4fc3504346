"""What is written is what was read, whole or not at all."""

import csv
import os
import stat
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from facedit.errors import OutputExists, OutputNotWritable
from facedit.media.encode import choose_encoding, choose_time_base
from facedit.media.info import new_video_info
from facedit.media.output import check_output, whole_or_nothing
from facedit.media.pixels import frame_from_rgb
from facedit.media.planes import plane_array
from facedit.media.probe import probe
from facedit.media.read import read_frames
from facedit.media.sound import iter_sound, read_sound
from facedit.media.write import VideoWriter, write_video
from facedit.media.write_options import WriteOptions
from media.clips import make_clip, psnr

ROOT = hasattr(os, "geteuid") and os.geteuid() == 0


def luma(frame) -> np.ndarray:
    deep = 10 if "10" in frame.picture.format.name else 8
    return plane_array(frame.picture.planes[0], deep)[:, : frame.info.stored_width]


def copy(source: Path, out: Path, **how) -> None:
    info = probe(source)
    sound = iter_sound(source, info=info) if info.has_sound else ()
    write_video(out, info, read_frames(source, info=info), sound, WriteOptions(**how))


@pytest.mark.parametrize(
    "how",
    [
        {"pix_fmt": "yuv420p", "colour": (1, 1, 1, 1)},
        {"pix_fmt": "yuvj420p", "colour": (2, 5, 5, 6)},
        {"pix_fmt": "yuv444p"},
        {"pix_fmt": "yuv422p", "aspect": Fraction(12, 11)},
        {"pix_fmt": "yuv420p10le", "colour": (1, 9, 9, 16)},
        {"rotation": 270, "hflip": True},
    ],
)
def test_kept_pictures_survive_the_encoder(how: dict, tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mp4", seconds=0.6, **how)
    copy(clip.path, tmp_path / "b.mp4")
    before, after = probe(clip.path), probe(tmp_path / "b.mp4")
    for name in ("colour", "orientation", "sample_aspect_ratio", "pix_fmt", "width", "frame_rate"):
        assert getattr(after, name) == getattr(before, name), name
    pairs = list(zip(read_frames(clip.path), read_frames(tmp_path / "b.mp4"), strict=True))
    assert len(pairs) == len(clip.times_s)
    peak = 1023.0 if "10le" in before.pix_fmt else 255.0
    assert min(psnr(luma(a), luma(b), peak) for a, b in pairs) >= 45


@pytest.mark.shared
@pytest.mark.parametrize("name", ["grid_other/lbax4n.mp4", "hdtf/003.mp4", "takes/005.mp4"])
def test_kept_pictures_of_real_clips(name: str, shared_data: Path, tmp_path: Path) -> None:
    source = shared_data / name
    info = probe(source)
    out = tmp_path / "b.mp4"
    write_video(out, info, read_frames(source, 0, 1.2, info=info))
    pairs = list(zip(read_frames(source, 0, 1.2), read_frames(out), strict=True))
    assert len(pairs) == 30
    assert min(psnr(luma(a), luma(b)) for a, b in pairs) >= 45


@pytest.mark.shared
def test_every_corpus_opens(shared_data: Path) -> None:
    with (shared_data / "manifest.csv").open(newline="") as table:
        first = {row["corpus"]: row for row in reversed(list(csv.DictReader(table)))}
    assert len(first) > 7
    for row in first.values():
        info = probe(shared_data / row["file"])
        assert info.has_sound
        assert (info.width, info.height) == (int(row["width"]), int(row["height"]))
        assert float(info.frame_rate) == pytest.approx(float(row["fps"]), abs=0.01)


def test_the_encoder_gets_the_decoded_samples(tmp_path: Path) -> None:
    """At quantiser 0 (lossless) the file holds exactly the source's planes."""
    clip = make_clip(tmp_path / "a.mp4", seconds=0.4, sound_rate=0)
    info = probe(clip.path)
    with VideoWriter(tmp_path / "b.mp4", info, WriteOptions(quantiser=0)) as writer:
        for frame in read_frames(clip.path, info=info):
            writer.write_frame(frame)
    for a, b in zip(read_frames(clip.path), read_frames(tmp_path / "b.mp4"), strict=True):
        for old, new in zip(a.picture.planes, b.picture.planes, strict=True):
            columns = slice(old.width)
            np.testing.assert_array_equal(
                plane_array(old)[:, columns], plane_array(new)[:, columns]
            )


def test_sound_survives_the_encoder(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mp4", channels=2, sound_rate=44_100)
    copy(clip.path, tmp_path / "b.mp4")
    old, new = read_sound(clip.path).samples, read_sound(tmp_path / "b.mp4").samples
    assert abs(len(old) - len(new)) <= 2
    size = min(len(old), len(new))
    noise = np.mean((old[:size] - new[:size]) ** 2)
    assert 10 * np.log10(np.mean(old**2) / noise) > 20


def test_unusual_sound_rates_are_resampled(tmp_path: Path) -> None:
    clip = make_clip(
        tmp_path / "a.avi", codec="mpeg4", options={}, sound_rate=37_800, flash_every_s=0.7
    )
    copy(clip.path, tmp_path / "b.mp4")
    info = probe(tmp_path / "b.mp4")
    assert info.sound_rate == 48_000
    assert info.sound.duration_s == pytest.approx(2.0, abs=0.03)


@pytest.mark.parametrize("suffix", [".mp4", ".webm"])
def test_odd_sizes_are_not_cropped(suffix: str, tmp_path: Path) -> None:
    clip = make_clip(
        tmp_path / "a.webm", seconds=0.3, size=(63, 47), codec="libvpx-vp9", options={"crf": "4"}
    )
    out = tmp_path / f"b{suffix}"
    copy(clip.path, out)
    assert (probe(out).width, probe(out).height) == (63, 47)
    pairs = list(zip(read_frames(clip.path), read_frames(out), strict=True))
    assert min(psnr(luma(a), luma(b)) for a, b in pairs) >= 45


def test_a_video_from_nothing(tmp_path: Path) -> None:
    info = new_video_info(80, 60, sound_rate=24_000)
    grey = np.full((60, 80, 3), 120, np.uint8)
    out = tmp_path / "a.mp4"
    with VideoWriter(out, info, WriteOptions(metadata={"comment": "made"})) as writer:
        for k in range(10):
            writer.write_frame(frame_from_rgb(grey, k / 25, info))
        writer.write_sound(np.zeros((9600, 1), np.float32))
    found = probe(out)
    assert found.duration_s == pytest.approx(0.4, abs=1e-3)
    assert found.frame_count == 10
    assert np.abs(next(read_frames(out)).rgb().astype(int) - 120).max() <= 2


def test_marks_of_earlier_edits_stay(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mp4", seconds=0.2, sound_rate=0)
    copy(clip.path, tmp_path / "b.mp4", metadata={"comment": "first edit", "title": "T"})
    copy(tmp_path / "b.mp4", tmp_path / "c.mp4", metadata={"comment": "second edit"})
    with av.open(str(tmp_path / "c.mp4")) as file:
        assert file.metadata["comment"] == "second edit | first edit"
        assert file.metadata["title"] == "T"


def test_an_error_leaves_nothing_behind(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mp4", seconds=0.4)
    folder = tmp_path / "out"
    folder.mkdir()
    info = probe(clip.path)

    def failing():
        for k, frame in enumerate(read_frames(clip.path, info=info)):
            if k == 5:
                raise RuntimeError("the renderer broke")
            yield frame

    with pytest.raises(RuntimeError, match="renderer"):
        write_video(folder / "b.mp4", info, failing())
    with pytest.raises(OutputNotWritable, match="no picture"):
        write_video(folder / "b.mp4", info, [])
    assert list(folder.iterdir()) == []


def test_an_error_leaves_the_old_output_as_it_was(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mp4", seconds=0.2)
    info = probe(clip.path)
    out = tmp_path / "b.mp4"
    out.write_bytes(b"old")
    with pytest.raises(OutputExists, match="--force"):
        VideoWriter(out, info)
    with pytest.raises(OutputNotWritable):
        write_video(out, info, [], (), WriteOptions(force=True))
    assert out.read_bytes() == b"old"
    write_video(out, info, read_frames(clip.path), (), WriteOptions(force=True))
    assert probe(out).frame_count == 5
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.mp4", "b.mp4"]


def test_an_output_that_appears_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mp4", seconds=0.2, sound_rate=0)
    out = tmp_path / "b.mp4"
    writer = VideoWriter(out, probe(clip.path))
    with pytest.raises(OutputExists, match="meanwhile"), writer:  # noqa: PT012
        writer.write_frame(next(read_frames(clip.path)))
        out.write_bytes(b"theirs")
    assert out.read_bytes() == b"theirs"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no such pipes")
def test_what_is_no_ordinary_file_is_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (pipe, Path(os.devnull)):
        with (
            pytest.raises(OutputNotWritable, match="is a device or a pipe"),
            whole_or_nothing(path, force=True),
        ):
            pass
    assert pipe.is_fifo()
    assert Path(os.devnull).is_char_device()


def test_outputs_that_cannot_be(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mp4", seconds=0.2)
    info = probe(clip.path)
    link = tmp_path / "link.mp4"
    link.symlink_to(clip.path)
    before = clip.path.read_bytes()
    for same in (clip.path, link):
        with pytest.raises(OutputExists, match="input itself"):
            VideoWriter(same, info, WriteOptions(force=True))
    assert clip.path.read_bytes() == before
    with pytest.raises(OutputNotWritable, match="does not exist"):
        check_output(tmp_path / "none" / "b.mp4")
    with pytest.raises(OutputNotWritable, match="is a folder"):
        check_output(tmp_path, force=True)
    with pytest.raises(OutputNotWritable, match=r"\.xyz"):
        VideoWriter(tmp_path / "b.xyz", info)
    with pytest.raises(OutputNotWritable, match="cannot be written"):
        check_output(Path("/proc/facedit.mp4") if ROOT else tmp_path / ("n" * 300) / "b.mp4")


@pytest.mark.skipif(ROOT, reason="root may write everywhere")
def test_a_folder_without_permission(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir()
    closed.chmod(stat.S_IRUSR | stat.S_IXUSR)
    with pytest.raises(OutputNotWritable, match="denied"):
        check_output(closed / "b.mp4")


def test_a_full_disk_is_one_line(tmp_path: Path) -> None:
    """/dev/full takes no byte; the temporary file is made to stand for it."""
    clip = make_clip(tmp_path / "a.mp4", seconds=0.2, sound_rate=0)
    writer = VideoWriter(tmp_path / "b.mp4", probe(clip.path))
    with pytest.raises(OutputNotWritable, match="cannot be written"), writer:  # noqa: PT012
        part = next(tmp_path.glob(".*.part"))
        part.unlink()
        part.symlink_to("/dev/full")
        writer._container.close()
        writer._open(part)
        for frame in read_frames(clip.path):
            writer.write_frame(frame)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.mp4"]


@pytest.mark.parametrize("name", ["two words.mp4", "-dash.mp4", "http:x.mp4", "q'\"%d;é.mp4"])
def test_names_are_only_names(name: str, tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mp4", seconds=0.2)
    copy(clip.path, tmp_path / name)
    assert probe(tmp_path / name).frame_count == 5


def test_usual_permissions(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mp4", seconds=0.2)
    copy(clip.path, tmp_path / "b.mp4")
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE((tmp_path / "b.mp4").stat().st_mode) == 0o666 & ~mask


def test_misuse_is_an_error(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mp4", seconds=0.2)
    info = probe(clip.path)
    frame = next(read_frames(clip.path))
    out = tmp_path / "b.mp4"
    with pytest.raises(ValueError, match="does not follow"), VideoWriter(out, info) as writer:  # noqa: PT012
        for _ in range(2):
            writer.write_frame(frame)
    with pytest.raises(ValueError, match="channel"), VideoWriter(out, info) as writer:
        writer.write_sound(np.zeros((10, 2), np.float32))
    with pytest.raises(ValueError, match="needs a time"), VideoWriter(out, info) as writer:
        writer.write_frame(frame.picture)
    assert not out.exists()


def test_choices() -> None:
    info = new_video_info(1280, 720, Fraction(30000, 1001), sound_rate=16_000)
    assert choose_time_base(info).denominator % 30_000 == 0
    assert choose_encoding(Path("a.webm"), info).picture.encoder == "libvpx-vp9"
    setting = choose_encoding(Path("a.MOV"), info)
    assert (setting.container, setting.picture.encoder, setting.sound_codec) == (
        "mov",
        "libx264",
        "aac",
    )
    assert setting.sound_bit_rate == 96_000  # AAC holds 6 bits per sample at most.


@pytest.mark.parametrize(
    ("name", "asked", "codec", "tag", "pix_fmt"),
    [
        ("b.mp4", "hevc", "hevc", "hvc1", "yuv420p"),
        ("b.mov", "prores", "prores", "apch", "yuv422p10le"),
        ("b.mov", "dnxhr", "dnxhd", "AVdh", "yuv422p"),
        ("b.mp4", "prores", "h264", "avc1", "yuv420p"),  # mp4 holds no ProRes
        ("b.mp4", "source", "h264", "avc1", "yuv420p"),
    ],
)
def test_a_codec_is_asked_for(name, asked, codec, tag, pix_fmt, tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mp4", seconds=0.6, size=(256, 128))
    copy(clip.path, tmp_path / name, codec=asked)
    with av.open(str(tmp_path / name)) as file:
        context = file.streams.video[0].codec_context
        assert (context.name, context.codec_tag, context.pix_fmt) == (codec, tag, pix_fmt)
    pairs = list(zip(read_frames(clip.path), read_frames(tmp_path / name), strict=True))
    assert min(psnr(a.rgb(), b.rgb()) for a, b in pairs) >= 34


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="needs Linux")
@pytest.mark.parametrize("codec", ["h264", "hevc"])
def test_the_same_bytes_on_a_machine_of_one_core(codec: str, tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mp4", seconds=1.0, size=(320, 240), sound_rate=0)
    copy(clip.path, tmp_path / "b.mp4", codec=codec)
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    try:
        copy(clip.path, tmp_path / "c.mp4", codec=codec)
    finally:
        os.sched_setaffinity(0, cores)
    assert (tmp_path / "b.mp4").read_bytes() == (tmp_path / "c.mp4").read_bytes()
