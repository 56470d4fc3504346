"""What a file holds beside its picture and its sound: chapters, subtitles, covers, data, tags."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from av.stream import AttachmentStream, DataStream, Discard, Disposition, Stream
from av.subtitles.stream import SubtitleStream
from av.video.stream import VideoStream

from facedit.media.info import SoundInfo, VideoInfo
from facedit.media.open import open_media, typed_errors
from facedit.media.streams import find_sound, find_video
from facedit.media.tags import stream_tags

MOST_PACKETS = 500_000
"""Most packets of subtitles and data that are carried; more of them is no film."""

MOST_BYTES = 1 << 28
"""Most bytes of them that are held."""


@dataclass(frozen=True, slots=True)
class Chapter:
    """A chapter.

    Attributes:
        start_s: Start in seconds on the picture's clock.
        end_s: End.
        tags: Its title.
    """

    start_s: float
    end_s: float
    tags: dict[str, str]


@dataclass(frozen=True, slots=True)
class TimedPacket:
    """A cue of a subtitle, or a sample of data.

    Attributes:
        start_s: Time in seconds on the picture's clock.
        end_s: Until when it holds; the same where it does not say.
        payload: Its bytes.
    """

    start_s: float
    end_s: float
    payload: bytes


@dataclass(frozen=True, slots=True)
class Track:
    """A stream beside picture and sound.

    Attributes:
        index: Its number in the file.
        kind: ``subtitle``, ``data``, ``cover`` or ``attachment``.
        codec: FFmpeg's name, empty if it has none.
        tags: Language, title and the like.
        disposition: FFmpeg's flags.
        packets: What it holds, in order of time.
    """

    index: int
    kind: str
    codec: str
    tags: dict[str, str]
    disposition: int
    packets: tuple[TimedPacket, ...] = field(repr=False)

    def __str__(self) -> str:
        """Name it as a user knows it."""
        said = [self.tags.get("title"), self.tags.get("filename"), self.tags.get("language")]
        names = ", ".join(one for one in said if one and one != "und")
        return (
            f"{self.kind} track {self.index} ({self.codec or 'unknown'}{', ' * bool(names)}{names})"
        )


@dataclass(frozen=True, slots=True)
class Carried:
    """All that an edit does not touch and an output keeps.

    Attributes:
        chapters: In order.
        tracks: Subtitles, data, covers and attachments.
        sounds: Further sound streams.
        picture_tags: Tags of the picture's stream.
        sound_tags: Tags of the sound's stream.
        sound_disposition: FFmpeg's flags of the sound.
        timecode: SMPTE timecode of the first picture, empty if there is none.
    """

    chapters: tuple[Chapter, ...] = ()
    tracks: tuple[Track, ...] = ()
    sounds: tuple[SoundInfo, ...] = ()
    picture_tags: dict[str, str] = field(default_factory=dict)
    sound_tags: dict[str, str] = field(default_factory=dict)
    sound_disposition: int = 0
    timecode: str = ""


def read_carried(info: VideoInfo) -> tuple[Carried, tuple[str, ...]]:
    """Read what a file holds beside its picture and its sound.

    Returns what can be carried, and a line for each thing that cannot.
    """
    origin_s = info.origin_pts * info.time_base
    with open_media(info.path) as container, typed_errors(info.path):
        video = find_video(container, info.path)
        sound = find_sound(container, video)
        used = {video.index} | ({sound.index} if sound is not None else set())
        further = [stream for stream in container.streams if stream.index not in used]
        sounds, tracks, notes = _described_all(container, further, origin_s)
        others = [s.metadata for s in further if not isinstance(s, AudioStream)]
        tagged = (video.metadata, container.metadata, *others)
        timecode = next(filter(None, map(_timecode, tagged)), "")
        packets, whole = _packets(container, {track.index for track in tracks}, origin_s)
        if not whole:
            notes.append("subtitles and data are too many to hold: they end early.")
        return Carried(
            chapters=tuple(_chapters(container, origin_s)),
            tracks=tuple(
                Track(t.index, t.kind, t.codec, t.tags, t.disposition, tuple(packets[t.index]))
                for t in tracks
            ),
            sounds=tuple(sounds),
            picture_tags=stream_tags(video.metadata),
            sound_tags=stream_tags(sound.metadata) if sound is not None else {},
            sound_disposition=int(sound.disposition) if sound is not None else 0,
            timecode=timecode,
        ), tuple(notes)


def _described_all(
    container: InputContainer, streams: Sequence[Stream], origin_s: Fraction
) -> tuple[list[SoundInfo], list[Track], list[str]]:
    """Describe further sounds and tracks, and say of each other stream that it is left out."""
    sounds: list[SoundInfo] = []
    tracks: list[Track] = []
    notes: list[str] = []
    for stream in streams:
        if isinstance(stream, AudioStream):
            if described := _further_sound(stream, origin_s):
                sounds.append(described)
            else:
                notes.append(f"sound track {stream.index} cannot be decoded: left out.")
        elif _timecode(stream.metadata) or _chapter_titles(container, stream):
            continue
        elif kind := _kind(stream):
            tracks.append(_described(stream, kind))
        else:
            notes.append(f"a further {stream.type} stream ({stream.index}) is left out.")
    return sounds, tracks, notes


def _timecode(tags: Mapping[str, str]) -> str:
    """Find a timecode among tags; Matroska writes their names in capitals."""
    return next((value for key, value in tags.items() if key.lower() == "timecode"), "")


def _chapter_titles(container: InputContainer, stream: Stream) -> bool:
    """Tell whether a data stream of an mp4 is where FFmpeg read the chapters from."""
    return (
        isinstance(stream, DataStream)
        and stream.discard == Discard.all
        and bool(container.chapters())
    )


def _kind(stream: Stream) -> str:
    if isinstance(stream, SubtitleStream):
        return "subtitle"
    if isinstance(stream, DataStream):
        return "data"
    if isinstance(stream, AttachmentStream):
        return "attachment"
    if isinstance(stream, VideoStream) and stream.disposition & Disposition.attached_pic:
        return "cover"
    return ""


def _described(stream: Stream, kind: str) -> Track:
    context = getattr(stream, "codec_context", None)
    codec = context.codec.canonical_name if context is not None else stream.name or ""
    return Track(
        stream.index, kind, codec, stream_tags(stream.metadata), int(stream.disposition), ()
    )


def _further_sound(stream: AudioStream, origin_s: Fraction) -> SoundInfo | None:
    """Describe a further sound stream on the picture's clock; None if it cannot be decoded."""
    if getattr(stream, "codec_context", None) is None or not stream.rate or not stream.time_base:
        return None
    start_s = float((stream.start_time or 0) * stream.time_base - origin_s)
    return SoundInfo(
        rate=stream.rate,
        channels=stream.channels,
        layout=stream.layout.name,
        codec=stream.codec_context.codec.canonical_name,
        start_s=start_s,
        duration_s=float((stream.duration or 0) * stream.time_base),
        bit_rate=stream.bit_rate or 0,
        index=stream.index,
        tags=stream_tags(stream.metadata),
        disposition=int(stream.disposition),
    )


def _chapters(container: InputContainer, origin_s: Fraction) -> Iterator[Chapter]:
    for chapter in container.chapters():
        base = chapter["time_base"] or Fraction(0)
        start_s, end_s = (float(chapter[at] * base - origin_s) for at in ("start", "end"))
        yield Chapter(max(start_s, 0.0), max(end_s, 0.0), dict(chapter["metadata"]))


def _packets(
    container: InputContainer, wanted: set[int], origin_s: Fraction
) -> tuple[dict[int, list[TimedPacket]], bool]:
    """Read the packets of some streams; and whether all of them were few enough to hold."""
    found: dict[int, list[TimedPacket]] = {index: [] for index in wanted}
    streams = [container.streams[index] for index in wanted]
    streams = [s for s in streams if not isinstance(s, AttachmentStream)]
    count = held = 0
    if not streams:
        return found, True
    for stream in container.streams:
        if stream.index not in wanted:
            stream.discard = Discard.all  # Not even read, where the container has an index.
    for packet in container.demux(streams):
        if not packet.size:
            continue
        count, held = count + 1, held + packet.size
        if count > MOST_PACKETS or held > MOST_BYTES:
            return found, False
        found[packet.stream_index].append(_timed(packet, origin_s))
    return found, True


def _timed(packet: Packet[Stream], origin_s: Fraction) -> TimedPacket:
    base = packet.time_base or Fraction(0)
    ticks = packet.pts if packet.pts is not None else packet.dts or 0
    start_s = float(ticks * base - origin_s)
    length_s = float((packet.duration or 0) * base)
    return TimedPacket(start_s, start_s + length_s, bytes(packet))
