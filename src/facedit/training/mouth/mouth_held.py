"""The same few faces that the mouth network does not learn from, drawn again and again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from facedit.device import device_of
from facedit.render.network import MouthNetwork, combine
from facedit.training.mouth.mouth_bake import BakedClip
from facedit.training.mouth.mouth_config import MouthTrainingConfig
from facedit.training.mouth.mouth_data import SampleMix
from facedit.training.mouth.mouth_loss import weighted_l1
from facedit.training.mouth.mouth_samples import (
    Look,
    MouthSample,
    make_sample,
    most_alike,
    source_of,
)
from facedit.training.mouth.mouth_step import collate
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
    """Some frames of one clip, one behind the other.

    Attributes:
        speaker: Who it is, as ``corpus/speaker``.
        times_s: Times of the frames, shape (K,).
        samples: What the network is given for each, with references of the person.
        alone: The same from one picture only.
    """

    speaker: str
    times_s: tuple[float, ...]
    samples: tuple[MouthSample, ...]
    alone: tuple[MouthSample, ...]


@dataclass(frozen=True, slots=True)
class DrawnStrip:
    """A strip as drawn.

    Attributes:
        drawn: With references of the person, shape (K, S, S, 3).
        alone: From one picture only, shape (K, S, S, 3).
        l1: Mean difference to the truth with references, in grey levels, the mouth weighing as in
            training.
        l1_alone: The same from one picture.
    """

    drawn: UInt8
    alone: UInt8
    l1: float
    l1_alone: float


def choose_strips(clips: Sequence[BakedClip], mix: SampleMix, size: int) -> list[MouthStrip]:
    """Choose what is shown: clips of the speakers held out, each speaker in turn.

    Args:
        clips: All baked clips.
        mix: Who is held out, and how far heads may be turned.
        size: Side of the network's canvas.

    Returns:
        At most ``CLIPS`` strips; none if nobody is held out.
    """
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
        tuple(float(clip.times_s[target]) for target in numbers),
        tuple(sample(target, most_alike(clip, allowed, target)) for target in numbers),
        tuple(sample(target, ()) for target in numbers),
    )


def draw_strip(network: MouthNetwork, strip: MouthStrip, config: MouthTrainingConfig) -> DrawnStrip:
    """Draw a strip with the network as it is.

    Args:
        network: The network.
        strip: What to draw.
        config: Says how much of the residual counts and how the mouth weighs.

    Returns:
        The pictures.
    """
    drawn, l1 = _draw(network, strip.samples, config.residual_own, config.lips)
    alone, l1_alone = _draw(network, strip.alone, 1.0, config.lips_alone)
    return DrawnStrip(drawn, alone, l1, l1_alone)


def _draw(
    network: MouthNetwork, samples: Sequence[MouthSample], residual_share: float, lips: float
) -> tuple[UInt8, float]:
    device = device_of(network)
    batch = collate(samples).to(device)
    with torch.inference_mode(), torch.autocast(device.type, torch.bfloat16):
        weights, residual = network(batch.pictures, batch.raster, batch.gaps)
    with torch.inference_mode():
        fake = combine(batch.pictures, weights.float(), residual_share * residual.float())
        weight = fake.new_full((len(samples),), lips)
        error = float(weighted_l1(fake, batch.truth, batch.raster, weight).mean())
        pixels: Float32 = fake.clamp(0, 1).permute(0, 2, 3, 1).cpu().numpy()
    return np.rint(255.0 * pixels).astype(np.uint8), 255.0 * error
