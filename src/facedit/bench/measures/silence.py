"""Do the lips rest while nobody speaks?

Counted are steps between neighbouring motion frames that were made anew and in which nobody speaks:
voice activity of the output's sound below 0.5, two frames off both ends of each silence, because
lips part before a sound and close after it.

- ``silence_opening_speed``: mean absolute change of the lip opening per motion frame (1/25 s), in
  per cent of the outer-eye distance, 0 and more.
- ``silence_lip_speed``: root mean square length of the step of the lip dims in equal units, per
  frame, in spreads of the widest lip dim, 0 and more.
- ``silence_opening_ratio``, ``silence_lip_ratio``: both over the same of the clip itself while it
  is silent (1: as restless as the clip). Left out for items whose clip has fewer than
  ``FEWEST_STEPS`` silent steps near the edit; the absolute figures still count there.

The definitions are ours, after the silence test that talking-head papers describe in words.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from facedit.bench.scene import Scene
from facedit.evaluation.measure import Measure, mean_sums, ratio_of, share
from facedit.evaluation.meter import lip_meter
from facedit.evaluation.rows import against_own, has_face, silent, step_lengths, steps_within
from facedit.types import Float32, Float64


def _root(total: Float64) -> Float64:
    return np.asarray(np.sqrt(ratio_of(total)), np.float64)


MEASURES: tuple[Measure, ...] = (
    Measure("silence_opening_speed", "Speed of lip opening in silence", "% of eye distance/frame",
            "lower", "silence_opening", share(0, 1, 100), 0.0, math.inf, 3, "silence"),
    Measure("silence_opening_ratio", "Speed of lip opening in silence over the clip's own", "",
            "one", "silence_opening_own", ratio_of, 0.0, math.inf, 2, "silence"),
    Measure("silence_lip_speed", "Lip speed in silence", "spreads/frame",
            "lower", "silence_lips", _root, 0.0, math.inf, 4, "silence"),
    Measure("silence_lip_ratio", "Lip speed in silence over the clip's own", "",
            "one", "silence_lips_own", _root, 0.0, math.inf, 2, "silence"),
)  # fmt: skip


def sums(scene: Scene) -> dict[str, list[float]]:
    """Sum up how the lips of a scene move while nobody speaks, where there is sound."""
    if scene.speech is None or scene.source_speech is None:
        return {}
    rows = scene.hidden & silent(scene.speech.voice_activity)
    own_rows = silent(scene.source_speech.voice_activity)
    meter, neutral = lip_meter(), scene.identity.neutral
    curves: dict[str, Callable[[Float32], Float64]] = {
        "silence_opening": lambda motion: step_lengths(meter.measure(motion, neutral)["opening"]),
        "silence_lips": lambda motion: step_lengths(meter.lips(motion)) ** 2,
    }
    found: dict[str, list[float]] = {}
    for name, steps_of in curves.items():
        steps, own = (
            steps_of(motion)[steps_within(chosen & has_face(motion))]
            for motion, chosen in ((scene.output.motion, rows), (scene.source.motion, own_rows))
        )
        if len(steps):
            found[name] = mean_sums(steps)
        if beside := against_own(steps, own):
            found[f"{name}_own"] = beside
    return found
