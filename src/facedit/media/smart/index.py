"""What packets a source holds: one pass over the file, without decoding."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import cast

import numpy as np
from av.packet import Packet
from av.video.stream import VideoStream

from facedit.media.info import VideoInfo
from facedit.media.open import open_media, typed_errors
from facedit.media.smart.sound_kinds import sides_of
from facedit.media.smart.unjoinable import Unjoinable
from facedit.media.streams import find_sound, find_video
from facedit.types import Bool, Int64


@dataclass(frozen=True, slots=True)
class PacketIndex:
    """The packets of a source. Ticks count from its first picture.

    Attributes:
        pts: Presentation times in order of decoding, in ticks of ``time_base``, shape (F,).
        is_entry: Whether decoding can begin with a packet and with what follows it, shape (F,).
        end: When the last picture ends, in ticks.
        time_base: Seconds per tick.
        sound_pts: Times of the sound packets in ticks of ``sound_base`` as the file counts them,
            shape (S,).
        sound_base: Seconds per tick of the sound, 0 without.
        sound_sides: On which sides of each packet new ones may stand (``sides_of``), shape (S,).
    """

    pts: Int64
    is_entry: Bool
    end: int
    time_base: Fraction
    sound_pts: Int64
    sound_base: Fraction
    sound_sides: Int64

    @property
    def shown(self) -> Int64:
        """Presentation times in order, in ticks, shape (F,)."""
        return np.sort(self.pts)


def index_packets(
    info: VideoInfo, is_entry: Callable[[memoryview], bool], all_of_them: bool = False
) -> PacketIndex:
    """Read the times of all packets.

    ``info``: the source; ``is_entry``: whether decoding can begin with a packet that the container
    marks as a key; ``all_of_them``: whether it is to look at all others too. Returns the index.
    (``BadMedia`` if the file is damaged.) ``Unjoinable`` if its pictures cannot be told apart by
    their times.
    """
    # Arrays, not lists of tuples: an hour has a quarter of a million packets.
    times, entries = array("q"), bytearray()
    sound_times, sides = array("q"), bytearray()
    told = sides_of(info.sound.codec if info.sound is not None else "")
    last, length = -1, 0
    with open_media(info.path) as container, typed_errors(info.path, "damaged"):
        video = find_video(container, info.path)
        sound = find_sound(container, video)
        for packet in container.demux([s for s in (video, sound) if s is not None]):
            if not packet.size:
                continue
            if packet.stream_index != video.index:
                sound_times.append(-1 if packet.pts is None else packet.pts)
                sides.append(told(memoryview(packet)))
                continue
            time = _time_of(cast("Packet[VideoStream]", packet))
            times.append(time - info.origin_pts)
            looked = packet.is_keyframe or all_of_them
            entries.append(looked and is_entry(memoryview(packet)) and packet.is_keyframe)
            if time > last or len(times) == 1:
                last, length = time, packet.duration or 0
        bases = video.time_base, sound.time_base if sound is not None else Fraction(0)
    if not times or bases[0] != info.time_base:
        raise Unjoinable("its pictures carry no times")
    pts = _checked(np.array(times, np.int64))
    period = max(1, round(1 / (info.frame_rate * info.time_base)))
    return PacketIndex(
        pts=pts,
        is_entry=np.frombuffer(entries, np.bool_),
        end=int(pts.max()) + (length or period),
        time_base=info.time_base,
        sound_pts=np.array(sound_times, np.int64),
        sound_base=bases[1] or Fraction(0),
        sound_sides=np.frombuffer(sides, np.uint8).astype(np.int64),
    )


def _time_of(packet: Packet[VideoStream]) -> int:
    """Return a picture's time in the file's ticks."""
    if packet.pts is None:
        raise Unjoinable("its pictures carry no times")
    if packet.is_discard:
        raise Unjoinable("its edit list hides pictures")
    return packet.pts


def _checked(pts: Int64) -> Int64:
    """Return times that tell the pictures apart, from the first one's."""
    if len(np.unique(pts)) != len(pts):
        raise Unjoinable("two of its pictures have one time (fields in packets of their own)")
    if pts.min() != 0:
        raise Unjoinable("its first pictures cannot be decoded")
    return pts
