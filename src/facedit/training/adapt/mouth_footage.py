"""A clip's own mouths as training footage, with some of them kept apart to judge by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facedit.face.distances import lip_gap
from facedit.render.bank import ReferenceBank
from facedit.training.mouth.mouth_bake import BakedClip, turned_by
from facedit.training.mouth.mouth_samples import (
    Look,
    MouthSample,
    make_sample,
    most_alike,
    source_of,
)

CORPUS = "clip"
"""Name of the only corpus."""

BLOCK_S = 0.4
"""Length of a block of frames that is kept apart or learnt from as a whole."""

EVERY = 5
"""One block of so many is kept apart."""

MARGIN = 2
"""Frames on either side of a block kept apart that are not learnt from: they look like it."""

FEWEST = 8
"""Fewest frames that one stretch must have to be learnt from."""


@dataclass(frozen=True, slots=True)
class Footage:
    """Frames to learn from and frames to judge by.

    Attributes:
        learnt: Stretches of the clip without the frames kept apart and their margins.
        apart: Samples of the frames kept apart; their references are frames that are learnt from.
        frames: Number of frames learnt from.
    """

    learnt: tuple[BakedClip, ...]
    apart: tuple[MouthSample, ...]
    frames: int


def footage_of(banks: Sequence[ReferenceBank], size: int, most_apart: int = 32) -> Footage:
    """Divide one person's mouths into frames to learn from and at most so many to judge by.

    Stretches with too few frames are left out.
    """
    learnt: list[BakedClip] = []
    places: list[tuple[BakedClip, int, NDArray[np.intp]]] = []
    for bank in banks:
        if len(bank) == 0:
            continue
        clip = clip_of(bank)
        apart = kept_apart(clip.times_s)
        near = np.convolve(apart, np.ones(2 * MARGIN + 1), "same") > 0.5
        kept = np.flatnonzero(~near)
        if len(kept) < FEWEST:
            continue
        learnt.append(clip.take(kept))
        places += [(clip, int(target), kept) for target in np.flatnonzero(apart)]
    chosen = {int(place) for place in np.linspace(0, len(places) - 1, most_apart)} if places else ()
    samples = [
        _judged(clip, target, kept, size)
        for clip, target, kept in (places[place] for place in sorted(chosen))
    ]
    return Footage(tuple(learnt), tuple(samples), sum(len(clip.gaps) for clip in learnt))


def kept_apart(times_s: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Mark every fifth block of 0.4 s, from the third on, of ascending times, shape (F,)."""
    block = np.floor((times_s - times_s[0]) / BLOCK_S + 1e-6).astype(int)
    return np.asarray(block % EVERY == EVERY // 2)


def clip_of(bank: ReferenceBank) -> BakedClip:
    """Return a bank's canonical crops, at least one, as a clip to train on."""
    landmarks = np.stack([frame.source.landmarks for frame in bank.frames])
    return BakedClip(
        corpus=CORPUS,
        speaker=CORPUS,
        times_s=bank.times_s,
        crops=np.stack([frame.source.crop for frame in bank.frames]),
        landmarks=landmarks,
        descriptors=bank.lips,
        gaps=lip_gap(landmarks).astype(np.float32),
        turned=turned_by(landmarks),
    )


def _judged(clip: BakedClip, target: int, kept: NDArray[np.intp], size: int) -> MouthSample:
    """A frame kept apart, drawn from the frame learnt from before it and those most like it."""
    earlier = kept[kept < target]
    base = int(earlier[-1] if len(earlier) else kept[0])
    sources = [base, *most_alike(clip, kept, target)]
    return make_sample(
        clip, target, [source_of(clip, one) for one in sources], size, Look(np.zeros(2))
    )
