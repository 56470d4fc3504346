"""Reads the headers of H.264 and HEVC, which are hostile input: every read is bounded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from facedit.media.smart.unjoinable import Unjoinable

_MOST_BYTES = 4096
"""Parameter sets are far shorter; a longer one is cut, and reading beyond the cut fails."""


class Bits:
    """Reads numbers off the payload of a NAL unit.

    ``payload``: the bytes behind the NAL unit's header, with emulation prevention.
    """

    def __init__(self, payload: bytes) -> None:
        raw = payload[:_MOST_BYTES].replace(b"\x00\x00\x03", b"\x00\x00")
        self._value = int.from_bytes(raw, "big")
        self._length = 8 * len(raw)
        self.at = 0

    def take(self, count: int) -> int:
        """Read an unsigned number of so many bits.

        ``count``: bits. Returns the number. ``Unjoinable`` if there are fewer bits left.
        """
        self.at += count
        if self.at > self._length:
            raise Unjoinable("its parameter sets are cut short")
        return (self._value >> (self._length - self.at)) & ((1 << count) - 1)

    def golomb(self) -> int:
        """Read an unsigned Exp-Golomb number.

        Returns the number. ``Unjoinable`` if it has more than 32 bits.
        """
        zeros = 0
        while not self.take(1):
            zeros += 1
            if zeros > 32:
                raise Unjoinable("its parameter sets are damaged")
        return (1 << zeros) - 1 + self.take(zeros)


def read_sets(data: bytes, at: int, count: int, least: int) -> tuple[tuple[bytes, ...], int]:
    """Read parameter sets of an ``avcC`` or ``hvcC``, each behind its length in two bytes.

    Returns ``count`` of them from byte ``at`` on, and where they end; ``Unjoinable`` if one is cut
    short or has fewer than ``least`` bytes.
    """
    units = []
    for _ in range(count):
        length = int.from_bytes(data[at : at + 2], "big")
        unit = data[at + 2 : at + 2 + length]
        if len(unit) < least or len(unit) < length:
            raise Unjoinable("its parameter sets are cut short")
        units.append(unit)
        at += 2 + length
    return tuple(units), at


def write_sets(units: Iterable[bytes]) -> bytes:
    """Return parameter sets as ``read_sets`` reads them."""
    return b"".join(len(unit).to_bytes(2, "big") + unit for unit in units)


def split_lengths(data: bytes | memoryview, size: int = 4) -> Iterator[memoryview]:
    """Split a packet whose NAL units have their lengths in front.

    ``data``: the packet; ``size``: bytes of a length. Yields the NAL units; what is damaged ends
    them.
    """
    view = memoryview(data)
    at = 0
    while at + size <= len(view):
        length = int.from_bytes(view[at : at + size], "big")
        at += size
        if not length or at + length > len(view):
            return
        yield view[at : at + length]
        at += length


def split_start_codes(data: bytes) -> list[bytes]:
    """Split what an encoder gives: NAL units with start codes in front.

    ``data``: the bytes. Returns the NAL units.
    """
    parts = data.replace(b"\x00\x00\x00\x01", b"\x00\x00\x01").split(b"\x00\x00\x01")
    return [part for part in parts if part]


def with_lengths(units: list[bytes]) -> bytes:
    """Join NAL units into a packet with their lengths in front.

    ``units``: the NAL units. Returns the packet.
    """
    return b"".join(len(unit).to_bytes(4, "big") + unit for unit in units)
