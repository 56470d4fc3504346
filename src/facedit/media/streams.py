"""Chooses the picture and the sound in an open file, and sets decoders up."""

from __future__ import annotations

import sys
from pathlib import Path

from av.audio.stream import AudioStream
from av.container import InputContainer
from av.sidedata.sidedata import Type as SideDataType
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from facedit.device import cores
from facedit.errors import BadMedia
from facedit.media.open import MAX_PIXELS
from facedit.media.orientation import Orientation
from facedit.media.signals import side_data

MAX_RATE = 768_000
"""Most samples per second of a sound that is decoded; the fastest converters take as many."""

MAX_CHANNELS = 64
"""Most channels of a sound that is decoded."""

_MOST_THREADS = 16


def find_video(container: InputContainer, path: Path) -> VideoStream:
    """Choose the stream that is the picture: the first that is no cover art.

    Raises BadMedia if there is none, or no decoder for it.
    """
    for stream in container.streams.video:
        if not stream.disposition & Disposition.attached_pic:
            if getattr(stream, "codec_context", None) is None:
                raise BadMedia(f"{path}: there is no decoder for its picture.")
            return stream
    raise BadMedia(f"{path}: has no picture; give a video.")


def find_sound(
    container: InputContainer, related: VideoStream | None = None, index: int | None = None
) -> AudioStream | None:
    """Choose the sound stream that belongs to the picture.

    ``index``: number of another sound stream that is wanted instead. Returns the stream, or None if
    there is none that can be decoded. Raises BadMedia if it claims more samples or channels than
    any recording has.
    """
    if index is None:
        best = container.streams.best("audio", related=related)
    else:
        best = container.streams[index]
    if not (isinstance(best, AudioStream) and getattr(best, "codec_context", None) and best.rate):
        return None
    if best.rate > MAX_RATE or best.channels > MAX_CHANNELS:
        raise BadMedia(
            f"{container.name.removeprefix('file:')}: its header says {best.rate} Hz and "
            f"{best.channels} channel(s); sound has at most {MAX_RATE} Hz and {MAX_CHANNELS}."
        )
    return best


def check_pixels(path: Path, width: int, height: int) -> None:
    """Refuse pictures over the pixel limit before one is decoded.

    Raises BadMedia if there are more pixels than ``MAX_PIXELS``, or none.
    """
    if width <= 0 or height <= 0:
        raise BadMedia(
            f"{path}: its picture has no readable size: damaged, or over the limit of "
            f"{MAX_PIXELS / 1e6:.1f} megapixels (7680x4320)."
        )
    if width * height > MAX_PIXELS:
        raise BadMedia(
            f"{path}: {width}x{height} is {width * height / 1e6:.1f} megapixels; "
            f"the limit is {MAX_PIXELS / 1e6:.1f} (7680x4320)."
        )


def limit_decoder(stream: VideoStream) -> None:
    """Give a decoder its pixel limit and threads, before its first packet."""
    context = stream.codec_context
    context.options = {**context.options, "max_pixels": str(MAX_PIXELS)}
    context.thread_type = "AUTO"
    context.thread_count = min(cores(), _MOST_THREADS)


def frame_pts(frame: VideoFrame) -> int | None:
    """Read a frame's presentation time.

    Returns PTS in ticks; the decode time where the container has none (AVI); None if neither.
    """
    return frame.pts if frame.pts is not None else frame.dts


def frame_orientation(frame: VideoFrame) -> Orientation:
    """Read how a decoded picture is to be turned.

    Returns its orientation; upright where it carries no display matrix.
    """
    try:
        items = side_data(frame)
    except ValueError:
        # PyAV 18 stumbles over kinds of side data it has no name for; the angle it still gives.
        return Orientation.from_rotation(frame.rotation)
    for kind, raw in items:
        if kind == SideDataType.DISPLAYMATRIX:
            entries = [
                int.from_bytes(raw[at : at + 4], sys.byteorder, signed=True)
                for at in range(0, 36, 4)
            ]
            return Orientation.from_matrix(entries)
    return Orientation()


def is_decoder_only(stream: VideoStream | AudioStream) -> bool:
    """Tell whether a stream's decoder has a name that no encoder has (AV1's ``libdav1d``).

    ``stream``: a stream of an open file. Returns whether PyAV must copy its description as it is
    (of sound it does so anyway).
    """
    return stream.codec_context.name == "libdav1d"
