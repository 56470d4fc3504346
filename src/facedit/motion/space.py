"""What a motion space is, and those there are, by name.

A space turns what it sees of frames into standardised motion and back. What it sees is an array per
frame in its own *terms*: tracked landmarks, or anything that it takes from the pixels itself.
Targets for the renderer are in the same terms, so differences of them must mean something.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np

from facedit.motion.identity import Identity
from facedit.options import DEFAULT_SPACE
from facedit.plugins import Registry
from facedit.types import FaceTrack, Float32, UInt8

if TYPE_CHECKING:
    import torch


@runtime_checkable
class MotionSpace(Protocol):
    """Frames to motion and back."""

    @property
    def name(self) -> str:
        """What weights and prepared data call it."""

    @property
    def terms(self) -> str:
        """What its arrays per frame are; a renderer draws one kind (``types.LANDMARK_TERMS``)."""

    @property
    def renderer(self) -> str:
        """Name of the renderer that draws it unless another is asked for."""

    @property
    def names(self) -> tuple[str, ...]:
        """Name of each dim."""

    @property
    def groups(self) -> Mapping[str, slice]:
        """The dims of ``lips``, ``face`` and ``head``, which the regions are made of."""

    @property
    def effects(self) -> Float32:
        """How far one unit of each dim moves its part of the face: its weight in losses, (D,)."""

    def identity(self, seen: Float32, confidence: Float32, /) -> Identity:
        """Estimate a clip's constants.

        Args:
            seen: What is seen of frames, shape (F, ...), NaN where there is no face.
            confidence: Weight of each frame, shape (F,).

        Returns:
            The constants. Give frames that are kept; hidden ones would leak into their own
            condition. (``NoFace`` if no frame has a face.)
        """

    def encode(self, seen: Float32, identity: Identity, /) -> Float32:
        """Turn what is seen, (T, ...), into motion, (T, D), of mean 0 and deviation 1."""

    def decode(self, values: Float32, identity: Identity, /) -> Float32:
        """Turn motion, (T, D), into what would be seen, (T, ...)."""

    def mirrored(self, seen: Float32, /) -> Float32:
        """Return what would be seen of the mirrored frames, (F, ...); places may be off by any."""


@runtime_checkable
class SeesFrames(Protocol):
    """A motion space that does not go by landmarks."""

    def see(self, frames: Iterable[tuple[UInt8, Float32]], /) -> Float32:
        """Look at frames with a face.

        Args:
            frames: Upright pictures, (H, W, 3), and the landmarks in them in pixels, (478, 3),
                which say where the face is.

        Returns:
            What is seen, a row per frame, shape (F, ...).
        """


@runtime_checkable
class HasShape(Protocol):
    """A motion space whose motion can be measured as landmarks."""

    def decode_shape(self, values: Float32, identity: Identity, /) -> Float32:
        """Turn motion, (T, D), into pose-free landmarks in canonical units, (T, 478, 3)."""


SPACES = Registry[MotionSpace](
    "motion space",
    "facedit.motion_spaces",
    MotionSpace,
    dict.fromkeys((DEFAULT_SPACE, "mesh-grid"), "facedit.motion.mesh_space:MeshSpace.named")
    | {"liveportrait": "facedit.motion.liveportrait.liveportrait_space:LivePortraitSpace"},
)
"""All motion spaces; what makes one is called with its name and a device. ``mesh`` is fitted to
research footage, ``mesh-grid`` to GRID alone; ``liveportrait`` is the paper's, by the official
motion extractor; a model belongs to the one it was trained in."""


def space_named(name: str, device: torch.device | str = "cpu") -> MotionSpace:
    """Find a motion space by its name; ``UsageError`` if there is none.

    ``device`` is where it is to compute, if it looks at frames by a network.
    """
    return SPACES.make(name, name, device)


def seen_in(space: MotionSpace, track: FaceTrack, pictures: Iterable[UInt8]) -> Float32:
    """Return what a space sees of tracked frames.

    Args:
        space: The space.
        track: Landmarks of the frames.
        pictures: Their pixels; a space that goes by landmarks does not look at them.

    Returns:
        Shape (F, ...), NaN where there is no face.
    """
    if not isinstance(space, SeesFrames):
        return track.landmarks
    shown = np.isfinite(track.landmarks[:, 0, 0])
    found = space.see(
        (rgb, landmarks)
        for rgb, landmarks, face in zip(pictures, track.landmarks, shown, strict=True)
        if face
    )
    seen = np.full((len(shown), *found.shape[1:]), np.nan, np.float32)
    seen[shown] = found
    return seen
