"""Which container, codecs and settings an output gets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from pathlib import Path

import av

from facedit.errors import OutputNotWritable
from facedit.media.codecs import QUANTISER, PictureEncoder, choose_picture_encoder
from facedit.media.info import SoundInfo, VideoInfo
from facedit.media.pcm import MOST_CHANNELS
from facedit.media.tags import tag_options

_CONTAINERS = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska", ".webm": "webm"}
_AAC_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000)
_AAC_BITS_PER_SAMPLE = 6
_LOSSLESS = {
    "mov": ("pcm_", "alac"),
    "matroska": ("pcm_", "flac", "alac"),
    "mp4": ("flac", "alac"),
}
"""Sound that a container holds without loss: kept samples stay what they were."""
_SOUND_BITS_PER_CHANNEL = 192_000
_FINEST_TICKS = 1_000_000


@dataclass(frozen=True, slots=True)
class Encoding:
    """How an output is encoded.

    Attributes:
        container: FFmpeg's name of the muxer.
        container_options: Its options.
        picture: Encoder of the pictures.
        time_base: Seconds per tick of its times.
        sound_codec: Sound encoder, empty without sound.
        sound_rate: Samples per second it is given.
        sound_bit_rate: Bits per second of the sound.
        sound_format: Sample format it is given, empty for the encoder's own.
    """

    container: str
    container_options: dict[str, str]
    picture: PictureEncoder
    time_base: Fraction
    sound_codec: str = ""
    sound_rate: int = 0
    sound_bit_rate: int = 0
    sound_format: str = ""

    def container_options_for(self, tags: Mapping[str, str]) -> dict[str, str]:
        """Return the options of the muxer that it takes to write some tags."""
        given, more = self.container_options, tag_options(self.container, tags)
        return {key: given.get(key, "") + more.get(key, "") for key in given.keys() | more.keys()}

    def lost_sound(self, info: VideoInfo) -> tuple[str, ...]:
        """Say that sound without loss does not stay so."""
        was = info.sound_codec
        if self.sound_format or not was.startswith(_LOSSLESS["matroska"]):
            return ()
        return (
            f"the sound, {was}, becomes {self.sound_codec}: {self.container} does not hold it.",
        )


def container_of(path: Path) -> str:
    """Return the container that an output's name asks for.

    Raises OutputNotWritable if the suffix names no container that is written.
    """
    container = _CONTAINERS.get(path.suffix.lower())
    if container is None:
        known = ", ".join(sorted(_CONTAINERS))
        raise OutputNotWritable(f"{path}: cannot write '{path.suffix}' files; use one of {known}.")
    return container


def choose_encoding(
    path: Path, info: VideoInfo, quantiser: int = QUANTISER, codec: str = "h264"
) -> Encoding:
    """Choose how an output is encoded from its name and its source.

    ``path``: the output; its suffix chooses the container; ``quantiser``: quantiser of H.264
    (0-51); others' are derived from it; ``codec``: of the pictures, as ``choose_picture_encoder``
    takes it. Returns the encoding: with AAC, or Opus in webm; sound without loss stays what it is
    where the container holds it. ``OutputNotWritable`` if the suffix names no container that is
    written.
    """
    container = container_of(path)
    sound_codec, sound_rate, bit_rate, sound_format = "", 0, 0, ""
    if info.sound is not None and _stays_lossless(info, container):
        sound_codec, sound_rate = info.sound.codec, info.sound.rate
        sound_format = info.sound.sample_format
    elif info.sound is not None:
        sound_codec = "libopus" if container == "webm" else "aac"
        sound_rate, bit_rate = _sound_setting(info.sound, sound_codec)
    return Encoding(
        container=container,
        container_options={"movflags": "+faststart"} if container in ("mp4", "mov") else {},
        picture=choose_picture_encoder(container, info, quantiser, codec),
        time_base=choose_time_base(info),
        sound_codec=sound_codec,
        sound_rate=sound_rate,
        sound_bit_rate=bit_rate,
        sound_format=sound_format,
    )


def choose_time_base(info: VideoInfo) -> Fraction:
    """Choose ticks that hold the source's times exactly, and its frame rate's where possible."""
    ticks = info.time_base.denominator
    both = lcm(ticks, info.frame_rate.numerator)
    if both <= _FINEST_TICKS:
        return Fraction(1, both)
    return Fraction(1, ticks) if ticks <= _FINEST_TICKS else Fraction(1, _FINEST_TICKS)


def _stays_lossless(info: VideoInfo, container: str) -> bool:
    """Tell whether a container holds a sound without loss, and FFmpeg encodes it."""
    sound, held = info.sound, _LOSSLESS.get(container, ())
    if container == "mp4" and _CONTAINERS.get(info.path.suffix.lower()) == "mp4":
        held = (*held, "pcm_")  # few players take it there: only from where it is so already
    if sound is None or not sound.codec.startswith(held) or sound.channels > MOST_CHANNELS:
        return False
    try:
        formats = av.Codec(sound.codec, "w").audio_formats or ()
    except av.codec.codec.UnknownCodecError:
        return False
    return sound.sample_format in [one.name for one in formats]


def _sound_setting(sound: SoundInfo, codec: str) -> tuple[int, int]:
    """Choose rate and bit rate of the sound: its own rate where the codec has it."""
    wanted = max(_SOUND_BITS_PER_CHANNEL * min(sound.channels, 2), sound.bit_rate)
    if codec == "libopus":
        return 48_000, min(wanted, 256_000 * sound.channels)
    rate = sound.rate if sound.rate in _AAC_RATES else 48_000
    return rate, min(wanted, _AAC_BITS_PER_SAMPLE * rate * sound.channels)
