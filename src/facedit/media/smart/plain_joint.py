"""Joints of codecs whose packets bring all that their decoding needs."""

from __future__ import annotations

from dataclasses import dataclass, field

from av.packet import Packet
from av.video.stream import VideoStream


@dataclass(frozen=True, slots=True)
class PlainJoint:
    """New pictures of such a codec.

    In ProRes, DNxHR and MJPEG each picture stands alone; VP9 begins anew at each key picture.

    Attributes:
        exact: Whether the encoder's pixel format must be the source's own.
        options: Further options of the encoder.
    """

    exact: bool = False
    options: dict[str, str] = field(default_factory=dict)

    def is_entry(self, packet: memoryview) -> bool:
        """Tell whether decoding can begin with a packet that the container marks as a key."""
        return len(packet) > 0

    def header(self, extradata: bytes) -> bytes:
        """Return nothing: the source's sample description holds for all."""
        return b""

    def payload(self, packet: bytes) -> bytes:
        """Return an encoder's packet as it is."""
        return packet

    def key(self, packet: Packet[VideoStream], follows: bool) -> bytes | None:
        """Return nothing: a source's packet stays as it is."""
        return None
