"""The meter of lips that all measures share: the shipped motion space, loaded once."""

from __future__ import annotations

import functools

from facedit.evaluation.hidden_spans import LipMeter
from facedit.motion.space import MotionSpace


@functools.cache
def lip_meter() -> LipMeter:
    """Return the meter of the shipped space.

    Returns lip dims are weighted by their spread in the training set over that of the widest one.
    """
    space = MotionSpace.load()
    return LipMeter(space, space.groups, space.relative_std)
