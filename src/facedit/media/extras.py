"""Writes what a source holds beside picture and sound into an output, as far as it can hold it."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.stream import Disposition, Stream
from av.subtitles.stream import SubtitleStream

from facedit.media.carried import Chapter, TimedPacket, Track
from facedit.media.cues import TEXT_CODECS
from facedit.media.encode import Encoding
from facedit.media.open import open_media
from facedit.media.pcm import MOST_CHANNELS, layout_name, remix, to_frame
from facedit.media.tags import tag_options
from facedit.types import Float32

_COVERS = {"mjpeg": ("cover.jpg", "image/jpeg"), "png": ("cover.png", "image/png")}
_MILLISECOND = Fraction(1, 1000)
_CHAPTER_TICK = Fraction(1, 1_000_000)
_ASS_HEADER = b"""[Script Info]
ScriptType: v4.00+
PlayResX: 384
PlayResY: 288

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, \
Bold, Italic, Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, \
Alignment, MarginL, MarginR, MarginV, Encoding
Style: Default,Arial,16,&Hffffff,&Hffffff,&H0,&H0,0,0,0,0,100,100,0,0,1,1,0,2,10,10,10,1

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""


@dataclass(frozen=True, slots=True)
class FurtherSound:
    """A further sound track of an output.

    Attributes:
        encoding: How its sound is encoded.
        rate: Samples per second.
        channels: Number of channels.
        tags: Language, title and the like.
        disposition: FFmpeg's flags.
        start_s: When its first sample sounds on the picture's clock, 0 or less.
        blocks: Gives its samples from there on.
    """

    encoding: Encoding
    rate: int
    channels: int
    tags: dict[str, str]
    disposition: int
    start_s: float
    blocks: Callable[[], Iterator[Float32]]


@dataclass(frozen=True, slots=True)
class Extras:
    """What an output holds beside picture and sound, with times in the output.

    Attributes:
        source: The file whose streams those of the output are made after.
        chapters: Chapters, in order.
        tracks: Subtitles, data, covers and attachments that the container holds; text subtitles
            in the codec that it has for them.
        sounds: Further sound tracks.
        picture_tags: Tags of the picture's stream.
        sound_tags: Tags of the sound's stream.
        sound_disposition: FFmpeg's flags of the sound.
    """

    source: Path
    chapters: tuple[Chapter, ...] = ()
    tracks: tuple[Track, ...] = ()
    sounds: tuple[FurtherSound, ...] = ()
    picture_tags: Mapping[str, str] = field(default_factory=dict)
    sound_tags: Mapping[str, str] = field(default_factory=dict)
    sound_disposition: int = 0


class ExtrasWriter:
    """Adds extras to a file that is being written.

    ``extras``: what to add.
    """

    def __init__(self, extras: Extras) -> None:
        self._extras = extras
        self._packets: list[tuple[Stream, Iterator[TimedPacket], TimedPacket | None]] = []
        self._sounds: list[_SoundTrack] = []
        self._container: OutputContainer | None = None
        self._lead_s = 0.0

    def begin(self, container: OutputContainer, lead_s: float = 0.0) -> None:
        """Describe the streams; those of picture and sound have been added.

        ``container``: the output, before its first packet; ``lead_s``: when the first picture is
        shown in the file: all comes so much later there.
        """
        extras = self._extras
        self._container, self._lead_s = container, lead_s
        container.streams.video[0].metadata.update(extras.picture_tags)
        for sound in container.streams.audio:
            sound.metadata.update(extras.sound_tags)
            sound.disposition = Disposition(extras.sound_disposition)
        container.set_chapters(
            [
                {
                    "id": number + 1,
                    "start": round((chapter.start_s + lead_s) / _CHAPTER_TICK),
                    "end": round((chapter.end_s + lead_s) / _CHAPTER_TICK),
                    "time_base": _CHAPTER_TICK,
                    "metadata": chapter.tags,
                }
                for number, chapter in enumerate(extras.chapters)
            ]
        )
        self._sounds = [_SoundTrack(container, sound, lead_s) for sound in extras.sounds]
        with ExitStack() as stack:
            source = stack.enter_context(open_media(extras.source)) if extras.tracks else None
            for track in extras.tracks:
                assert source is not None
                stream = add_track(container, source, track)
                if stream is not None:
                    packets = iter(track.packets)
                    self._packets.append((stream, packets, next(packets, None)))

    def until(self, time_s: float) -> None:
        """Write what comes up to a time.

        ``time_s``: in seconds; infinity for all that is left.
        """
        assert self._container is not None
        for sound in self._sounds:
            sound.until(self._container, time_s)
        for number, (stream, packets, coming) in enumerate(self._packets):
            while coming is not None and coming.start_s <= time_s:
                self._container.mux(_packet(stream, coming, self._lead_s))
                coming = next(packets, None)
            self._packets[number] = (stream, packets, coming)


class _SoundTrack:
    """Encodes one further sound track."""

    def __init__(self, container: OutputContainer, sound: FurtherSound, lead_s: float) -> None:
        setting = sound.encoding
        stream = cast(AudioStream, container.add_stream(setting.sound_codec, setting.sound_rate))
        channels = sound.channels if sound.channels <= MOST_CHANNELS else 2
        stream.layout = layout_name(channels)
        if setting.sound_format:
            stream.format = setting.sound_format
        else:
            stream.bit_rate = setting.sound_bit_rate
        stream.time_base = Fraction(1, setting.sound_rate)
        stream.metadata.update(sound.tags)
        stream.disposition = Disposition(sound.disposition)
        self._stream, self._sound, self._channels = stream, sound, channels
        self._blocks, self._samples, self._ended = sound.blocks(), 0, False
        # Against the file's clock, which starts where the earliest track does.
        self._first = max(0, round((sound.start_s + lead_s) * sound.rate))

    def until(self, container: OutputContainer, time_s: float) -> None:
        rate = self._sound.rate
        while not self._ended and self._samples / rate + self._sound.start_s <= time_s:
            block = next(self._blocks, None)
            if block is None:
                self._ended = True
                if self._samples:
                    container.mux(self._stream.encode(None))
            elif len(block):
                fitted = np.clip(remix(block, self._channels), -1.0, 1.0).astype(np.float32)
                frame = to_frame(fitted, rate)
                frame.pts, frame.time_base = self._first + self._samples, Fraction(1, rate)
                self._samples += len(block)
                container.mux(self._stream.encode(frame))


def holds(container: str, source: InputContainer, track: Track, tags: Mapping[str, str]) -> bool:
    """Tell by trying whether a container holds a track.

    ``source``: the file that it is in, open; ``tags``: tags of the output: in mp4 unusual ones
    stand where a cover would.
    """
    if track.kind == "subtitle" and track.codec in TEXT_CODECS:
        return True
    if track.kind == "cover":
        usual = container == "mp4" and not tag_options(container, tags)
        return track.codec in _COVERS and (usual or container == "matroska")
    if track.kind == "attachment":
        return container == "matroska"
    try:
        with av.open(io.BytesIO(), "w", format=container) as trial:
            stream = add_track(trial, source, track)
            trial.start_encoding()
            if stream is not None and track.packets:
                trial.mux(_packet(stream, track.packets[0]))
    except (av.error.FFmpegError, ValueError):
        return False
    return True


def add_track(container: OutputContainer, source: InputContainer, track: Track) -> Stream | None:
    """Add a track to an output.

    ``source``: the file that the track is of, open; ``track``: the track, its codec one that the
    container holds. Returns the stream for its packets; None where it has none.
    """
    template = source.streams[track.index]
    name = container.format.name
    if track.kind == "attachment" or (track.kind == "cover" and name == "matroska"):
        said, mime = _COVERS.get(track.codec, ("attachment", "application/octet-stream"))
        data = track.packets[0].payload if track.packets else getattr(template, "data", b"")
        container.add_attachment(
            track.tags.get("filename", said), track.tags.get("mimetype", mime), data
        )
        return None
    if track.kind == "subtitle" and track.codec != template.codec_context.codec.canonical_name:
        added = cast(SubtitleStream, container.add_stream(track.codec))
        added.codec_context.subtitle_header = _ASS_HEADER
        added.codec_context.time_base = added.time_base = _MILLISECOND
        stream: Stream = added
    else:
        stream = container.add_stream_from_template(template, opaque=True)
    stream.metadata.update(track.tags)
    stream.disposition = Disposition(track.disposition)
    return stream


def _packet(stream: Stream, timed: TimedPacket, lead_s: float = 0.0) -> Packet[Stream]:
    """Make a packet of a stream."""
    start_s = Fraction(max(timed.start_s, 0.0) + lead_s)
    base = stream.time_base or _MILLISECOND
    packet: Packet[Stream] = Packet(timed.payload)
    packet.stream, packet.time_base = stream, base
    packet.pts = packet.dts = math.floor(start_s / base + Fraction(1, 2))
    packet.duration = max(0, round(Fraction(timed.end_s - timed.start_s) / base))
    packet.is_keyframe = True
    return packet
