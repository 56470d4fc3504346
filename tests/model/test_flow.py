import math

import pytest
import torch

from facedit.errors import UsageError
from facedit.model.flow import (
    FlowBatch,
    clean_estimate,
    draw_noise,
    euler,
    flow_loss,
    guided,
    level_of,
    loss_totals,
    path,
    smoothness_loss,
    sway_schedule,
    velocity_loss,
)
from facedit.model.sampler_settings import SamplerSettings


def points(clips: int = 3, frames: int = 6, dims: int = 2):
    generator = torch.Generator().manual_seed(0)
    x_0 = torch.randn(clips, frames, dims, generator=generator)
    x_1 = torch.randn(clips, frames, dims, generator=generator)
    return x_0, x_1


def test_path_starts_at_noise_and_ends_at_motion():
    x_0, x_1 = points()
    torch.testing.assert_close(path(x_0, x_1, torch.zeros(3)), x_0)
    torch.testing.assert_close(path(x_0, x_1, torch.ones(3)), x_1)


def test_path_velocity_is_motion_minus_noise():
    x_0, x_1 = points()
    x_0, x_1 = x_0.double(), x_1.double()
    t, step = torch.full((3,), 0.4, dtype=torch.float64), 1e-6
    slope = (path(x_0, x_1, t + step) - path(x_0, x_1, t - step)) / (2 * step)
    torch.testing.assert_close(slope, x_1 - x_0, atol=1e-8, rtol=1e-6)


def test_clean_estimate_of_the_true_field_is_the_motion():
    x_0, x_1 = points()
    t = torch.tensor([0.0, 0.3, 0.9])
    estimate = clean_estimate(path(x_0, x_1, t), x_1 - x_0, t)
    torch.testing.assert_close(estimate, x_1)


def test_loss_of_the_true_field_is_zero_and_counts_hidden_entries_only():
    x_0, x_1 = points()
    mask = torch.zeros(3, 6, 2, dtype=torch.bool)
    mask[:, 2:4, 0] = True
    t = torch.tensor([0.2, 0.5, 0.8])
    velocity = torch.where(mask, x_1 - x_0, torch.full_like(x_1, 99.0))
    batch = FlowBatch(x_0, x_1, t, mask, torch.ones(3, 6, dtype=torch.bool))
    loss = flow_loss(velocity, batch, torch.ones(2), 0.5)
    assert loss.total.item() == pytest.approx(0, abs=1e-10)
    off = flow_loss(velocity + 2.0, batch, torch.ones(2), 0.0)
    assert off.total.item() == pytest.approx(4.0, rel=1e-5)


def test_velocity_loss_weighs_dims():
    error = torch.zeros(1, 1, 2)
    error[..., 0], error[..., 1] = 1.0, 3.0
    nought = torch.zeros(1, 1, 2)
    loss = velocity_loss(error, nought, nought, torch.tensor([3.0, 1.0]))
    assert loss.item() == pytest.approx((3 * 1 + 1 * 9) / 4)


def test_smoothness_sees_the_seams():
    # A constant offset inside the mask keeps inner differences: only the two seam pairs err.
    x_1 = torch.zeros(1, 8, 1)
    mask = torch.zeros(1, 8, 1, dtype=torch.bool)
    mask[:, 3:6] = True
    weights = torch.ones(1, 8, 1)
    loss = smoothness_loss(x_1 + 2.0, x_1, mask, torch.ones(1), weights)
    # Pairs 2-3, 3-4, 4-5, 5-6 count; two of them err by 2.
    assert loss.item() == pytest.approx((4 + 0 + 0 + 4) / 4)


def test_a_pair_of_frames_counts_as_the_lighter_one():
    estimate = torch.tensor([0.0, 1.0, 3.0, 7.0])[None, :, None]
    weights = torch.tensor([1.0, 0.5, 0.25, 0.0])[None, :, None]
    drawn = torch.ones(1, 4, 1, dtype=torch.bool)
    loss = smoothness_loss(estimate, torch.zeros(1, 4, 1), drawn, torch.ones(1), weights)
    assert loss.item() == pytest.approx((0.5 * 1 + 0.25 * 4 + 0 * 16) / 0.75)


def test_smoothness_ignores_what_the_network_says_about_kept_frames():
    x_1 = torch.zeros(1, 8, 1)
    mask = torch.zeros(1, 8, 1, dtype=torch.bool)
    mask[:, 3:6] = True
    estimate = torch.where(mask, x_1, torch.full_like(x_1, 50.0))
    loss = smoothness_loss(estimate, x_1, mask, torch.ones(1), torch.ones(1, 8, 1))
    assert loss.item() == 0


def test_sway_schedule_ends_and_order():
    for sway in (-1.0, 0.0, 1.0):
        times = sway_schedule(10, sway)
        assert times[0] == 0
        assert times[-1] == 1
        assert times == sorted(times)
    assert sway_schedule(4, 0.0) == [0, 0.25, 0.5, 0.75, 1]
    assert sway_schedule(2, -1.0)[1] == pytest.approx(1 - math.cos(math.pi / 4))


def test_euler_follows_an_analytic_field():
    # The field towards one motion: exact for any number of steps, because paths are straight.
    x_0, x_1 = points()
    mask = torch.ones_like(x_1, dtype=torch.bool)

    def field(x, t):
        return (x_1 - x) / (1 - t)

    for steps in (1, 3, 10):
        drawn = euler(field, x_1, mask, x_0, SamplerSettings(steps=steps))
        torch.testing.assert_close(drawn, x_1, atol=1e-5, rtol=1e-5)


def test_euler_converges_on_a_curved_field():
    # dx/dt = x has the solution x(1) = e x(0).
    x_0, x_1 = points()
    mask = torch.ones_like(x_1, dtype=torch.bool)
    settings = SamplerSettings(steps=1000, sway=0.0)
    drawn = euler(lambda x, t: x, x_1, mask, x_0, settings)
    torch.testing.assert_close(drawn, math.e * x_0, rtol=1e-3, atol=1e-3)


def test_euler_pins_kept_entries_on_their_path():
    x_0, x_1 = points()
    mask = torch.rand(3, 6, 2, generator=torch.Generator().manual_seed(2)) < 0.5
    seen = []

    def field(x, t):
        seen.append((x.clone(), t))
        return torch.full_like(x, 7.0)

    settings = SamplerSettings(steps=4)
    drawn = euler(field, x_1, mask, x_0, settings)
    for x, t in seen:
        on_path = path(x_0, x_1, t)
        torch.testing.assert_close(x[~mask], on_path[~mask])
    assert torch.equal(drawn[~mask], x_1[~mask])
    torch.testing.assert_close(drawn[mask], (x_0 + 7)[mask])


def test_guidance_of_one_is_none_and_two_extrapolates():
    full, without = torch.full((1, 1, 1), 3.0), torch.ones(1, 1, 1)
    mask = torch.ones(1, 1, 1, dtype=torch.bool)

    def by(no_speech, no_context, **scales):
        return guided(full, no_speech, no_context, mask, SamplerSettings(**scales)).item()

    assert by(None, None) == 3
    assert by(without, None, speech_guidance=1.0) == 3
    assert by(without, None, speech_guidance=2.0) == 5
    assert by(without, without, speech_guidance=2.0, context_guidance=1.5) == 6


def test_guidance_of_the_course_alone_leaves_the_level():
    time = torch.arange(20.0)
    course = torch.sin(2 * torch.pi * time / 5)[None, :, None]  # four whole periods: mean 0
    mask = torch.ones(1, 20, 1, dtype=torch.bool)
    without = torch.zeros(1, 20, 1)
    full = 0.3 + course

    def by(level, scale):
        settings = SamplerSettings(speech_guidance=scale, level_guidance=level)
        return guided(full, without, None, mask, settings)

    torch.testing.assert_close(by(1.0, 2.0), 2 * full)
    inner = slice(9, 11)  # whose second around is the whole span
    torch.testing.assert_close(
        by(0.0, 2.0)[:, inner], (0.3 + 2 * course)[:, inner], atol=1e-5, rtol=0
    )
    torch.testing.assert_close(
        by(0.5, 2.0)[:, inner], (0.45 + 2 * course)[:, inner], atol=1e-5, rtol=0
    )
    # Less guidance than 1 goes all the way to what silence gives.
    torch.testing.assert_close(by(0.0, 0.0), without, atol=1e-6, rtol=0)


def test_the_level_is_taken_of_hidden_frames_only():
    values = torch.tensor([5.0, 1.0, 3.0, 7.0])[None, :, None]
    mask = torch.tensor([False, True, True, False])[None, :, None]
    assert level_of(values, mask, reach=3)[0, :, 0].tolist() == [2, 2, 2, 2]
    assert level_of(values, mask, reach=0)[0, :, 0].tolist() == [0, 1, 3, 0]


def test_noise_is_per_clip():
    alone = draw_noise(5, 3, [11])
    together = draw_noise(5, 3, [10, 11, 12])
    assert torch.equal(together[1], alone[0])
    assert not torch.equal(together[0], together[1])


@pytest.mark.parametrize(
    "change",
    [
        {"steps": 0},
        {"sway": -2.0},
        {"temperature": -0.1},
        {"speech_guidance": 11.0},
        {"settle": 1.1},
    ],
)
def test_settings_out_of_range_are_refused(change):
    with pytest.raises(UsageError):
        SamplerSettings(**change)


def test_padding_counts_in_no_term_of_the_loss():
    x_0, x_1 = points()
    valid = torch.arange(6).expand(3, 6) < 4
    mask = torch.ones_like(x_1, dtype=torch.bool)
    t, weights = torch.full((3,), 0.5), torch.ones(2)
    wrong = torch.where(valid[..., None], 0.0, 99.0)  # in padding only
    batch = FlowBatch(x_0, x_1, t, mask, valid)
    loss = flow_loss(x_1 - x_0 + wrong, batch, weights, 1.0)
    assert loss.total.item() == pytest.approx(0, abs=1e-8)
    totals = loss_totals(mask, weights, valid)
    assert (totals.velocity, totals.smoothness) == (3 * 4 * 2, 3 * 3 * 2)


def test_smoothness_counts_by_flow_time():
    x_1 = torch.zeros(1, 8, 1)
    mask = torch.arange(8)[None, :, None] >= 4
    late, early = (
        smoothness_loss(x_1 + 2.0, x_1, mask, torch.tensor([t]), torch.ones(1, 8, 1))
        for t in (1.0, 0.25)
    )
    assert late > 0
    assert early == 0.25 * late


def test_guidance_that_damps_speech_damps_its_level_too():
    full, without = torch.full((1, 20, 1), 3.0), torch.ones(1, 20, 1)
    mask = torch.ones(1, 20, 1, dtype=torch.bool)
    settings = SamplerSettings(speech_guidance=0.5, level_guidance=0.0)
    assert torch.equal(guided(full, without, None, mask, settings), torch.full((1, 20, 1), 2.0))
