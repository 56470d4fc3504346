"""The timeline of an export, by OpenTimelineIO, which comes with the extra ``export``."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from facedit.editing.timecode import Timecode
from facedit.errors import AssetMissing, one_line
from facedit.interchange.cut_list import Cut, Stretch
from facedit.interchange.span_writers import NUMBER_DIGITS
from facedit.media.info import VideoInfo

INSTALL = "pip install 'facedit[export]'"


def require_library() -> None:
    """Refuse what needs OpenTimelineIO.

    Raises:
        AssetMissing: If it or its writer of FCP7 XML is not installed.
    """
    for package in ("opentimelineio", "otio_fcp_adapter"):
        if importlib.util.find_spec(package) is None:
            raise AssetMissing(f"timelines are written by OpenTimelineIO: {INSTALL}.")


@dataclass(frozen=True, slots=True)
class Medium:
    """A file that a timeline shows.

    Attributes:
        name: Its name, by which programs find it again.
        place: Where it lies from the timeline, with slashes; of numbered pictures their folder.
        start: Timecode of its first frame.
        frames: How many it has.
        numbered: Whether it is a folder of numbered pictures.
    """

    name: str
    place: str
    start: Timecode
    frames: int
    numbered: bool = False


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of a track.

    Attributes:
        start: First frame on the timeline.
        end: The frame behind its last one.
        medium: What is shown; None for nothing.
        offset: The medium's frame, from its first one, that is shown first.
    """

    start: int
    end: int
    medium: Medium | None = None
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Track:
    """A track of a timeline: ``Video`` or ``Audio``, pieces without gaps."""

    name: str
    kind: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Timeline:
    """What a timeline file says.

    Attributes:
        name: Its name.
        start: Timecode of its first frame.
        tracks: The lowest one first.
        info: The source: size and shape of the pictures.
    """

    name: str
    start: Timecode
    tracks: tuple[Track, ...]
    info: VideoInfo


def source_medium(path: Path, folder: Path, start: Timecode, frames: int) -> Medium:
    """Describe the untouched original.

    Args:
        path: The file.
        folder: Where the timeline will lie.
        start: Timecode of its first frame.
        frames: How many it has.

    Returns:
        The medium: by its way from the timeline where there is one, so that both can be moved.
    """
    there = path.resolve()
    try:
        place = Path(os.path.relpath(there, folder.resolve())).as_posix()
    except ValueError:  # another drive
        place = there.as_posix()
    return Medium(readable(there.name), place, start, frames)


def readable(name: str) -> str:
    """Return a file's name as every text can hold it: in one line, whatever bytes it has."""
    return one_line(os.fsencode(name).decode(errors="replace"))


def pieces_of(
    cuts: Sequence[Cut], source: Medium, stretches: Sequence[Stretch], files: Sequence[Medium]
) -> tuple[Piece, ...]:
    """Show the source where it is kept, and a stretch's own file where it is new.

    Args:
        cuts: Kept and changed runs.
        source: The original.
        stretches: The changed stretches.
        files: Their files.

    Returns:
        The pieces of a track.
    """
    return tuple(
        Piece(cut.start, cut.end, source, cut.source)
        if cut.changed < 0
        else Piece(
            cut.start,
            cut.end,
            files[cut.changed],
            stretches[cut.changed].start - stretches[cut.changed].first,
        )
        for cut in cuts
    )


def otio_text(timeline: Timeline) -> str:
    """Write a timeline as OTIO's JSON."""
    import opentimelineio

    text: str = opentimelineio.adapters.write_to_string(_built(timeline, {}), "otio_json")
    return text


def fcp_xml_text(timeline: Timeline) -> str:
    """Write a timeline as Final Cut Pro 7's XML, which Premiere, Resolve and Kdenlive read."""
    import opentimelineio

    display = {"timecode": {"displayformat": "DF" if timeline.start.drop else "NDF"}}
    built = _built(timeline, {"fcp_xml": display})
    built.metadata["fcp_xml"]["media"] = {"video": {"format": _format(timeline)}}
    text: str = opentimelineio.adapters.write_to_string(built, "fcp_xml")
    return text


def _built(timeline: Timeline, metadata: dict[str, object]) -> Any:
    """Build OTIO's own object, with what an adapter is to write beside it."""
    from opentimelineio import schema
    from opentimelineio.opentime import RationalTime, TimeRange

    rate = float(timeline.start.rate)

    def span(start: int, frames: int) -> TimeRange:
        return TimeRange(RationalTime(start, rate), RationalTime(frames, rate))

    def reference(medium: Medium) -> Any:
        available = span(medium.start.frame, medium.frames)
        if not medium.numbered:
            return schema.ExternalReference(
                target_url=quote(os.fsencode(medium.place)),
                available_range=available,
                metadata=metadata,
            )
        return schema.ImageSequenceReference(
            target_url_base=f"{quote(os.fsencode(medium.place))}/",
            name_prefix=f"{medium.name}.",
            name_suffix=".png",
            start_frame=medium.start.frame,
            rate=rate,
            frame_zero_padding=NUMBER_DIGITS,
            available_range=available,
        )

    def item(piece: Piece) -> Any:
        length = piece.end - piece.start
        if piece.medium is None:
            return schema.Gap(source_range=span(0, length))
        return schema.Clip(
            name=piece.medium.name,
            media_reference=reference(piece.medium),
            source_range=span(piece.medium.start.frame + piece.offset, length),
        )

    start = RationalTime(timeline.start.frame, rate)
    built = schema.Timeline(timeline.name, global_start_time=start, metadata=metadata)
    for track in timeline.tracks:
        row = schema.Track(track.name, kind=track.kind)
        row.extend([item(piece) for piece in track.pieces])
        built.tracks.append(row)
    return built


def _format(timeline: Timeline) -> dict[str, object]:
    """Say how large pictures are: Resolve takes no timeline of unknown format."""
    info, rate = timeline.info, timeline.start.rate
    return {
        "samplecharacteristics": {
            "rate": {
                "timebase": str(round(rate)),
                "ntsc": "TRUE" if rate.denominator == 1001 else "FALSE",
            },
            "width": str(info.width),
            "height": str(info.height),
            "anamorphic": "FALSE",
            "pixelaspectratio": "square",
            "fielddominance": "none",
        }
    }
