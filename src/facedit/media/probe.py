"""Finds out what a video file holds, with bounded work: headers, one picture, some packets."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from av.audio.stream import AudioStream
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from facedit.errors import BadMedia, NoSound
from facedit.inputs import check_input
from facedit.media.extent import Extent, measure_extent, times_of
from facedit.media.formats import working_format
from facedit.media.info import ColourTags, SoundInfo, VideoInfo
from facedit.media.open import open_media, typed_errors
from facedit.media.signals import read_signals
from facedit.media.streams import (
    check_pixels,
    find_sound,
    find_video,
    frame_orientation,
    frame_pts,
    limit_decoder,
)
from facedit.media.timing import is_uneven, measured_rate, nominal_rate

_HEAD_PACKETS = 400
_MAX_INDEX = 200_000


@dataclass(frozen=True, slots=True)
class _Head:
    """What the first packets show.

    Attributes:
        picture: The first picture, decoded.
        origin: Its PTS.
        time_base: Seconds per tick.
        has_pts: Whether packets carry presentation times.
        times: Times of the first packets in ticks.
        sound_start: Time of the first sound packet in seconds as the file counts, or None.
    """

    picture: VideoFrame
    origin: int
    time_base: Fraction
    has_pts: bool
    times: list[int]
    sound_start: Fraction | None


def probe(
    path: Path | str, *, allow_truncated: bool = False, need_sound: bool = False
) -> VideoInfo:
    """Describe a video file without decoding more than its first picture.

    ``allow_truncated``: accept a file that ends before its header says; its length is then what is
    there. Raises NoSound if sound is needed and there is none.
    """
    path = Path(path)
    size = check_input(path)
    with open_media(path) as container, typed_errors(path):
        video = find_video(container, path)
        check_pixels(path, video.width, video.height)
        sound = find_sound(container, video)
        if need_sound and sound is None:
            raise NoSound(f"{path}: has no sound, and speech is needed.")
        head = _read_head(container, video, sound, path)
        picture = head.picture
        check_pixels(path, picture.width, picture.height)
        orientation = frame_orientation(picture)
        pix_fmt = working_format(picture.format.name, _depth(picture))
        converted: tuple[str, ...] = ()
        if pix_fmt != picture.format.name:
            converted = (f"{picture.format.name} pictures are converted to {pix_fmt}",)
        if picture.interlaced_frame:
            converted += ("interlaced pictures are treated as whole ones",)
        rate = _frame_rate(video, head)
        period_s = float(1 / rate)
        origin_s = head.origin * head.time_base
        uneven = _is_variable(video, head)
        extent = measure_extent(container, video, sound, origin_s, period_s, size, uneven)
        count = extent.listed or video.frames or round(extent.picture_end_s * rate)
        notes: tuple[str, ...] = ()
        truncated = extent.is_truncated(period_s)
        if truncated:
            notes, count = _accept_truncated(path, extent, count, rate, allow_truncated)
        if uneven and extent.picture_end_s > 0:
            average = Fraction(count / extent.picture_end_s).limit_denominator(100_000)
            rate = nominal_rate(average)
        return VideoInfo(
            path=path,
            container=container.format.name,
            duration_s=extent.picture_end_s,
            frame_rate=rate,
            is_variable=uneven,
            frame_count=max(count, 1),
            width=picture.height if orientation.transpose else picture.width,
            height=picture.width if orientation.transpose else picture.height,
            orientation=orientation,
            pix_fmt=pix_fmt,
            decoded_pix_fmt=picture.format.name,
            colour=_colours(picture),
            signals=read_signals(picture, video),
            sample_aspect_ratio=video.sample_aspect_ratio or Fraction(1),
            codec=video.codec_context.codec.canonical_name,
            profile=video.codec_context.profile or "",
            time_base=head.time_base,
            origin_pts=head.origin,
            has_pts=head.has_pts,
            bit_rate=video.bit_rate or 0,
            sound=_describe_sound(sound, head, extent, origin_s),
            metadata=dict(container.metadata),
            notes=notes + converted,
            truncated=truncated,
        )


def _read_head(
    container: InputContainer, video: VideoStream, sound: AudioStream | None, path: Path
) -> _Head:
    """Decode the first picture and read the times of the first packets."""
    limit_decoder(video)
    picture: VideoFrame | None = None
    pairs: list[tuple[int | None, int | None]] = []
    sound_start: Fraction | None = None
    streams = [stream for stream in (video, sound) if stream is not None]
    for packet in container.demux(streams):
        if packet.stream_index != video.index:
            if sound_start is None and packet.pts is not None:
                sound_start = packet.pts * packet.time_base
            continue
        if packet.size and not packet.is_discard:
            pairs.append((packet.pts, packet.dts))
        if picture is None:
            picture = next((f for f in packet.decode() if isinstance(f, VideoFrame)), None)
        if len(pairs) >= _HEAD_PACKETS:
            break
    if picture is None:
        raise BadMedia(f"{path}: 0 of {video.frames or 'unknown'} frames readable.")
    time_base = picture.time_base or video.time_base
    if not time_base:
        raise BadMedia(f"{path}: its pictures carry no times.")
    times = times_of(pairs)
    # AVI numbers pictures in the order of decoding; they are shown in the order of these numbers.
    has_pts = picture.pts is not None and container.format.name != "avi"
    origin = frame_pts(picture) if has_pts else min(times, default=None)
    return _Head(
        picture=picture,
        origin=origin or 0,
        time_base=time_base,
        has_pts=has_pts,
        times=times,
        sound_start=sound_start,
    )


def _frame_rate(video: VideoStream, head: _Head) -> Fraction:
    """Choose the exact rate from what the header says and what the packets show."""
    measured = measured_rate(head.times, head.time_base)
    said = video.average_rate or video.guessed_rate or video.base_rate
    if said and measured and not Fraction(4, 5) < said / measured < Fraction(5, 4):
        said = None
    rate = said or measured or Fraction(25)
    return nominal_rate(rate if 0 < rate <= 1000 else Fraction(25))


def _is_variable(video: VideoStream, head: _Head) -> bool:
    """Look for uneven spacing in the first packets, and in the whole index where there is one."""
    if is_uneven(head.times):
        return True
    index = video.index_entries
    if not 0 < len(index) <= _MAX_INDEX or "mov" not in video.container.format.name:
        return False
    return is_uneven([entry.timestamp for entry in index if not entry.is_discard])


def _accept_truncated(
    path: Path, extent: Extent, count: int, rate: Fraction, allowed: bool
) -> tuple[tuple[str, ...], int]:
    """Refuse a truncated file, or take what is there with a note."""
    whole = extent.readable if extent.listed else min(count, round(extent.picture_end_s * rate))
    promised = extent.listed or round(extent.declared_end_s * rate)
    message = (
        f"truncated: {whole} of {promised} frames readable "
        f"({extent.picture_end_s:.2f} of {extent.declared_end_s:.2f} s)"
    )
    if extent.sound_listed:
        part = extent.sound_readable / extent.sound_listed
        message += f", {100 * part:.0f} % of its sound"
    if not allowed:
        raise BadMedia(f"{path}: {message}; --allow-truncated uses what is there.")
    return (message,), whole


def _depth(picture: VideoFrame) -> int:
    """Find the largest depth of a picture's components."""
    return max((component.bits for component in picture.format.components), default=8)


def _colours(picture: VideoFrame) -> ColourTags:
    """Read the colour tags off a decoded picture."""
    if picture.format.is_rgb:
        return ColourTags(range=1, matrix=1, primaries=1, transfer=1)
    return ColourTags(
        range=int(picture.color_range),
        matrix=int(picture.colorspace),
        primaries=int(picture.color_primaries),
        transfer=int(picture.color_trc),
    )


def _describe_sound(
    sound: AudioStream | None, head: _Head, extent: Extent, origin_s: Fraction
) -> SoundInfo | None:
    """Describe the sound stream on the picture's clock."""
    if sound is None:
        return None
    start = head.sound_start
    if sound.start_time is not None and sound.time_base is not None:
        start = sound.start_time * sound.time_base
    start_s = float((start or Fraction(0)) - origin_s)
    end_s = extent.sound_end_s if extent.sound_end_s is not None else start_s
    return SoundInfo(
        rate=sound.rate,
        channels=sound.channels,
        layout=sound.layout.name,
        codec=sound.codec_context.codec.canonical_name,
        start_s=start_s,
        duration_s=max(0.0, end_s - start_s),
        bit_rate=sound.bit_rate or 0,
        sample_format=sound.format.name,
    )
