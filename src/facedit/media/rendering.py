"""Decides how an output is written: packets copied around what is new, or all of it encoded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from facedit.media.encode import choose_encoding
from facedit.media.frame import Frame
from facedit.media.info import VideoInfo
from facedit.media.smart.joining import Joining, find_joining
from facedit.media.smart.kept import EditedSound, KeptPictures
from facedit.media.smart.mux import write_joined
from facedit.media.smart.unjoinable import Unjoinable
from facedit.media.write import write_video
from facedit.media.write_options import USUAL, WriteOptions


@dataclass(frozen=True, slots=True)
class Rendering:
    """How an output is written.

    Attributes:
        info: The source, or what a video from nothing is to be.
        joining: How packets are copied; None where all is encoded.
        notes: What the user should know of it.
        codec: Of the pictures, where all is encoded.
    """

    info: VideoInfo
    joining: Joining | None = None
    notes: tuple[str, ...] = ()
    codec: str = "source"

    def windows(
        self, near: Sequence[tuple[float, float]]
    ) -> tuple[tuple[float, float], ...] | None:
        """Return which parts of the source must be decoded for ``write``.

        ``near``: parts that are looked at anyway, in seconds. Returns start and end in seconds, in
        order and apart; None for all of it.
        """
        return self.joining.windows(near) if self.joining is not None else None

    def figures(self, pictures: int) -> dict[str, str | float]:
        """Say for the report how much was copied."""
        if self.joining is None:
            return {"rendering": "full"}
        kept = self.joining.kept_packets
        return {"rendering": "smart", "pictures copied": kept, "encoded": pictures - kept}

    def write(
        self,
        path: Path,
        frames: Iterable[Frame],
        sound: EditedSound,
        options: WriteOptions = USUAL,
        *,
        progress: Callable[[int], None] | None = None,
    ) -> int:
        """Write the output.

        ``frames``: the pictures with their times in it, ascending: at least those that ``windows``
        asks for; ``options``: how; the codec is the rendering's own; ``progress``: called with the
        number of pictures written.
        """
        if self.joining is None:
            return write_video(
                path,
                self.info,
                frames,
                sound.blocks(),
                replace(options, codec=self.codec),
                progress=progress,
                sound_start_s=sound.first / self.info.sound_rate if self.info.has_sound else 0.0,
            )
        if self.joining.sound is not None:
            sound = sound.in_steps(self.joining.sound.step)
        return write_joined(path, self.joining, frames, sound, options, progress=progress)


def choose_rendering(
    path: Path,
    info: VideoInfo,
    kept: Sequence[KeptPictures],
    wanted: str = "smart",
    codec: str = "source",
) -> Rendering:
    """Choose how an output is written.

    ``info``: the source, or what a video from nothing is to be; ``kept``: the pictures of the
    source that stay as they are; none for a video from nothing; ``wanted``: ``smart`` copies
    packets where that is safe; ``full`` encodes everything; ``codec``: of the pictures, as
    ``choose_picture_encoder`` takes it.
    """
    encoding = choose_encoding(path, info, codec=codec)
    lost = (*info.signals.lost(encoding.picture.encoder), *encoding.lost_sound(info))
    if wanted != "smart" or not kept:
        return Rendering(info, None, lost, codec)
    try:
        joining = find_joining(path, info, kept, codec)
    except Unjoinable as why:
        note = f"The whole file was encoded anew: {why}."
        return Rendering(info, None, (note, *lost), codec)
    return Rendering(info, joining, joining.notes)
