"""Encodes the pictures of a gap between copied packets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import cast

import av
from av.codec.context import Flags
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from facedit.media.codecs import PictureEncoder
from facedit.media.info import VideoInfo
from facedit.media.planes import converted
from facedit.media.smart.joint import Joint
from facedit.media.smart.unjoinable import Unjoinable

_THREADS = 4
"""As many on every machine: an encoder's bytes depend on their number."""


def open_encoder(
    joint: Joint, info: VideoInfo, picture: PictureEncoder, time_base: Fraction
) -> VideoCodecContext:
    """Start an encoder whose pictures are as the source's are.

    ``joint``: how they are joined; ``info``: the source; ``picture``: how its pictures are encoded
    as a whole; ``time_base``: seconds per tick. Returns the encoder, open. ``Unjoinable`` if it
    cannot encode such pictures.
    """
    name = picture.encoder
    encoder = cast(VideoCodecContext, av.CodecContext.create(name, "w"))
    formats = [one.name for one in encoder.codec.video_formats or []]
    if picture.pix_fmt not in formats or (joint.exact and picture.pix_fmt != info.decoded_pix_fmt):
        raise Unjoinable(f"{name} does not encode {info.decoded_pix_fmt}")
    encoder.width, encoder.height = info.stored_width, info.stored_height
    encoder.pix_fmt = picture.pix_fmt
    encoder.time_base, encoder.framerate = time_base, info.frame_rate
    encoder.sample_aspect_ratio = info.sample_aspect_ratio
    encoder.color_range, encoder.colorspace = info.colour.range, info.colour.matrix
    encoder.color_primaries, encoder.color_trc = info.colour.primaries, info.colour.transfer
    if picture.bit_rate:
        encoder.bit_rate = picture.bit_rate
    encoder.flags |= Flags.global_header
    encoder.options = _joined_options(picture.options, joint.options)
    encoder.thread_count = _THREADS
    try:
        encoder.open()
    except av.error.FFmpegError as error:
        raise Unjoinable(f"{name} does not encode such pictures") from error
    return encoder


def encoded(
    encoder: VideoCodecContext,
    joint: Joint,
    pictures: Iterable[tuple[VideoFrame, int, int]],
    info: VideoInfo,
) -> Iterator[Packet[VideoStream]]:
    """Encode pictures without reordering them.

    ``encoder``: a fresh encoder; ``joint``: how they are joined; ``pictures``: each with its time
    and its length in ticks, ascending; ``info``: the source. Yields a packet a picture, as the
    source's are.
    """
    told: dict[int, int] = {}

    def joined(packets: Iterable[Packet[VideoStream]]) -> Iterator[Packet[VideoStream]]:
        for packet in packets:
            assert packet.pts is not None
            copy = cast("Packet[VideoStream]", Packet(joint.payload(bytes(packet))))
            copy.pts = copy.dts = packet.pts
            copy.duration = told.pop(packet.pts)
            copy.time_base, copy.is_keyframe = encoder.time_base, packet.is_keyframe
            yield copy

    for picture, tick, ticks_long in pictures:
        if picture.format.name != encoder.pix_fmt:
            full = 2 if info.full_range else 1
            pix_fmt = str(encoder.pix_fmt)
            picture = converted(picture, pix_fmt, src_color_range=full, dst_color_range=full)
        told[tick] = ticks_long
        picture.pts, picture.time_base, picture.pict_type = tick, encoder.time_base, 0
        yield from joined(encoder.encode(picture))
    yield from joined(encoder.encode(None))


def _joined_options(first: dict[str, str], second: dict[str, str]) -> dict[str, str]:
    """Join options; of lists of parameters both hold."""
    joined = first | second
    for name in first.keys() & second.keys():
        if name.endswith("-params"):
            joined[name] = f"{first[name]}:{second[name]}"
    return joined
