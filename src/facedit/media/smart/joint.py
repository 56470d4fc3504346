"""What each codec needs for new pictures to stand among copied ones."""

from __future__ import annotations

from typing import Protocol

from av.packet import Packet
from av.video.stream import VideoStream

from facedit.media.smart.av1 import Av1Joint
from facedit.media.smart.h264 import H264Joint
from facedit.media.smart.hevc import HevcJoint
from facedit.media.smart.plain_joint import PlainJoint
from facedit.media.smart.unjoinable import Unjoinable

_PLAIN = ("prores", "dnxhd", "mjpeg", "vp9")


class Joint(Protocol):
    """New pictures beside a source's own."""

    @property
    def options(self) -> dict[str, str]:
        """Options of the encoder, beside those that give a whole encoding its quality."""
        ...

    @property
    def exact(self) -> bool:
        """Whether the encoder's pixel format must be the source's own."""
        ...

    def is_entry(self, packet: memoryview) -> bool:
        """Tell whether decoding can begin with a packet that the container marks as a key."""
        ...

    def header(self, extradata: bytes) -> bytes:
        """Return the sample description of source and encoder together; empty for the source's."""
        ...

    def payload(self, packet: bytes) -> bytes:
        """Turn an encoder's packet into one as the source's are."""
        ...

    def key(self, packet: Packet[VideoStream], follows: bool) -> bytes | None:
        """Return what a copied key packet becomes, if it follows new pictures; None for itself."""
        ...


def joint_of(codec: str, extradata: bytes) -> Joint:
    """Choose how new pictures are joined to a stream's own.

    ``codec``: FFmpeg's name of the codec; ``extradata``: its sample description. Returns the joint.
    ``Unjoinable`` if there is none for its codec.
    """
    if codec == "h264":
        return H264Joint(extradata)
    if codec == "hevc":
        return HevcJoint(extradata)
    if codec == "av1":
        return Av1Joint.of(extradata)
    if codec == "vp9":
        return PlainJoint(True, {"lag-in-frames": "0", "auto-alt-ref": "0"})
    if codec in _PLAIN:
        return PlainJoint()
    raise Unjoinable(f"packets of {codec} are not joined")
