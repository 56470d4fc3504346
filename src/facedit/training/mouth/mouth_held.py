"""The same few faces that the mouth network does not learn from, drawn again and again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from facedit.device import inference
from facedit.render.network import MouthNetwork
from facedit.training.engine import Validation
from facedit.training.mouth.mouth_bake import BakedClip
from facedit.training.mouth.mouth_batch import drawn_by
from facedit.training.mouth.mouth_config import MouthOptimConfig, SampleMix
from facedit.training.mouth.mouth_loss import weighted_l1
from facedit.training.mouth.mouth_samples import (
    Look,
    MouthSample,
    make_sample,
    most_alike,
    source_of,
)
from facedit.types import Float32, UInt8

CLIPS = 6
"""Most clips that are shown."""

FRAMES = 8
"""Frames of a strip."""

EVERY = 2
"""Frames of the baked clip from one picture of a strip to the next."""

APART = 3
"""Least frames from what is drawn to what it is drawn from, if the clip is long enough."""

_STILL = Look(np.zeros(2))


@dataclass(frozen=True, slots=True)
class MouthStrip:
    """Some frames of one clip of a ``corpus/speaker``, one behind the other.

    ``samples`` have references of the person, ``alone`` are the same from one picture only.
    """

    speaker: str
    samples: tuple[MouthSample, ...]
    alone: tuple[MouthSample, ...]


def choose_strips(clips: Sequence[BakedClip], mix: SampleMix, size: int) -> list[MouthStrip]:
    """Choose up to ``CLIPS`` clips of speakers held out, each speaker in turn."""
    by_speaker: dict[str, list[BakedClip]] = {}
    for clip in clips:
        if clip.speaker in mix.hold_out and _run(clip, mix.max_turn).size:
            by_speaker.setdefault(clip.speaker, []).append(clip)
    longest = max((len(own) for own in by_speaker.values()), default=0)
    turns = (own[turn] for turn in range(longest) for own in by_speaker.values() if turn < len(own))
    return [_strip(clip, mix.max_turn, size) for clip, _ in zip(turns, range(CLIPS), strict=False)]


def _run(clip: BakedClip, max_turn: float) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return the frames to draw, in the middle of the clip; none if it is too short or turned."""
    usable = clip.turned <= max_turn
    length = FRAMES * EVERY
    start = (len(usable) - length) // 2
    if start < 1 or not usable[start : start + length].all():
        return np.zeros(0, np.int64)
    return np.arange(start, start + length, EVERY)


def _strip(clip: BakedClip, max_turn: float, size: int) -> MouthStrip:
    targets = _run(clip, max_turn)
    frames = np.arange(len(clip.gaps))
    apart = np.abs(frames[:, None] - targets).min(axis=1)
    usable = clip.turned <= max_turn
    allowed = frames[usable & (apart >= APART)]
    if not allowed.size:
        allowed = frames[usable & (apart > 0)]
    # A closed mouth is what a still picture mostly shows, and the furthest from speech.
    base = source_of(clip, int(allowed[np.argmin(clip.gaps[allowed])]))

    def sample(target: int, references: Sequence[int]) -> MouthSample:
        sources = [base, *(source_of(clip, one) for one in references)]
        return make_sample(clip, target, sources, size, _STILL)

    numbers = [int(target) for target in targets]
    return MouthStrip(
        clip.speaker,
        tuple(sample(target, most_alike(clip, allowed, target)) for target in numbers),
        tuple(sample(target, ()) for target in numbers),
    )


def draw_strips(
    network: MouthNetwork, strips: Sequence[MouthStrip], optim: MouthOptimConfig
) -> Validation:
    """Draw strips, at least one, with the network as it is.

    Figures are the mean difference to the truth in grey levels, the mouth weighing as in training,
    with references of the person (``l1``) and from one picture (``l1_alone``). The picture
    ``mouths`` has four rows for each strip: the base, warped to the frame; the truth; what is drawn
    with references; what is drawn from the one picture.
    """
    rows, errors = [], []
    for strip in strips:
        drawn, error = _draw(network, strip.samples, optim.residual_own, optim.lips)
        alone, error_alone = _draw(network, strip.alone, 1.0, optim.lips_alone)
        base = [one.pictures[0] for one in strip.samples]
        truth = [one.truth for one in strip.samples]
        rows += [np.concatenate(list(faces), axis=1) for faces in (base, truth, drawn, alone)]
        errors.append((error, error_alone))
    means = np.mean(errors, axis=0)
    figures = {"l1": float(means[0]), "l1_alone": float(means[1])}
    return Validation(figures, {"mouths": np.concatenate(rows)})


def _draw(
    network: MouthNetwork, samples: Sequence[MouthSample], residual: float, lips: float
) -> tuple[UInt8, float]:
    fake, batch = drawn_by(network, samples, residual)
    with inference():
        weight = fake.new_full((len(samples),), lips)
        error = float(weighted_l1(fake, batch.truth, batch.raster, weight).mean())
        pixels: Float32 = fake.clamp(0, 1).permute(0, 2, 3, 1).cpu().numpy()
    return np.rint(255.0 * pixels).astype(np.uint8), 255.0 * error
