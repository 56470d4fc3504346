"""Lips close on m, b and p in what was drawn, and nowhere else changes anything."""

from dataclasses import replace

import numpy as np
import pytest

from compose.compose_cases import upright_face
from facedit.compose.frames.canvas import Canvas
from facedit.compose.source.source_still import closed_mouth
from facedit.compose.takes import lip_closures as module
from facedit.compose.takes.lip_closures import MARGIN, REACH, Closures, bilabials, close_lips
from facedit.compose.takes.take_figures import take_figures
from facedit.face.distances import lip_opening
from facedit.motion.mesh_space import MeshSpace
from facedit.speech.recognition.forced import AlignedPhone
from facedit.types import Sound, Transcript, Word
from facedit.units import MOTION_FPS

FRAMES, DRAWN = 40, slice(10, 30)


@pytest.fixture(scope="module")
def space():
    return MeshSpace.load()


@pytest.fixture(scope="module")
def canvas(space):
    """Kept frames with closed lips; in the drawn ones they never close."""
    face = upright_face(space)
    identity = space.identity(face[None], np.ones(1, np.float32))
    shut = closed_mouth(space, space.encode(face[None], identity)[0], identity)
    values = np.repeat(shut[None], FRAMES, axis=0)
    mask = np.zeros(values.shape, bool)
    mask[DRAWN, space.groups["lips"]] = True
    lips = space.groups["lips"]
    opened = max(
        (values[0] + sign * step for step in np.eye(len(shut), dtype=np.float32)[lips]
         for sign in (-2, 2)),
        key=lambda one: lip_opening(space.decode(one[None], identity))[0],
    )  # fmt: skip
    values[DRAWN] = opened
    return Canvas(100, values, mask, np.ones(FRAMES, np.float32), identity)


def opening(space, canvas, motion):
    return lip_opening(space.decode(motion, canvas.identity))


def at(canvas, first, stop):
    return (canvas.start_s + first / 25, canvas.start_s + stop / 25)


def test_lips_close_when_the_sound_is_made_and_join_what_was_drawn(space, canvas):
    before = opening(space, canvas, canvas.values)
    assert before[DRAWN].min() > 3 * MARGIN
    closed, found = close_lips(space, canvas, canvas.values, [at(canvas, 18, 21)])
    after = opening(space, canvas, closed)
    assert found == Closures(1, 0, 1)
    assert take_figures([4], [], [], 0, [found, Closures(2, 1, 2)]) == {
        "seed": 4, "manner": "as learnt", "m, b, p spoken": 3,
        "with lips closed as drawn": 1, "with lips closed as shown": 3,
    }  # fmt: skip
    shut = 17 + int(after[17:22].argmin())
    assert after[shut] < MARGIN
    changed = np.flatnonzero(np.abs(closed - canvas.values).max(axis=1) > 1e-6)
    assert changed.tolist() == list(range(shut - REACH + 1, shut + REACH))
    assert (np.diff(after[shut : shut + REACH + 1]) > 0).all()
    assert np.array_equal(closed[~canvas.mask], canvas.values[~canvas.mask])


def test_closed_lips_stay_as_drawn_and_kept_sounds_do_not_count(space, canvas):
    drawn = canvas.values.copy()
    drawn[18:21] = canvas.values[0]
    moments = [at(canvas, 18, 20), at(canvas, 3, 6), at(canvas, 28, 32)]
    closed, found = close_lips(space, canvas, drawn, moments)
    assert np.array_equal(closed, drawn)
    assert found == Closures(1, 1, 1)


def test_moments_are_those_of_english_words_on_the_canvas(canvas, monkeypatch):
    asked = []

    def phones(sound, tokens):
        asked.append(tokens)
        return tuple(AlignedPhone(name, 0.3 + k / 10, 0.4 + k / 10, 0.0)
                     for k, name in enumerate(("M", "UW", "N")))  # fmt: skip

    monkeypatch.setattr(module, "phones_of_sound", phones)
    words = (Word("far", 0.0, 0.5, 1.0), Word("moon", 4.4, 4.8, 1.0), Word("on", 5.5, 5.8, 1.0))
    silence = Sound(np.zeros((16000, 1), np.float32), 16000)

    heard = []

    def sound(start_s, end_s):
        heard.append((start_s, end_s))
        return silence

    def found(language):
        told = Transcript(words, 8.0, language)
        return bilabials(told, words, sound, canvas)

    assert found("en") == ((pytest.approx(4.5), pytest.approx(4.6)),)
    assert asked == [["moon"]]
    assert heard == [(pytest.approx(4.2), pytest.approx(5.0))]  # 0.2 s about the words
    end_s = canvas.start_s + len(canvas.values) / MOTION_FPS
    last = (Word("more", end_s - 0.3, end_s, 1.0),)
    bilabials(Transcript(words, 8.0, "en"), last, lambda *_: silence, canvas)
    assert asked[-1] == ["more"]
    assert found("de") == ()
    assert bilabials(None, words, lambda *_: silence, canvas) == ()
    monkeypatch.setattr(module, "phones_of_sound", lambda *_: None)
    assert found("en") == ()


def test_sound_is_heard_from_the_clips_start_where_that_is_nearer(canvas, monkeypatch):
    heard = []
    monkeypatch.setattr(module, "phones_of_sound", lambda *_: (AlignedPhone("P", 0.1, 0.2, 0.0),))
    words = (Word("up", 0.1, 0.4, 1.0), Word("on", 0.5, 0.9, 1.0))
    told, first = Transcript(words, 8.0, "en-GB"), replace(canvas, first_frame=0)
    found = bilabials(told, words, lambda *asked: heard.append(asked), first)
    assert found == ((0.1, 0.2),)
    assert heard == [(0.0, pytest.approx(1.1))]


@pytest.mark.parametrize(
    ("frame", "counts"), [(16, False), (17, True), (20, True), (21, True), (22, False)]
)
def test_lips_may_close_a_frame_early_or_late(space, canvas, frame, counts):
    drawn = canvas.values.copy()
    drawn[frame] = canvas.values[0]
    closed, found = close_lips(space, canvas, drawn, [at(canvas, 18, 21)])
    assert found == Closures(1, int(counts), 1)
    assert np.array_equal(closed, drawn) == counts


def test_a_sound_shorter_than_a_frame_has_one_and_an_undrawn_one_none(space, canvas):
    def spoken(first, stop):
        return close_lips(space, canvas, canvas.values, [at(canvas, first, stop)])[1].spoken

    assert spoken(18, 18.1) == 1
    assert [spoken(first, stop) for first, stop in ((9, 10), (9, 11), (10, 11))] == [0, 0, 1]
    assert [spoken(first, stop) for first, stop in ((29, 30), (29, 31), (30, 31))] == [1, 0, 0]
    whole = replace(canvas, mask=np.ones_like(canvas.mask))
    for first, stop, many in ((-2, 0, 0), (-2, 1, 1), (39, 45, 1), (40, 45, 0)):
        assert close_lips(space, whole, whole.values, [at(whole, first, stop)])[1].spoken == many


def test_a_closure_is_joined_as_a_raised_cosine_and_leaves_all_but_the_lips(space, canvas):
    closed, _ = close_lips(space, canvas, canvas.values, [at(canvas, 18, 21)])
    step = closed - canvas.values
    shut = int(np.abs(step).sum(axis=1).argmax())
    for away, share in ((1, 0.75), (2, 0.25), (3, 0.0)):
        for frame in (shut - away, shut + away):
            np.testing.assert_allclose(step[frame], share * step[shut], atol=1e-5)
    lips = np.zeros(step.shape[1], bool)
    lips[space.groups["lips"]] = True
    assert not step[:, ~lips].any()


def test_lips_that_never_close_where_kept_close_as_far_as_lips_do(space, canvas):
    never = replace(canvas, values=np.repeat(canvas.values[20:21], FRAMES, axis=0))
    closed, found = close_lips(space, never, never.values, [at(never, 18, 21)])
    assert found == Closures(1, 0, 1)
    least = opening(space, never, closed)[17:22].min()
    assert least == pytest.approx(module.MOST_REST + module.CLOSED / 2, abs=5e-4)
    drawn = replace(canvas, mask=np.ones_like(canvas.mask), values=never.values)
    closed, _ = close_lips(space, drawn, drawn.values, [at(drawn, 18, 21)])
    assert opening(space, drawn, closed)[17:22].min() == pytest.approx(
        1.5 * module.CLOSED, abs=5e-4
    )
