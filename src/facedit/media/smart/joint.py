"""What each codec needs for new pictures to stand among copied ones."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from av.packet import Packet
from av.video.stream import VideoStream

from facedit.media.smart.av1 import Av1Joint
from facedit.media.smart.h264 import H264Joint
from facedit.media.smart.hevc import HevcJoint
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


@dataclass(frozen=True, slots=True)
class PlainJoint:
    """New pictures of a codec whose packets bring all that their decoding needs.

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

    def key(self, packet: Packet[VideoStream], follows: bool) -> None:
        """Return nothing: a source's packet stays as it is."""


def joint_of(codec: str, video: VideoStream) -> Joint:
    """Choose how new pictures are joined to a stream's own.

    Args:
        codec: FFmpeg's name of the codec.
        video: The picture.

    Returns:
        The joint.

    Raises:
        Unjoinable: If there is none for its codec.
    """
    if codec == "h264":
        return H264Joint(bytes(video.codec_context.extradata or b""))
    if codec == "hevc":
        return HevcJoint(bytes(video.codec_context.extradata or b""))
    if codec == "av1":
        return Av1Joint(bytes(video.codec_context.extradata or b""))
    if codec == "vp9":
        return PlainJoint(True, {"lag-in-frames": "0", "auto-alt-ref": "0"})
    if codec in _PLAIN:
        return PlainJoint()
    raise Unjoinable(f"packets of {codec} are not joined")
