"""The law of training masks: which motion entries are hidden (pure NumPy).

What a user may ask for must occur in training: short spans inside a clip, long ones, several at
once, short bridges, everything, everything but a prompt; and in each case all dims, or only the
lips with the face and head as shot.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from facedit.errors import UsageError
from facedit.runs import runs
from facedit.types import Bool, Float32

Spans = list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class MaskConfig:
    """Relative frequencies of the kinds of masks.

    Attributes:
        short: One span of 4 to 20 frames.
        several: Two or three spans of 4 to 20 frames.
        bridge: One span of 2 to 6 frames.
        long: One span of 50 to 95 % of the clip.
        whole: Every frame.
        prompt: Every frame but the first 2 to 8.
        still: Like ``prompt``, as from one picture: the kept frames are one held closed mouth,
            and groups that are kept throughout do not move.
        lips: Within each kind above: only the lips are hidden.
        lips_face: Lips and face are hidden, the head is kept.
        all_dims: Everything is hidden.
    """

    short: float = 0.40
    several: float = 0.08
    bridge: float = 0.05
    long: float = 0.22
    whole: float = 0.12
    prompt: float = 0.05
    still: float = 0.08
    lips: float = 0.45
    lips_face: float = 0.15
    all_dims: float = 0.40

    def __post_init__(self) -> None:
        """Check that both sets of frequencies can be drawn from."""
        for names in (KINDS, DIM_SETS):
            weights = [getattr(self, name) for name in names]
            if min(weights) < 0 or sum(weights) <= 0:
                raise UsageError(f"mask frequencies {names} are {weights}: need some above 0.")


KINDS = ("short", "several", "bridge", "long", "whole", "prompt", "still")
DIM_SETS: dict[str, tuple[str, ...]] = {
    "lips": ("lips",),
    "lips_face": ("lips", "face"),
    "all_dims": ("lips", "face", "head"),
}
"""Groups of dims that are hidden together."""


@dataclass(frozen=True, slots=True)
class Mask:
    """A drawn mask.

    Attributes:
        entries: True where motion is to be drawn, shape (T, D).
        kind: One of ``KINDS``.
        dim_set: Key of ``DIM_SETS``.
        held: Leading kept frames that stand for a still picture, 0 for other kinds.
    """

    entries: Bool
    kind: str
    dim_set: str
    held: int = 0


def span_mask(
    frames: int, dims: int, groups: Mapping[str, slice], spans: Spans, dim_set: str
) -> Bool:
    """Hide the dims of a key of ``DIM_SETS`` over some spans, shape (frames, dims).

    Spans are first and last-plus-one frames.
    """
    mask = np.zeros((frames, dims), dtype=bool)
    for start, stop in spans:
        for group in DIM_SETS[dim_set]:
            mask[start:stop, groups[group]] = True
    return mask


def draw_mask(
    rng: np.random.Generator,
    frames: int,
    dims: int,
    groups: Mapping[str, slice],
    config: MaskConfig,
) -> Mask:
    """Draw a mask that hides at least one entry of (frames, dims); there is a frame or more."""
    kind = _choose(rng, KINDS, config)
    dim_set = _choose(rng, tuple(DIM_SETS), config)
    spans = _SPANS[kind](rng, frames)
    entries = span_mask(frames, dims, groups, spans, dim_set)
    return Mask(entries, kind, dim_set, spans[0][0] if kind == "still" else 0)


def _choose(rng: np.random.Generator, names: tuple[str, ...], config: MaskConfig) -> str:
    weights = np.array([getattr(config, name) for name in names], dtype=np.float64)
    return names[int(rng.choice(len(names), p=weights / weights.sum()))]


def _place(rng: np.random.Generator, frames: int, length: int) -> tuple[int, int]:
    length = min(max(length, 1), frames)
    start = int(rng.integers(0, frames - length + 1))
    return start, start + length


def _short(rng: np.random.Generator, frames: int) -> Spans:
    return [_place(rng, frames, int(rng.integers(4, 21)))]


def _several(rng: np.random.Generator, frames: int) -> Spans:
    return [_place(rng, frames, int(rng.integers(4, 21))) for _ in range(int(rng.integers(2, 4)))]


def _bridge(rng: np.random.Generator, frames: int) -> Spans:
    return [_place(rng, frames, int(rng.integers(2, 7)))]


def _long(rng: np.random.Generator, frames: int) -> Spans:
    return [_place(rng, frames, round(rng.uniform(0.5, 0.95) * frames))]


def _whole(rng: np.random.Generator, frames: int) -> Spans:
    return [(0, frames)]


def _prompt(rng: np.random.Generator, frames: int) -> Spans:
    return [(min(int(rng.integers(2, 9)), frames - 1), frames)]


_SPANS: dict[str, Callable[[np.random.Generator, int], Spans]] = {
    "short": _short,
    "several": _several,
    "bridge": _bridge,
    "long": _long,
    "whole": _whole,
    "prompt": _prompt,
    "still": _prompt,
}


def reverse_kept_dims(motion: Float32, mask: Bool) -> Float32:
    """Reverse in time what is kept of masked frames, tied to its own ends.

    In an edit the brows and the head are as shot, to other words than the new ones. Played
    backwards they are as lively and as steady at the seams, but say nothing about the lips. Motion
    and mask (True where it is to be drawn) have shape (T, D); the dims that are kept throughout
    change, in frames that have masked ones.
    """
    out = motion.copy()
    fixed = ~mask.any(axis=0)
    for start, stop in runs(np.asarray(mask.any(axis=1))):
        own = motion[start:stop, fixed]
        ramp = np.linspace(1, -1, stop - start, dtype=np.float32)[:, None]
        out[start:stop, fixed] = own[::-1] + ramp * (own[0] - own[-1])
    return out
