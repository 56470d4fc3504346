"""Reads sound at its own rate and channels, sample by sample on the picture's clock.

Sample ``n`` of what is read here sounds ``n / rate`` seconds after the first picture is shown,
whatever encoder delay, edit list or start offset the file has.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Disposition

from facedit.errors import BadMedia, NoSound
from facedit.media.info import SoundInfo, VideoInfo
from facedit.media.open import SOUND_FORMATS, VIDEO_FORMATS, open_media, typed_errors
from facedit.media.pcm import remix, resample, to_float
from facedit.media.probe import probe
from facedit.media.streams import find_sound, find_video
from facedit.media.wav import write_wav
from facedit.types import Float32, Sound
from facedit.units import sample_at

__all__ = ["iter_sound", "read_sound", "read_speech_file", "read_spoken", "resample", "write_wav"]

BLOCK_SAMPLES = 1 << 15
"""Samples per block where the caller has no wish."""

FROM_START_S = 60
"""Up to here sound whose decoder carries a state along is decoded from its start."""

MAX_SPEECH_S = 3600.0
"""Longest speech recording that is read into memory."""

MAX_VALUES = 500_000_000
"""Most values that a recording fills memory with (2 GB): an hour of stereo at 48 kHz."""

_GROWTH = 1 << 22
_PREROLL_S = 0.5
_STATELESS = ("pcm_", "flac", "alac")
_JITTER_S = 0.01
_MAX_PADDING = 4096
_MAX_GAP_S = 600.0

_log = logging.getLogger(__name__)


def read_sound(
    path: Path | str,
    start_s: float | None = None,
    end_s: float | None = None,
    *,
    info: VideoInfo | None = None,
    mono: bool = False,
) -> Sound:
    """Read a window of a video's sound.

    Args:
        path: The video.
        start_s: Start in seconds from the first picture; None for 0.
        end_s: End in seconds; None for the end of the sound.
        info: What ``probe`` said, if it was asked already.
        mono: Mix the channels down while reading, where only words are looked for.

    Returns:
        The sound at its own rate and channels. With an end given it has exactly the samples
        from ``start_s`` to ``end_s``: silence where the file has none.

    Raises:
        NoSound: If the video has no sound.
    """
    path = Path(path)
    info = info or probe(path)
    if info.sound is None:
        raise NoSound(f"{path}: has no sound.")
    blocks = iter_sound(path, start_s=start_s, end_s=end_s, info=info)
    channels = 1 if mono else info.sound.channels
    mixed = (remix(block.samples, channels) for block in blocks)
    return Sound(_joined(mixed, channels), info.sound.rate)


def iter_sound(
    path: Path | str,
    block_samples: int = BLOCK_SAMPLES,
    *,
    start_s: float | None = None,
    end_s: float | None = None,
    info: VideoInfo | None = None,
) -> Iterator[Sound]:
    """Stream a window of a video's sound; memory does not grow with its length.

    Args:
        path: The video.
        block_samples: Samples per block; the last one may be shorter.
        start_s: Start in seconds from the first picture; None for 0.
        end_s: End in seconds; None for the end of the sound.
        info: What ``probe`` said, if it was asked already.

    Yields:
        Blocks that follow each other without a gap.

    Raises:
        NoSound: If the video has no sound.
    """
    path = Path(path)
    info = info or probe(path)
    if info.sound is None:
        raise NoSound(f"{path}: has no sound.")
    rate = info.sound.rate
    first = sample_at(start_s or 0.0, rate)
    stop = None if end_s is None else max(first, sample_at(end_s, rate))
    pending: list[Float32] = []
    held = 0
    for samples in _window(info, info.sound, first, stop):
        pending.append(samples)
        held += len(samples)
        while held >= block_samples:
            joined = np.concatenate(pending)
            yield Sound(joined[:block_samples], rate)
            pending = [joined[block_samples:]]
            held -= block_samples
    if held:
        yield Sound(np.concatenate(pending), rate)


def read_speech_file(path: Path | str, *, mono: bool = False) -> Sound:
    """Read a recording (wav, mp3, m4a, flac, ogg, or the sound of a video).

    Args:
        path: A local file.
        mono: Mix the channels down while reading.

    Returns:
        The sound at its own rate and channels, from its first sample.

    Raises:
        BadMedia: If the file holds no samples. (Also if it is no sound, damaged, longer than
            ``MAX_SPEECH_S`` or larger than ``MAX_VALUES``.)
        NoSound: If it holds no sound stream.
    """
    path = Path(path)
    with (
        open_media(path, SOUND_FORMATS, "sound") as container,
        typed_errors(path),
    ):
        stream = find_sound(container)
        if stream is None:
            raise NoSound(f"{path}: holds no sound; give a wav, mp3, m4a, flac or ogg file.")
        rate, channels = stream.rate, 1 if mono else stream.channels
        joined = _joined(_recorded(container, stream, path, channels), channels)
        declared = _declared_samples(stream)
    if not len(joined):
        raise BadMedia(f"{path}: 0 samples of sound readable.")
    if 0 < len(joined) - declared <= _MAX_PADDING:
        joined = joined[:declared]
    return Sound(joined, rate)


def _recorded(
    container: InputContainer, stream: AudioStream, path: Path, channels: int
) -> Iterator[Float32]:
    """Decode a recording with so many channels; ``BadMedia`` once it is over a limit."""
    rate, held = stream.rate, 0
    for frame in _decoded(container, stream, path):
        samples = remix(_checked(frame, rate, stream.channels, path), channels)
        held += len(samples)
        if held > MAX_SPEECH_S * rate:
            raise BadMedia(f"{path}: longer than {MAX_SPEECH_S:.0f} s of speech.")
        if held * channels > MAX_VALUES:
            raise BadMedia(
                f"{path}: {held / rate:.0f} s or more of {channels} channel(s) at {rate} Hz are "
                "too much to hold: mix it down to mono or stereo at 48 kHz first."
            )
        yield samples


def read_spoken(path: Path | str) -> Sound:
    """Read all that is heard in a video or a recording, as every stage that looks for words does.

    Args:
        path: A local file.

    Returns:
        Mono. Of a video what an edit of it hears: the sound on the picture's clock and of its
        length. Of a recording all of it, as ``read_speech_file`` (whose errors pass through).
    """
    path = Path(path)
    with open_media(path, SOUND_FORMATS, "sound") as container:
        moving = any(
            not stream.disposition & Disposition.attached_pic for stream in container.streams.video
        )
    if not moving:
        return read_speech_file(path, mono=True)
    info = probe(path, allow_truncated=True, need_sound=True)
    return read_sound(path, 0.0, min(info.duration_s, MAX_SPEECH_S), info=info, mono=True)


def _window(info: VideoInfo, sound: SoundInfo, first: int, stop: int | None) -> Iterator[Float32]:
    """Give the samples from ``first`` to ``stop``, silence where the file has none."""
    position = first
    formats = VIDEO_FORMATS if info.codec else SOUND_FORMATS
    with open_media(info.path, formats) as container, typed_errors(info.path, "damaged sound"):
        for start, samples in _placed(container, info, sound, first):
            end = start + len(samples)
            if end <= position:
                continue
            if stop is not None and start >= stop:
                break
            if start > position:
                gap = min(start, stop) if stop is not None else start
                yield from _silence(gap - position, sound.channels)
                position = gap
            piece = samples[position - start : None if stop is None else stop - start]
            yield piece
            position += len(piece)
            if stop is not None and position >= stop:
                return
    if stop is not None:
        yield from _silence(stop - position, sound.channels)


def _joined(blocks: Iterable[Float32], channels: int) -> Float32:
    """Join blocks as they come, without holding them twice."""
    joined = np.empty((0, channels), np.float32)
    length = 0
    for block in blocks:
        if length + len(block) > len(joined):
            # Doubled, so that a short window costs little; large memory is mapped anew, not copied.
            more = max(len(block), min(length, _GROWTH))
            joined.resize((length + more, channels), refcheck=False)
        joined[length : length + len(block)] = block
        length += len(block)
    joined.resize((length, channels), refcheck=False)
    return joined


def _silence(length: int, channels: int) -> Iterator[Float32]:
    """Give silence in blocks."""
    while length > 0:
        block = min(length, BLOCK_SAMPLES)
        yield np.zeros((block, channels), np.float32)
        length -= block


def _entered(
    container: InputContainer, stream: AudioStream, sound: SoundInfo, origin_s: Fraction, first: int
) -> bool:
    """Go near a sample, if it is not read from the start.

    Decoders of AAC and the like carry overlaps and noise generators along: only from the start do
    they give the very same samples for every window. It costs 2 ms per second of sound; far into a
    file they are entered before the window, and noise alone may differ.
    """
    entry = Fraction(first, sound.rate) - Fraction(_PREROLL_S)
    near = 0 if sound.codec.startswith(_STATELESS) else FROM_START_S
    if entry <= near or not stream.time_base:
        return False
    try:
        container.seek(int((entry + origin_s) / stream.time_base), stream=stream, backward=True)
    except av.error.FFmpegError:
        container.seek(0)
        return False
    return True


def _placed(
    container: InputContainer, info: VideoInfo, sound: SoundInfo, first: int
) -> Iterator[tuple[int, Float32]]:
    """Decode and say where on the picture's clock each run of samples lies."""
    video = find_video(container, info.path) if info.codec else None
    stream = find_sound(container, video, sound.index)
    if stream is None or stream.time_base is None:
        return
    rate = sound.rate
    exact = stream.time_base.denominator % rate == 0
    origin_s = info.origin_pts * info.time_base
    reached = first if exact and _entered(container, stream, sound, origin_s, first) else 0
    last = sample_at(sound.start_s + sound.duration_s, rate) if exact and sound.duration_s else None
    expected: int | None = None
    for frame in _decoded(container, stream, info.path):
        samples = _checked(frame, rate, sound.channels, info.path)
        position = expected
        if frame.pts is not None and frame.time_base is not None:
            at = round((frame.pts * frame.time_base - origin_s) * rate)
            if expected is None or abs(at - expected) > _JITTER_S * rate:
                position = at
        if position is None:
            position = 0
        if position - reached > _MAX_GAP_S * rate:
            gap_s = (position - reached) / rate
            raise BadMedia(f"{info.path}: damaged: its sound jumps by {gap_s:.0f} s.")
        expected = reached = position + len(samples)
        # The last packet of AAC and the like is filled up to a whole codec frame.
        if last is not None and 0 < expected - last <= _MAX_PADDING:
            samples = samples[: max(0, last - position)]
        yield position, samples


def _decoded(container: InputContainer, stream: AudioStream, path: Path) -> Iterator[AudioFrame]:
    """Decode a sound stream; a packet that cannot be decoded is logged and left out."""
    lost = 0
    for packet in container.demux(stream):
        try:
            yield from packet.decode()
        except av.error.FFmpegError:
            lost += 1
    if lost:
        _log.warning("%s: %d packet(s) of sound could not be decoded: silence there.", path, lost)


def _checked(frame: AudioFrame, rate: int, channels: int, path: Path) -> Float32:
    """Convert decoded sound, refusing what is not what the header said."""
    if frame.sample_rate != rate or frame.layout.nb_channels != channels:
        raise BadMedia(
            f"{path}: the sound changes from {rate} Hz, {channels} channel(s) to "
            f"{frame.sample_rate} Hz, {frame.layout.nb_channels} within the file."
        )
    samples = to_float(frame)
    if not np.isfinite(samples).all():
        raise BadMedia(f"{path}: holds samples that are not numbers.")
    return samples


def _declared_samples(stream: AudioStream) -> int:
    """Read the number of samples from the header, 0 where it does not say."""
    if stream.duration is None or stream.time_base is None:
        return 0
    return round(stream.duration * stream.time_base * stream.rate)
