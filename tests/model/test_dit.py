import math

import pytest
import torch
from motion_models import randomised

from facedit.errors import UsageError
from facedit.model.config import PRESETS, preset
from facedit.model.dit import DiT
from facedit.model.layers import (
    alibi_bias,
    apply_rotary,
    banded_bias,
    padding_bias,
    rotary_tables,
    timestep_features,
)


def inputs(frames: int = 12, dims: int = 7, speech: int = 5, clips: int = 2):
    generator = torch.Generator().manual_seed(1)
    x_t = torch.randn(clips, frames, dims, generator=generator)
    x_1 = torch.randn(clips, frames, dims, generator=generator)
    mask = torch.rand(clips, frames, dims, generator=generator) < 0.5
    sound = torch.randn(clips, frames, speech, generator=generator)
    return x_t, torch.rand(clips, generator=generator), x_1, mask, sound


def test_rotary_products_depend_on_distance_only():
    tables = rotary_tables(20, 8, torch.device("cpu"))
    query, key = torch.randn(8), torch.randn(8)
    rotated_q = apply_rotary(query.expand(1, 1, 20, 8), tables)[0, 0]
    rotated_k = apply_rotary(key.expand(1, 1, 20, 8), tables)[0, 0]
    scores = rotated_q @ rotated_k.T
    for distance in (-3, 0, 5):
        diagonal = torch.diagonal(scores, distance)
        torch.testing.assert_close(diagonal, diagonal[0].expand_as(diagonal), atol=1e-4, rtol=1e-4)
    assert not torch.allclose(scores[0, 0], scores[0, 5], atol=1e-3)


def test_rotary_keeps_lengths():
    x = torch.randn(1, 2, 9, 6)
    rotated = apply_rotary(x, rotary_tables(9, 6, x.device))
    torch.testing.assert_close(rotated.norm(dim=-1), x.norm(dim=-1))
    torch.testing.assert_close(rotated[:, :, 0], x[:, :, 0])


def test_timestep_features_tell_times_apart():
    features = timestep_features(torch.tensor([0.0, 0.1, 0.9]))
    assert features.shape == (3, 256)
    torch.testing.assert_close(features[0, :128], torch.ones(128))
    assert (features[1] - features[2]).norm() > 1


def test_alibi_is_symmetric_and_falls_with_distance():
    bias = alibi_bias(4, 10, torch.device("cpu"))
    torch.testing.assert_close(bias, bias.transpose(1, 2))
    assert bias[0, 3, 3] == 0
    assert bias[0, 0, 2].item() == pytest.approx(-2 * 2**-2)
    assert bias[3, 0, 1].item() == pytest.approx(-(2**-8))


def test_banded_bias_is_zero_inside_and_forbids_outside():
    bias = banded_bias(torch.zeros(1, 5), 8)[0]
    for i in range(8):
        for j in range(8):
            assert bias[i, j] == (0 if abs(i - j) <= 2 else -math.inf)


def test_banded_bias_places_each_offset():
    bias = banded_bias(torch.tensor([[10.0, 20.0, 30.0]]), 4)[0]
    assert bias[2, 1] == 10  # the frame before
    assert bias[2, 2] == 20
    assert bias[2, 3] == 30


def test_padding_hides_keys_but_no_row_is_empty():
    bias = padding_bias(torch.tensor([[True, True, False]]))[0, 0]
    assert bias[0].tolist() == [0, 0, -math.inf]
    assert bias[2].tolist() == [0, 0, 0]


@pytest.mark.parametrize("cross", [True, False])
def test_zero_initialised_model_returns_zero(cross):
    net = DiT(preset("tiny", motion_dims=7, speech_dims=5, cross_attention=cross))
    assert torch.equal(net(*inputs()), torch.zeros(2, 12, 7))


def test_adaln_zero_blocks_start_as_identity():
    net = DiT(preset("tiny", motion_dims=7, speech_dims=5))
    x, condition, speech = torch.randn(2, 6, 32), torch.randn(2, 32), torch.randn(2, 6, 32)
    rotary = rotary_tables(6, 16, x.device)
    for block in net.blocks:
        assert torch.equal(block(x, condition, speech, rotary, None), x)


@pytest.mark.parametrize("alibi", [True, False])
def test_padding_changes_nothing(alibi):
    net = randomised(DiT(preset("tiny", motion_dims=7, speech_dims=5, alibi=alibi)))
    x_t, t, x_1, mask, sound = inputs()
    alone = net(x_t, t, x_1, mask, sound)
    longer = [torch.nn.functional.pad(item.float(), (0, 0, 0, 4), value=9) for item in
              (x_t, x_1, mask, sound)]  # fmt: skip
    valid = torch.arange(16).expand(2, 16) < 12
    padded = net(longer[0], t, longer[1], longer[2].bool(), longer[3], valid=valid)
    torch.testing.assert_close(padded[:, :12], alone, atol=1e-5, rtol=1e-4)


def test_hidden_motion_is_not_seen():
    net = randomised(DiT(preset("tiny", motion_dims=7, speech_dims=5)))
    x_t, t, x_1, mask, sound = inputs()
    other = torch.where(mask, x_1 + 5, x_1)
    assert torch.equal(net(x_t, t, x_1, mask, sound), net(x_t, t, other, mask, sound))
    seen = torch.where(mask, x_1, x_1 + 5)
    assert not torch.allclose(net(x_t, t, x_1, mask, sound), net(x_t, t, seen, mask, sound))


@pytest.mark.parametrize("cross", [True, False])
def test_one_block_hears_only_its_window(cross):
    # One block of self-attention would pass far speech on, so it is silenced here: what is left,
    # local window (+-1) and banded cross-attention (+-2 over it), reaches 3 frames.
    config = preset(
        "tiny", motion_dims=7, speech_dims=5, layers=1, speech_window=1, cross_window=2,
        cross_attention=cross, conv_kernel=1,
    )  # fmt: skip
    net = randomised(DiT(config))
    torch.nn.init.zeros_(net.blocks[0].attention.out.weight)
    x_t, t, x_1, mask, sound = inputs(frames=20, clips=1)
    sound.requires_grad_(True)
    net(x_t, t, x_1, mask, sound)[0, 10].square().sum().backward()
    reach = sound.grad[0].abs().sum(dim=1)
    far = 3 if cross else 1
    assert (reach[: 10 - far] == 0).all()
    assert (reach[10 + far + 1 :] == 0).all()
    assert (reach[10 - far : 10 + far + 1] > 0).all()


def test_alibi_changes_attention():
    x_t, t, x_1, mask, sound = inputs()
    plain = randomised(DiT(preset("tiny", motion_dims=7, speech_dims=5)))
    biased = randomised(DiT(preset("tiny", motion_dims=7, speech_dims=5, alibi=True)))
    assert not torch.allclose(plain(x_t, t, x_1, mask, sound), biased(x_t, t, x_1, mask, sound))


def test_dropped_speech_is_not_heard():
    net = randomised(DiT(preset("tiny", motion_dims=7, speech_dims=5)))
    x_t, t, x_1, mask, sound = inputs()
    dropped = torch.tensor([True, False])
    first = net(x_t, t, x_1, mask, sound, drop_speech=dropped)
    second = net(x_t, t, x_1, mask, -sound, drop_speech=dropped)
    assert torch.equal(first[0], second[0])
    assert not torch.allclose(first[1], second[1])


def test_paper_preset_is_the_published_size():
    config = preset("paper", motion_dims=75, speech_dims=130)
    assert (config.layers, config.width, config.heads, config.ff_mult) == (22, 1024, 16, 2)
    with torch.device("meta"):
        plain = DiT(preset("paper", motion_dims=75, speech_dims=130, cross_attention=False))
    count = sum(parameter.numel() for parameter in plain.parameters())
    assert 0.30e9 < count < 0.37e9  # 0.33 B without cross-attention


def test_every_preset_builds():
    for name in PRESETS:
        with torch.device("meta"):
            assert DiT(preset(name, motion_dims=42, speech_dims=130)).config.motion_dims == 42


@pytest.mark.parametrize(
    "change",
    [{"layers": 0}, {"width": 30, "heads": 4}, {"conv_kernel": 4}, {"dropout": 1.0}, {"depth": 3}],
)
def test_impossible_sizes_are_refused(change):
    with pytest.raises(UsageError):
        preset("tiny", motion_dims=7, speech_dims=5, **change)


def test_unknown_preset_is_refused():
    with pytest.raises(UsageError, match="huge"):
        preset("huge", motion_dims=7, speech_dims=5)
