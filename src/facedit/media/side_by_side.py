"""Videos beside each other in one picture, for comparing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from facedit.media.frame import Frame
from facedit.media.info import VideoInfo, new_video_info
from facedit.media.pixels import frame_from_rgb
from facedit.media.probe import probe
from facedit.media.read import read_frames
from facedit.media.sound import iter_sound
from facedit.media.write import write_video
from facedit.media.write_options import USUAL, WriteOptions
from facedit.types import UInt8

STRIP_ROWS = 30
"""Height of the strip that says what is below it."""

_INK, _PLAIN, _MARKED = (255, 255, 255), (28, 39, 51), (47, 111, 219)


@dataclass(frozen=True, slots=True)
class Column:
    """One of the videos.

    Attributes:
        video: The file.
        label: What stands above it; letters that are not ASCII become ``?``.
        marked_s: Stretches in its own time at which the strip above it is coloured.
    """

    video: Path
    label: str = ""
    marked_s: tuple[tuple[float, float], ...] = ()


def side_by_side(left: Path, right: Path, output: Path, *, force: bool = False) -> None:
    """Put two videos of one size beside each other, over the sound of the right one.

    The right one's frame times are kept; the left one shows its frame of the same moment, and its
    last one when it has ended.

    Raises ValueError if the pictures differ in height.
    """
    one, other = probe(left), probe(right)
    if one.height != other.height:
        raise ValueError(f"Pictures of {one.height} and {other.height} rows don't stand together.")
    videos_beside((Column(left), Column(right)), output, options=WriteOptions(force))


def videos_beside(
    columns: Sequence[Column],
    output: Path,
    *,
    clock: int = -1,
    height: int | None = None,
    shown_s: tuple[float, float | None] = (0.0, None),
    options: WriteOptions = USUAL,
    progress: Callable[[int], object] = lambda _: None,
) -> None:
    """Put videos beside each other, over the sound of one of them.

    Its frame times are kept; the others show their frame of the same moment, and their last one
    when they have ended. A strip with the labels stands on top if there are any.

    ``columns``: the videos from left to right, at least one; ``clock``: index of the one that gives
    times and sound; ``height``: rows the pictures are scaled to; None leaves them as they are;
    ``shown_s``: first moment shown and the end of it; None for the end of that video; ``progress``:
    called with the number of pictures done; what it raises ends the work.
    """
    start_s, end_s = shown_s
    infos = [probe(column.video) for column in columns]
    leader = infos[clock]
    sizes = [_size(info, height) for info in infos]
    strip = STRIP_ROWS if any(column.label for column in columns) else 0
    wide, high = sum(width for width, _ in sizes), max(rows for _, rows in sizes) + strip
    if strip or height is not None:
        # Sizes are ours to choose here: even ones can be encoded as every player likes it.
        wide, high = wide + wide % 2, high + high % 2
    info = new_video_info(
        wide, high, Fraction(leader.frame_rate), leader.sound_rate, max(leader.channels, 1)
    )
    info = replace(info, is_variable=leader.is_variable)
    shown = [_Shown(*one, start_s, strip) for one in zip(columns, infos, sizes, strict=True)]

    def pictures() -> Iterator[Frame]:
        frames = read_frames(columns[clock].video, start_s, end_s, info=leader)
        for number, frame in enumerate(frames):
            progress(number)
            picture, left = np.zeros((high, wide, 3), np.uint8), 0
            for one, (width, _) in zip(shown, sizes, strict=True):
                one.draw(picture[:, left : left + width], frame.time_s)
                left += width
            yield frame_from_rgb(picture, frame.time_s - start_s, info)

    sound = iter_sound(columns[clock].video, start_s=start_s, end_s=end_s, info=leader)
    write_video(output, info, pictures(), sound, options)


def _size(info: VideoInfo, height: int | None) -> tuple[int, int]:
    """Return width and height that a video is shown at."""
    if height is None:
        return info.width, info.height
    return max(round(info.width * height / info.height), 1), height


def _scaled(pixels: UInt8, size: tuple[int, int]) -> UInt8:
    """Scale a picture."""
    if pixels.shape[1::-1] == size:
        return pixels
    import cv2

    smaller = size[1] < pixels.shape[0]
    way = cv2.INTER_AREA if smaller else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(pixels, size, interpolation=way), dtype=np.uint8)


def _strip(text: str, width: int, ground: tuple[int, int, int]) -> UInt8:
    """Draw a label, as large as fits."""
    import cv2

    strip = np.full((STRIP_ROWS, width, 3), ground, np.uint8)
    plain = text.encode("ascii", "replace").decode("ascii")
    plain = "".join(c if c.isprintable() else "?" for c in plain)
    font, scale = cv2.FONT_HERSHEY_SIMPLEX, 0.5
    (wide, _), _ = cv2.getTextSize(plain, font, scale, 1)
    scale = max(min(scale, scale * (width - 12) / max(wide, 1)), 0.3)
    cv2.putText(strip, plain, (6, 20), font, scale, _INK, 1, cv2.LINE_AA)
    return strip


class _Shown:
    """A column under its label."""

    def __init__(
        self, column: Column, info: VideoInfo, size: tuple[int, int], start_s: float, strip: int
    ) -> None:
        self._column, self._size, self._strip = column, size, strip
        self._latest = _Latest(column.video, info, start_s)
        self._tops = [_strip(column.label, size[0], ground) for ground in (_PLAIN, _MARKED)]

    def draw(self, place: UInt8, time_s: float) -> None:
        """Draw the frame of a moment into its place of the picture."""
        frame = self._latest.at(time_s)
        if self._strip:
            marked = any(a - 1e-6 <= frame.time_s < b for a, b in self._column.marked_s)
            place[: self._strip] = self._tops[int(marked)]
        place[self._strip : self._strip + self._size[1]] = _scaled(frame.rgb(), self._size)


class _Latest:
    """The frame of a video that is shown at ascending times."""

    def __init__(self, video: Path, info: VideoInfo, start_s: float) -> None:
        # A little earlier than asked, for the frame that stands at the start.
        before_s = min(start_s, info.duration_s) - 2.5 * info.frame_period_s
        self._frames: Iterator[Frame] = read_frames(video, max(before_s, 0.0), info=info)
        self._shown = next(self._frames)
        self._next = next(self._frames, None)

    def at(self, time_s: float) -> Frame:
        """Return the frame shown at a time, not before the last one asked for."""
        while self._next is not None and self._next.time_s <= time_s + 1e-4:
            self._shown, self._next = self._next, next(self._frames, None)
        return self._shown
