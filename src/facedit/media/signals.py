"""What a picture says of how it is shown, beside its colours: HDR, chroma location, fields."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

import av
from av import logging
from av.bitstream import BitStreamFilterContext
from av.sidedata.sidedata import SideData
from av.sidedata.sidedata import Type as SideDataType
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

_MASTERING = struct.Struct("=20i2i")
_LIGHT = struct.Struct("=2I")
_FIELDS = {2: "tff", 5: "tff", 3: "bff", 4: "bff"}
_PARSED = ("h264", "hevc")


@dataclass(frozen=True, slots=True)
class PictureSignals:
    """Signals that an encoder is told of.

    Attributes:
        mastering: Mastering display after SMPTE ST 2086, as x264 and x265 write it; empty if none.
        light: Largest and mean content light level, ``1000,400``; empty if none.
        chroma_location: Place of the chroma samples after ITU-T H.273, 0 (left) to 5; None if the
            stream does not say.
        fields: ``tff`` or ``bff`` for interlaced pictures, by the field that is shown first.
    """

    mastering: str = ""
    light: str = ""
    chroma_location: int | None = None
    fields: str = ""

    def parameters(self, encoder: str) -> list[str]:
        """Tell an encoder of them.

        Returns parameters of x264 or x265; none for another encoder.
        """
        if encoder == "libx264":
            named = {"mastering-display": self.mastering, "cll": self.light}
            fields = [f"{self.fields}=1"] if self.fields else []
        elif encoder == "libx265":
            named = {"master-display": self.mastering, "max-cll": self.light}
            fields = []
        else:
            return []
        if self.chroma_location is not None:
            named["chromaloc"] = str(self.chroma_location)
        return [f"{name}={value}" for name, value in named.items() if value] + fields

    def lost(self, encoder: str) -> tuple[str, ...]:
        """Say what an encoder cannot be told.

        Returns a line per signal that the source has and the output will not.
        """
        known = encoder in ("libx264", "libx265")
        names = {
            "HDR10 mastering display and light levels": bool(self.mastering or self.light) > known,
            "the chroma location": bool(self.chroma_location) > known,
            "the order of the fields": bool(self.fields) > (encoder == "libx264"),
        }
        return tuple(f"{name} cannot be written by {encoder}." for name in names if names[name])


def read_signals(picture: VideoFrame, video: VideoStream) -> PictureSignals:
    """Read the signals of a stream.

    ``video``: the stream, whose decoder has given it.
    """
    mastering = light = ""
    try:
        attached = side_data(picture)
    except ValueError:
        attached = []
    for kind, raw in attached:
        if kind == SideDataType.MASTERING_DISPLAY_METADATA and len(raw) >= _MASTERING.size:
            mastering = _mastering(raw)
        elif kind == SideDataType.CONTENT_LIGHT_LEVEL and len(raw) >= _LIGHT.size:
            most, mean = _LIGHT.unpack_from(raw)
            light = f"{most},{mean}" if most or mean else ""
    fields = ""
    if picture.interlaced_frame:
        fields = _FIELDS.get(video.codec_context.field_order, "tff")
    return PictureSignals(mastering, light, _chroma_location(video), fields)


def side_data(picture: VideoFrame) -> list[tuple[SideDataType, bytes]]:
    """List what is attached to a picture.

    ``ValueError`` if PyAV has no name for a kind.
    """
    # PyAV types the container as a dict of motion vectors; it holds every kind of side data.
    items = list(cast("Iterable[SideData]", picture.side_data))
    return [(item.type, bytes(item)) for item in items]


def _mastering(raw: bytes) -> str:
    """Write a mastering display as x264 and x265 read it: red, green, blue come as G, B, R."""
    *pairs, has_primaries, has_luminance = _MASTERING.unpack_from(raw)
    if not (has_primaries and has_luminance) or not all(pairs[1::2]):
        return ""
    values = [top / bottom for top, bottom in zip(pairs[::2], pairs[1::2], strict=True)]
    red, green, blue, white = ([round(v * 50_000) for v in values[k : k + 2]] for k in (0, 2, 4, 6))
    darkest, brightest = (round(value * 10_000) for value in values[8:10])
    return (
        f"G({green[0]},{green[1]})B({blue[0]},{blue[1]})R({red[0]},{red[1]})"
        f"WP({white[0]},{white[1]})L({brightest},{darkest})"
    )


def _chroma_location(video: VideoStream) -> int | None:
    """Read the place of the chroma samples from the parameter sets; FFmpeg tells it in its log."""
    if video.codec_context.codec.canonical_name not in _PARSED:
        return None
    level = logging.get_level()
    try:
        logging.set_level(logging.INFO)
        with logging.Capture() as lines:
            BitStreamFilterContext("trace_headers", video)
    except (av.error.FFmpegError, ValueError):
        return None
    finally:
        logging.set_level(level)
    for _, _, line in lines:
        if "chroma_sample_loc_type_top_field" in line and "=" in line:
            place = line.rpartition("=")[2].strip()
            return int(place) if place.isdigit() and int(place) <= 5 else None
    return None
