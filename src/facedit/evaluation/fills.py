"""Ways to fill hidden spans from sound: the model, in several settings, and what it must beat."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from facedit.dataset.prepared import PreparedClip
from facedit.evaluation.baselines import Ridge, hold, line
from facedit.evaluation.hidden_spans import Gap
from facedit.model.checkpoint import MotionModel
from facedit.model.infill import Task, infill_batch
from facedit.model.normalise import kept_centre
from facedit.model.sampler_settings import SamplerSettings
from facedit.types import Bool, Float32


@dataclass(frozen=True, slots=True)
class Sounds:
    """Speech features of clips, each of shape (T, C)."""

    speech: Sequence[Float32]

    @classmethod
    def of_clips(cls, clips: Sequence[PreparedClip]) -> Sounds:
        """Take the clips' own sounds."""
        return cls([clip.speech for clip in clips])

    def of(self, gap: Gap, wrong: bool) -> Float32:
        """Return the sound of a gap's clip (T, C), or as much of another clip's middle."""
        if not wrong:
            return self.speech[gap.number]
        other, frames = elsewhere(gap.number, [len(one) for one in self.speech])
        taken: Float32 = self.speech[other][frames]
        return taken


def elsewhere(number: int, lengths: Sequence[int]) -> tuple[int, NDArray[np.int64]]:
    """Choose another clip for a clip, and frames of its middle for all of the clip's frames.

    Half the list away, not the next: corpora are sorted by what is said (LRW-AR: by word).
    """
    other = (number + max(len(lengths) // 2, 1)) % len(lengths)
    return other, middle_frames(lengths[other], lengths[number])


def middle_frames(there: int, wanted: int) -> NDArray[np.int64]:
    """Choose the middle frames of a clip, all of them over and over if it is too short."""
    start = max((there - wanted) // 2, 0)
    return (start + np.arange(wanted)) % there


OF_ANOTHER_CLIP = ("model, wrong sound", "ridge, wrong sound", "another clip's lips")
"""Methods that need a second clip."""

Fill = Callable[[Sounds, Sequence[Gap]], list[Float32]]
"""Fills the gaps of clips, given their sounds."""


def with_another_clip(fills: Mapping[str, Fill], clips: Sequence[PreparedClip]) -> dict[str, Fill]:
    """Add the lips of another clip; of a single clip leave all out that need a second one."""
    found = {**fills, OF_ANOTHER_CLIP[-1]: of_another_clip(clips)}
    return {k: one for k, one in found.items() if len(clips) > 1 or k not in OF_ANOTHER_CLIP}


def of_another_clip(clips: Sequence[PreparedClip]) -> Fill:
    """Fill gaps with the true motion of the clip whose sound is the wrong one, on the own level.

    It is what a perfect method would draw of the wrong sound: two clips of speech are alike to a
    degree (both start and end in silence, or have their word in the middle).
    """
    lengths = [len(clip.motion) for clip in clips]

    def fill(sounds: Sounds, gaps: Sequence[Gap]) -> list[Float32]:
        drawn = []
        for gap in gaps:
            other, frames = elsewhere(gap.number, lengths)
            motion = clips[other].motion
            moved = motion[frames] - motion.mean(axis=0) + kept_centre(gap.motion, gap.hidden)
            drawn.append(np.where(gap.hidden, moved, gap.motion).astype(np.float32))
        return drawn

    return fill


def methods(model: MotionModel, ridge: Ridge, own: Ridge, seed: int) -> dict[str, Fill]:
    """Return every method that fills from sound or from nothing.

    ``own``: ridge regression fitted to the clips' own corpus, where it is large enough.
    """

    def by(settings: SamplerSettings, *, wrong: bool = False) -> Fill:
        def fill(sounds: Sounds, gaps: Sequence[Gap]) -> list[Float32]:
            tasks = [
                Task(gap.motion, gap.hidden, sounds.of(gap, wrong), seed + gap.number)
                for gap in gaps
            ]
            return infill_batch(model, tasks, settings)

        return fill

    def by_ridge(chosen: Ridge, *, wrong: bool = False) -> Fill:
        def fill(sounds: Sounds, gaps: Sequence[Gap]) -> list[Float32]:
            return [
                chosen.fill(gap.motion, gap.hidden, model.projection.mean(sounds.of(gap, wrong)))
                for gap in gaps
            ]

        return fill

    def by_motion(rule: Callable[[Float32, Bool], Float32]) -> Fill:
        return lambda sounds, gaps: [rule(gap.motion, gap.hidden) for gap in gaps]

    plain = replace(model.sampler, speech_guidance=1.0, context_guidance=1.0)
    return {
        "model": by(model.sampler),
        "model, mean (T=0)": by(plain.at_temperature(0.0)),
        "model, sample (T=1)": by(plain.at_temperature(1.0)),
        "model, wrong sound": by(model.sampler, wrong=True),
        "line": by_motion(line),
        "hold": by_motion(hold),
        "ridge": by_ridge(ridge),
        "ridge, own corpus": by_ridge(own),
        "ridge, wrong sound": by_ridge(own, wrong=True),
    }
