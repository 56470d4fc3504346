"""How a source is joined with what an edit makes anew; found out before anything is made."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import av
from av.audio.stream import AudioStream
from av.packet import Packet
from av.video.stream import VideoStream

from facedit.media.encode import Encoding, choose_encoding
from facedit.media.info import VideoInfo
from facedit.media.open import open_media, typed_errors
from facedit.media.smart.encoder import open_encoder
from facedit.media.smart.groups import Copied, copied_runs, decoding_lead, windows_between
from facedit.media.smart.index import PacketIndex, index_packets
from facedit.media.smart.joint import Joint, joint_of
from facedit.media.smart.kept import KeptPictures
from facedit.media.smart.sound_joint import SoundJoint, sound_joint
from facedit.media.smart.sound_kinds import JOINED
from facedit.media.smart.start_codes import StartCodes, start_codes_of
from facedit.media.smart.unjoinable import Unjoinable
from facedit.media.streams import find_sound, find_video, is_decoder_only


@dataclass(frozen=True, slots=True)
class Joining:
    """Which packets are copied, and how new ones are made to stand among them.

    Attributes:
        info: The source.
        encoding: How a whole encoding would be done: its quality, and the sound where that is
            not joined.
        joint: How pictures are joined.
        header: Sample description of the output's pictures.
        index: The source's packets.
        copied: Those that are copied.
        lead: Ticks by which pictures are decoded before they are shown.
        sound: How sound is joined, or None if it is encoded as a whole.
        codes: How the source's packets are wrapped for a file, where they stand by themselves.
        notes: What the user should know.
    """

    info: VideoInfo
    encoding: Encoding
    joint: Joint
    header: bytes
    index: PacketIndex
    copied: tuple[Copied, ...]
    lead: int
    sound: SoundJoint | None
    codes: StartCodes
    notes: tuple[str, ...] = ()

    @property
    def kept_packets(self) -> int:
        """How many pictures are copied."""
        return sum(run.end - run.first for run in self.copied)

    def key_packet(self, packet: Packet[VideoStream], follows: bool) -> Packet[VideoStream]:
        """Return a copied key picture as it stands in the output.

        ``follows``: whether it comes behind new pictures. Returns the same, or one with the same
        picture.
        """
        data = self.joint.key(packet, follows)
        if data is None:
            return packet
        other = cast("Packet[VideoStream]", Packet(data))
        other.pts, other.duration = packet.pts, packet.duration
        other.time_base, other.is_keyframe = packet.time_base, True
        return other

    def windows(self, also: Sequence[tuple[float, float]] = ()) -> tuple[tuple[float, float], ...]:
        """Return which parts of the source must be decoded.

        ``also``: further parts that somebody wants, in seconds. Returns start and end in seconds,
        in order and apart.
        """
        return windows_between(self.index, self.copied, also)


def find_joining(
    path: Path, info: VideoInfo, kept: Sequence[KeptPictures], codec: str = "source"
) -> Joining:
    """Find out whether and how a source's packets can be copied into an output.

    ``path``: the output; ``info``: the source; ``kept``: the pictures that stay as they are;
    ``codec``: of the output's pictures, as ``choose_picture_encoder`` takes it. Returns how.
    (``BadMedia`` if the source is damaged.) ``Unjoinable`` if not; the message says why.
    """
    encoding = choose_encoding(path, info, codec=codec)
    if reason := _reason_against(info, encoding, codec):
        raise Unjoinable(reason)
    with open_media(info.path) as container, typed_errors(info.path):
        video = find_video(container, info.path)
        heard = find_sound(container, video)
        codes = start_codes_of(container, video, heard)
        joint = joint_of(info.codec, codes.pictures or bytes(video.codec_context.extradata or b""))
        if not _holds(encoding.container, video):
            raise Unjoinable(f"{encoding.container} holds no such {info.codec}")
        held = heard is None or _holds(encoding.container, heard)
    index = index_packets(info, codes.checked(joint.is_entry), bool(codes.codec))
    copied = copied_runs(index, kept)
    if not copied:
        raise Unjoinable("no group of pictures is left untouched")
    encoder = open_encoder(joint, info, encoding.picture, index.time_base)
    header = joint.header(bytes(encoder.extradata or b""))
    sound: SoundJoint | None = None
    notes: tuple[str, ...] = ()
    if info.sound is not None and len(index.sound_pts):
        try:
            if info.sound.codec not in JOINED:
                raise Unjoinable(f"{info.sound.codec} becomes {encoding.sound_codec}")
            if not held:
                raise Unjoinable(f"{encoding.container} holds no {info.sound.codec}")
            sound = sound_joint(info, index, encoding.sound_bit_rate, codes.sound)
        except Unjoinable as why:
            if not encoding.sound_format:
                notes = (f"The sound was encoded anew: {why}.",)
    return Joining(
        info,
        encoding,
        joint,
        header,
        index,
        copied,
        decoding_lead(index, copied),
        sound,
        codes,
        notes,
    )


def _reason_against(info: VideoInfo, encoding: Encoding, codec: str) -> str:
    """Say why a source cannot be joined whatever its packets are; empty if it perhaps can."""
    if info.truncated:
        return "it is damaged"
    if info.signals.fields and info.codec != "h264":
        return "its pictures are made of fields"
    if info.sound is not None and info.sound.lead_s:
        return "its sound starts before its picture"
    if not info.has_pts:
        return "its container carries no times of presentation"
    if encoding.picture.codec != info.codec:
        asked = ", as asked for" if codec != "source" else ""
        return f"{info.codec} becomes {encoding.picture.codec}{asked}"
    return ""


def _holds(name: str, stream: VideoStream | AudioStream) -> bool:
    """Tell whether a container takes a stream's packets."""
    try:
        with av.open(io.BytesIO(), "w", format=name) as trial:
            trial.add_stream_from_template(stream, opaque=is_decoder_only(stream) or None)
            trial.start_encoding()
    except (av.error.FFmpegError, ValueError):
        return False
    return True
