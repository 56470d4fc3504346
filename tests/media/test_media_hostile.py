"""Bad files: one clear line each, never a traceback, never another file opened."""

import os
import struct
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest

from facedit.errors import BadMedia
from facedit.media.image import read_image
from facedit.media.open import MAX_PIXELS
from facedit.media.probe import probe
from facedit.media.read import read_frames
from facedit.media.sound import read_sound, read_speech_file, write_wav
from facedit.speech.sound_ops import mono
from facedit.types import Sound
from media.clips import make_clip


def refused(path: Path, read: Callable = probe) -> str:
    """The message with which a file is refused; one line that names the file."""
    with pytest.raises(BadMedia) as caught:
        read(path)
    message = str(caught.value)
    assert "\n" not in message
    assert path.name in message
    return message


def test_files_that_are_no_videos(tmp_path: Path) -> None:
    path = tmp_path / "x.mp4"
    assert "no such file" in refused(path)
    path.write_bytes(b"")
    assert "empty file (0 bytes)" in refused(path)
    path.write_text("Dear all,\nplease find attached the video.\n" * 20)
    assert "not a video" in refused(path)
    path.write_bytes(np.random.default_rng(1).bytes(5000))
    assert "not a video" in refused(path)
    assert "folder" in refused(tmp_path)
    pipe = tmp_path / "pipe.mp4"
    os.mkfifo(pipe)
    assert "plain files" in refused(pipe)


def test_a_stream_that_begins_late(tmp_path: Path) -> None:
    """PyAV knows the streams that a file had when it was opened."""
    data = bytearray(make_clip(tmp_path / "a.flv", seconds=3.0).path.read_bytes())
    at, last = 13, 13
    while at < len(data):
        last = at if data[at] == 8 else last
        at += 11 + int.from_bytes(data[at + 1 : at + 4], "big") + 4
    data[last + 11] = 0x2F  # the last block of sound becomes MP3
    (tmp_path / "b.flv").write_bytes(data)
    assert "a further stream begins" in refused(tmp_path / "b.flv")


@pytest.mark.parametrize(
    "text",
    [
        "ffconcat version 1.0\nfile {0}\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{0}\n#EXT-X-ENDLIST\n",
        "\n\n#EXTM3U\n#EXTINF:2,\n{0}\n#EXT-X-ENDLIST\n",
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><Period/></MPD>',
        "v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n",
    ],
)
@pytest.mark.parametrize("name", ["list.mp4", "list.m3u8", "list.mkv"])
def test_playlists_do_not_open_other_files(text: str, name: str, tmp_path: Path) -> None:
    make_clip(tmp_path / "secret.mp4", seconds=0.2)
    path = tmp_path / name
    path.write_text(text.format("secret.mp4"))
    assert "playlist" in refused(path)
    refused(path, read_speech_file)
    refused(path, read_image)


def test_sound_alone_is_no_video(tmp_path: Path) -> None:
    path = tmp_path / "a.m4a"
    with av.open(str(path), "w") as file:
        stream = file.add_stream("aac", rate=16_000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 8000), np.float32), "fltp", "mono")
        frame.sample_rate = 16_000
        file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    assert "no picture" in refused(path)


@pytest.mark.parametrize("front", [False, True])
@pytest.mark.parametrize("part", [0.3, 0.5, 0.9, 0.99])
def test_truncated_mp4(front: bool, part: float, tmp_path: Path) -> None:
    how = {"movflags": "+faststart"} if front else {}
    clip = make_clip(tmp_path / "a.mp4", seconds=4, container_options=how, sound_rate=16_000)
    raw = clip.path.read_bytes()
    path = tmp_path / "cut.mp4"
    path.write_bytes(raw[: int(part * len(raw))])
    message = refused(path)
    assert "truncated: " in message
    if not front:
        assert "0 frames readable" in message
        return
    assert "of 100 frames readable" in message
    assert "% of its sound" in message
    info = probe(path, allow_truncated=True)
    frames = list(read_frames(path, info=info, allow_truncated=True))
    assert 0 < len(frames) <= 100
    assert abs(len(frames) - info.frame_count) <= 2
    assert len(read_sound(path, info=info).samples) < 4 * 16_000
    assert any("truncated" in note for note in info.notes)


@pytest.mark.parametrize("part", [0.4, 0.8])
def test_truncated_mkv(part: float, tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mkv", seconds=4, sound_rate=0)
    raw = clip.path.read_bytes()
    path = tmp_path / "cut.mkv"
    path.write_bytes(raw[: int(part * len(raw))])
    message = refused(path)
    assert "truncated" in message
    assert "of 100 frames readable" in message
    assert "of 4.00 s" in message


@pytest.mark.parametrize("size", [(8192, 8192), (16384, 8192)])
@pytest.mark.parametrize("header", [True, False])
def test_pixel_bombs(size: tuple[int, int], header: bool, tmp_path: Path) -> None:
    """A tiny mov whose PNG pictures claim to be huge, with a header that says so or not."""
    path = tmp_path / "bomb.mov"
    with av.open(str(path), "w") as file:
        stream = file.add_stream("png", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "rgb24"
        file.mux(stream.encode(av.VideoFrame(64, 64, "rgb24")))
        file.mux(stream.encode(None))
    raw = bytearray(path.read_bytes())
    picture = raw.index(b"IHDR") + 4
    raw[picture : picture + 8] = struct.pack(">II", *size)
    if header:
        entry = raw.index(b"png ", raw.index(b"stsd"))
        raw[entry + 28 : entry + 32] = struct.pack(">HH", *size)
        track = raw.index(b"tkhd")
        raw[track + 80 : track + 88] = struct.pack(">II", size[0] << 16, size[1] << 16)
    path.write_bytes(raw)
    assert f"{MAX_PIXELS / 1e6:.1f} megapixels" in refused(path)


@pytest.mark.parametrize(
    ("suffix", "codec"), [("mp4", "libx264"), ("mkv", "libx264"), ("webm", "libvpx-vp9")]
)
def test_flipped_bits(suffix: str, codec: str, tmp_path: Path) -> None:
    """Whatever comes of a damaged file, it is pictures or one line."""
    clip = make_clip(
        tmp_path / f"a.{suffix}", seconds=0.4, size=(32, 32), codec=codec, sound_rate=16_000
    )
    raw = np.frombuffer(clip.path.read_bytes(), np.uint8)
    rng = np.random.default_rng(20)
    path = tmp_path / f"b.{suffix}"
    outcomes = []
    for _ in range(20):
        damaged = raw.copy()
        at = rng.integers(0, len(raw), size=int(rng.choice([1, 8, 64])))
        damaged[at] ^= (1 << rng.integers(0, 8, size=len(at))).astype(np.uint8)
        path.write_bytes(damaged.tobytes())
        try:
            info = probe(path)
            for frame in read_frames(path, info=info):
                frame.rgb()
            if info.has_sound:
                read_sound(path, 0, 0.5, info=info)
            outcomes.append("read")
        except BadMedia as error:
            outcomes.append(str(error))
    refusals = [line for line in outcomes if line != "read"]
    assert len(outcomes) == 20
    assert refusals
    assert not any("\n" in line for line in refusals)


@pytest.mark.parametrize(("rate", "channels"), [(2_000_000_000, 1), (48_000, 500)])
def test_sound_that_no_recording_has(rate: int, channels: int, tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    write_wav(path, Sound(np.zeros((8000, 1), np.float32), 48_000))
    data = bytearray(path.read_bytes())
    data[22:34] = struct.pack("<HIIH", channels, rate, min(2 * rate * channels, 2**32 - 1), 2)
    path.write_bytes(data)
    assert "its header says" in refused(path, read_speech_file)


def test_recordings_are_held_to_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.wav"
    samples = np.linspace(-0.9, 0.9, 40_000, dtype=np.float32).reshape(-1, 4)
    write_wav(path, Sound(samples, 48_000))
    whole = read_speech_file(path)
    assert np.array_equal(read_speech_file(path, mono=True).samples[:, 0], mono(whole))
    monkeypatch.setattr("facedit.media.sound.MAX_VALUES", 20_000)
    assert len(read_speech_file(path, mono=True).samples) == 10_000
    assert "4 channel(s) at 48000 Hz are too much" in refused(path, read_speech_file)
