"""What speaks against an edit is told of its own span, with the moments at which it is seen."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest

from compose.compose_cases import talking_track, transcript
from facedit.compose.frames.base import TrackedWindow
from facedit.compose.session import look as module
from facedit.compose.session.look import Doubt, look_at
from facedit.editing.diff import WordEdit
from facedit.errors import NoFace
from facedit.face.detection import Detection
from facedit.motion.mesh_space import MeshSpace
from facedit.options import Run
from facedit.render.bank import ReferenceBank

EDIT = WordEdit(4, 5, ("station",))
WORDS = transcript(4.0)
JOINT = (WORDS.words[4].start_s, WORDS.words[4].end_s)


class FakeClip:
    """A video of people whose boxes are known."""

    clock = SimpleNamespace(apart=lambda make: make())
    info = SimpleNamespace(duration_s=4.0, frame_rate=Fraction(25))

    def __init__(self, *boxes: tuple[int, int, int, int]) -> None:
        faces = [Detection(*map(float, box), 0.9, np.zeros((6, 2))) for box in boxes]
        self.landmarker = SimpleNamespace(detect=lambda _: faces)

    def frames(self, start_s: float):
        yield SimpleNamespace(time_s=start_s, rgb=lambda: None)


@pytest.fixture(scope="module")
def window() -> TrackedWindow:
    return TrackedWindow(0.0, 4.0, talking_track(MeshSpace.load()), ReferenceBank())


@pytest.fixture
def doubts(monkeypatch: pytest.MonkeyPatch):
    def looked(window, *boxes) -> list[Doubt]:
        def tracked(*_):
            if isinstance(window, Exception):
                raise window
            return window

        monkeypatch.setattr(module, "track_window", tracked)
        monkeypatch.setattr(module, "edit_joints", lambda *_: (JOINT,))
        (found,) = look_at(FakeClip(*boxes), WORDS, (EDIT,), Run())
        return list(found)

    return looked


def rows(window: TrackedWindow, start_s: float, end_s: float) -> np.ndarray:
    return (window.track.times_s >= start_s - 1e-6) & (window.track.times_s < end_s - 1e-6)


def without_face(window: TrackedWindow, start_s: float, end_s: float) -> TrackedWindow:
    landmarks = window.track.landmarks.copy()
    landmarks[rows(window, start_s, end_s)] = np.nan
    return replace(window, track=replace(window.track, landmarks=landmarks))


def test_nothing_speaks_against_one_face_that_is_seen(window, doubts):
    assert doubts(window, (0, 0, 256, 256)) == []
    assert doubts(window) == []


def test_a_face_that_is_away_inside_the_span_is_told_with_its_moments(window, doubts):
    start_s = 2.52  # within the word; the next picture's time is rounded up
    (one,) = doubts(without_face(window, start_s, start_s + 0.12))
    assert one.kind == "face_away"
    assert (one.start_s, one.end_s) == pytest.approx((start_s, start_s + 0.08))
    assert "at 2.5-2.6 s" in one.says
    assert doubts(without_face(window, 0.0, 0.4)) == []
    (one,) = doubts(NoFace("nobody"))
    assert (one.kind, one.says) == ("face_away", "nobody")
    # Margins around the word change too.
    assert one.start_s < JOINT[0] < JOINT[1] < one.end_s


def test_a_cut_counts_inside_the_span_alone(window, doubts):
    inside, outside = sum(JOINT) / 2, JOINT[1] + 1.0
    cut = replace(window, track=replace(window.track, cuts=(0.2, inside, outside)))
    (one,) = doubts(cut)
    assert (one.kind, one.start_s, one.end_s) == ("cut", inside, inside)


def test_a_covered_mouth_is_told_where_it_is_covered(window, doubts):
    start_s = 2.52  # within the word; the next picture's time is rounded up
    covered = rows(window, start_s, start_s + 0.12) | rows(window, 0.0, 0.4)
    (one,) = doubts(replace(window, covers=SimpleNamespace(covered=covered)))
    assert one.kind == "covered"
    assert "at 2.5-2.6 s" in one.says
    assert (one.start_s, one.end_s) == pytest.approx((start_s, start_s + 0.08))
    assert doubts(replace(window, covers=SimpleNamespace(covered=rows(window, 0.0, 0.4)))) == []


def test_of_several_faces_the_one_that_is_edited_is_named(window, doubts):
    left, own = (-300, 0, -50, 256), (0, 0, 256, 256)
    (one,) = doubts(window, own, left)
    assert (one.kind, one.taken, one.faces) == ("face", 2, (left, own))
    assert one.says.startswith("of 2 faces number 2 from the left")
    assert one.to_dict()["faces"] == [
        {"number": 1, "box": list(left)},
        {"number": 2, "box": list(own)},
    ]
    assert one.to_dict()["taken"] == 2
    assert "faces" not in Doubt("cut", "", 1.0, 1.0).to_dict()
