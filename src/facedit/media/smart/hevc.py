"""HEVC among copied packets: new pictures under parameter sets of their own, beside the source's.

The encoder numbers its sets 0, as nearly all sources do, so sets and pictures are renumbered. A
longer number in front of a slice would move all bits behind it: so our picture parameter set
announces reserved bits in each slice header, as many as fill the byte up.
"""

from __future__ import annotations

import re
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

_VPS, _SPS, _PPS = 32, 33, 34
_FIRST_IRAP, _CRA, _LAST_IRAP = 16, 21, 23
_BLA_WITH_LEADING = 16
_SETS = (_VPS, _SPS, _PPS)
_PROFILE_BITS = 96
_MOST_IDENT = 14
_FREE = tuple(range(1, _MOST_IDENT + 1))


def unit_type(unit: bytes | memoryview) -> int:
    """Return what a NAL unit is."""
    return (unit[0] >> 1) & 63


@dataclass(frozen=True, slots=True)
class HevcConfig:
    """A source's ``hvcC``.

    Attributes:
        head: All up to the number of arrays; 22 bytes.
        arrays: NAL units by their type, in order; the first byte of each array tells it.
    """

    head: bytes
    arrays: tuple[tuple[int, tuple[bytes, ...]], ...]

    @classmethod
    def parse(cls, data: bytes) -> HevcConfig:
        """Read an ``hvcC``.

        ``data``: the source's extradata. Returns its parts. ``Unjoinable`` if it is none, is
        damaged, or counts its lengths in fewer than 4 bytes.
        """
        if len(data) < 23 or data[0] != 1:
            raise Unjoinable("its HEVC has no parameter sets in the header of the file")
        if data[21] & 3 != 3:
            raise Unjoinable("its HEVC has short lengths")
        at, arrays = 23, []
        for _ in range(data[22]):
            kind = data[at] if at < len(data) else 0
            count = int.from_bytes(data[at + 1 : at + 3], "big")
            units, at = read_sets(data, at + 3, count, 3)
            arrays.append((kind, units))
        config = cls(data[:22], tuple(arrays))
        if not all(config.sets(kind) for kind in _SETS):
            raise Unjoinable("its HEVC has no parameter sets in the header of the file")
        return config

    def sets(self, kind: int) -> tuple[bytes, ...]:
        """Return the units of one type."""
        return tuple(unit for byte, units in self.arrays if byte & 63 == kind for unit in units)

    def joined(self, new: dict[int, bytes]) -> bytes:
        """Add a set of each kind.

        ``new``: NAL units by their type. Returns an ``hvcC`` with all of them.
        """
        body = bytearray()
        waiting = dict(new)
        for byte, units in self.arrays:
            more = waiting.pop(byte & 63, None)
            listed = (*units, more) if more else units
            body += bytes([byte]) + len(listed).to_bytes(2, "big") + write_sets(listed)
        return self.head + bytes([len(self.arrays)]) + bytes(body)


class HevcJoint:
    """New HEVC pictures beside a source's own.

    ``extradata``: the source's ``hvcC``. ``Unjoinable`` if nothing can stand beside it.
    """

    exact = True
    options = {  # noqa: RUF012
        # No reordering, one slice a picture: what a picture's header must be for ``_renumbered``.
        "x265-params": "bframes=0:keyint=-1:scenecut=0:open-gop=0:wpp=0:slices=1:weightp=0:"
        "info=0:repeat-headers=0:aud=0:hrd=0"
    }

    def __init__(self, extradata: bytes) -> None:
        self._config = HevcConfig.parse(extradata)
        self._known = frozenset(unit for kind in _SETS for unit in self._config.sets(kind))
        used = {
            _VPS: {unit[2] >> 4 for unit in self._config.sets(_VPS)},
            _SPS: {_sequence_ident(unit) for unit in self._config.sets(_SPS)},
            _PPS: {Bits(unit[2:]).golomb() for unit in self._config.sets(_PPS)},
        }
        free = [[n for n in _FREE if n not in used[kind]] for kind in _SETS]
        if not all(free):
            raise Unjoinable("there is no room for further parameter sets")
        self._vps, self._sps, self._pps = (numbers[0] for numbers in free)

    def is_entry(self, packet: memoryview) -> bool:
        """Tell whether decoding can begin with a packet that the container marks as a key.

        Returns whether it is an IDR picture, or one after which nothing refers to what lies before
        it but pictures that are shown before it. ``Unjoinable`` if it brings parameter sets that
        the header does not have.
        """
        entry = False
        for unit in split_lengths(packet):
            kind = unit_type(unit)
            entry |= _FIRST_IRAP <= kind <= _CRA
            if kind in _SETS and bytes(unit) not in self._known:
                raise Unjoinable("its parameter sets change within the stream")
        return entry

    def header(self, extradata: bytes) -> bytes:
        """Return the sample description of the output.

        ``extradata``: the encoder's. Returns the joined ``hvcC``. ``Unjoinable`` if the encoder's
        sets are not as expected.
        """
        units = {unit_type(unit): unit for unit in split_start_codes(extradata)}
        if not all(kind in units for kind in _SETS):
            raise Unjoinable("its encoder gives no parameter sets")
        vps, sps, pps = (_unescaped(units[kind]) for kind in _SETS)
        new = {
            _VPS: _escaped(vps[:2] + bytes([vps[2] & 15 | self._vps << 4]) + vps[3:]),
            _SPS: self._sequence_set(sps),
            _PPS: self._picture_set(pps),
        }
        return self._config.joined(new)

    def payload(self, packet: bytes) -> bytes:
        """Turn an encoder's packet into one as the source's are.

        ``packet``: with start codes. Returns with lengths, its slices alone, under our picture
        parameter set.
        """
        units = split_start_codes(packet)
        return with_lengths([self._renumbered(u) for u in units if unit_type(u) < _VPS])

    def key(self, packet: Packet[VideoStream], follows: bool) -> bytes | None:
        """Turn a copied key packet into one that may follow new pictures.

        ``follows``: whether it does. Returns the same picture: one that counts on (CRA) begins to
        count anew (BLA), and sets that the header has already are left out; None if that is the
        packet itself.
        """
        units, changed = [], False
        for unit in split_lengths(memoryview(packet)):
            kind, data = unit_type(unit), bytes(unit)
            if kind == _CRA and follows:
                data = bytes([data[0] & 0x81 | _BLA_WITH_LEADING << 1]) + data[1:]
            changed |= kind in _SETS or (kind == _CRA and follows)
            units += [] if kind in _SETS else [data]
        return with_lengths(units) if changed else None

    def _renumbered(self, unit: bytes) -> bytes:
        """Put a slice under our picture parameter set, with reserved bits up to a whole byte."""
        key = _FIRST_IRAP <= unit_type(unit) <= _LAST_IRAP
        lead = 2 if key else 1  # first slice of its picture; what to do with earlier pictures
        raw = _unescaped(unit)
        bits = f"{raw[2]:08b}"
        if bits[0] != "1" or bits[lead] != "1":
            raise ValueError("The encoder's slices are not numbered as expected.")
        number = _golomb(self._pps)
        wide = bits[:lead] + number + "0" * (9 - len(number)) + bits[lead + 1 :]
        return _escaped(raw[:2] + int(wide, 2).to_bytes(2, "big") + raw[3:])

    def _sequence_set(self, raw: bytes) -> bytes:
        bits = _bits(raw[2:])
        at = 8 + _PROFILE_BITS
        if bits[4:7] != "000" or bits[at] != "1":
            raise Unjoinable("its encoder's parameter sets are not as expected")
        changed = f"{self._vps:04b}" + bits[4:at] + _golomb(self._sps) + bits[at + 1 :]
        return _escaped(raw[:2] + _packed(changed))

    def _picture_set(self, raw: bytes) -> bytes:
        bits = _bits(raw[2:])
        number = _golomb(self._pps)
        # Its number, that of the sequence set, two flags, and three bits: how many are reserved.
        if bits[:2] != "11" or bits[4:7] != "000":
            raise Unjoinable("its encoder's parameter sets are not as expected")
        changed = number + _golomb(self._sps) + bits[2:4] + f"{9 - len(number):03b}" + bits[7:]
        return _escaped(raw[:2] + _packed(changed))


def _sequence_ident(unit: bytes) -> int:
    """Read the number of a sequence parameter set."""
    bits = Bits(unit[2:])
    bits.take(4)
    layers = bits.take(3)
    bits.take(1 + _PROFILE_BITS)
    present = [(bits.take(1), bits.take(1)) for _ in range(layers)]
    if layers:
        bits.take(2 * (8 - layers))
    for profile, level in present:
        bits.take(88 * profile + 8 * level)
    return bits.golomb()


def _unescaped(unit: bytes) -> bytes:
    return unit.replace(b"\x00\x00\x03", b"\x00\x00")


def _escaped(unit: bytes) -> bytes:
    return re.sub(rb"\x00\x00(?=[\x00-\x03])", b"\x00\x00\x03", unit)


def _golomb(number: int) -> str:
    digits = f"{number + 1:b}"
    return "0" * (len(digits) - 1) + digits


def _bits(payload: bytes) -> str:
    """Spell a payload without its stop bit."""
    return "".join(f"{byte:08b}" for byte in payload).rstrip("0")[:-1]


def _packed(bits: str) -> bytes:
    """Pack bits with a stop bit behind them."""
    whole = bits + "1"
    whole += "0" * (-len(whole) % 8)
    return int(whole, 2).to_bytes(len(whole) // 8, "big")
