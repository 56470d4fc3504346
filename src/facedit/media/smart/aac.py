"""The windows of AAC packets: two overlapping halves add up only if they are of one kind."""

from __future__ import annotations

from facedit.media.smart.sides import LEFT, RIGHT
from facedit.media.smart.start_codes import without_header

_KAISER = 1
_LONG_LEFT, _LONG_RIGHT = (0, 1), (0, 3)
_SINGLE, _PAIR = 0, 1


def sides_of(packet: memoryview) -> int:
    """Read on which sides of a packet of one or two channels new ones may stand.

    Its windows may be long, long before short ones, short, or long behind short ones, each of sine
    or of Kaiser and Bessel; new packets have long ones of the latter.

    Returns ``LEFT`` and ``RIGHT`` where its windows are such; 0 if another element comes first or
    each channel has windows of its own.
    """
    packet = without_header(packet)
    if len(packet) < 4:
        return 0
    if packet[0] >> 5 == _SINGLE:
        window = (packet[2] >> 5) & 7
    elif packet[0] >> 5 == _PAIR and packet[0] & 1:
        window = (packet[1] >> 4) & 7
    else:
        return 0
    sequence, shape = window >> 1, window & 1
    # The left half has the shape of the packet before.
    right = sequence in _LONG_RIGHT and shape == _KAISER
    return LEFT * (sequence in _LONG_LEFT) | RIGHT * right
