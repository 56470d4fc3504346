"""Of a video its mouths and the way of speaking are taken, from one shot, up to a closed mouth."""

from dataclasses import replace

import numpy as np
import pytest

from compose.compose_cases import talking_track, upright_face
from facedit.compose import person as module
from facedit.compose.person import (
    Shown,
    borrow,
    context_of,
    shot_around,
    shown_canvas,
    shown_speech,
)
from facedit.compose.spans import CONTEXT_S
from facedit.compose.still import PROMPT_FRAMES, still_canvas, still_targets
from facedit.face.distances import lip_opening
from facedit.motion.space import MotionSpace
from facedit.render.bank import ReferenceBank
from facedit.render.still import Still
from facedit.speech.features import WhisperBase
from facedit.types import Sound

LONGEST = round(CONTEXT_S * 25)


def silence(start_s, end_s):
    return Sound(np.zeros((round((end_s - start_s) * 16000), 1), np.float32), 16000)


@pytest.fixture(scope="module")
def space():
    return MotionSpace.load()


@pytest.fixture(scope="module")
def track(space):
    """Four seconds of a jaw that swings twice a second."""
    return talking_track(space)


def lost(track, *frames):
    """The same track without a face in some frames."""
    landmarks, confidence = track.landmarks.copy(), track.confidence.copy()
    landmarks[list(frames)], confidence[list(frames)] = np.nan, 0
    return replace(track, landmarks=landmarks, confidence=confidence)


def test_the_context_ends_where_the_mouth_is_most_closed(track):
    context = context_of(track, silence)
    end = 29 + int(np.argmin(lip_opening(track.landmarks)[29:]))
    assert context.first_frame + len(context.landmarks) - 1 == end
    assert len(context.landmarks) == min(LONGEST, end + 1)
    np.testing.assert_allclose(context.landmarks[-1], track.landmarks[end], atol=1e-3)
    late = replace(track, times_s=track.times_s + 2.0)
    moved = context_of(late, silence)
    assert moved.first_frame == context.first_frame + 50
    np.testing.assert_allclose(moved.landmarks, context.landmarks, atol=1e-3)


def test_the_context_is_one_run_of_seen_frames(track):
    """A gap too long to bridge ends it; what is too short is nothing."""
    context = context_of(lost(track, *range(40, 60)), silence)
    start, stop = context.first_frame, context.first_frame + len(context.landmarks)
    assert stop <= 40 or start >= 60
    assert 20 <= len(context.landmarks) <= 40
    assert np.isfinite(context.landmarks).all()
    assert context_of(lost(track, *range(10, 100)), silence) is None
    assert context_of(lost(track, *range(100)), silence) is None


def test_only_the_shot_of_the_picture_counts(track):
    cut = replace(track, cuts=(1.0, 3.0))
    for time_s, first, stop in ((0.96, 0, 25), (1.0, 25, 75), (2.96, 25, 75), (3.0, 75, 100)):
        shot = shot_around(cut, time_s)
        np.testing.assert_array_equal(shot.times_s, track.times_s[first:stop])
        assert shot.cuts == ()
        context = context_of(shot, silence)
        assert context.first_frame >= first
        assert context.first_frame + len(context.landmarks) <= stop


@pytest.fixture
def shown(track):
    context = context_of(track, silence)
    picture = Still(np.zeros((256, 256, 3), np.uint8), context.landmarks[-1])
    return Shown(picture, track, ReferenceBank(), context)


def test_the_context_is_kept_and_the_rest_is_hidden(space, track, shown):
    canvas = shown_canvas(space, shown, 30, "head")
    before = len(shown.context.landmarks)
    assert canvas.first_frame == -before
    assert not canvas.mask[:before].any()
    assert canvas.mask[before:].all()
    identity = space.identity(track.landmarks, track.confidence)
    values = space.encode(shown.context.landmarks, identity)
    np.testing.assert_allclose(canvas.values[:before], values, atol=1e-4)
    lips = shown_canvas(space, shown, 30, "lips")
    assert not lips.mask[:, space.groups["head"]].any()
    assert lips.mask[before:, space.groups["lips"]].all()


def test_the_head_moves_on_from_the_picture(space, shown):
    """Motion that goes on where the context ends leaves the picture's head where it is."""
    canvas = shown_canvas(space, shown, 5, "head")
    motion = canvas.values.copy()
    motion[canvas.mask.any(axis=1)] = motion[-canvas.first_frame - 1]
    targets = still_targets(space, canvas, motion, shown.still, "head")
    assert targets.shape == (5, 478, 3)
    np.testing.assert_allclose(targets, np.repeat(shown.still.landmarks[None], 5, 0), atol=0.05)
    motion[-1, space.groups["head"].start] += 1.0
    moved = still_targets(space, canvas, motion, shown.still, "head")
    assert np.abs(moved[-1] - targets[-1]).max() > 0.5
    np.testing.assert_array_equal(moved[:-1], targets[:-1])


def test_each_part_hears_its_own_sound(space, shown, monkeypatch):
    def features(window, first_frame, frames, encoder):
        assert encoder.layer == 2
        return np.stack([np.full(frames, window(0, 0)), first_frame + np.arange(frames)], axis=1)

    monkeypatch.setattr(module, "speech_on", features)
    told = replace(shown, context=replace(shown.context, sound=lambda *_: 1))
    canvas = shown_canvas(space, told, 30, "head")
    heard = shown_speech(told, canvas, lambda *_: 2, WhisperBase(2))
    before = len(shown.context.landmarks)
    assert heard[:, 0].tolist() == [1] * before + [2] * 30
    start = shown.context.first_frame
    assert heard[:, 1].tolist() == [*range(start, start + before), *range(30)]


def test_of_a_picture_nothing_but_the_picture_is_known(space, monkeypatch):
    alone = Shown(Still(np.zeros((256, 256, 3), np.uint8), upright_face(space)))
    canvas = shown_canvas(space, alone, 20, "head")
    wanted = still_canvas(space, alone.still, 20, "head")
    np.testing.assert_array_equal(canvas.values, wanted.values)
    np.testing.assert_array_equal(canvas.mask, wanted.mask)
    monkeypatch.setattr(module, "speech_on", lambda _, first, frames, encoder: (first, frames))
    assert shown_speech(alone, canvas, silence, WhisperBase()) == (
        -PROMPT_FRAMES,
        20 + PROMPT_FRAMES,
    )


def test_another_pictures_mouth_starts_closed_and_opens_as_the_videos(space, shown):
    """A smiling picture of another size and place: only what the lips do is the video's."""
    small = 0.5 * upright_face(space) + np.float32(40)
    apart = small.copy()
    apart[[14, 87, 317], 1] += 3.0  # parted lips
    alone = Shown(Still(np.zeros((256, 256, 3), np.uint8), apart))
    lent = borrow(alone, shown)
    assert lent.still is alone.still
    assert (lent.bank, lent.context) == (shown.bank, shown.context)
    canvas = shown_canvas(space, lent, 5, "head")
    assert np.isfinite(canvas.values).all()
    head = space.groups["head"]
    np.testing.assert_allclose(canvas.values[-1, head], canvas.values[-6, head], atol=1e-4)
    motion = canvas.values.copy()
    motion[-5:] = motion[-6]
    motion[-1, 0] += 3.0
    targets = still_targets(space, canvas, motion, lent.still, "head", borrowed=True)
    video = space.decode(motion[-5:], canvas.identity)
    assert lip_opening(targets)[0] < 0.5 * lip_opening(apart[None])[0]
    opened = np.ptp(lip_opening(targets))
    assert opened == pytest.approx(np.ptp(lip_opening(video)), rel=0.35)
    assert opened > 0.01
    eyes = [33, 133, 263, 362]
    np.testing.assert_allclose(
        targets[:, eyes, :2], np.repeat(apart[None, eyes, :2], 5, 0), atol=0.5
    )
