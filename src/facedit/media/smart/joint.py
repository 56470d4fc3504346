"""What each codec needs for new pictures to stand among copied ones."""

from __future__ import annotations

from typing import Protocol

from av.video.stream import VideoStream

from facedit.media.smart.h264 import H264Joint
from facedit.media.smart.unjoinable import Unjoinable


class Joint(Protocol):
    """New pictures beside a source's own."""

    @property
    def encoder(self) -> str:
        """FFmpeg's name of the encoder."""
        ...

    @property
    def options(self) -> dict[str, str]:
        """Its options, beside those of a whole encoding."""
        ...

    def is_entry(self, packet: memoryview) -> bool:
        """Tell whether decoding can begin with a packet that the container marks as a key."""
        ...

    def header(self, extradata: bytes) -> bytes:
        """Return the sample description of source and encoder together."""
        ...

    def payload(self, packet: bytes) -> bytes:
        """Turn an encoder's packet into one as the source's are."""
        ...


def joint_of(video: VideoStream) -> Joint:
    """Choose how new pictures are joined to a stream's own.

    Args:
        video: The picture.

    Returns:
        The joint.

    Raises:
        Unjoinable: If there is none for its codec.
    """
    context = video.codec_context
    extradata = bytes(context.extradata or b"")
    if context.name == "h264":
        return H264Joint(extradata)
    raise Unjoinable(f"packets of {context.name} are not joined")
