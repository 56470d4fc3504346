"""Samples lie where they sound, whatever the codec and however they are read."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from facedit.errors import BadMedia, NoSound
from facedit.media import sound
from facedit.media.held_sound import HeldSound
from facedit.media.open import open_media
from facedit.media.pcm import fit, remix
from facedit.media.probe import probe
from facedit.media.sound import (
    iter_sound,
    read_sound,
    read_speech_file,
    read_spoken,
    resample,
    write_wav,
)
from facedit.types import Sound
from media.clips import make_clip


def lag(reference: np.ndarray, found: np.ndarray, most: int = 4000) -> int:
    """By how many samples ``found`` comes late (peak of the cross-correlation)."""
    size = 1 << (len(reference) + len(found)).bit_length()
    product = np.fft.rfft(found, size) * np.conj(np.fft.rfft(reference, size))
    score = np.fft.irfft(product, size)
    shifts = np.concatenate([score[: most + 1], score[-most:]])
    best = int(np.argmax(shifts))
    return best if best <= most else best - 2 * most - 1


def speechlike(rate: int, seconds: float, channels: int = 1) -> Sound:
    rng = np.random.default_rng(5)
    noise = rng.standard_normal((round(rate * seconds), channels))
    smooth = np.apply_along_axis(lambda c: np.convolve(c, np.ones(6) / 6, "same"), 0, noise)
    return Sound((0.2 * smooth).astype(np.float32), rate)


def test_pcm_comes_back_sample_by_sample(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.avi", codec="mpeg4", options={}, channels=2)
    sound = read_sound(clip.path)
    assert sound.rate == 48_000
    np.testing.assert_allclose(sound.samples, clip.sound, atol=1 / 32768)


@pytest.mark.parametrize(
    ("suffix", "rate"), [("mp4", 48_000), ("mp4", 16_000), ("mkv", 44_100), ("webm", 48_000)]
)
def test_compressed_sound_is_not_shifted(suffix: str, rate: int, tmp_path: Path) -> None:
    codec = "libvpx-vp9" if suffix == "webm" else "libx264"
    clip = make_clip(tmp_path / f"a.{suffix}", sound_rate=rate, codec=codec)
    sound = read_sound(clip.path)
    # Matroska tells times in milliseconds.
    allowed = 1 if suffix == "mp4" else rate // 1000
    assert abs(lag(clip.sound[:, 0], sound.samples[:, 0])) <= allowed


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "avi", "ts"])
def test_windows_agree_with_the_whole(suffix: str, tmp_path: Path) -> None:
    codec = "mpeg4" if suffix == "avi" else "libx264"
    clip = make_clip(tmp_path / f"a.{suffix}", codec=codec, options={}, seconds=3, channels=2)
    info = probe(clip.path)
    whole = read_sound(clip.path, info=info).samples
    for start, end in [(0, 0.1), (0.5, 0.9), (1.23456, 1.5), (2.5, 2.6), (1.7, 1.7)]:
        window = read_sound(clip.path, start, end, info=info).samples
        first, stop = round(start * 48_000), round(end * 48_000)
        np.testing.assert_array_equal(window, whole[first:stop])
    blocks = list(iter_sound(clip.path, 1000, info=info))
    assert {len(block.samples) for block in blocks[:-1]} == {1000}
    np.testing.assert_array_equal(np.concatenate([b.samples for b in blocks]), whole)


@pytest.mark.parametrize(
    ("name", "how"),
    [("a.mp4", {"sound_start_s": 0.1}), ("b.mov", {"sound_codec": "pcm_s16le", "channels": 2}),
     ("c.ts", {})],
)  # fmt: skip
def test_what_is_held_are_the_very_samples_and_decoded_once(
    name: str, how: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = make_clip(tmp_path / name, seconds=3, **how)
    heard, parts = HeldSound(clip.path, probe(clip.path)), [(0, 0.1), (1.23456, 1.5), (2.5, 4.0)]
    wanted = [read_sound(clip.path, *part, info=heard.info) for part in parts]
    decoded = []
    monkeypatch.setattr(
        "facedit.media.sound.open_media", lambda *how: decoded.append(how) or open_media(*how)
    )
    for part, own in zip(parts, wanted, strict=True):
        blocks = [block.samples for block in heard.blocks(*part)]
        for found in (heard.read(*part).samples, np.concatenate(blocks)):
            np.testing.assert_array_equal(found, own.samples)
        mono = heard.read(*part, mono=True).samples
        np.testing.assert_array_equal(mono, own.samples.mean(axis=1, keepdims=True))
    assert len(decoded) == 1
    # Before what is held, and far behind it, the file is asked.
    early = read_sound(clip.path, -0.5, 0.5, info=heard.info).samples
    np.testing.assert_array_equal(heard.read(-0.5, 0.5).samples, early)
    assert len(heard.read(3000.0, 3000.1).samples) == 4800
    assert len(decoded) == 4


@pytest.mark.parametrize(("name", "codec"), [("a.mov", "pcm_s16le"), ("a.mp4", "aac")])
def test_sound_far_into_a_file_is_entered_there(
    name: str, codec: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither decoded from the start nor taken for a jump of the clock."""
    options = {"aac_pns": "0"} if codec == "aac" else {}
    make_clip(tmp_path / name, seconds=4.0, sound_codec=codec, sound_options=options)
    info = probe(tmp_path / name)
    whole = read_sound(tmp_path / name, info=info).samples
    monkeypatch.setattr(sound, "FROM_START_S", 1.0)
    monkeypatch.setattr(sound, "_MAX_GAP_S", 1.0)
    packets = []
    decoded = sound._decoded
    monkeypatch.setattr(
        sound, "_decoded", lambda *how: (packets.append(one) or one for one in decoded(*how))
    )
    late = read_sound(tmp_path / name, 3.0, 3.5, info=info).samples
    np.testing.assert_array_equal(late, whole[3 * 48_000 : round(3.5 * 48_000)])
    assert sum(frame.samples for frame in packets) < 2 * 48_000


def test_silence_where_the_file_has_no_sound(tmp_path: Path) -> None:
    clip = make_clip(
        tmp_path / "a.mkv", sound_codec="pcm_s16le", sound_start_s=0.5, sound_seconds=0.5
    )
    sound = read_sound(clip.path, 0, 2)
    assert len(sound.samples) == 96_000
    assert np.abs(sound.samples[:23_900]).max() == 0
    assert np.abs(sound.samples[48_100:]).max() == 0
    assert abs(lag(clip.sound[:, 0], sound.samples[:, 0], 30_000) - 24_000) <= 48
    assert np.abs(read_sound(clip.path, 5, 5.5).samples).max() == 0
    assert read_sound(clip.path, 5, 5 + 1 / 48_000).samples.shape == (1, clip.sound.shape[1])


def test_a_jump_of_the_clock_does_not_fill_the_memory(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mkv", sound_codec="pcm_s16le", sound_start_s=90_000)
    with pytest.raises(BadMedia, match="jumps by 90000 s"):
        read_sound(clip.path)


def test_no_sound(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mp4", sound_rate=0, seconds=0.3)
    with pytest.raises(NoSound):
        read_sound(clip.path)
    with pytest.raises(NoSound):
        read_speech_file(clip.path)


@pytest.mark.parametrize(("old", "new"), [(48_000, 16_000), (16_000, 44_100), (22_050, 48_000)])
def test_resampling_keeps_a_tone_in_place(old: int, new: int) -> None:
    time_old, time_new = np.arange(old) / old, np.arange(new) / new
    sound = Sound(np.sin(2 * np.pi * 440 * time_old).astype(np.float32)[:, None], old)
    found = resample(sound, new)
    assert found.samples.shape == (new, 1)
    middle = slice(new // 50, -new // 50)
    expected = np.sin(2 * np.pi * 440 * time_new)
    np.testing.assert_allclose(found.samples[middle, 0], expected[middle], atol=1e-3)


def test_resampling_in_long_blocks_has_no_seams() -> None:
    time_s = np.arange(200_000) / 48_000
    sound = Sound(np.sin(2 * np.pi * 300 * time_s).astype(np.float32)[:, None], 48_000)
    found = resample(sound, 32_000).samples[:, 0]
    expected = np.sin(2 * np.pi * 300 * np.arange(len(found)) / 32_000)
    np.testing.assert_allclose(found[1000:-1000], expected[1000:-1000], atol=1e-3)


def test_channels() -> None:
    stereo = np.array([[1.0, 0.0], [0.5, -0.5]], np.float32)
    np.testing.assert_allclose(remix(stereo, 1), [[0.5], [0.0]])
    np.testing.assert_allclose(remix(stereo[:, :1], 2), [[1, 1], [0.5, 0.5]])
    assert remix(stereo, 2) is stereo
    np.testing.assert_allclose(fit(stereo, 3)[2], 0)
    assert len(fit(stereo, 1)) == 1
    assert resample(Sound(stereo, 8000), 8000, 1).samples.shape == (2, 1)
    assert resample(Sound(stereo[:0], 8000), 16_000).samples.shape == (0, 2)


def test_wav_round_trip(tmp_path: Path) -> None:
    sound = speechlike(22_050, 0.5, 2)
    write_wav(tmp_path / "a.wav", sound)
    found = read_speech_file(tmp_path / "a.wav")
    assert found.rate == 22_050
    np.testing.assert_allclose(found.samples, sound.samples, atol=1.1 / 32768)


@pytest.mark.parametrize(
    ("suffix", "codec", "layout"),
    [
        ("mp3", "libmp3lame", "stereo"),
        ("m4a", "aac", "mono"),
        ("flac", "flac", "mono"),
        ("ogg", "libopus", "mono"),
        ("caf", "pcm_s16le", "mono"),
        ("w64", "pcm_s24le", "stereo"),
    ],
)
def test_speech_files_start_at_their_first_sample(
    suffix: str, codec: str, layout: str, tmp_path: Path
) -> None:
    channels = 2 if layout == "stereo" else 1
    sound = speechlike(48_000, 1.0, channels)
    path = tmp_path / f"a.{suffix}"
    with av.open(str(path), "w") as file:
        stream = file.add_stream(codec, rate=48_000)
        stream.layout = layout
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(sound.samples.T), format="fltp", layout=layout
        )
        frame.sample_rate, frame.pts, frame.time_base = 48_000, 0, Fraction(1, 48_000)
        file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    found = read_speech_file(path)
    assert found.rate == 48_000
    assert found.samples.shape[1] == channels
    assert abs(lag(sound.samples[:, 0], found.samples[:, 0])) <= 1
    assert abs(len(found.samples) - 48_000) <= (1200 if suffix == "mp3" else 2)


@pytest.mark.parametrize("content", [b"", b"RIFF\x00\x00\x00\x00WAVEfmt ", b"hello" * 50])
def test_bad_speech_files(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(content)
    with pytest.raises(BadMedia, match=r"a\.wav"):
        read_speech_file(path)


def test_what_is_heard_is_mono_of_a_recording_and_of_a_video(tmp_path: Path) -> None:
    stereo = speechlike(16_000, 0.5, channels=2)
    write_wav(tmp_path / "a.wav", stereo)
    both = read_speech_file(tmp_path / "a.wav").samples
    heard = read_spoken(tmp_path / "a.wav").samples
    np.testing.assert_allclose(heard, both.mean(axis=1, keepdims=True), atol=1e-6)
    clip = make_clip(
        tmp_path / "a.mkv", seconds=1.0, sound_codec="pcm_s16le", sound_start_s=0.25, channels=2
    )
    heard = read_spoken(clip.path).samples
    assert heard.shape == (48_000, 1)  # on the picture's clock and of its length
    assert np.abs(heard[:11_900]).max() == 0
    assert abs(lag(clip.sound.mean(axis=1), heard[:, 0], 13_000) - 12_000) <= 48


def test_a_recording_may_fill_the_memory_it_is_allowed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_wav(tmp_path / "a.wav", speechlike(16_000, 0.5, channels=2))
    monkeypatch.setattr("facedit.media.sound.MAX_VALUES", 16_000)
    assert read_speech_file(tmp_path / "a.wav").samples.shape == (8_000, 2)
    monkeypatch.setattr("facedit.media.sound.MAX_VALUES", 15_999)
    with pytest.raises(BadMedia, match="too much to hold"):
        read_speech_file(tmp_path / "a.wav")


def test_of_a_video_that_was_cut_off_what_is_there_is_heard(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mkv", seconds=2.0, sound_codec="pcm_s16le")
    whole = read_spoken(clip.path).samples
    data = clip.path.read_bytes()
    clip.path.write_bytes(data[: int(0.6 * len(data))])
    with pytest.raises(BadMedia, match="truncated"):
        probe(clip.path)
    heard = read_spoken(clip.path).samples
    assert 0.8 * 48_000 < len(heard) < 2.0 * 48_000
    np.testing.assert_array_equal(heard[:36_000], whole[:36_000])
