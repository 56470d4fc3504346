"""Writes the pictures of one changed stretch: a movie with its own timecode, or PNG pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from facedit.editing.timecode import Timecode
from facedit.interchange.patches import patch_of
from facedit.media.extras import Extras
from facedit.media.formats import plane_layout
from facedit.media.frame import Frame
from facedit.media.info import VideoInfo
from facedit.media.output import Seal
from facedit.media.png import write_png
from facedit.media.sited import picture_from_rgba
from facedit.media.write import VideoWriter
from facedit.media.write_options import WriteOptions
from facedit.units import frame_time

NUMBER_DIGITS = 7
"""Digits of the numbers of PNG pictures: the frames of a day."""

_CODECS: Mapping[str, tuple[str, str]] = {
    "prores": ("prores", "HQ"),
    "prores4444": ("prores", "4444"),
    "dnxhr": ("dnxhd", ""),
    "h264": ("h264", ""),
}
"""FFmpeg's codec and profile by option."""

Write = Callable[[Frame], None]
"""Writes the next picture."""


@dataclass(frozen=True, slots=True)
class Marks:
    """What files say of themselves.

    Attributes:
        comment: The mark of an output.
        seal: What signs the file; None if nothing does.
        timecode: Address of its first frame.
    """

    comment: str
    seal: Seal | None
    timecode: Timecode


@contextmanager
def movie(
    path: Path, info: VideoInfo, codec: str, marks: Marks, *, patch: bool = False
) -> Iterator[Write]:
    """Write a movie at the timeline's constant rate, stored and turned as the source is.

    Args:
        path: The file.
        info: The source.
        codec: How it is encoded, as options say it.
        marks: What it says of itself.
        patch: Whether only what changed is written, with alpha.

    Yields:
        What writes the next picture.
    """
    made, count = movie_info(info, codec, patch=patch), 0
    options = WriteOptions(
        metadata={"comment": marks.comment},
        codec="source",
        extras=Extras(info.path, picture_tags={"timecode": str(marks.timecode)}),
        seal=marks.seal,
    )
    with VideoWriter(path, made, options) as writer:

        def write(frame: Frame) -> None:
            nonlocal count
            picture = picture_from_rgba(patch_of(frame), made) if patch else frame.picture
            rate = made.frame_rate
            writer.write_frame(picture, frame_time(count, rate), frame_time(1, rate))
            count += 1

        yield write


@contextmanager
def numbered_pictures(folder: Path, marks: Marks, *, patch: bool = False) -> Iterator[Write]:
    """Write a folder of PNG pictures, upright, numbered as the timeline counts frames.

    Args:
        folder: Where; it must not exist.
        marks: What they say of themselves. (They are not signed one by one.)
        patch: Whether only what changed is written, with alpha.

    Yields:
        What writes the next picture.
    """
    folder.mkdir(parents=True)
    address = marks.timecode.frame

    def write(frame: Frame) -> None:
        nonlocal address
        layout = plane_layout(frame.info.pix_fmt)
        if patch:
            pixels = patch_of(frame)
        else:
            pixels = frame.rgb16() if layout is not None and layout.bits > 8 else frame.rgb()
        write_png(folder / picture_name(folder.name, address), pixels, comment=marks.comment)
        address += 1

    yield write


def picture_name(stem: str, address: int) -> str:
    """Name a PNG picture by the frame that it is."""
    return f"{stem}.{address:0{NUMBER_DIGITS}}.png"


def movie_info(info: VideoInfo, codec: str, *, patch: bool = False) -> VideoInfo:
    """Describe the movie of a stretch, for the writer.

    Args:
        info: The source.
        codec: How the movie is encoded, as options say it.
        patch: Whether it has alpha.

    Returns:
        The description: silent, without the source's tags, in the codec asked for.
    """
    name, profile = _CODECS[codec]
    if codec == "dnxhr":
        profile = "DNXHR 444" if "444" in info.pix_fmt else info.profile
    made = replace(info, codec=name, profile=profile, sound=None, metadata={})
    return replace(made, pix_fmt="yuva444p10le") if patch else made
