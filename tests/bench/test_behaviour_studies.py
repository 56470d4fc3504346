"""Whole studies over made-up clips, filled by hand: what is done wrong on purpose must show."""

import numpy as np
import pytest

from facedit.dataset.prepared import Meta, PreparedClip
from facedit.evaluation.behaviour.closures import SPAN, study_closures
from facedit.evaluation.behaviour.drift import study_drift
from facedit.evaluation.behaviour.heard import Heard, Phone
from facedit.evaluation.behaviour.long_sounds import JOINED, LONG, long_sounds
from facedit.evaluation.behaviour.stillness import study_stillness
from facedit.evaluation.behaviour.study import Study
from facedit.evaluation.behaviour.study_tables import behaviour_tables
from facedit.evaluation.hidden_spans import LipMeter
from facedit.motion.mesh_space import MeshSpace
from facedit.types import Sound

SPACE = MeshSpace.load()
META = Meta("mesh", "made-up+energy+vad", tuple(SPACE.names), SPACE.groups, SPACE.effects)
METER = LipMeter(SPACE, META.groups, META.effects)
NEUTRAL = SPACE.canonical.astype(np.float32)
PERIOD = 20
FRAMES = 75


def clip(frames=FRAMES, seed=0):
    """Lips that open and close every 0.8 s, and do not move in the last 15 frames: silence."""
    rng = np.random.default_rng(seed)
    motion = np.zeros((frames, SPACE.dims), np.float32)
    end = frames - 15
    motion[:, 0] = np.cos(2 * np.pi * np.minimum(np.arange(frames), end) / PERIOD)
    motion[:, 3] = 0.3 * rng.standard_normal(frames)
    motion[end:, 3] = 0.05 * rng.standard_normal(15)
    speech = np.ones((frames, 3), np.float32)
    speech[end:, -1] = 0
    fields = dict.fromkeys(PreparedClip.__dataclass_fields__, np.zeros(0, np.float32))
    return PreparedClip(**fields | {"motion": motion, "speech": speech, "identity": NEUTRAL})


def wide(clips):
    """Tell by measuring at which end of the cosine the lips are closed."""
    opening = METER.measure(clips[0].motion, NEUTRAL)["opening"]
    return PERIOD // 2 if opening[PERIOD // 2] < opening[0] else 0


def study(fills, count=4, frames=FRAMES, speakers=None):
    clips = [clip(frames, seed) for seed in range(count)]
    closed = wide(clips)
    said = tuple(
        Phone("M", frame, frame + 2) for frame in range(closed or PERIOD, frames - 15, PERIOD)
    )
    heard = [Heard(Sound(np.zeros((1, 1), np.float32), 16_000), 0, said)] * count
    methods = {
        name: lambda sounds, gaps, rule=rule: [
            rule(clips_of[len(gap.motion)][gap.number], gap) for gap in gaps
        ]
        for name, rule in fills.items()
    }
    clips_of = {frames: [one.motion for one in clips]}
    made = Study.of(clips, heard, speakers or ["s"] * count, methods, METER, META)
    for sounds in long_sounds(made).values():
        for number, sound in enumerate(sounds):
            clips_of.setdefault(len(sound.motion), {})[number] = sound.motion
    return made


def by_method(rows, **where):
    return {
        row["method"]: row for row in rows if all(row[key] == value for key, value in where.items())
    }


def late(motion, gap):
    return np.roll(motion, PERIOD // 2, axis=0)


def true(motion, gap):
    return motion


def test_closures_drawn_half_a_period_late_are_missed():
    rows = study_closures(study({"model": true, "line": late}))
    found = by_method(rows, task=f"span of {SPAN}")
    assert found["model"]["figures"]["bilabials"]["value"] > 0
    assert found["model"]["figures"]["hit"]["value"] == 1
    assert found["model"]["figures"]["excess"]["value"] == pytest.approx(0, abs=1e-4)
    assert found["line"]["figures"]["hit"]["value"] == 0
    assert found["line"]["figures"]["excess"]["value"] > 3
    assert "| span of 14 | line |" in behaviour_tables({"c": {"closures": rows}})


def test_restless_lips_in_silence_are_found():
    def restless(motion, gap):
        noise = np.random.default_rng(gap.number).standard_normal(len(motion))
        out = motion.copy()
        out[:, 0] += 0.3 * noise
        return out

    rows = study_stillness(study({"model": true, "ridge, own corpus": restless}))
    for task in ("span", "all lips", "all but a prompt"):
        found = by_method(rows, task=task)
        assert found["model"]["figures"]["steps"]["value"] > 0
        assert found["model"]["figures"]["over_truth"]["value"] == pytest.approx(1)
        assert found["ridge, own corpus"]["figures"]["over_truth"]["value"] > 5
    assert "1 s of" not in behaviour_tables({"c": {"stillness": rows}})  # other features


def test_a_drift_and_a_jump_at_joins_are_found_and_truth_has_none():
    def drifting(motion, gap):
        out = motion.copy()
        out[:, 1] += 4 * np.arange(len(motion)) / 250
        return out

    rows = study_drift(study({"model": true, "ridge, own corpus": drifting}, count=12))
    found = by_method(rows, sounds="joined")
    slope = found["model"]["levels"]["lips_01"]["slope"]
    assert (slope["per_10_s"], found["model"]["levels"]["speed"]["last"]) == (0, 1)
    slope = found["ridge, own corpus"]["levels"]["lips_01"]["slope"]
    assert slope["per_10_s"] == pytest.approx(4 * META.effects[1], rel=0.01)
    assert slope["low"] > 0
    assert found["model"]["joins"]["drawn"] == found["model"]["joins"]["truth"]
    assert "lips_01" in behaviour_tables({"c": {"drift": rows}})


def test_short_clips_of_a_speaker_are_joined_and_long_ones_stand_alone():
    made = study({}, count=30, speakers=["a"] * 25 + ["b"] * 5)
    found = long_sounds(made)
    assert found["clips"] == []
    (only,) = found["joined"]  # the rest of a, and all of b, are under half a minute
    assert len(only.motion) == len(only.speech) == JOINED
    assert only.numbers == tuple(range(20))
    assert only.joints == tuple(range(FRAMES, JOINED, FRAMES))
    long = long_sounds(study({}, count=2, frames=LONG))
    assert [sound.numbers for sound in long["clips"]] == [(0,), (1,)]
    assert long["joined"] == []
