"""H.264 among copied packets: new pictures under parameter sets of their own, beside the source's.

The sets of both stand in the one sample description, so that a player finds them wherever it
enters the file; none are repeated in the stream.
"""

from __future__ import annotations

from dataclasses import dataclass

from av.packet import Packet
from av.video.stream import VideoStream

from facedit.media.smart.bits import (
    Bits,
    read_sets,
    split_lengths,
    split_start_codes,
    with_lengths,
    write_sets,
)
from facedit.media.smart.unjoinable import Unjoinable

_IDR, _SPS, _PPS, _DELIMITER = 5, 7, 8, 9
_PROFILES = {66: "baseline", 77: "main", 100: "high", 110: "high10", 122: "high422", 244: "high444"}
_MOST_SETS = 31


@dataclass(frozen=True, slots=True)
class SequenceSet:
    """What a sequence parameter set says.

    Attributes:
        ident: Its number.
        profile: Profile, as H.264 numbers them.
        level: Ten times the level.
    """

    ident: int
    profile: int
    level: int


@dataclass(frozen=True, slots=True)
class AvcConfig:
    """A source's ``avcC``.

    Attributes:
        head: Version, profile, compatibility, level, and length of lengths; 5 bytes.
        sequence_sets: Its sequence parameter sets.
        picture_sets: Its picture parameter sets.
        tail: What follows them.
    """

    head: bytes
    sequence_sets: tuple[bytes, ...]
    picture_sets: tuple[bytes, ...]
    tail: bytes

    @classmethod
    def parse(cls, data: bytes) -> AvcConfig:
        """Read an ``avcC``.

        ``data``: the source's extradata. Returns its parts. ``Unjoinable`` if it is none, is
        damaged, or counts its lengths in fewer than 4 bytes.
        """
        if len(data) < 7 or data[0] != 1:
            raise Unjoinable("its H.264 has no parameter sets in the header of the file")
        if data[4] & 3 != 3:
            raise Unjoinable("its H.264 has short lengths")
        at, found = 5, []
        for mask in (31, 255):
            if at >= len(data):
                raise Unjoinable("its parameter sets are cut short")
            units, at = read_sets(data, at + 1, data[at] & mask, 2)
            found.append(units)
        if not all(found):
            raise Unjoinable("its H.264 has no parameter sets in the header of the file")
        return cls(data[:5], found[0], found[1], data[at:])

    def joined(self, encoder: bytes) -> bytes:
        """Add an encoder's parameter sets.

        ``encoder``: the encoder's extradata, with start codes. Returns an ``avcC`` with the sets of
        both. ``Unjoinable`` if that is more sets than one holds.
        """
        new = split_start_codes(encoder)
        sequence = [unit for unit in new if unit[0] & 31 == _SPS]
        picture = [unit for unit in new if unit[0] & 31 == _PPS]
        if not sequence or len(self.sequence_sets) + len(sequence) > _MOST_SETS:
            raise Unjoinable("there is no room for further parameter sets")
        ours = sequence[0]
        top = bytes(
            (
                1,
                max(self.head[1], ours[1]),
                self.head[2] & ours[2],
                max(self.head[3], ours[3]),
                self.head[4],
            )
        )
        sets = ((*self.sequence_sets, *sequence), (*self.picture_sets, *picture))
        counts = (0xE0 | len(sets[0]), len(sets[1]))
        body = b"".join(
            bytes([count]) + write_sets(units) for count, units in zip(counts, sets, strict=True)
        )
        return top + body + self.tail


def sequence_set(unit: bytes) -> SequenceSet:
    """Read a sequence parameter set as far as an encoder must follow it.

    ``unit``: the NAL unit. Returns what it says. (``Unjoinable`` if it is damaged.)
    """
    bits = Bits(unit[1:])
    profile, _, level = bits.take(8), bits.take(8), bits.take(8)
    return SequenceSet(bits.golomb(), profile, level)


class H264Joint:
    """New H.264 pictures beside a source's own.

    ``extradata``: the source's ``avcC``. ``Unjoinable`` if nothing can stand beside it.
    """

    exact = True

    def __init__(self, extradata: bytes) -> None:
        self._config = AvcConfig.parse(extradata)
        self._known = frozenset((*self._config.sequence_sets, *self._config.picture_sets))
        told = [sequence_set(unit) for unit in self._config.sequence_sets]
        if told[0].profile not in _PROFILES:
            raise Unjoinable(f"its H.264 has profile {told[0].profile}")
        numbers = [Bits(unit[1:]).golomb() for unit in self._config.picture_sets]
        used = {one.ident for one in told}.union(numbers)
        free = [ident for ident in range(_MOST_SETS) if ident not in used]
        if not free:
            raise Unjoinable("there is no room for further parameter sets")
        first = told[0]
        self.options = {
            "profile": _PROFILES[first.profile],
            # No B-pictures: they would have to wait as long as the source's wait at most. More
            # references and weights would save 3 % of the bits for twice the time and memory.
            "x264-params": f"sps-id={free[0]}:keyint=infinite:scenecut=0:bframes=0:stitchable=1:"
            f"ref=1:weightp=0:level={first.level / 10:g}",
        }

    def is_entry(self, packet: memoryview) -> bool:
        """Tell whether decoding can begin with a packet.

        ``packet``: a packet that the container marks as a key. Returns whether it is an IDR
        picture. ``Unjoinable`` if it brings parameter sets that the header does not have.
        """
        idr = False
        for unit in split_lengths(packet):
            kind = unit[0] & 31
            idr |= kind == _IDR
            if kind in (_SPS, _PPS) and bytes(unit) not in self._known:
                raise Unjoinable("its parameter sets change within the stream")
        return idr

    def header(self, extradata: bytes) -> bytes:
        """Return the sample description of the output.

        ``extradata``: the encoder's. Returns the joined ``avcC``.
        """
        return self._config.joined(extradata)

    def payload(self, packet: bytes) -> bytes:
        """Turn an encoder's packet into one as the source's are.

        ``packet``: with start codes. Returns with lengths, and without parameter sets.
        """
        units = split_start_codes(packet)
        return with_lengths([u for u in units if u[0] & 31 not in (_SPS, _PPS, _DELIMITER)])

    def key(self, packet: Packet[VideoStream], follows: bool) -> None:
        """Return nothing: a source's packet stays as it is."""
