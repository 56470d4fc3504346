"""Lips against ground truth, without the head's pose: opening, width and speed in hidden frames.

Lip opening and width are those of ``facedit.face.distances``, in units of the outer-eye distance,
measured in the pose-free shapes that the motion stands for. Both are taken relative to the truth's
mean over the kept frames of the item, so that the difference between people does not pass for
correlation; where nothing is kept, over all frames.

- ``*_r``: Pearson's correlation over all hidden frames of all items, -1 to 1.
- ``*_error``: mean absolute error in per cent of the eye distance, 0 and more.
- ``*_relative_error``: that over the truth's standard deviation in the same frames, 0 and more; the
  mean itself as an answer gives about 0.8.
- ``lip_speed``: mean step of the lip dims in equal units, over the truth's between the same frames;
  below 1 the lips are dull, above it they tremble.
- ``lip_speed_own``: the same in hidden frames with speech, over the clip's own where it speaks;
  needs no truth.

The definitions are those of ``facedit evaluate`` (``evaluation/lip_sums.py``).
"""

from __future__ import annotations

import math

from facedit.bench.scene import Scene
from facedit.evaluation.lip_sums import MEASURES as CURVES
from facedit.evaluation.lip_sums import error_sums, mean_error, relative_error
from facedit.evaluation.measure import Measure, correlation_of, ratio_of
from facedit.evaluation.meter import lip_meter
from facedit.evaluation.rows import against_own, has_face, speaking, step_lengths, steps_within
from facedit.motion.identity import Identity
from facedit.types import Bool, Float32, Float64


def _per_cent(total: Float64) -> Float64:
    return 100 * mean_error(total)


def _measures() -> tuple[Measure, ...]:
    found: list[Measure] = []
    for curve in CURVES:
        key, title = f"lip_{curve}", f"Lip {curve}"
        found += [
            Measure(f"{key}_r", f"{title}, correlation", "", "higher", key,
                    _correlation, -1.0, 1.0, 3, "motion"),
            Measure(f"{key}_relative_error", f"{title}, error over spread", "", "lower", key,
                    relative_error, 0.0, math.inf, 3, "motion"),
            Measure(f"{key}_error", f"{title}, error", "% of eye distance", "lower", key,
                    _per_cent, 0.0, math.inf, 2, "motion"),
        ]  # fmt: skip
    return (
        *found,
        Measure("lip_speed", "Lip speed over the truth's", "", "one", "lip_speed",
                ratio_of, 0.0, math.inf, 2, "motion"),
        Measure("lip_speed_own", "Lip speed in speech over the clip's own", "", "one",
                "lip_speed_own", ratio_of, 0.0, math.inf, 2, "motion"),
    )  # fmt: skip


def _correlation(total: Float64) -> Float64:
    return correlation_of(total[..., :6])


MEASURES: tuple[Measure, ...] = _measures()


def sums(scene: Scene) -> dict[str, list[float]]:
    """Sum the lips of a scene up: sums by key; against the truth only where there is one."""
    drawn, own = scene.output.motion, scene.source.motion
    found: dict[str, list[float]] = {}
    if scene.truth is not None:
        found |= lip_sums(drawn, scene.truth.motion, scene.hidden, scene.identity)
    if scene.speech is None or scene.source_speech is None:
        return found
    spoken = against_own(
        _lip_steps(drawn, scene.hidden & speaking(scene.speech.voice_activity)),
        _lip_steps(own, speaking(scene.source_speech.voice_activity)),
    )
    if spoken:
        found["lip_speed_own"] = spoken
    return found


def lip_sums(
    motion: Float32, truth: Float32, hidden: Bool, identity: Identity
) -> dict[str, list[float]]:
    """Compare the lips of two motions (T, D) where frames are hidden; the others say what is usual.

    Returns ``lip_opening`` and ``lip_width``: ``error_sums``; ``lip_speed``: summed steps of both.
    Nothing if no hidden frame shows a face in both.
    """
    meter = lip_meter()
    both = hidden & has_face(motion) & has_face(truth)
    if not both.any():
        return {}
    drawn, right = (meter.measure(one, identity.neutral) for one in (motion, truth))
    usual = has_face(truth) & ~hidden
    if not usual.any():
        usual = has_face(truth)
    found: dict[str, list[float]] = {}
    for curve in CURVES:
        centre = right[curve][usual].mean()
        found[f"lip_{curve}"] = error_sums(right[curve][both] - centre, drawn[curve][both] - centre)
    found["lip_speed"] = [float(_lip_steps(one, both).sum()) for one in (motion, truth)]
    return found


def _lip_steps(motion: Float32, rows: Bool) -> Float64:
    """Return the lengths of the lip dims' steps between chosen frames with a face."""
    return step_lengths(lip_meter().lips(motion))[steps_within(rows & has_face(motion))]
