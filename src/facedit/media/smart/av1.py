"""AV1 among copied packets: each key picture begins anew, under the sequence header in front."""

from __future__ import annotations

from dataclasses import dataclass

from av.packet import Packet
from av.video.stream import VideoStream

from facedit.media.smart.plain_joint import PlainJoint
from facedit.media.smart.unjoinable import Unjoinable

_SEQUENCE_HEADER = 1
_CONFIG_BYTES = 4


@dataclass(frozen=True, slots=True)
class Av1Joint(PlainJoint):
    """New AV1 pictures beside a source's own.

    Attributes:
        sequence: The source's sequence header.
    """

    sequence: bytes = b""

    @classmethod
    def of(cls, extradata: bytes) -> Av1Joint:
        """Make the joint of a source.

        ``extradata``: its ``av1C``. Returns the joint. ``Unjoinable`` if that holds no sequence
        header.
        """
        sequence = extradata[_CONFIG_BYTES:]
        if extradata[:1] != b"\x81" or _first_unit(sequence) != _SEQUENCE_HEADER:
            raise Unjoinable("its AV1 has no sequence header in the header of the file")
        # Each picture is shown as it comes: none waits for a later one.
        return cls(True, {"svtav1-params": "pred-struct=1:lookahead=0:scd=0"}, sequence)

    def key(self, packet: Packet[VideoStream], follows: bool) -> bytes | None:
        """Put the source's sequence header in front of a copied key packet that lacks it.

        ``follows``: whether it comes behind new pictures, which have a header of their own. Returns
        the same picture; None if it is to stay as it is.
        """
        data = bytes(packet)
        if not follows or _first_unit(data) == _SEQUENCE_HEADER:
            return None
        return self.sequence + data


def _first_unit(data: bytes) -> int:
    """Return of which kind the first unit is, -1 without one."""
    return data[0] >> 3 & 15 if data else -1
