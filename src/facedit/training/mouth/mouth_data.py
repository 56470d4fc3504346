"""Training data of the mouth network: samples drawn by number.

A sample is a function of (seed, step, item) alone, so an interrupted training that is resumed sees
exactly the samples it would have seen.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from facedit.errors import UsageError
from facedit.render.mouth_inputs import MouthSource
from facedit.training.mouth.mouth_bake import BakedClip
from facedit.training.mouth.mouth_config import SampleMix
from facedit.training.mouth.mouth_samples import (
    Look,
    MouthSample,
    make_sample,
    most_alike,
    source_of,
    tone_match,
)


class MouthSampler:
    """Draws training samples, as a mix says, by number; ``size`` is the side of the canvas.

    ``UsageError`` if no clip belongs to a corpus of the mix.
    """

    def __init__(self, clips: Sequence[BakedClip], mix: SampleMix, size: int, seed: int) -> None:
        self.size = size
        self._mix = mix
        self._seed = seed
        by_corpus: dict[str, list[BakedClip]] = {}
        for clip in clips:
            if clip.speaker in mix.hold_out or (clip.turned <= mix.max_turn).sum() < 8:
                continue
            by_corpus.setdefault(clip.corpus, []).append(clip)
        wanted = [(name, mix.corpora[name]) for name in sorted(mix.corpora) if name in by_corpus]
        if not wanted:
            raise UsageError(f"none of the corpora {list(mix.corpora)} is baked.")
        self._groups = [by_corpus[name] for name, _ in wanted]
        weights = np.array([weight for _, weight in wanted])
        self._weights = weights / weights.sum()

    def draw(self, step: int, item: int) -> MouthSample:
        """Draw a sample, always the same for the same step, item and seed."""
        return self._draw(step, item, 1)[0]

    def draw_pair(self, step: int, item: int) -> tuple[MouthSample, MouthSample]:
        """Draw two consecutive frames, each with its own references, as the renderer shows them.

        Base, tone, mirror and the lips' shift are those of the pair. Where the clip has no next
        frame, or its head is turned too far there, the second is the first.
        """
        first, second = self._draw(step, item, 2)
        return first, second

    def _draw(self, step: int, item: int, count: int) -> list[MouthSample]:
        rng = np.random.default_rng([self._seed, step, item])
        clip = self._any_clip(rng)
        frames = len(clip.gaps)
        target = self._target(clip, rng)
        away = int(rng.integers(2, 9))
        usable = clip.turned <= self._mix.max_turn
        targets = [target] * count
        if count == 2 and target + 1 < frames and usable[target + 1]:
            targets[1] = target + 1
        apart = np.abs(np.arange(frames)[:, None] - targets).min(axis=1)
        allowed = np.flatnonzero(usable & (apart >= away))
        if allowed.size == 0:
            allowed = np.flatnonzero(usable & (apart > 0))
        kind = rng.random()
        alone = kind < self._mix.no_reference
        base = _base_frame(clip, target, allowed, rng, alone=alone)
        foreign = not alone and kind < self._mix.no_reference + self._mix.donor
        if alone:
            references = [list[MouthSource]() for _ in targets]
        elif foreign:
            references = self._donors(clip, base, targets, rng)
        else:
            references = self._references(clip, allowed, targets, rng)
        own = source_of(clip, base)
        look = Look.draw(rng)
        return [
            make_sample(clip, frame, [own, *others], self.size, look, own=not foreign)
            for frame, others in zip(targets, references, strict=True)
        ]

    def _any_clip(self, rng: np.random.Generator) -> BakedClip:
        group = self._groups[int(rng.choice(len(self._groups), p=self._weights))]
        return group[int(rng.integers(len(group)))]

    def _target(self, clip: BakedClip, rng: np.random.Generator) -> int:
        """A frame; open mouths, which are rarer and harder, twice as often."""
        usable = np.flatnonzero(clip.turned <= self._mix.max_turn)
        first, second = (int(one) for one in rng.choice(usable, 2))
        if rng.random() < 0.5:
            return first
        return first if clip.gaps[first] > clip.gaps[second] else second

    def _references(
        self,
        clip: BakedClip,
        allowed: NDArray[np.intp],
        targets: Sequence[int],
        rng: np.random.Generator,
    ) -> list[list[MouthSource]]:
        """Three frames of the clip each: the most alike, at least two frames apart, or any."""
        if rng.random() < self._mix.random_reference:
            chosen = [[int(one) for one in rng.choice(allowed, 3)]] * len(targets)
        else:
            chosen = [most_alike(clip, allowed, target) for target in targets]
        return [[source_of(clip, one) for one in numbers] for numbers in chosen]

    def _donors(
        self, clip: BakedClip, base: int, targets: Sequence[int], rng: np.random.Generator
    ) -> list[list[MouthSource]]:
        """Three frames of another speaker each, toned to the base's skin."""
        donor = clip
        for _ in range(20):
            donor = self._any_clip(rng)
            if donor.speaker != clip.speaker:
                break
        own = source_of(clip, base)
        found = []
        for target in targets:
            distance = np.linalg.norm(donor.descriptors - clip.descriptors[target], axis=1)
            nearest = np.resize(np.argsort(distance, kind="stable")[:3], 3)
            found.append([tone_match(source_of(donor, int(one)), own) for one in nearest])
        return found


def _base_frame(
    clip: BakedClip,
    target: int,
    allowed: NDArray[np.intp],
    rng: np.random.Generator,
    *,
    alone: bool,
) -> int:
    """Choose the frame under the target, whose mouth is hidden."""
    if alone and rng.random() < 0.5:  # a still shows a closed mouth more often than not
        few = rng.choice(allowed, min(6, allowed.size), replace=False)
        return int(few[np.argmin(clip.gaps[few])])
    earlier = allowed[allowed < target]
    last = earlier.size > 0 and rng.random() < 0.5
    return int(earlier[-1] if last else rng.choice(allowed))
