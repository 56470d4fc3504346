"""Each known disturbance does what it says, where it says, and nothing else."""

from dataclasses import replace

import numpy as np
import pytest

from bench.scenes import SIZE, make_item, make_motion, make_scene, make_sound, motion_space
from facedit.bench.scene import Scene, View
from facedit.bench.selfcheck import picture_disturbances as pictures
from facedit.bench.selfcheck import sound_disturbances as sounds
from facedit.bench.selfcheck.disturb import (
    DISTURBANCES,
    Help,
    mix_takes,
    rest_lips,
    shift_name,
    turn_head,
)
from facedit.render.composite import mouth_outline
from facedit.types import Word

FRAMES = 50


def scene(seed: int = 0, clip: str = "clip-a", still_head: bool = False) -> Scene:
    motion = make_motion(FRAMES, seed)
    if still_head:
        # Nothing moves but the lips.
        motion[:, motion_space().groups["lips"].stop :] = 0
    rng = np.random.default_rng(seed)
    speech = rng.standard_normal((FRAMES, 6)).astype(np.float32)
    made = make_scene(
        item=make_item(item=f"item-{seed}", clip=clip),
        true_motion=motion,
        speech=speech,
        sound=make_sound(seed=seed),
        source_sound=make_sound(seed=seed),
        kept_sound=((0.0, 0.0, 2.0),),
    )
    return replace(made, words=(Word("one", 0.4, 0.6), Word("two", 0.8, 1.2)))


def same_view(scene: Scene, frames: tuple[np.ndarray, ...]) -> View:
    """A tracker that finds the landmarks where they were."""
    return replace(scene.output, frames=frames)


def help_for(scene: Scene) -> Help:
    return Help(other=globals()["scene"](9, "clip-b"), retrack=same_view, seed=3)


def changed(before: Scene, after: tuple[np.ndarray, ...]) -> list[int]:
    pairs = zip(before.output.frames, after, strict=True)
    return [index for index, (a, b) in enumerate(pairs) if not np.array_equal(a, b)]


def mouth_box(scene: Scene, index: int, pad: float = 6.0) -> tuple[slice, slice]:
    points = mouth_outline(scene.output.landmarks[index])
    (x0, y0), (x1, y1) = points.min(axis=0) - pad, points.max(axis=0) + pad
    return slice(int(y0), int(y1) + 1), slice(int(x0), int(x1) + 1)


def core(scene: Scene, index: int) -> tuple[slice, slice]:
    """The middle of the mouth, where masks are full."""
    x, y = mouth_outline(scene.output.landmarks[index]).mean(axis=0).round().astype(int)
    return slice(y - 1, y + 2), slice(x - 3, x + 4)


@pytest.mark.parametrize("frames", [-10, -3, -1, 1, 2, 5])
def test_shifted_sound_is_late_in_features_samples_and_words(frames: int) -> None:
    before = scene()
    after = sounds.shift_sound(before, frames)
    inner = slice(max(frames, 0), FRAMES + min(frames, 0))
    moved = np.arange(FRAMES)[inner] - frames
    np.testing.assert_array_equal(after.speech.values[inner], before.speech.values[moved])
    assert before.sound is not None
    assert after.sound is not None
    late = 640 * frames
    heard = after.sound.samples[late:] if late >= 0 else after.sound.samples
    np.testing.assert_array_equal(heard, before.sound.samples[max(-late, 0) :])
    assert not after.sound.samples[: max(late, 0)].any()
    assert after.words[0].start_s == pytest.approx(0.4 + frames / 25)
    assert after.output is before.output


def test_no_shift_is_no_change() -> None:
    before = scene()
    after = sounds.shift_sound(before, 0)
    np.testing.assert_array_equal(after.speech.values, before.speech.values)
    np.testing.assert_array_equal(after.sound.samples, before.sound.samples)
    assert after.words == before.words


def test_swapped_sound_is_the_others_and_fills_the_scene() -> None:
    before, other = scene(), scene(9, "clip-b")
    short = replace(other, speech=other.speech.take(np.arange(20)))
    after = sounds.swap_sound(before, short)
    assert after.speech.values.shape == before.speech.values.shape
    np.testing.assert_array_equal(after.speech.values[:20], short.speech.values)
    np.testing.assert_array_equal(after.speech.values[20:40], short.speech.values)
    np.testing.assert_array_equal(after.sound.samples, other.sound.samples)


def test_swapped_words_stand_at_the_others_time_in_its_sound() -> None:
    before = scene()
    other = scene(9, "clip-b")
    # The other's scene begins a second later in its clip, so its words move a second forward.
    late = replace(
        other,
        output=replace(other.output, first_frame=25),
        words=(Word("a", 0.5, 0.9), Word("b", 1.5, 1.9)),
    )
    after = sounds.swap_sound(before, late)
    assert [(word.text, word.start_s) for word in after.words] == [("b", pytest.approx(0.5))]
    np.testing.assert_array_equal(after.sound.samples, other.sound.samples[16_000:])


def test_delayed_sound_moves_by_five_milliseconds_and_nothing_else() -> None:
    before = scene()
    after = sounds.delay_kept_sound(before, 0.005)
    np.testing.assert_array_equal(after.sound.samples[80:], before.sound.samples)
    assert after.speech is before.speech
    assert after.words is before.words


def test_blur_takes_detail_from_the_mouth_of_filled_frames_only() -> None:
    before = scene()
    after = pictures.blur_mouth(before)
    assert changed(before, after) == list(np.flatnonzero(before.filled))
    for index in changed(before, after):
        box = mouth_box(before, index)
        outside = np.ones(SIZE, bool)
        outside[box] = False
        np.testing.assert_array_equal(after[index][outside], before.output.frames[index][outside])
        middle = core(before, index)
        assert after[index][middle].std() < 0.6 * before.output.frames[index][middle].std()


def test_noise_adds_grain_of_the_stated_level_to_the_mouth() -> None:
    before = scene()
    after = pictures.noise_mouth(before, np.random.default_rng(0), level=10.0)
    assert changed(before, after) == list(np.flatnonzero(before.filled))
    added = [
        after[i][core(before, i)].astype(float) - before.output.frames[i][core(before, i)]
        for i in np.flatnonzero(before.filled)
    ]
    assert np.std(added) == pytest.approx(10.0, rel=0.25)


def test_frozen_mouth_is_the_one_of_the_last_kept_frame() -> None:
    before = scene(still_head=True)
    after = pictures.freeze_mouth(before)
    held = int(np.flatnonzero(before.filled)[0]) - 1
    assert changed(before, after) == list(np.flatnonzero(before.filled))
    for index in np.flatnonzero(before.filled):
        middle = core(before, index)
        difference = after[index][middle].astype(int) - before.output.frames[held][middle]
        assert np.abs(difference).mean() < 3
        assert np.array_equal(after[index][:20], before.output.frames[index][:20])


def test_other_face_shows_the_others_pixels_in_place_of_the_face() -> None:
    before, other = scene(), scene(9, "clip-b")
    red = np.zeros((*SIZE, 3), np.uint8) + np.array([200, 10, 10], np.uint8)
    painted = replace(other, output=replace(other.output, frames=(red,) * FRAMES))
    after = pictures.swap_face(before, painted)
    assert changed(before, after) == list(np.flatnonzero(before.filled))
    for index in changed(before, after):
        x, y = before.output.landmarks[index][4, :2].astype(int)
        np.testing.assert_allclose(after[index][y, x], [200, 10, 10], atol=2)
        np.testing.assert_array_equal(after[index][:3], before.output.frames[index][:3])


def test_jump_moves_the_first_and_last_new_frame_aside() -> None:
    before = scene()
    after = pictures.jump_picture(before, size=1 / 6)
    filled = np.flatnonzero(before.filled)
    assert changed(before, after) == [filled[0], filled[-1]]
    eyes = before.output.landmarks[filled[0]][[33, 263]]
    pixels = np.linalg.norm(eyes[1] - eyes[0]) / 6
    rows = before.output.frames[filled[0]].astype(float)
    x = np.arange(20, 100)
    low = np.floor(x - pixels).astype(int)
    part = (x - pixels - low)[:, None]
    wanted = rows[:, low] * (1 - part) + rows[:, low + 1] * part
    assert np.abs(after[filled[0]][:, x] - wanted).max() <= 3


def test_touched_frames_are_the_kept_ones() -> None:
    before = scene()
    after = pictures.touch_kept(before, level=4)
    assert changed(before, after) == list(np.flatnonzero(~before.filled))
    raised = after[0].astype(int) - before.output.frames[0]
    assert raised.max() == 4
    assert (raised == 4).mean() > 0.99


def test_late_frames_are_the_kept_ones_after_the_span() -> None:
    before = scene()
    after = pictures.delay_kept(before)
    last = int(np.flatnonzero(before.filled)[-1])
    assert changed(before, after) == list(range(last + 1, FRAMES))
    for index in range(last + 1, FRAMES):
        np.testing.assert_array_equal(after[index], before.output.frames[index - 1])


def test_silenced_sound_has_neither_speech_nor_sound() -> None:
    after = sounds.silence_sound(scene())
    assert not (after.speech.voice_activity >= 0.5).any()
    np.testing.assert_allclose(after.speech.energy, -4.0)
    assert not after.sound.samples.any()
    assert not after.words


def test_mixed_takes_have_nothing_in_common_but_the_clip() -> None:
    before = scene()
    after = mix_takes(before, np.random.default_rng(0))
    takes = [after.drawn, *after.takes]
    assert len(takes) == 3
    rows = {tuple(row) for row in before.source.motion}
    for take in takes:
        assert take.shape == before.output.motion.shape
        assert {tuple(row) for row in take} <= rows
    assert not np.array_equal(takes[0], takes[1])
    assert after.output is before.output


def test_turned_head_is_turned_and_nearer_in_motion_and_landmarks_alike() -> None:
    before = scene()
    after = turn_head(before, 0.2, 1.05)
    space = motion_space()
    turned, nearer = space.names.index("head_ry"), space.names.index("head_log_scale")
    raw = (after.output.motion - before.output.motion) * space.std
    np.testing.assert_allclose(raw[before.hidden][:, turned], 0.2, atol=1e-5)
    np.testing.assert_allclose(raw[before.hidden][:, nearer], np.log(1.05), atol=1e-5)
    assert not raw[~before.hidden].any()
    assert not np.delete(raw, (turned, nearer), axis=1).any()
    encoded = space.encode(after.output.landmarks, before.identity)
    was = space.encode(before.output.landmarks, before.identity)
    moved = (encoded - was) * space.std
    np.testing.assert_allclose(moved[before.filled][:, turned], 0.2, atol=0.02)
    np.testing.assert_allclose(moved[before.filled][:, nearer], np.log(1.05), atol=1e-4)
    assert np.abs(moved[:, space.groups["lips"]]).max() < 1e-3
    np.testing.assert_array_equal(
        after.output.landmarks[~before.filled], before.output.landmarks[~before.filled]
    )


def test_resting_lips_hold_still_in_the_span_while_the_head_moves_on() -> None:
    before = scene()
    after = rest_lips(before)
    lips = motion_space().groups["lips"]
    hidden = np.flatnonzero(before.hidden)
    assert not np.diff(after.output.motion[hidden][:, lips], axis=0).any()
    np.testing.assert_array_equal(
        np.delete(after.output.motion, np.r_[lips], axis=1),
        np.delete(before.output.motion, np.r_[lips], axis=1),
    )
    np.testing.assert_array_equal(
        after.output.motion[~before.hidden], before.output.motion[~before.hidden]
    )
    assert not (after.speech.voice_activity >= 0.5).any()


@pytest.mark.parametrize("one", DISTURBANCES, ids=lambda one: one.name)
def test_the_scene_given_is_never_changed(one) -> None:  # type: ignore[no-untyped-def]
    before, untouched = scene(), scene()
    one.apply(before, help_for(before))
    for a, b in zip(before.output.frames, untouched.output.frames, strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(before.output.landmarks, untouched.output.landmarks)
    np.testing.assert_array_equal(before.output.motion, untouched.output.motion)
    np.testing.assert_array_equal(before.speech.values, untouched.speech.values)
    np.testing.assert_array_equal(before.sound.samples, untouched.sound.samples)


@pytest.mark.parametrize("one", DISTURBANCES, ids=lambda one: one.name)
def test_only_what_a_disturbance_names_is_disturbed(one) -> None:  # type: ignore[no-untyped-def]
    before = scene()
    after = one.apply(before, help_for(before))
    touched = {
        "sound": not np.array_equal(after.sound.samples, before.sound.samples),
        "pictures": bool(changed(before, after.output.frames)),
        "motion": not np.array_equal(after.output.motion, before.output.motion),
        "takes": after.takes != before.takes,
    }
    wanted = {kind: kind == one.kind for kind in touched}
    if one.name == "tracked_anew":
        wanted["pictures"] = False
    if one.name == "resting_lips":
        wanted["sound"] = True
    assert touched == wanted


def test_a_frame_without_a_face_stays_as_it_is() -> None:
    before = scene()
    points = before.output.landmarks.copy()
    points[22] = np.nan
    lost = replace(before, output=replace(before.output, landmarks=points))
    for after in (
        pictures.blur_mouth(lost),
        pictures.freeze_mouth(lost),
        pictures.swap_face(lost, scene(9, "clip-b")),
    ):
        assert 22 not in changed(lost, after)
        assert 23 in changed(lost, after)


def test_shifts_are_named_by_their_size() -> None:
    shifts = {one.name: one.shift for one in DISTURBANCES if one.shift}
    assert shifts == {shift_name(n): n for n in (1, -1, 2, -2, 3, -3, 5, -5, 10, -10)}
