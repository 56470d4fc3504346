"""Of a video its mouths and the way of speaking are taken, from one shot, up to a closed mouth."""

from dataclasses import replace

import numpy as np
import pytest

from compose.compose_cases import talking_track, upright_face
from facedit.compose.frames import picture_base as module
from facedit.compose.frames.base import Take
from facedit.compose.frames.canvas import target_landmarks
from facedit.compose.frames.person import Person, find_person, prompt_of, shot_around
from facedit.compose.frames.picture_base import PROMPT_FRAMES, person_canvas, picture_base
from facedit.compose.frames.spans import CONTEXT_S
from facedit.compose.source.clip import Clip
from facedit.compose.source.source_still import CLOSED
from facedit.face.distances import lip_opening
from facedit.media.sound import read_sound
from facedit.motion.mesh_space import MeshSpace
from facedit.options import Run
from facedit.progress import StageClock
from facedit.render.bank import ReferenceBank
from facedit.render.mouths import Mouths
from facedit.render.still_renderer import Still
from facedit.speech.encoders.whisper_base import WhisperBase
from facedit.types import Sound
from talking_clips import write_clip

LONGEST = round(CONTEXT_S * 25)


def silence(start_s, end_s):
    return Sound(np.zeros((round((end_s - start_s) * 16000), 1), np.float32), 16000)


@pytest.fixture(scope="module")
def space():
    return MeshSpace.load()


@pytest.fixture(scope="module")
def track(space):
    """Four seconds of a jaw that swings twice a second."""
    return talking_track(space)


def lost(track, *frames):
    """The same track without a face in some frames."""
    landmarks, confidence = track.landmarks.copy(), track.confidence.copy()
    landmarks[list(frames)], confidence[list(frames)] = np.nan, 0
    return replace(track, landmarks=landmarks, confidence=confidence)


def test_a_video_is_watched_and_heard_from_its_very_start(tmp_path):
    face = pytest.importorskip("skimage.data").astronaut()[:224, 112:336]
    noise = np.random.default_rng(0).uniform(-0.3, 0.3, (12_800, 1)).astype(np.float32)
    path = tmp_path / "a.mov"
    write_clip(path, [face] * 20, Sound(noise, 16_000))
    person = find_person(Clip(path, StageClock()), Run())
    np.testing.assert_allclose(person.track.times_s, np.arange(20) / 25, atol=1e-6)
    assert person.prompt.first_frame == 0
    heard = person.prompt.sound(0.0, 0.4).samples
    np.testing.assert_array_equal(heard, read_sound(path, 0.0, 0.4).samples)


def test_the_prompt_ends_where_the_mouth_is_most_closed(track):
    prompt = prompt_of(track, silence)
    end = 29 + int(np.argmin(lip_opening(track.landmarks)[29:]))
    assert prompt.first_frame + len(prompt.landmarks) - 1 == end
    assert len(prompt.landmarks) == min(LONGEST, end + 1)
    np.testing.assert_allclose(prompt.landmarks[-1], track.landmarks[end], atol=1e-3)
    late = replace(track, times_s=track.times_s + 2.0)
    moved = prompt_of(late, silence)
    assert moved.first_frame == prompt.first_frame + 50
    np.testing.assert_allclose(moved.landmarks, prompt.landmarks, atol=1e-3)


def test_half_of_the_frames_there_are_is_enough_where_the_mouth_is_most_closed(track):
    closed = int(np.argmin(lip_opening(track.landmarks)[19:60])) + 19
    part = slice(closed - 19, closed + 21)
    short = replace(track, times_s=track.times_s[part] - track.times_s[part][0],
                    landmarks=track.landmarks[part], confidence=track.confidence[part])  # fmt: skip
    prompt = prompt_of(short, silence)
    assert (prompt.first_frame, len(prompt.landmarks)) == (0, 20)


def test_the_prompt_is_one_run_of_seen_frames(track):
    """A gap too long to bridge ends it; what is too short is nothing."""
    prompt = prompt_of(lost(track, *range(40, 60)), silence)
    start, stop = prompt.first_frame, prompt.first_frame + len(prompt.landmarks)
    assert stop <= 40 or start >= 60
    assert 20 <= len(prompt.landmarks) <= 40
    assert np.isfinite(prompt.landmarks).all()
    assert prompt_of(lost(track, *range(10, 100)), silence) is None
    assert prompt_of(lost(track, *range(100)), silence) is None


def test_only_the_shot_of_the_picture_counts(track):
    cut = replace(track, cuts=(1.0, 3.0))
    for time_s, first, stop in ((0.96, 0, 25), (1.0, 25, 75), (2.96, 25, 75), (3.0, 75, 100)):
        shot = shot_around(cut, time_s)
        np.testing.assert_array_equal(shot.times_s, track.times_s[first:stop])
        assert shot.cuts == ()
        prompt = prompt_of(shot, silence)
        assert prompt.first_frame >= first
        assert prompt.first_frame + len(prompt.landmarks) <= stop


@pytest.fixture
def person(track):
    prompt = prompt_of(track, silence)
    picture = Still(np.zeros((256, 256, 3), np.uint8), prompt.landmarks[-1])
    return Person(picture, track, ReferenceBank(), prompt)


def targets_of(space, person, canvas, motion):
    """Landmarks of the output's pictures, with all that speech may move."""
    drawn = len(motion) + canvas.first_frame
    base = picture_base(person, Sound(np.zeros((drawn * 640, 1), np.float32), 16000), "")
    (work,) = base.works(Take((canvas,), (motion,), space, Mouths(None), 0))
    assert work.infilled.shape == motion.shape
    return target_landmarks(
        space,
        work.canvas.identity,
        np.repeat(work.track.landmarks, drawn, axis=0),
        work.infilled[-drawn:],
        work.region,
    )


def test_the_prompt_is_kept_and_the_rest_is_hidden(space, track, person):
    canvas = person_canvas(space, person, 30, "head")
    before = len(person.prompt.landmarks)
    assert canvas.first_frame == -before
    assert not canvas.mask[:before].any()
    assert canvas.mask[before:].all()
    identity = space.identity(track.landmarks, track.confidence)
    values = space.encode(person.prompt.landmarks, identity)
    np.testing.assert_allclose(canvas.values[:before], values, atol=1e-4)
    lips = person_canvas(space, person, 30, "lips")
    assert not lips.mask[:, space.groups["head"]].any()
    assert lips.mask[before:, space.groups["lips"]].all()


def test_the_head_moves_on_from_the_picture(space, person):
    """Motion that goes on where the prompt ends leaves the picture's head where it is."""
    canvas = person_canvas(space, person, 5, "head")
    motion = canvas.values.copy()
    motion[canvas.mask.any(axis=1)] = motion[-canvas.first_frame - 1]
    targets = targets_of(space, person, canvas, motion)
    assert targets.shape == (5, 478, 3)
    np.testing.assert_allclose(targets, np.repeat(person.still.landmarks[None], 5, 0), atol=0.1)
    motion[-1, space.groups["head"].start] += 1.0
    moved = targets_of(space, person, canvas, motion)
    assert np.abs(moved[-1] - targets[-1]).max() > 0.5
    np.testing.assert_array_equal(moved[:-1], targets[:-1])


def test_eyes_that_are_shut_where_the_prompt_ends_stay_open_in_the_picture(space, person):
    canvas = person_canvas(space, person, 5, "head")
    motion = canvas.values.copy()
    motion[-5:] = motion[-6]
    motion[-8:-5, space.groups["face"]] -= 2.0  # a blink, over before the speech begins
    targets = targets_of(space, person, canvas, motion)
    lids = [159, 145, 386, 374, 105, 334]
    still = np.repeat(person.still.landmarks[None, lids], 5, axis=0)
    np.testing.assert_allclose(targets[:, lids], still, atol=0.1)


def test_adaptation_is_given_the_mouths_of_the_video(person):
    person.bank.frames.append(None)
    (window,) = picture_base(person, silence(0, 1), "").windows
    assert window.bank is person.bank


def test_each_part_hears_its_own_sound(space, person, monkeypatch):
    def features(window, first_frame, frames, encoder):
        assert encoder.layer == 2
        return np.stack([np.full(frames, window(0, 0)), first_frame + np.arange(frames)], axis=1)

    monkeypatch.setattr(module, "speech_on", features)
    told = replace(person, prompt=replace(person.prompt, sound=lambda *_: 1))
    canvas = person_canvas(space, told, 30, "head")
    base = picture_base(told, silence(0, 1.2), "")
    (heard,) = base.speech((canvas,), lambda *_: 2, WhisperBase(2))
    before = len(person.prompt.landmarks)
    assert heard[:, 0].tolist() == [1] * before + [2] * 30
    start = person.prompt.first_frame
    assert heard[:, 1].tolist() == [*range(start, start + before), *range(30)]


def test_of_a_picture_speech_starts_from_the_closed_mouth(space, monkeypatch):
    smiling = upright_face(space)
    smiling[[14, 87, 317], 1] += 3.0  # parted lips
    alone = Person(Still(np.zeros((256, 256, 3), np.uint8), smiling))
    base = picture_base(alone, silence(0, 0.79), "")
    (canvas,) = base.canvases(space, "head")
    assert len(canvas.values) == PROMPT_FRAMES + 20
    assert not canvas.mask[:PROMPT_FRAMES].any()
    assert canvas.mask[PROMPT_FRAMES:].all()
    assert canvas.first_frame == -PROMPT_FRAMES
    targets = targets_of(space, alone, canvas, canvas.values)
    assert len(targets) == 20
    assert (lip_opening(targets) <= 1.5 * CLOSED).all()
    eyes = [33, 133, 263, 362]
    assert np.allclose(targets[:, eyes], smiling[eyes], atol=0.1)
    monkeypatch.setattr(module, "speech_on", lambda _, first, frames, encoder: (first, frames))
    assert base.speech((canvas,), silence, WhisperBase()) == ((-PROMPT_FRAMES, len(canvas.values)),)


def test_another_pictures_mouth_starts_closed_and_opens_as_the_videos(space, person):
    """A smiling picture of another size and place: only what the lips do is the video's."""
    small = 0.5 * upright_face(space) + np.float32(40)
    apart = small.copy()
    apart[[14, 87, 317], 1] += 3.0  # parted lips
    picture = Still(np.zeros((256, 256, 3), np.uint8), apart)
    lent = replace(person, still=picture, borrowed=True)
    canvas = person_canvas(space, lent, 5, "head")
    assert np.isfinite(canvas.values).all()
    head = space.groups["head"]
    np.testing.assert_allclose(canvas.values[-1, head], canvas.values[-6, head], atol=1e-4)
    motion = canvas.values.copy()
    motion[-5:] = motion[-6]
    motion[-1, 0] += 3.0
    targets = targets_of(space, lent, canvas, motion)
    video = space.decode(motion[-5:], canvas.identity)
    assert lip_opening(targets)[0] < 0.5 * lip_opening(apart[None])[0]
    opened = np.ptp(lip_opening(targets))
    assert opened == pytest.approx(np.ptp(lip_opening(video)), rel=0.35)
    assert opened > 0.01
    eyes = [33, 133, 263, 362]
    np.testing.assert_allclose(
        targets[:, eyes, :2], np.repeat(apart[None, eyes, :2], 5, 0), atol=0.5
    )
