"""How the lips of a take speak: what is turned up and down so that takes differ to the eye.

Takes that differ by their noise alone look alike: lips follow speech and the frames around closely.
So a seed stands for a manner of speaking too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from facedit.model.sampler_settings import SamplerSettings
from facedit.runs import runs
from facedit.types import Bool, Float32


@dataclass(frozen=True, slots=True)
class Manner:
    """A manner of speaking.

    Attributes:
        name: What the report calls it.
        articulation: Factor on how far the lips move (``articulate``).
        guidance: Factor on speech guidance.
        temperature: Factor on the noise of the lips.
    """

    name: str
    articulation: float = 1.0
    guidance: float = 1.0
    temperature: float = 1.0

    def settings(self, usual: SamplerSettings) -> SamplerSettings:
        """Return sampler settings for it."""
        return replace(
            usual,
            speech_guidance=min(self.guidance * usual.speech_guidance, 10.0),
            temperature=min(self.temperature * usual.temperature, 2.0),
        )


MANNERS = (
    Manner("as learnt"),
    Manner("clear", 1.2, 1.2, 2.0),
    Manner("casual", 0.8, 0.7, 2.0),
    Manner("lively", 1.0, 1.0, 4.0),
)
"""Of the seeds 0, 1, 2, 3, then the same again."""


def manner_of(seed: int) -> Manner:
    """Return the manner of speaking that a seed stands for."""
    return MANNERS[seed % len(MANNERS)]


def articulate(motion: Float32, mask: Bool, names: Sequence[str], factor: float) -> Float32:
    """Let drawn lips move further, or less far, from the way between the kept ends of their span.

    That way is a straight line, or stands still where only one end is kept: so nothing jumps at a
    seam, and a mouth that a picture shows closed stays closed in silence.

    Args:
        motion: Motion, shape (T, D).
        mask: True where it was drawn, shape (T, D).
        names: Name of each dim; only lips are changed.
        factor: 1 changes nothing, 0 leaves the line.

    Returns:
        Motion, shape (T, D); spans without a kept end are as they were.
    """
    if factor == 1:
        return motion
    out = motion.copy()
    for dim in (d for d, name in enumerate(names) if name.startswith("lips")):
        for start, stop in runs(mask[:, dim]):
            ends = [frame for frame in (start - 1, stop) if 0 <= frame < len(motion)]
            if ends:
                line = np.interp(np.arange(start, stop), ends, motion[ends, dim])
                out[start:stop, dim] = line + factor * (motion[start:stop, dim] - line)
    return out


def distance(one: Sequence[Float32], other: Sequence[Float32], masks: Sequence[Bool]) -> float:
    """Say how far two takes are apart: 0 is the same, 1 as far as the first one moves.

    Args:
        one: Motion of a take on each canvas, shape (T, D).
        other: The same of another take.
        masks: True where it was drawn, shape (T, D).

    Returns:
        Root mean square difference of what was drawn over the first take's standard deviation; 0
        if nothing moves.
    """
    apart = moved = 0.0
    for first, second, mask in zip(one, other, masks, strict=True):
        dims = mask.any(axis=0)
        hidden = mask.any(axis=1)
        drawn = first[hidden][:, dims].astype(np.float64)
        apart += float(np.square(second[hidden][:, dims] - drawn).sum())
        moved += float(np.square(drawn - drawn.mean(axis=0)).sum())
    return float(np.sqrt(apart / moved)) if moved > 0 else 0.0
