"""Does motion drawn over a long sound stay where it should? Levels by segment, and window joins.

*Drift* is a slope over time of drawn minus true level: what is said moves both, and only what the
truth does not do is left. *Joins* are the frames at which a window of the network begins or ends: a
step there is set against the steps elsewhere, and that ratio against the same ratio of the truth.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from facedit.compose.frames.picture_base import PROMPT_FRAMES
from facedit.evaluation.behaviour.long_sounds import LongSound, long_sounds
from facedit.evaluation.behaviour.study import Row, Study
from facedit.evaluation.fills import Sounds
from facedit.evaluation.hidden_spans import Gap, hide_span
from facedit.evaluation.measure import correlation_of, correlation_sums
from facedit.evaluation.rows import step_lengths
from facedit.evaluation.stats import draw_clips, interval
from facedit.model.windows import Window, plan_windows
from facedit.types import Bool, Float32, Float64
from facedit.units import MOTION_FPS

SEGMENT = 2 * MOTION_FPS
"""Motion frames of a segment: 2 s."""

DIMS = 4
"""First lip dims whose levels are followed."""

NEAR = 2
"""Frames around a join of clips that say nothing of joins of windows."""

LEVELS = ("opening", *(f"lips_{dim:02d}" for dim in range(DIMS)), "spread", "speed")
"""Of a segment: mean opening, mean of the first lip dims, spread (standard deviation) of the
opening, mean lip step per frame."""


def segment_levels(opening: Float32, lips: Float32) -> Float64:
    """Measure ``LEVELS`` of each whole segment of a motion, shape (T // SEGMENT, 7)."""
    rows = []
    for start in range(0, len(opening) - SEGMENT + 1, SEGMENT):
        part = slice(start, start + SEGMENT)
        near = opening[part].astype(np.float64)
        means = lips[part, :DIMS].astype(np.float64).mean(axis=0)
        rows.append([near.mean(), *means, near.std(), step_lengths(lips[part]).mean()])
    return np.array(rows, np.float64).reshape(-1, len(LEVELS))


@dataclass(frozen=True, slots=True)
class Slope:
    """A straight trend: the change of the level in 10 s, with its 95 % interval."""

    per_10_s: float
    low: float
    high: float


def common_slope(sounds: Sequence[Float64]) -> Slope:
    """Fit one slope to several sounds, each with a level of its own (least squares).

    NaN if the segments are too few to tell an interval, which takes neighbouring segments' errors
    for independent.
    """
    tens = SEGMENT / MOTION_FPS / 10
    x = np.concatenate([np.arange(len(one)) - (len(one) - 1) / 2 for one in sounds]) * tens
    y = np.concatenate([one - one.mean() for one in sounds])
    spread, free = float(x @ x), len(x) - len(sounds) - 1
    if spread <= 0 or free < 1:
        return Slope(float("nan"), float("nan"), float("nan"))
    slope = float(x @ y) / spread
    error = 1.96 * float(np.sqrt(((y - slope * x) ** 2).sum() / free / spread))
    return Slope(slope, slope - error, slope + error)


def window_edges(windows: Sequence[Window], frames: int) -> NDArray[np.int64]:
    """Return the frames inside the canvas at which windows begin or end, ascending."""
    edges = set()
    for window in windows:
        own = window.frames[window.weights > 0]
        edges |= {int(own[0]), int(own[-1]) + 1}
    return np.array(sorted(edge for edge in edges if 0 < edge < frames), np.int64)


Steps = tuple[Float64, tuple[float, float]]
"""Length of the step at each join, and sum and number of the others."""


def join_sums(lips: Float32, edges: NDArray[np.int64], counts: Bool) -> Steps:
    """Return the length of the step at each join that counts, and sum and number of the others.

    ``counts``: which steps count, step k leading from frame k to k + 1, shape (T - 1,).
    """
    steps = step_lengths(lips)
    at = np.zeros(len(steps), np.bool_)
    at[edges - 1] = True
    others = steps[counts & ~at]
    return steps[counts & at], (float(others.sum()), float(len(others)))


def steps_that_count(hidden: Bool, joints: Sequence[int]) -> Bool:
    """Return which steps between drawn frames are ``NEAR`` frames away from where clips join."""
    counts = np.asarray(hidden[1:] & hidden[:-1])
    for joint in joints:
        counts[max(joint - 1 - NEAR, 0) : joint + NEAR] = False
    return counts


@dataclass(frozen=True, slots=True)
class Joins:
    """Mean step at joins over that elsewhere, or over the truth's, with a bootstrap over joins."""

    count: int
    ratio: float
    low: float
    high: float


def joins_over_truth(ours: Steps, true: Steps, seed: int = 0) -> Joins:
    """Set a motion's ratio at joins against the truth's, join by join.

    What is said makes steps long or short in both, so this is surer than either ratio.
    """
    (at, (others, _)), (true_at, (true_others, _)) = ours, true
    if not len(at) or min(others, true_others, true_at.sum()) <= 0:
        return Joins(len(at), float("nan"), float("nan"), float("nan"))
    usual = others / true_others
    counts = draw_clips(len(at), 1000, seed)
    drawn = (counts @ at) / np.maximum(counts @ true_at, 1e-30) / usual
    return Joins(len(at), float(at.sum() / true_at.sum() / usual), *interval(drawn))


def join_ratio(at: Float64, elsewhere: tuple[float, float], seed: int = 0) -> Joins:
    """Set steps at joins against those elsewhere: the ratio; NaN without joins or other steps."""
    count = elsewhere[1]
    return joins_over_truth((at, elsewhere), (np.ones(len(at)), (count, count)), seed)


METHODS = ("model", "model, sample (T=1)", "ridge, own corpus")

RATIOS = ("spread", "speed")
"""Levels that are compared by ratio; the others by difference."""


def study_drift(study: Study) -> list[Row]:
    """Measure drift and joins: a row per kind of sound and method."""
    return [
        row
        for kind, sounds in long_sounds(study).items()
        if sounds
        for row in _rows(study, kind, sounds)
    ]


def _rows(study: Study, kind: str, sounds: Sequence[LongSound]) -> Iterator[Row]:
    gaps = [
        hide_span(k, one.motion, (PROMPT_FRAMES, len(one.motion)), study.meter.groups, "all_dims")
        for k, one in enumerate(sounds)
    ]
    truth = [sound.opening(study, sound.motion) for sound in sounds]
    heard = Sounds([sound.speech for sound in sounds])
    seconds = sum(len(sound.motion) for sound in sounds) / MOTION_FPS
    for name in (name for name in METHODS if name in study.fills):
        drawn = [
            np.where(gap.hidden, motion, sounds[gap.number].motion)
            for gap, motion in zip(gaps, study.fills[name](heard, gaps), strict=True)
        ]
        opened = [
            (true, sound.opening(study, motion))
            for true, sound, motion in zip(truth, sounds, drawn, strict=True)
        ]
        yield {
            "sounds": kind, "count": len(sounds), "seconds": seconds, "method": name,
            "levels": _levels(study, sounds, drawn, opened), "r": _halves(opened),
            "joins": _joins(study, sounds, gaps, drawn),
        }  # fmt: skip


def _levels(
    study: Study,
    sounds: Sequence[LongSound],
    drawn: Sequence[Float32],
    opened: Sequence[tuple[Float32, Float32]],
) -> dict[str, Row]:
    """Compare levels by segment: the first, the last, and the slope over all."""
    lips, pairs = study.meter.lips, []
    for sound, motion, (true, ours) in zip(sounds, drawn, opened, strict=True):
        levels = segment_levels(true, lips(sound.motion)), segment_levels(ours, lips(motion))
        pairs.append(levels)
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
) -> Row:
    """Compare steps at joins of windows with others, drawn and true."""
    sums = {}
    for name, motions in (("drawn", drawn), ("truth", [sound.motion for sound in sounds])):
        at, elsewhere = [], np.zeros(2)
        for sound, gap, motion in zip(sounds, gaps, motions, strict=True):
            hidden = np.asarray(gap.hidden.any(axis=1))
            windows = plan_windows(hidden, study.window)
            edges = window_edges(windows, len(hidden))
            counts = steps_that_count(hidden, sound.joints)
            steps, others = join_sums(study.meter.lips(motion), edges, counts)
            at.append(steps)
            elsewhere += others
        sums[name] = (np.concatenate(at), (float(elsewhere[0]), float(elsewhere[1])))
    found = {name: asdict(join_ratio(*steps)) for name, steps in sums.items()}
    return found | {"over_truth": asdict(joins_over_truth(sums["drawn"], sums["truth"]))}
