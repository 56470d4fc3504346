"""Draw everything but a short prompt over long sounds; see whether the motion drifts or jumps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from facedit.compose.picture_base import PROMPT_FRAMES
from facedit.evaluation.behaviour.drift import (
    LEVELS,
    common_slope,
    join_ratio,
    join_sums,
    joins_over_truth,
    segment_levels,
    steps_that_count,
    window_edges,
)
from facedit.evaluation.behaviour.long_sounds import LongSound, long_sounds
from facedit.evaluation.behaviour.study import Row, Study
from facedit.evaluation.fills import Sounds
from facedit.evaluation.hidden_spans import Gap, hide_span
from facedit.evaluation.measure import correlation_of, correlation_sums
from facedit.model.windows import plan_windows
from facedit.types import Float32, Float64

METHODS = ("model", "model, sample (T=1)", "ridge, own corpus")

RATIOS = ("spread", "speed")
"""Levels that are compared by ratio; the others by difference."""


def study_drift(study: Study) -> list[Row]:
    """Measure drift and joins: a row per kind of sound and method."""
    rows = []
    names = [name for name in METHODS if name in study.fills]
    for kind, sounds in long_sounds(study).items():
        if not sounds:
            continue
        gaps = [
            hide_span(
                number, sound.motion, (PROMPT_FRAMES, len(sound.motion)), study.meta, "all_dims"
            )
            for number, sound in enumerate(sounds)
        ]
        truth = [sound.opening(study, sound.motion) for sound in sounds]
        heard = Sounds([sound.speech for sound in sounds])
        for name in names:
            drawn = [
                np.where(gap.hidden, motion, sounds[gap.number].motion)
                for gap, motion in zip(gaps, study.fills[name](heard, gaps), strict=True)
            ]
            seconds = sum(len(sound.motion) for sound in sounds) / 25
            where: Row = {"sounds": kind, "count": len(sounds), "seconds": seconds, "method": name}
            opened = [
                (true, sound.opening(study, motion))
                for true, sound, motion in zip(truth, sounds, drawn, strict=True)
            ]
            where |= {"levels": _levels(study, sounds, drawn, opened), "r": _halves(opened)}
            rows.append(where | {"joins": _joins(study, sounds, gaps, drawn)})
    return rows


def _levels(
    study: Study,
    sounds: Sequence[LongSound],
    drawn: Sequence[Float32],
    opened: Sequence[tuple[Float32, Float32]],
) -> dict[str, dict[str, Any]]:
    """Compare levels by segment: the first, the last, and the slope over all."""
    pairs: list[tuple[Float64, Float64]] = []
    for sound, motion, openings in zip(sounds, drawn, opened, strict=True):
        true, ours = (
            segment_levels(opening, study.meter.lips(one))
            for opening, one in zip(openings, (sound.motion, motion), strict=True)
        )
        pairs.append((true, ours))
    found = {}
    for column, name in enumerate(LEVELS):
        compare = np.divide if name in RATIOS else np.subtract
        off = [compare(ours[:, column], true[:, column]) for true, ours in pairs]
        longest = max(len(one) for one in off)
        found[name] = {
            "mean": float(np.concatenate(off).mean()),
            "first": float(np.mean([one[0] for one in off])),
            "last": float(np.mean([one[-1] for one in off])),
            "slope": asdict(common_slope(off)),
            "segments": [
                float(np.mean([one[k] for one in off if k < len(one)])) for k in range(longest)
            ],
        }
    return found


def _halves(opened: Sequence[tuple[Float32, Float32]]) -> dict[str, float]:
    """Correlate drawn and true opening in the first and in the second half of the sounds."""
    sums = np.zeros((2, 6))
    for true, ours in opened:
        middle = len(true) // 2
        for half, part in enumerate((slice(PROMPT_FRAMES, middle), slice(middle, None))):
            sums[half] += correlation_sums(
                true[part] - true[part].mean(), ours[part] - ours[part].mean()
            )
    first, second = correlation_of(sums)
    return {"first": float(first), "second": float(second)}


def _joins(
    study: Study, sounds: Sequence[LongSound], gaps: Sequence[Gap], drawn: Sequence[Float32]
) -> dict[str, Any]:
    """Compare steps at joins of windows with others, drawn and true."""
    sums = {}
    for name, motions in (("drawn", drawn), ("truth", [sound.motion for sound in sounds])):
        at, elsewhere = [], np.zeros(2)
        for sound, gap, motion in zip(sounds, gaps, motions, strict=True):
            hidden = np.asarray(gap.hidden.any(axis=1))
            edges = window_edges(plan_windows(hidden), len(hidden))
            counts = steps_that_count(hidden, sound.joints)
            steps, others = join_sums(study.meter.lips(motion), edges, counts)
            at.append(steps)
            elsewhere += others
        sums[name] = (np.concatenate(at), (float(elsewhere[0]), float(elsewhere[1])))
    found = {name: asdict(join_ratio(*steps)) for name, steps in sums.items()}
    return found | {"over_truth": asdict(joins_over_truth(sums["drawn"], sums["truth"]))}
