"""What the report says of seams and spans, measured while the output goes by."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import SimpleNamespace

import numpy as np
import pytest

from compose.compose_cases import plan
from facedit.compose.frames.canvas import Canvas
from facedit.compose.frames.pictures import Picture
from facedit.compose.takes import seam_measures as module
from facedit.compose.takes.seam_measures import (
    STRIP_HEIGHT,
    SpanLog,
    face_box,
    lip_curve,
    measured,
    motion_jumps,
    seams_of,
    shrunk,
    spans_of,
)
from facedit.editing.diff import WordEdit
from facedit.editing.plan import Span
from facedit.motion.identity import Identity
from facedit.motion.mesh_space import MeshSpace
from facedit.types import FaceTrack

NOBODY = Identity(np.zeros((478, 3), np.float32), 1.0, np.zeros(2, np.float32))


@dataclass
class Flat:
    """A frame of one grey level."""

    level: int

    def part(self, x: int, y: int, width: int, height: int) -> np.ndarray:
        assert (x, y, width, height) == (2, 3, 4, 3)
        return np.full((height, width, 3), self.level, np.uint8)


def pictures(count: int, changed: range, levels=lambda k: k) -> list[Picture]:
    return [
        Picture(Flat(levels(k)), k / 25, "fill" if k in changed else "kept", 0)
        for k in range(count)
    ]


def watched(span: Span, shown: list[Picture]) -> SpanLog:
    log = SpanLog((2, 3, 6, 6))
    assert list(measured(shown, (span,), (log,))) == shown
    return log


def work(frames: int, drawn: slice, motion: np.ndarray | None = None):
    mask = np.zeros((frames, 3), bool)
    mask[drawn, 1:] = True
    canvas = Canvas(
        0, np.zeros((frames, 3), np.float32), mask, np.arange(frames, dtype=np.float32), NOBODY
    )
    return SimpleNamespace(canvas=canvas, infilled=canvas.values if motion is None else motion,
                           space=SimpleNamespace(terms="others"))  # fmt: skip


def test_a_second_around_a_span_is_watched() -> None:
    log = watched(Span(2.0, 3.0, "delete", (0,)), pictures(150, range(50, 75)))
    assert log.times_s[0] == 1.0
    assert log.times_s[-1] == pytest.approx(3.96)
    assert len(log.times_s) == len(log.changed) == len(log.steps) + 1 == 75
    assert np.flatnonzero(log.changed).tolist() == list(range(25, 50))
    assert log.steps == [1.0] * 74
    assert sorted(log.shots) == list(range(75))


def test_of_a_long_span_every_so_many_pictures_are_held_and_all_near_its_ends(monkeypatch) -> None:
    monkeypatch.setattr(module, "MOST_SHOTS", 17)
    log = watched(Span(2.0, 6.0, "delete", (0,)), pictures(250, range(50, 150)))
    # From 1 s on 150 pictures; 100 of the span in steps of six; the ends a second to each side.
    inside = [k for k in range(51, 100) if k % 6 == 0]
    assert sorted(log.shots) == [*range(51), *inside, *range(100, 150)]
    assert [log.shots[k].time_s for k in (0, 60)] == [1.0, 1.0 + 60 / 25]
    assert [shot.time_s for shot in log.pictures([62, 64])] == [1.0 + k / 25 for k in (60, 66)]


def test_pictures_of_the_report_keep_their_shape() -> None:
    assert shrunk(np.zeros((288, 100, 3), np.uint8)).shape == (STRIP_HEIGHT, 50, 3)
    assert shrunk(np.zeros((1000, 1, 3), np.uint8)).shape == (STRIP_HEIGHT, 1, 3)


def test_seams_stand_where_changed_pictures_meet_kept_ones() -> None:
    def level(k: int) -> int:
        return k % 2 + (7 if 50 <= k < 74 else 0)

    span = Span(2.0, 2.96, "delete", (0,))
    log = watched(span, pictures(150, range(50, 74), level))
    moved = np.zeros((150, 3), np.float32)
    moved[::2, 1:] = 0.5
    moved[50:74, 1:] += 3.0
    into, out = seams_of((span,), (log,), (work(150, slice(50, 74), moved),))
    assert [(seam.output_s, seam.side, seam.span) for seam in (into, out)] == [
        (2.0, "in", 0), (2.96, "out", 0),
    ]  # fmt: skip
    # Kept pictures step by one grey level, and by 0.5 in each of both dims.
    assert (into.picture.value, into.picture.usual, out.picture.value) == (6, 1, 8)
    assert into.motion.value == pytest.approx(3.5)
    assert out.motion.value == pytest.approx(2.5)
    assert into.motion.usual == pytest.approx(0.5)
    assert into.velocity.usual == pytest.approx(1.0)
    assert (into.velocity.value, out.velocity.value) == pytest.approx((4.0, 2.0))
    assert [shot.time_s for shot in into.pictures] == pytest.approx([k / 25 for k in range(47, 53)])
    assert [shot.role for shot in out.pictures] == ["fill"] * 3 + ["kept"] * 3
    # At the canvas's end its last step counts.
    _, last = seams_of((span,), (log,), (work(74, slice(50, 74), moved[:74]),))
    assert last.motion.value == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("start_s", "end_s", "sides"),
    [
        (2.08, 2.88, ["in", "out"]), (2.12, 2.88, ["out"]), (2.08, 2.84, ["in"]),
        (4.0, 5.0, []), (2.12, 2.84, []),
    ],
)  # fmt: skip
def test_seams_of_another_span_are_not_this_ones(start_s, end_s, sides) -> None:
    log = watched(Span(2.0, 2.96, "delete", (0,)), pictures(150, range(50, 74)))
    other = Span(start_s, end_s, "delete", (1,))
    found = seams_of((other,), (log,), (work(150, slice(50, 74)),))
    assert [seam.side for seam in found] == sides


def test_one_changed_picture_has_two_seams_and_its_steps_are_not_the_clips_own() -> None:
    span = Span(0.16, 0.2, "delete", (0,))
    log = watched(span, pictures(9, range(4, 5), lambda k: k if k != 4 else 99))
    into, out = seams_of((span,), (log,), (work(9, slice(4, 5)),))
    assert (into.side, out.side) == ("in", "out")
    assert (into.picture.value, out.picture.value) == (96, 94)
    assert into.picture.usual == into.picture.high == 1


def test_a_span_without_a_motion_frame_of_its_own_is_told_by_the_next() -> None:
    made = replace(plan(WordEdit(4, 5)), bridge_s=0.0)
    (span,) = made.picture_spans()
    assert span.output_end_s - span.output_start_s < 1 / 25
    log = watched(span, pictures(110, range(0)))
    canvas = replace(work(110, slice(0, 9)).canvas, first_frame=10)
    one = SimpleNamespace(canvas=canvas, infilled=canvas.values, space=SimpleNamespace(terms=""))
    (facts,) = spans_of(made, (log,), (one,), (np.zeros(110, np.float32),))
    assert (facts.frames, facts.pictures) == (0, ())
    assert facts.confidence.tolist() == [np.ceil(span.output_start_s * 25 - 1e-6) - 10]


def test_motion_steps_at_a_seam_are_held_against_kept_ones() -> None:
    motion = np.zeros((10, 3), np.float32)
    motion[:, 0] = 100 * np.arange(10)  # a dim that is not drawn does not count
    motion[:, 1] = [5, 1, 2, 3, 9, 9, 9, 4, 5, 6]
    found, turn = motion_jumps(work(10, slice(4, 7)).canvas, motion, 4)
    assert (found.value, found.usual) == (pytest.approx(6 / 2**0.5), pytest.approx(1 / 2**0.5))
    assert (turn.value, turn.usual) == (pytest.approx(6 / 2**0.5), 0)
    assert turn.high == pytest.approx(5 * 0.9 / 2**0.5)  # 5, 0 and 0 are the clip's own
    first, turn = motion_jumps(work(10, slice(0, 1)).canvas, motion, 1)
    assert (first.value, turn.value) == pytest.approx((4 / 2**0.5, 5 / 2**0.5))
    _, turn = motion_jumps(work(10, slice(4, 7)).canvas, motion, 6)
    assert turn.value == pytest.approx(5 / 2**0.5)


def test_spans_are_told_with_their_words_and_twelve_pictures() -> None:
    made = plan(WordEdit(1, 2, ("x", "y")), WordEdit(2 + 1, 4))
    (span, _) = made.picture_spans() if len(made.picture_spans()) == 2 else (None, None)
    assert span is not None
    shown = pictures(110, range(20, 50))
    logs = tuple(watched(one, shown) for one in made.picture_spans())
    first, second = spans_of(
        made, logs, (work(110, slice(0, 110)),) * 2, (np.zeros(110, np.float32),) * 2
    )
    assert (first.text, second.text) == ("x y", "")
    assert (first.kind, second.kind) == ("substitute", "delete")
    assert first.frames == 30
    assert first.lips is None
    times = [shot.time_s for shot in first.pictures]
    assert len(times) == 12
    assert (times[0], times[-1]) == (20 / 25, 49 / 25)
    assert first.confidence[0] == np.ceil(span.output_start_s * 25 - 1e-6)
    assert first.confidence[-1] == np.ceil(span.output_end_s * 25 - 1e-6) - 1
    assert spans_of(made, logs, (work(110, slice(0, 9)),) * 2, (np.zeros(9),) * 2, "sync")[
        0
    ].kind == "sync"  # fmt: skip


def test_lips_and_sound_are_drawn_over_the_canvas() -> None:
    space = MeshSpace.load()
    identity = space.identity(np.asarray(space.canonical, np.float32)[None] * 99, np.ones(1))
    values = np.zeros((101, len(space.names)), np.float32)
    canvas = Canvas(25, values, np.ones(values.shape, bool), np.ones(101), identity)
    energy = np.linspace(-10, 0, 101).astype(np.float32)
    curve = lip_curve(space, canvas, values, energy)
    assert (curve.times_s[0], curve.times_s[-1]) == (1.0, 5.0)
    np.testing.assert_array_equal(curve.source, curve.target)
    # From the 2nd to the 98th percentile.
    np.testing.assert_allclose(curve.energy[[0, 2, 50, 98, 100]], [0, 0, 0.5, 1, 1], atol=1e-5)
    quiet = lip_curve(space, canvas, values, 0 * energy)
    assert not quiet.energy.any()


def test_a_face_has_one_box_over_a_stretch() -> None:
    landmarks = np.full((4, 478, 3), np.nan, np.float32)
    grid = np.linspace(0, 1, 478)
    for k, left in ((0, 110), (1, 120), (3, 190)):
        landmarks[k, :, 0] = left + 450 * grid
        landmarks[k, :, 1] = 40 + 10 * grid
    track = FaceTrack(np.arange(4) / 4, landmarks, np.ones(4, np.float32), 630, 60)
    # The middle 98 of a hundred points, widened by 15 in a hundred.
    low, high = np.percentile(np.r_[110 + 450 * grid, 120 + 450 * grid], [1, 99])
    left, top, right, bottom = face_box(track, 0.0, 0.25)
    assert (left, right) == (int(low - 0.15 * (high - low)), int(high + 0.15 * (high - low)))
    assert (top, bottom) == (38, 51)
    assert face_box(track, 0.75, 0.75)[2] == 630  # never out of the picture
    assert face_box(track, 0.5, 0.5) == face_box(track, 0.0, 1.0)  # nowhere seen there
    dot = FaceTrack(track.times_s, landmarks * 0 + 30, track.confidence, 130, 60)
    assert face_box(dot, 0.0, 0.25) == (30, 30, 32, 32)
