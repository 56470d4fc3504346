"""Writes changed stretches of pictures and sound while the road makes the edited clip."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from facedit.compose.takes.seam_measures import REACH_S
from facedit.editing.plan import EditPlan
from facedit.editing.timecode import Timecode
from facedit.editing.timeline import source_windows
from facedit.interchange.cut_list import Stretch
from facedit.interchange.export_options import ExportOptions
from facedit.interchange.span_writers import Marks, Write, movie, numbered_pictures
from facedit.media.frame import Frame
from facedit.media.info import SoundInfo, VideoInfo
from facedit.media.output import Seal
from facedit.media.rendering import Rendering
from facedit.media.sited import sited
from facedit.media.smart.kept import EditedSound
from facedit.media.wav import write_wav
from facedit.media.write_options import USUAL, WriteOptions
from facedit.provenance import signing
from facedit.types import Sound
from facedit.units import frame_at, frame_time, sample_at

SPANS, PATCHES, SOUNDS, WORDS = "spans", "patches", "sounds", "words"
FOLDERS = (SPANS, PATCHES, SOUNDS, WORDS)
"""Folders of an export."""


@dataclass(frozen=True, slots=True)
class Layout:
    """What is to be written of an edit.

    Attributes:
        folder: Where.
        info: The source.
        plan: The plan.
        options: What is exported.
        start: Timecode of the first picture.
        frames: Frames of the edited clip.
        pictures: Changed stretches of pictures.
        sounds: Changed stretches of sound.
        words: New words alone: the stem of each file and the sound.
    """

    folder: Path
    info: VideoInfo
    plan: EditPlan
    options: ExportOptions
    start: Timecode
    frames: int
    pictures: tuple[Stretch, ...]
    sounds: tuple[Stretch, ...]
    words: tuple[tuple[str, Sound], ...]


@dataclass(slots=True)
class SpanFiles:
    """Takes the output's pictures as they go by, and writes what changed.

    Attributes:
        layout: What is to be written.
        options: Marks and seal of the edited video.
        under: Per stretch and frame between its cuts, the source's frame that lies under it.
    """

    layout: Layout
    options: WriteOptions = USUAL
    under: list[list[int]] = field(default_factory=list)
    _stack: ExitStack = field(default_factory=ExitStack)
    _open: list[_OpenStretch] = field(default_factory=list)

    def __enter__(self) -> SpanFiles:
        """Begin."""
        self._open = [
            _OpenStretch(stretch, self._stack.enter_context(ExitStack()))
            for stretch in self.layout.pictures
        ]
        self.under += [one.under for one in self._open]
        return self

    def __exit__(self, *error: object) -> None:
        """Finish what is complete, or take back what was begun."""
        self._stack.__exit__(*error)  # type: ignore[arg-type]

    def passed(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        """Pass pictures on, writing those of stretches."""
        rate = self.layout.info.frame_rate
        for frame in frames:
            number = frame_at(frame.time_s, rate)
            for one in self._open:
                if number >= one.stretch.first and one.next < one.stretch.last:
                    self._take(one, frame, number)
            yield frame
        for one in self._open:
            if one.held is not None and one.next < one.stretch.last:
                self._take(one, one.held, one.stretch.last - 1)

    def write_sounds(self, sound: EditedSound) -> None:
        """Write the changed stretches of sound with their handles, and the new words alone."""
        layout = self.layout
        assert layout.info.sound is not None
        rate, bits = layout.info.sound_rate, bits_of(layout.info.sound)
        for stretch in layout.sounds:
            first, last = (
                sample_at(frame_time(frame, layout.info.frame_rate), rate)
                for frame in (stretch.first, stretch.last)
            )
            heard = np.zeros((last - first, layout.info.channels), np.float32)
            blocks = [block for block in sound.blocks(max(first, sound.first), last) if len(block)]
            if blocks:
                found = np.concatenate(blocks)[: last - first]
                heard[: len(found)] = found
            self._write_sound(SOUNDS, stretch.name, Sound(heard, rate), bits, stretch.first)
        for name, words in layout.words:
            self._write_sound(WORDS, name, words, bits, None)

    def _write_sound(
        self, folder: str, name: str, sound: Sound, bits: int, first: int | None
    ) -> None:
        path = self.layout.folder / folder / f"{name}.wav"
        path.parent.mkdir(exist_ok=True)
        marks = self._marks(path, first)
        write_wav(path, sound, bits=bits, comment=marks.comment, seal=marks.seal)

    def _take(self, one: _OpenStretch, frame: Frame, number: int) -> None:
        """Write a picture at its place; one that lasts longer than a frame stays until the next."""
        stretch = one.stretch
        if one.held is None:
            one.writers = [one.stack.enter_context(writer) for writer in self._writers(stretch)]
        # The timeline's rate is constant; where the source's varies, pictures are held or skipped.
        while one.next < min(number, stretch.last):
            self._put(one, one.held or frame)
        one.held = frame
        if one.next == number < stretch.last:
            self._put(one, frame)
        if one.next == stretch.last:
            one.held = None
            one.stack.close()

    def _put(self, one: _OpenStretch, frame: Frame) -> None:
        for write in one.writers:
            write(sited(frame))
        if one.stretch.start <= one.next < one.stretch.end:
            base, info = frame.base or frame, self.layout.info
            seconds = float((base.pts - info.origin_pts) * info.time_base)
            one.under.append(frame_at(seconds, info.frame_rate))
        one.next += 1

    def _writers(self, stretch: Stretch) -> Iterator[AbstractContextManager[Write]]:
        layout = self.layout
        for folder, codec in ((SPANS, layout.options.spans), (PATCHES, layout.options.patch)):
            if codec == "none":
                continue
            path = layout.folder / folder / stretch.name
            path.parent.mkdir(exist_ok=True)
            patch = folder == PATCHES
            if codec == "png":
                yield numbered_pictures(path, self._marks(path, stretch.first), patch=patch)
            else:
                path = path.with_name(f"{path.name}.mov")
                marks = self._marks(path, stretch.first)
                yield movie(path, layout.info, codec, marks, patch=patch)

    def _marks(self, path: Path, first: int | None) -> Marks:
        """Return the marks of a file that begins at a frame of the timeline, if at any."""
        comment = self.options.metadata.get("comment", "")
        layout = self.layout
        start = layout.start.later(first or 0)
        if first is not None:
            start_s = frame_time(first, layout.info.frame_rate)
            comment += f"; this file begins at {start_s:.2f} s of it"
        return Marks(comment, _seal_for(self.options.seal, path), start)


@dataclass(slots=True)
class _OpenStretch:
    stretch: Stretch
    stack: ExitStack
    under: list[int] = field(default_factory=list)
    writers: list[Write] = field(default_factory=list)
    held: Frame | None = None
    next: int = -1

    def __post_init__(self) -> None:
        self.next = self.stretch.first


@dataclass(frozen=True, slots=True)
class SpanRendering(Rendering):
    """Writes changed stretches beside the edited video, or instead of it.

    Attributes:
        files: What writes them.
    """

    files: SpanFiles = field(kw_only=True)

    @classmethod
    def beside(cls, rendering: Rendering, files: SpanFiles) -> SpanRendering:
        """Add stretches to how an output is written."""
        notes = rendering.notes if files.layout.options.video else ()
        return cls(rendering.info, rendering.joining, notes, rendering.codec, files=files)

    def windows(
        self, near: Sequence[tuple[float, float]]
    ) -> tuple[tuple[float, float], ...] | None:
        """Return which parts of the source must be decoded for ``write``: handles too."""
        layout = self.files.layout
        handles_s = frame_time(layout.options.handles + 2, layout.info.frame_rate)
        wide = source_windows(layout.plan, max(handles_s, REACH_S), max(handles_s, REACH_S))
        return Rendering.windows(self, wide) if layout.options.video else wide

    def figures(self, pictures: int) -> dict[str, str | float]:
        """Say for the report how much was copied."""
        return Rendering.figures(self, pictures) if self.files.layout.options.video else {}

    def write(
        self,
        path: Path,
        frames: Iterable[Frame],
        sound: EditedSound,
        options: WriteOptions = USUAL,
        *,
        progress: Callable[[int], None] | None = None,
    ) -> int:
        """Write stretches, and the edited video if it is wanted; return its number of frames."""
        layout = self.files.layout
        self.files.options = options
        with self.files as files:
            passed, count = files.passed(frames), layout.frames
            if layout.options.video:
                count = Rendering.write(self, path, passed, sound, options, progress=progress)
            else:
                for number, _ in enumerate(passed, 1):
                    if progress is not None:
                        progress(number)
            files.write_sounds(sound)
        return count


def bits_of(sound: SoundInfo) -> int:
    """Choose how many bits wavs of a sound have: 16 where the source has no more."""
    sixteen = sound.codec.startswith("pcm_") and sound.sample_format.startswith(("s16", "u8"))
    return 16 if sixteen else 24


def _seal_for(seal: Seal | None, path: Path) -> Seal | None:
    """Sign another file as the edited video is signed."""
    return replace(seal, output=path) if isinstance(seal, signing.Seal) else seal
