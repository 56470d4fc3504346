"""The windows of AAC packets: two overlapping halves add up only if they are of one kind."""

from __future__ import annotations

UNKNOWN = 255
"""Of a packet whose windows are not told by its first bits."""

_KAISER = 1
_LONG_LEFT, _LONG_RIGHT = (0, 1), (0, 3)
_SINGLE, _PAIR = 0, 1


def window_of(packet: memoryview) -> int:
    """Read which windows a packet of one or two channels has.

    Args:
        packet: The packet.

    Returns:
        Its sequence (0 long, 1 long before short ones, 2 short, 3 long behind short ones) times 2,
        and 1 for Kaiser-Bessel windows, 0 for sine; ``UNKNOWN`` if another element comes first or
        each channel has windows of its own.
    """
    if len(packet) < 4:
        return UNKNOWN
    if packet[0] >> 5 == _SINGLE:
        return (packet[2] >> 5) & 7
    if packet[0] >> 5 == _PAIR and packet[0] & 1:
        return (packet[1] >> 4) & 7
    return UNKNOWN


def joins_behind(window: int) -> bool:
    """Tell whether what follows a packet overlaps with a long Kaiser-Bessel half."""
    return window != UNKNOWN and window >> 1 in _LONG_RIGHT and window & 1 == _KAISER


def joins_before(window: int) -> bool:
    """Tell whether a packet overlaps with a long half with what comes before it."""
    return window != UNKNOWN and window >> 1 in _LONG_LEFT
