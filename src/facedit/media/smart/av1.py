"""AV1 among copied packets: each key picture begins anew, under the sequence header in front."""

from __future__ import annotations

from av.packet import Packet
from av.video.stream import VideoStream

from facedit.media.smart.unjoinable import Unjoinable

_SEQUENCE_HEADER = 1
_CONFIG_BYTES = 4


class Av1Joint:
    """New AV1 pictures beside a source's own.

    Args:
        extradata: The source's ``av1C``.

    Raises:
        Unjoinable: If that holds no sequence header.
    """

    exact = True

    def __init__(self, extradata: bytes) -> None:
        self._sequence = extradata[_CONFIG_BYTES:]
        if extradata[:1] != b"\x81" or _first_unit(self._sequence) != _SEQUENCE_HEADER:
            raise Unjoinable("its AV1 has no sequence header in the header of the file")
        # Each picture is shown as it comes: none waits for a later one.
        self.options = {"svtav1-params": "pred-struct=1:lookahead=0:scd=0"}

    def is_entry(self, packet: memoryview) -> bool:
        """Tell whether decoding can begin with a packet that the container marks as a key."""
        return len(packet) > 0

    def header(self, extradata: bytes) -> bytes:
        """Return nothing: sequence headers lie in the stream."""
        return b""

    def payload(self, packet: bytes) -> bytes:
        """Return an encoder's packet as it is."""
        return packet

    def key(self, packet: Packet[VideoStream], follows: bool) -> bytes | None:
        """Put the source's sequence header in front of a copied key packet that lacks it.

        Args:
            packet: The packet.
            follows: Whether it comes behind new pictures, which have a header of their own.

        Returns:
            The same picture; None if it is to stay as it is.
        """
        data = bytes(packet)
        if not follows or _first_unit(data) == _SEQUENCE_HEADER:
            return None
        return self._sequence + data


def _first_unit(data: bytes) -> int:
    """Return of which kind the first unit is, -1 without one."""
    return data[0] >> 3 & 15 if data else -1
