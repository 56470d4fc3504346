"""HDR10 data, chroma location and fields are written as they were read, or named in a note."""

from pathlib import Path

import av
import pytest

from facedit.media.info import VideoInfo
from facedit.media.probe import probe
from facedit.media.read import read_frames
from facedit.media.rendering import choose_rendering
from facedit.media.signals import PictureSignals
from facedit.media.write import write_video
from facedit.media.write_options import WriteOptions
from media.clips import make_clip

MASTERING = "G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50)"
HDR10 = PictureSignals(MASTERING, "1000,400", 2)


def clip_with(path: Path, codec: str, params: str, pix_fmt: str) -> VideoInfo:
    options = {f"{codec.removeprefix('lib')}-params": f"{params}:log-level=none", "crf": "20"}
    make_clip(path, codec=codec, options=options, pix_fmt=pix_fmt, seconds=0.4, size=(128, 96))
    return probe(path)


def written(info: VideoInfo, path: Path) -> VideoInfo:
    write_video(path, info, read_frames(info.path, info=info), (), WriteOptions(codec="source"))
    return probe(path)


@pytest.mark.parametrize("suffix", ["mp4", "mov", "mkv"])
@pytest.mark.parametrize("codec", ["libx264", "libx265"])
def test_hdr10_goes_on(codec: str, suffix: str, tmp_path: Path) -> None:
    names = ("mastering-display", "cll") if codec == "libx264" else ("master-display", "max-cll")
    params = f"{names[0]}={MASTERING}:{names[1]}=1000,400:chromaloc=2"
    info = clip_with(tmp_path / f"a.{suffix}", codec, params, "yuv420p10le")
    assert info.signals == HDR10
    after = written(info, tmp_path / f"b.{suffix}")
    assert after.signals == HDR10
    assert after.codec == info.codec


@pytest.mark.parametrize("fields", ["tff", "bff"])
def test_fields_go_on(fields: str, tmp_path: Path) -> None:
    info = clip_with(tmp_path / "a.mp4", "libx264", f"{fields}=1", "yuv420p")
    assert info.signals.fields == fields
    assert "interlaced pictures are treated as whole ones" in info.notes
    after = written(info, tmp_path / "b.mp4")
    assert after.signals.fields == fields
    with av.open(str(tmp_path / "b.mp4")) as file:
        assert all(frame.interlaced_frame for frame in file.decode(video=0))


def test_a_codec_that_cannot_say_so_is_named(tmp_path: Path) -> None:
    info = clip_with(tmp_path / "a.mp4", "libx264", "tff=1:cll=1000,400", "yuv420p")
    notes = choose_rendering(tmp_path / "b.webm", info, ()).notes
    assert [note for note in notes if "light levels" in note and "libvpx-vp9" in note]
    assert [note for note in notes if "fields" in note]
    assert not choose_rendering(tmp_path / "b.mp4", info, ()).notes


def test_a_plain_clip_says_nothing(tmp_path: Path) -> None:
    make_clip(tmp_path / "a.webm", codec="libvpx-vp9", options={}, seconds=0.2)
    assert probe(tmp_path / "a.webm").signals == PictureSignals()
