"""What a renderer that learns from footage is shown."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from compose.compose_cases import talking_track
from facedit.compose.frames.base import TrackedWindow
from facedit.compose.source.models import Models
from facedit.compose.takes import learn_footage as module
from facedit.compose.takes.learn_footage import after_footage
from facedit.motion.mesh_space import MeshSpace
from facedit.progress import StageClock
from facedit.render.bank import ReferenceBank


class Learner:
    """Tells what it was shown."""

    name = terms = "a learner's"

    def __init__(self):
        self.looks, self.keys = [], []

    def learnt(self, space, footage):
        if footage is None:
            return self, {"looked": "nowhere"}
        self.looks = list(footage.looks())
        self.keys.append(footage.key)
        return self, {"looked": float(len(self.looks))}


class FakeClip:
    """A video whose pictures are their own times."""

    keep, sha256 = True, "a hash"
    clock = StageClock()

    def frames(self, start_s, end_s):
        for k in range(100):
            time_s = k / 25
            if start_s <= time_s < end_s:
                yield SimpleNamespace(time_s=time_s, rgb=lambda time_s=time_s: np.full(3, time_s))


def base_of(*windows, clip=None):
    return SimpleNamespace(moving=lambda: (clip or FakeClip(), windows))


@pytest.fixture(scope="module")
def window():
    track = talking_track(MeshSpace.load())
    landmarks = track.landmarks.copy()
    landmarks[30:40] = np.nan
    track = replace(track, times_s=np.arange(len(landmarks)) / 25, landmarks=landmarks)
    return TrackedWindow(0.0, 4.0, track, ReferenceBank())


def shown(learner, *windows, clip=None):
    _, figures = after_footage(Models(None, None, learner), base_of(*windows, clip=clip))
    assert figures == {"looked": len(learner.looks)}
    return np.array([picture[0] for picture, _ in learner.looks])


def test_every_frame_with_a_face_comes_with_its_landmarks(window):
    learner = Learner()
    times = shown(learner, window)
    seen = np.setdiff1d(np.arange(100), np.arange(30, 40))
    np.testing.assert_allclose(times, seen / 25)
    for (_, landmarks), row in zip(learner.looks, seen, strict=True):
        np.testing.assert_array_equal(landmarks, window.track.landmarks[row])


def test_a_covered_mouth_teaches_nothing(window):
    covered = np.zeros(100, bool)
    covered[50:80] = True
    times = shown(Learner(), replace(window, covers=SimpleNamespace(covered=covered)))
    assert not ((times >= 2) & (times < 3.2)).any()
    assert len(times) == 60


def test_long_footage_is_looked_at_here_and_there(window, monkeypatch):
    monkeypatch.setattr(module, "_FRAMES", 20)
    times = shown(Learner(), window, window)
    assert 15 <= len(times) <= 20
    assert np.ptp(times[: len(times) // 2]) > 3


def test_the_key_stands_for_file_and_frames(window):
    learner, clip = Learner(), FakeClip()
    other = replace(window, track=replace(window.track, landmarks=window.track.landmarks + 1))
    for one in (window, window, other):
        shown(learner, one)
    assert learner.keys[0] == learner.keys[1] != learner.keys[2]
    clip.keep = False
    shown(learner, window, clip=clip)
    assert learner.keys[-1] == ""


def test_others_and_pictures_are_left_alone(window):
    models = Models(None, None, object())
    assert after_footage(models, base_of(window)) == (models, {})
    alone = SimpleNamespace(moving=lambda: None)
    models = Models(None, None, Learner())
    assert after_footage(models, alone) == (models, {"looked": "nowhere"})
