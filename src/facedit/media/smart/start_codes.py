"""Packets of streams that stand by themselves, as files with a sample description hold them.

In transport streams and MXF each picture of H.264 and HEVC has start codes between its parts and
brings its parameter sets along; each packet of AAC has a header (ADTS).
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from facedit.media.smart.bits import split_start_codes, with_lengths
from facedit.media.smart.unjoinable import Unjoinable

_LEFT_OUT = {"h264": (7, 8, 9), "hevc": (32, 33, 34, 35)}
"""Kinds of parts that a sample description makes needless: parameter sets, delimiters."""

_MOST_PACKETS = 2000


@dataclass(frozen=True, slots=True)
class StartCodes:
    """How the packets of a source become those of a file with a sample description.

    Attributes:
        codec: Of the pictures, if they have start codes; else empty.
        pictures: Their sample description (``avcC``, ``hvcC``).
        sound: The decoder's set-up, if each packet of sound has a header of its own; else empty.
    """

    codec: str = ""
    pictures: bytes = b""
    sound: bytes = b""

    def checked(self, is_entry: Callable[[memoryview], bool]) -> Callable[[memoryview], bool]:
        """Return what tells entries, and refuses other parameter sets, of the source's packets.

        ``is_entry``: tells it of packets with lengths in front of their parts.
        """
        if not self.codec:
            return is_entry
        return lambda packet: is_entry(memoryview(with_lengths(_parts(packet))))

    def picture(self, packet: Packet[VideoStream]) -> Packet[VideoStream]:
        """Return a packet of pictures with lengths in front of its parts, without needless ones."""
        if not self.codec:
            return packet
        shift, mask = (0, 31) if self.codec == "h264" else (1, 63)
        kept = [
            one
            for one in _parts(memoryview(packet))
            if one[0] >> shift & mask not in _LEFT_OUT[self.codec]
        ]
        return _with(packet, with_lengths(kept))

    def heard(self, packet: Packet[AudioStream]) -> Packet[AudioStream]:
        """Return a packet of sound without its header."""
        if not self.sound:
            return packet
        return _with(packet, bytes(without_header(memoryview(packet))))


def without_header(packet: memoryview) -> memoryview:
    """Return what a packet of AAC holds, without its header if it has one (ADTS).

    Raises Unjoinable if the header stands before several packets at once.
    """
    if len(packet) < 7 or packet[0] != 0xFF or packet[1] & 0xF6 != 0xF0:
        return packet
    if packet[6] & 3:
        raise Unjoinable("its AAC has several packets under one header")
    return packet[7 if packet[1] & 1 else 9 :]


def start_codes_of(
    source: InputContainer, video: VideoStream, sound: AudioStream | None
) -> StartCodes:
    """Find out what of a source must be wrapped anew.

    ``source``: an open file; its position is lost; ``video``: its pictures; ``sound``: its sound.
    ``Unjoinable`` if FFmpeg cannot tell how.
    """
    codec = video.codec_context.codec.canonical_name
    bare = codec in _LEFT_OUT and bytes(video.codec_context.extradata or b"")[:1] != b"\1"
    coded = (
        sound if sound is not None and sound.codec_context.codec.canonical_name == "aac" else None
    )
    headed = coded if coded is not None and not coded.codec_context.extradata else None
    streams: list[VideoStream | AudioStream] = [video] if bare else []
    streams += [] if headed is None else [headed]
    if not streams:
        return StartCodes()
    made = dict(zip(streams, _descriptions(source, streams), strict=True))
    return StartCodes(
        codec if bare else "", made.get(video, b""), b"" if headed is None else made[headed]
    )


def _descriptions(source: InputContainer, streams: list[VideoStream | AudioStream]) -> list[bytes]:
    """Let FFmpeg wrap the first packets of streams; return what it says of each stream."""
    memory = io.BytesIO()
    try:
        with av.open(memory, "w", format="mp4") as trial:
            made = {one.index: trial.add_stream_from_template(one) for one in streams}
            waiting = set(made)
            for number, packet in enumerate(source.demux(streams)):
                if packet.size and packet.dts is not None:
                    waiting.discard(packet.stream_index)
                    packet.stream = made[packet.stream_index]
                    trial.mux(packet)
                if not waiting or number > _MOST_PACKETS:
                    break
        memory.seek(0)
        with av.open(memory) as found:
            return [bytes(one.codec_context.extradata or b"") for one in found.streams]
    except (av.error.FFmpegError, ValueError) as error:
        raise Unjoinable("its packets cannot be wrapped for a file") from error


def _parts(packet: memoryview) -> list[bytes]:
    return [part for one in split_start_codes(bytes(packet)) if (part := one.rstrip(b"\0"))]


def _with(packet: Packet[Any], data: bytes) -> Packet[Any]:
    """Return a packet with other bytes at the same time."""
    other = cast("Packet[Any]", Packet(data))
    other.pts, other.dts, other.duration = packet.pts, packet.dts, packet.duration
    other.time_base, other.is_keyframe = packet.time_base, packet.is_keyframe
    return other
