"""MP3 packets: which windows they have, and the bytes that they lend each other."""

from __future__ import annotations

from dataclasses import dataclass

from facedit.media.smart.sides import LEFT, RIGHT

_RATES = (44_100, 48_000, 32_000)
_KBPS = {
    True: (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    False: (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_SIDE = {(True, 1): (17, 18), (True, 2): (32, 20), (False, 1): (9, 9), (False, 2): (17, 10)}
"""Of MPEG-1 or not, by channels: bytes of side information, and bits before its first granule:
the pointer, private bits and, in MPEG-1, which scale factors are shared."""

_GRANULE = {True: (2, 59, 33), False: (1, 63, 38)}
"""Granules of a packet, bits of one, and bits of it up to its switch."""

_MONO = 3
_NORMAL, _START, _STOP = 0, 1, 3


@dataclass(frozen=True, slots=True)
class Mp3Header:
    """What the first bytes of a packet say.

    Attributes:
        whole: Whether it is MPEG-1 with 1152 samples; else one of the half rates, with 576.
        rate: Samples per second.
        kbps: Kilobits per second.
        channels: 1 or 2.
        side: Bytes in front of the main data.
        borrowed: Bytes of main data that stand in the packets before.
        sides: On which its windows are long, as new packets' are.
    """

    whole: bool
    rate: int
    kbps: int
    channels: int
    side: int
    borrowed: int
    sides: int

    @property
    def samples(self) -> int:
        """Samples of a packet."""
        return 1152 if self.whole else 576

    def room(self, kbps: int) -> int:
        """Return how many bytes of main data a packet of another bit rate holds."""
        return self.samples * kbps * 125 // self.rate - self.side


def parse(packet: bytes | memoryview) -> Mp3Header | None:
    """Read the header and the side information of a packet.

    Returns what they say; None if it is no MP3, or of a free bit rate.
    """
    head = int.from_bytes(packet[:4], "big")
    version, layer = head >> 19 & 3, head >> 17 & 3
    rating, rated = head >> 12 & 15, head >> 10 & 3
    if len(packet) < 40 or head >> 21 != 0x7FF or version == 1 or layer != 1:
        return None
    if rating in (0, 15) or rated == 3:
        return None
    whole, channels = version == 3, 1 if head >> 6 & 3 == _MONO else 2
    start = 4 if head >> 16 & 1 else 6
    end = start + _SIDE[whole, channels][0]
    rate = _RATES[rated] // {3: 1, 2: 2, 0: 4}[version]
    kbps = _KBPS[whole][rating - 1]
    borrowed = _bits(packet[start:end], 0, 9 if whole else 8)
    sides = _sides(packet[start:end], whole, channels)
    return Mp3Header(whole, rate, kbps, channels, end, borrowed, sides)


def _bits(data: bytes | memoryview, at: int, count: int) -> int:
    """Read a number of ``count`` bits that begins ``at`` a bit."""
    return int.from_bytes(data, "big") >> (8 * len(data) - at - count) & ((1 << count) - 1)


def _sides(side: bytes | memoryview, whole: bool, channels: int) -> int:
    """Tell from the side information on which sides the windows are long."""
    granules, size, fixed = _GRANULE[whole]
    at = _SIDE[whole, channels][1] + fixed
    told = [_bits(side, at + size * place, 3) for place in range(granules * channels)]
    kinds = [one & 3 if one & 4 else _NORMAL for one in told]
    left = all(kind in (_NORMAL, _START) for kind in kinds[:channels])
    right = all(kind in (_NORMAL, _STOP) for kind in kinds[-channels:])
    return LEFT * left | RIGHT * right


def highest_kbps(header: Mp3Header) -> int:
    """Return the highest bit rate of packets of a kind."""
    return _KBPS[header.whole][-1]


def joined_bit_rate(header: Mp3Header, wanted: int) -> int:
    """Choose the bit rate of new packets: the highest leaves room for what others lend.

    ``header``: of a packet of the source; ``wanted``: bits per second that are wanted. Returns bits
    per second: at most about half of what a packet can hold.
    """
    rates = [rate for rate in _KBPS[header.whole] if 5 * rate <= 3 * highest_kbps(header)]
    return 1000 * next((rate for rate in rates if 1000 * rate >= wanted), rates[-1])


def sides_of(packet: memoryview) -> int:
    """Read on which sides of a packet new ones may stand.

    Returns ``LEFT`` and ``RIGHT`` where its windows are long; on the left only if a new packet has
    room for what it borrows.
    """
    header = parse(packet)
    if header is None:
        return 0
    most = joined_bit_rate(header, 1 << 30) // 1000
    spare = header.room(highest_kbps(header)) - header.room(most) - 1  # a byte of padding
    return header.sides if header.borrowed <= spare else header.sides & ~LEFT


def main_data(packet: bytes | memoryview) -> bytes:
    """Return what a packet may lend to the ones behind it."""
    header = parse(packet)
    return bytes(packet[header.side :]) if header is not None else b""


def with_lent(packet: bytes, lent: bytes) -> bytes:
    """Let a new packet hold bytes that the packet behind it borrows.

    ``packet``: one that borrows nothing itself; ``lent``: main data for the packet behind it.
    Returns the packet at the highest bit rate, with the bytes at its end. ``ValueError`` if they do
    not fit.
    """
    header = parse(packet)
    if header is None:
        raise ValueError("No MP3 packet.")
    most = highest_kbps(header)
    head = int.from_bytes(packet[:4], "big")
    head = head & ~(15 << 12 | 1 << 9) | len(_KBPS[header.whole]) << 12  # without padding
    room = header.room(most)
    own = packet[header.side :]
    if len(own) + len(lent) > room:
        raise ValueError("No room for what the packet behind borrows.")
    return (
        head.to_bytes(4, "big")
        + packet[4 : header.side]
        + own
        + bytes(room - len(own) - len(lent))
        + lent
    )
