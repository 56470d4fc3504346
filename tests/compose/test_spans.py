"""What of a clip is tracked and heard for an edit, and what is said where no face is."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest

from compose.compose_cases import plan, transcript
from facedit.compose.frames import spans as module
from facedit.compose.frames.canvas import Canvas
from facedit.compose.frames.spans import (
    refuse_missing_faces,
    shows_own_lids,
    speech_on,
    tracked_part,
    window_of,
)
from facedit.editing.diff import WordEdit
from facedit.editing.planner import Margins, make_plan
from facedit.errors import NoFace
from facedit.motion.identity import Identity
from facedit.render.renderers import DEFAULT_RENDERER

NOBODY = Identity(np.zeros((478, 3), np.float32), 1.0, np.zeros(2, np.float32))


def cut(start_s: float, end_s: float, duration_s: float, margin_s: float = 0.125):
    """A plan of one cut, its pictures reaching an eighth of a second further to each side."""
    made = make_plan(
        (WordEdit(4, 5),), transcript(duration_s), [None], source_duration_s=duration_s,
        frame_rate=Fraction(16), joints=[(start_s, end_s)], margins=Margins(0.0, margin_s, 0.0),
    )  # fmt: skip
    return made, made.picture_spans()[0]


@pytest.mark.parametrize(
    ("start_s", "end_s", "duration_s", "part"),
    [
        (20.125, 20.875, 60.0, (14.0, 26.0)),  # 15 to 26 s, from even second to even second
        (20.125, 20.9375, 60.0, (14.0, 28.0)),
        (21.125, 21.75, 60.0, (16.0, 28.0)),
        (11.125, 11.875, 60.0, (6.0, 18.0)),
        (10.0, 11.875, 60.0, (0.0, 18.0)),  # a start of up to four seconds is tracked too
        (40.125, 40.875, 52.0, (34.0, 46.0)),
        (40.125, 40.875, 50.0, (34.0, 50.0)),  # and so is an end
    ],
)
def test_what_is_tracked_lies_on_even_seconds_around_the_span(start_s, end_s, duration_s, part):
    made, span = cut(start_s, end_s, duration_s)
    assert tracked_part(made, span) == part
    window = SimpleNamespace(start_s=part[0], end_s=part[1])
    others = (replace(span), SimpleNamespace(start_s=part[0], end_s=part[1] + 2))
    windows = (SimpleNamespace(start_s=-1.0, end_s=part[1]), others[1], window)
    assert window_of(windows, made, span) is window
    with pytest.raises(AssertionError, match="nothing was tracked"):
        window_of(windows[:2], made, span)


def test_speech_is_heard_ten_frames_beyond_the_canvas(monkeypatch) -> None:
    def features(sound, frames, encoder):
        assert encoder == "ears"
        values = np.arange(frames, dtype=np.float32)[:, None] + 100 * sound[0]
        return SimpleNamespace(values=values)

    monkeypatch.setattr(module, "cached_features", features)
    asked = []

    def window(*times_s):
        asked.append(times_s)
        return times_s

    found = speech_on(window, 50, 20, "ears", 0.01)
    assert asked == [(pytest.approx(1.61), pytest.approx(3.21))]
    np.testing.assert_allclose(found[:, 0], 161 + 10 + np.arange(20))
    speech_on(window, 50, 20, "ears")
    assert asked[1] == (pytest.approx(1.6), pytest.approx(3.2))


def confident(made, *away: tuple[int, int]) -> Canvas:
    frames = round(made.output_duration_s * 25)
    confidence = np.ones(frames, np.float32)
    for start, stop in away:
        confidence[start:stop] = 0
    blank = np.zeros((frames, 1), np.float32)
    return Canvas(0, blank, blank > 0, confidence, NOBODY)


def test_edited_moments_without_a_face_are_told_or_refused() -> None:
    made = plan(WordEdit(4, 5, ("sun",)))
    (span,) = made.picture_spans()
    first, stop = (int(np.ceil(at * 25 - 1e-6)) for at in (span.output_start_s, span.output_end_s))
    seen = confident(made, (0, first), (stop, 200))
    assert refuse_missing_faces(made, (seen,), "fail") == ()
    for away in ((first, first + 1), (stop - 1, stop)):
        missing = confident(made, away)
        (warning,) = refuse_missing_faces(made, (missing,), "keep")
        assert warning.startswith(f"1 of {stop - first} motion frames at ")
        with pytest.raises(NoFace, match=f"missing in 1 of {stop - first}"):
            refuse_missing_faces(made, (missing,), "fail")
    with pytest.raises(NoFace, match="choose other words"):
        refuse_missing_faces(made, (confident(made, (first, stop)),), "keep")


def test_lids_are_the_clips_own_where_it_blinks_and_more_than_lips_move(monkeypatch) -> None:
    openings = {"open": (0.3, 0.2), "shut": (0.09, 0.05), "wink": (0.3, 0.05), "edge": (0.1, 0.1)}
    monkeypatch.setattr(module, "lid_openings", openings.__getitem__)
    drawn = SimpleNamespace(name=DEFAULT_RENDERER)

    def shown(*seen, region="face", renderer=drawn):
        bank = SimpleNamespace(frames=[SimpleNamespace(landmarks=one) for one in seen])
        return shows_own_lids(renderer, region, bank)

    assert shown("open", "shut")
    assert shown("shut", region="head")
    assert not shown("open", "wink", "edge")
    assert not shown("shut", region="lips")
    assert not shown("shut", renderer=SimpleNamespace(name="another"))
    assert not shown()
