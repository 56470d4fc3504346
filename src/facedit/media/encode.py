"""Which container, codecs and settings an output gets."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from pathlib import Path

from facedit.errors import OutputNotWritable
from facedit.media.formats import plane_layout
from facedit.media.info import SoundInfo, VideoInfo

_CONTAINERS = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska", ".webm": "webm"}
_AAC_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000)
_AAC_BITS_PER_SAMPLE = 6
_SOUND_BITS_PER_CHANNEL = 192_000
_FINEST_TICKS = 1_000_000
_LARGE_PICTURE = 800_000

QUANTISER = 13
"""Constant quantiser of H.264: its step of 2^((13 - 4) / 6) = 2.8 code values bounds the error of
every frame, which a constant rate factor does not (measured: 42.3 dB in the worst frame of a
detailed clip at factor 14, against 46.5 dB at quantiser 14, for 1.5 times the bits)."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """How an output is encoded.

    Attributes:
        container: FFmpeg's name of the muxer.
        container_options: Its options.
        codec: Video encoder.
        options: Its options.
        pix_fmt: Pixel format it is given.
        time_base: Seconds per tick of its times.
        sound_codec: Sound encoder, empty without sound.
        sound_rate: Samples per second it is given.
        sound_bit_rate: Bits per second of the sound.
    """

    container: str
    container_options: dict[str, str]
    codec: str
    options: dict[str, str]
    pix_fmt: str
    time_base: Fraction
    sound_codec: str = ""
    sound_rate: int = 0
    sound_bit_rate: int = 0


def container_of(path: Path) -> str:
    """Return the container that an output's name asks for.

    Args:
        path: The output.

    Returns:
        FFmpeg's name of the muxer.

    Raises:
        OutputNotWritable: If the suffix names no container that is written.
    """
    container = _CONTAINERS.get(path.suffix.lower())
    if container is None:
        known = ", ".join(sorted(_CONTAINERS))
        raise OutputNotWritable(f"{path}: cannot write '{path.suffix}' files; use one of {known}.")
    return container


def choose_encoding(path: Path, info: VideoInfo, quantiser: int = QUANTISER) -> Encoding:
    """Choose how an output is encoded from its name and its source.

    Args:
        path: The output; its suffix chooses the container.
        info: The source.
        quantiser: Quantiser of H.264 (0-51); VP9's is derived from it.

    Returns:
        The encoding: H.264 and AAC, or VP9 and Opus in webm. (``OutputNotWritable`` if the suffix
        names no container that is written.)
    """
    container = container_of(path)
    sound_codec, sound_rate, bit_rate = "", 0, 0
    if info.sound is not None:
        sound_codec = "libopus" if container == "webm" else "aac"
        sound_rate, bit_rate = _sound_setting(info.sound, sound_codec)
    webm = container == "webm"
    return Encoding(
        container=container,
        container_options={"movflags": "+faststart"} if container in ("mp4", "mov") else {},
        codec="libvpx-vp9" if webm else "libx264",
        options=_vp9_options(quantiser) if webm else _h264_options(info, quantiser),
        pix_fmt=_encoder_format(info, webm),
        time_base=choose_time_base(info),
        sound_codec=sound_codec,
        sound_rate=sound_rate,
        sound_bit_rate=bit_rate,
    )


def choose_time_base(info: VideoInfo) -> Fraction:
    """Choose ticks that hold the source's times exactly, and its frame rate's where possible.

    Args:
        info: The source.

    Returns:
        Seconds per tick.
    """
    ticks = info.time_base.denominator
    both = lcm(ticks, info.frame_rate.numerator)
    if both <= _FINEST_TICKS:
        return Fraction(1, both)
    return Fraction(1, ticks) if ticks <= _FINEST_TICKS else Fraction(1, _FINEST_TICKS)


def _h264_options(info: VideoInfo, quantiser: int) -> dict[str, str]:
    large = info.width * info.height >= _LARGE_PICTURE
    return {"preset": "superfast" if large else "veryfast", "qp": str(quantiser)}


def _vp9_options(quantiser: int) -> dict[str, str]:
    """Constant quality; VP9 counts quantisers up to 63."""
    level = str(max(0, quantiser - 5))
    return {
        "crf": level,
        "qmax": str(int(level) + 4),
        "b": "0",
        "deadline": "realtime",
        "cpu-used": "7",
        "row-mt": "1",
    }


def _encoder_format(info: VideoInfo, webm: bool) -> str:
    """Choose the pixel format that the encoder takes without loss."""
    layout = plane_layout(info.pix_fmt)
    if layout is None:
        return "yuv420p"
    width, height = info.stored_width, info.stored_height
    deep = "10le" if layout.bits > 8 else ""
    if not layout.has_chroma:
        return f"gray{deep}" if not webm else f"yuv420p{deep}"
    if webm:
        return info.pix_fmt.replace("yuvj", "yuv").replace("nv12", "yuv420p")
    if width % layout.sub_x or height % layout.sub_y:
        # H.264 holds whole chroma samples only; 4:4:4 keeps every pixel.
        return ("yuvj444p" if info.pix_fmt.startswith("yuvj") else "yuv444p") + deep
    return info.pix_fmt


def _sound_setting(sound: SoundInfo, codec: str) -> tuple[int, int]:
    """Choose rate and bit rate of the sound: its own rate where the codec has it."""
    wanted = max(_SOUND_BITS_PER_CHANNEL * min(sound.channels, 2), sound.bit_rate)
    if codec == "libopus":
        return 48_000, min(wanted, 256_000 * sound.channels)
    rate = sound.rate if sound.rate in _AAC_RATES else 48_000
    return rate, min(wanted, _AAC_BITS_PER_SAMPLE * rate * sound.channels)
