from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from motion_models import CHANNELS, DIMS, tiny_model

from facedit.errors import BadWeights
from facedit.model import field as field_module
from facedit.model.dit import Conditions, DiT
from facedit.model.field import windowed_field
from facedit.model.flow import euler
from facedit.model.infill import Task, infill, infill_batch
from facedit.model.normalise import kept_centre
from facedit.model.sampler_settings import SamplerSettings
from facedit.model.windows import PROMPT, WINDOW, plan_windows

MODEL = tiny_model()


def clip(frames: int, seed: int = 0):
    rng = np.random.default_rng(seed)
    motion = rng.standard_normal((frames, DIMS)).astype(np.float32)
    return motion, rng.standard_normal((frames, CHANNELS)).astype(np.float32)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 40), st.integers(0, 2**32 - 1), st.floats(0, 1))
def test_kept_entries_come_back_bit_for_bit(frames, seed, share):
    motion, speech = clip(frames)
    mask = np.random.default_rng(seed).random((frames, DIMS)) < share
    given_in = np.where(mask, np.nan, motion)
    drawn = infill(
        MODEL, given_in, mask, speech, seed=1, takes=2, settings=replace(MODEL.sampler, steps=2)
    )
    assert drawn.shape == (2, frames, DIMS)
    assert drawn.dtype == np.float32
    for take in drawn:
        assert np.array_equal(take[~mask], motion[~mask])
    assert np.isfinite(drawn).all()


def test_hidden_entries_do_not_matter(tiny):
    motion, speech = clip(20)
    mask = np.zeros((20, DIMS), bool)
    mask[5:15, :3] = True
    first = infill(tiny, motion, mask, speech, seed=1, settings=replace(tiny.sampler, steps=3))
    second = infill(
        tiny,
        np.where(mask, 1e6, motion),
        mask,
        speech,
        seed=1,
        settings=replace(tiny.sampler, steps=3),
    )
    assert np.array_equal(first, second)


def test_takes_do_not_depend_on_the_batch(tiny):
    motion, speech = clip(20)
    mask = np.zeros((20, DIMS), bool)
    mask[5:15] = True
    together = infill(
        tiny,
        motion,
        mask,
        speech,
        seed=4,
        takes=3,
        settings=replace(tiny.sampler.at_temperature(1.0), steps=3),
    )
    for take in range(3):
        alone = infill(
            tiny,
            motion,
            mask,
            speech,
            seed=4 + take,
            settings=replace(tiny.sampler.at_temperature(1.0), steps=3),
        )
        np.testing.assert_allclose(together[take], alone[0], atol=2e-5)
    assert np.abs(together[0] - together[1]).max() > 0.1


def test_a_batch_of_different_clips_equals_each_alone(tiny):
    tasks = []
    for number, frames in enumerate((20, 33, 20, WINDOW + 30, 20)):
        motion, speech = clip(frames, number)
        mask = np.zeros((frames, DIMS), bool)
        mask[5 + number : 12, : 3 + number] = number != 2  # one of them hides nothing
        tasks.append(Task(motion, mask, speech, number))
    settings = SamplerSettings(steps=3, temperature=1.0)
    together = infill_batch(tiny, tasks, settings)
    for task, drawn in zip(tasks, together, strict=True):
        (alone,) = infill_batch(tiny, [task], settings)
        np.testing.assert_allclose(drawn, alone, atol=2e-5)
        assert np.array_equal(drawn[~task.mask], task.motion[~task.mask])
    assert np.array_equal(together[2], tasks[2].motion)


def test_same_seed_same_motion_and_temperature_zero_ignores_it(tiny):
    motion, speech = clip(20)
    mask = np.ones((20, DIMS), bool)
    first = infill(tiny, motion, mask, speech, seed=1, settings=tiny.sampler.at_temperature(1.0))
    assert np.array_equal(
        first, infill(tiny, motion, mask, speech, seed=1, settings=tiny.sampler.at_temperature(1.0))
    )
    assert not np.array_equal(
        first, infill(tiny, motion, mask, speech, seed=2, settings=tiny.sampler.at_temperature(1.0))
    )
    mean = infill(tiny, motion, mask, speech, seed=1, settings=tiny.sampler.at_temperature(0.0))
    assert np.array_equal(
        mean, infill(tiny, motion, mask, speech, seed=2, settings=tiny.sampler.at_temperature(0.0))
    )


def test_face_and_head_have_a_temperature_of_their_own(tiny):
    motion, speech = clip(20)
    mask = np.ones((20, DIMS), bool)
    names = ("lips_00", "lips_01", "lips_02", "face_00", "face_01", "head_rx", "head_ry")
    settings = SamplerSettings(steps=1, temperature=0.0, free_temperature=1.0)

    class Still(DiT):
        def velocity(self, x_t, *_):
            return torch.zeros_like(x_t)

    still = replace(tiny, net=Still(tiny.net.config), dim_names=names)
    one, other = (
        infill_batch(still, [Task(motion, mask, speech, seed)], settings)[0] for seed in (1, 2)
    )
    assert np.array_equal(one[:, :3], other[:, :3])
    assert np.abs(one[:, 3:] - other[:, 3:]).mean(axis=0).min() > 0.5
    calm = settings.at_temperature(0.0)
    assert not infill_batch(still, [Task(motion, mask, speech, 1)], calm)[0].any()


def test_a_constant_added_to_kept_motion_moves_the_drawn_motion(tiny):
    # Levels belong to the person: the network sees motion less its kept mean.
    motion, speech = clip(20)
    mask = np.zeros((20, DIMS), bool)
    mask[5:15] = True
    shift = np.linspace(-2, 2, DIMS, dtype=np.float32)
    plain = infill(tiny, motion, mask, speech, seed=1)
    moved = infill(tiny, motion + shift, mask, speech, seed=1)
    np.testing.assert_allclose(moved - shift, plain, atol=1e-4)


def test_settling_changes_hidden_entries_next_to_seams_only(tiny):
    motion, speech = clip(60)
    mask = np.zeros((60, DIMS), bool)
    mask[10:50, :4] = True
    motion[::2] += 50  # large steps of its own, so that none at a seam is limited
    settled = replace(tiny, sampler=replace(tiny.sampler, settle=0.5))
    plain = infill(tiny, motion, mask, speech, seed=1)[0]
    drawn = infill(settled, motion, mask, speech, seed=1)[0]
    assert np.array_equal(drawn[~mask], motion[~mask])
    change = np.abs(drawn - plain).max(axis=1)
    assert change[10] > 10 * change[30] > 0


def test_guidance_changes_the_result_and_one_is_none(tiny):
    motion, speech = clip(20)
    mask = np.zeros((20, DIMS), bool)
    mask[5:15] = True
    plain = infill(tiny, motion, mask, speech, seed=1)
    assert np.array_equal(
        plain,
        infill(
            tiny, motion, mask, speech, seed=1, settings=replace(tiny.sampler, speech_guidance=1.0)
        ),
    )
    assert not np.allclose(
        plain,
        infill(
            tiny, motion, mask, speech, seed=1, settings=replace(tiny.sampler, speech_guidance=2.0)
        ),
    )
    assert not np.allclose(
        plain,
        infill(
            tiny, motion, mask, speech, seed=1, settings=replace(tiny.sampler, context_guidance=2.0)
        ),
    )


def test_long_canvas_keeps_what_is_kept_and_fills_the_rest(tiny):
    frames = 3 * WINDOW
    motion, speech = clip(frames)
    mask = np.zeros((frames, DIMS), bool)
    mask[20:40, :3] = True
    mask[150:290] = True
    drawn = infill(
        tiny,
        np.where(mask, np.nan, motion),
        mask,
        speech,
        seed=1,
        settings=replace(tiny.sampler, steps=2),
    )[0]
    assert np.array_equal(drawn[~mask], motion[~mask])
    assert np.isfinite(drawn).all()


def test_a_model_of_longer_windows_draws_in_those(tiny, monkeypatch):
    """Ten seconds pass once and whole; shipped weights, which say nothing, stay as they were."""
    frames = 5 * WINDOW // 2
    motion, speech = clip(frames)
    passed = []
    velocity = DiT.velocity
    monkeypatch.setattr(
        DiT, "velocity",
        lambda net, x_t, *given: passed.append(x_t.shape[:2]) or velocity(net, x_t, *given),
    )  # fmt: skip
    settings = replace(tiny.sampler, steps=1, speech_guidance=1.0, context_guidance=1.0)
    for model in (tiny, replace(tiny, window=frames)):
        infill(model, motion, np.ones(motion.shape, bool), speech, seed=1, settings=settings)
    assert passed == [(4, WINDOW), (1, frames)]


def test_far_parts_of_a_long_canvas_do_not_matter(tiny):
    frames = 3 * WINDOW
    motion, speech = clip(frames)
    mask = np.zeros((frames, DIMS), bool)
    mask[20:40] = True
    first = infill(tiny, motion, mask, speech, seed=1, settings=replace(tiny.sampler, steps=2))
    motion[2 * WINDOW :], speech[2 * WINDOW :] = 9, 9
    second = infill(tiny, motion, mask, speech, seed=1, settings=replace(tiny.sampler, steps=2))
    assert np.array_equal(first[0, 20:40], second[0, 20:40])


def test_a_canvas_whose_conditions_are_not_kept_is_drawn_alike(tiny, monkeypatch):
    motion, speech = clip(3 * WINDOW)
    mask = np.ones((3 * WINDOW, DIMS), bool)
    kept = infill(tiny, motion, mask, speech, seed=1)
    monkeypatch.setattr(field_module, "FRAMES_KEPT", 0)
    assert np.array_equal(infill(tiny, motion, mask, speech, seed=1), kept)


def test_how_much_passes_at_once_does_not_matter(tiny, monkeypatch):
    motion, speech = clip(3 * WINDOW)
    mask = np.ones((3 * WINDOW, DIMS), bool)
    guided = replace(tiny.sampler, speech_guidance=1.5, context_guidance=1.2, steps=3)
    together = infill(tiny, motion, mask, speech, seed=1, takes=2, settings=guided)
    monkeypatch.setattr(field_module, "FRAMES_AT_ONCE", 1)
    apart = infill(tiny, motion, mask, speech, seed=1, takes=2, settings=guided)
    np.testing.assert_allclose(together, apart, atol=2e-5)


def test_every_step_passes_the_first_layer_once(tiny):
    # There a cancelled run is ended (motions.py); both sides of guidance pass together.
    passed = []
    hook = tiny.net.embed.register_forward_pre_hook(lambda *_: passed.append(1))
    motion, speech = clip(20)
    guided = replace(tiny.sampler, speech_guidance=1.5, context_guidance=1.2, steps=7)
    infill(tiny, motion, np.ones((20, DIMS), bool), speech, seed=1, settings=guided)
    hook.remove()
    assert len(passed) == 7


@given(
    st.integers(1, 600), st.lists(st.tuples(st.integers(0, 599), st.integers(1, 300)), max_size=4)
)
def test_windows_cover_every_hidden_frame(frames, spans):
    hidden = np.zeros(frames, bool)
    for start, length in spans:
        hidden[start : start + length] = True
    total = np.zeros(frames)
    for window in plan_windows(hidden):
        own = window.frames[window.weights > 0]
        assert len(window.frames) <= WINDOW + PROMPT
        assert (np.diff(own) == 1).all()
        assert (window.frames >= 0).all()
        assert (window.frames < frames).all()
        np.add.at(total, window.frames, window.weights)
        # A window without a kept frame would not know the person's level.
        if not hidden.all():
            assert not hidden[window.frames].all()
    assert (total[hidden] > 0).all()


def test_short_edit_in_a_long_clip_needs_one_window():
    hidden = np.zeros(15_000, bool)
    hidden[7000:7020] = True
    (window,) = plan_windows(hidden)
    assert len(window.frames) == WINDOW
    assert window.frames[0] < 7000 - 30
    assert window.frames[-1] > 7020 + 30


def test_kept_centre_leaves_hidden_entries_out():
    motion = np.array([[1.0, 5], [3, np.nan], [np.nan, np.nan]], np.float32)
    hidden = np.array([[False, True], [False, True], [True, True]])
    assert kept_centre(motion, hidden).tolist() == [2, 0]


def test_shapes_that_disagree_are_refused(tiny):
    motion, speech = clip(20)
    mask = np.zeros((20, DIMS), bool)
    with pytest.raises(BadWeights, match="do not fit"):
        infill(tiny, motion, mask[:19], speech, seed=0)
    with pytest.raises(BadWeights, match="do not fit"):
        infill(tiny, motion, mask, speech[:, :-1], seed=0)
    motion[3, 3] = np.nan
    with pytest.raises(ValueError, match="finite"):
        infill(tiny, motion, mask, speech, seed=0)


def test_overlapping_windows_do_not_drift(tiny):
    # A field that knows the answer in every window gives it back on any canvas.
    frames = 350
    target = torch.linspace(0, 3, frames)[None, :, None].expand(1, frames, DIMS).contiguous()

    noise = torch.randn(1, frames, DIMS)

    class Knows(DiT):
        def conditions(self, x_1, mask, speech, **_):
            return Conditions(speech, None, None, (speech, speech), ())

        def velocity(self, x_t, modulations, given):
            return given.given

    model = replace(tiny, net=Knows(tiny.net.config))
    hidden = torch.ones(1, frames, DIMS, dtype=torch.bool)
    chosen = SamplerSettings(temperature=1.0)
    windows = plan_windows(np.ones(frames, bool))
    field = windowed_field(model, windows, torch.zeros_like(target), hidden, target - noise, chosen)
    drawn = euler(field, torch.zeros_like(target), hidden, noise, chosen)
    torch.testing.assert_close(drawn, target, atol=1e-4, rtol=1e-4)


def test_the_number_of_threads_is_put_back(tiny):
    motion, speech = clip(20)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        infill(tiny, motion, np.ones((20, DIMS), bool), speech, seed=0)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
