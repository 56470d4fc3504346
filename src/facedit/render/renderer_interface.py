"""What a renderer of a clip takes and gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from facedit.options import Region
from facedit.types import Float32, UInt8


@dataclass(frozen=True, slots=True)
class Patch:
    """A rectangle to paste into a base frame.

    Its border pixels equal the base's (except on a side that is the picture's own edge), so that
    pasting leaves no edge; coordinates and sides are even where the picture's size allows it, so
    that it covers whole samples of subsampled chroma.

    Attributes:
        rgb: Pixels of the upright picture, shape (h, w, 3); h and w are 0 if nothing changes.
        x: Column of the left edge.
        y: Row of the top edge.
    """

    rgb: UInt8
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Choice:
    """Which real pictures serve one output frame.

    Attributes:
        mouth: Index into the bank of the frame whose mouth is shown, None if the bank is empty.
        distance: How different that mouth's shape is from the target's, in canonical pixels.
        references: Further frames for the mouth network, nearest first.
        eyes: Index of the frame whose eyes are shown, None if the bank is empty.
    """

    mouth: int | None = None
    distance: float = 0.0
    references: tuple[int, ...] = ()
    eyes: int | None = None


@dataclass(frozen=True, slots=True)
class MouthPath:
    """The choices of consecutive output frames."""

    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class FrameTask:
    """One frame to be drawn.

    Attributes:
        base_rgb: Base frame, shape (H, W, 3); not changed.
        base: What the motion space sees of it; of the default space landmarks in pixels, (478, 3).
        target: What it is to see.
        choice: Real pictures to use, from ``plan``.
        weight: 0 gives the base's pixels, 1 the rendered ones.
        region: ``lips`` replaces the mouth on the warped base; ``face`` the eyes too; ``head``
            likewise, for targets whose head stands elsewhere.
    """

    base_rgb: UInt8
    base: Float32
    target: Float32
    choice: Choice
    weight: float = 1.0
    region: Region = "lips"


class ClipRenderer(Protocol):
    """Puts targets into frames of a clip, or into one picture.

    A target and what is under it are arrays in the terms of the motion space: what it sees of a
    frame, and decodes to. Of the default space these are landmarks in pixels, shape (478, 3).
    """

    def plan(self, target: Float32, base: Float32, /) -> MouthPath:
        """Choose real pictures for consecutive frames, both arguments (F, ...)."""
        ...

    def render(self, task: FrameTask, /) -> Patch:
        """Draw one frame: the patch to paste into the base frame."""
        ...
