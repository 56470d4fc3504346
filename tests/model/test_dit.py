import math

import pytest
import torch
from motion_models import randomised

from facedit.errors import UsageError
from facedit.model.band import BLOCK, Band
from facedit.model.biases import (
    FrameBias,
    alibi_bias,
    alibi_slopes,
    padding_bias,
    seam_bias,
    seam_nearness,
)
from facedit.model.config import PRESETS, ModelConfig, preset
from facedit.model.dit import DiT
from facedit.model.layers import (
    Attention,
    Block,
    ConvPosition,
    CrossAttention,
    SpeechWindow,
    apply_rotary,
    rotary_tables,
    timestep_features,
)
from facedit.model.warm_start import grown

UNBIASED = FrameBias(torch.zeros(1, 0, dtype=torch.bool), None, None, None)


def inputs(frames: int = 12, dims: int = 7, speech: int = 5, clips: int = 2):
    generator = torch.Generator().manual_seed(1)
    x_t = torch.randn(clips, frames, dims, generator=generator)
    x_1 = torch.randn(clips, frames, dims, generator=generator)
    mask = torch.rand(clips, frames, dims, generator=generator) < 0.5
    sound = torch.randn(clips, frames, speech, generator=generator)
    return x_t, torch.rand(clips, generator=generator), x_1, mask, sound


def test_rotary_products_depend_on_distance_only():
    tables = rotary_tables(20, 8, torch.zeros(0))
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
    rotated = apply_rotary(x, rotary_tables(9, 6, x))
    torch.testing.assert_close(rotated.norm(dim=-1), x.norm(dim=-1))
    torch.testing.assert_close(rotated[:, :, 0], x[:, :, 0])


def test_timestep_features_tell_times_apart():
    features = timestep_features(torch.tensor([0.0, 0.1, 0.9]))
    assert features.shape == (3, 256)
    torch.testing.assert_close(features[0, :128], torch.ones(128))
    assert (features[1] - features[2]).norm() > 1


def test_timestep_features_are_sinusoids_of_a_thousand_times_the_time():
    time = 0.3
    features = timestep_features(torch.tensor([time]), channels=6)[0]
    rates = [1.0, 1e-2, 1e-4]
    angles = torch.tensor([1000 * time * rate for rate in rates])
    torch.testing.assert_close(features, torch.cat([angles.cos(), angles.sin()]))


def test_rotary_turns_each_pair_by_its_angle():
    cos, sin = rotary_tables(3, 4, torch.zeros(0))
    angles = torch.tensor([[0.0, 0.0], [1.0, 0.01], [2.0, 0.02]])
    torch.testing.assert_close(cos, angles.cos())
    torch.testing.assert_close(sin, angles.sin())
    pair = torch.tensor([3.0, 5.0, 4.0, 6.0])  # (3, 4) and (5, 6)
    turned = apply_rotary(pair.expand(1, 1, 3, 4), (cos, sin))[0, 0]
    points = torch.complex(turned[:, :2], turned[:, 2:])
    start = torch.tensor([3 + 4j, 5 + 6j])
    torch.testing.assert_close(points, start * torch.polar(torch.ones(3, 2), angles))


def test_attention_is_softmax_of_scaled_products():
    torch.manual_seed(0)
    layer = Attention(8, 2, 8)
    x, bias = torch.randn(2, 5, 8), torch.randn(2, 5, 5)
    query = layer.query(x).view(2, 5, 2, 4).transpose(1, 2)
    key, value = layer.key_value(x).view(2, 5, 2, 2, 4).unbind(dim=2)
    weights = torch.einsum("bhtd,bshd->bhts", query, key) / 2 + bias
    mixed = torch.einsum("bhts,bshd->bthd", weights.softmax(dim=-1), value)
    unturned = (torch.ones(5, 2), torch.zeros(5, 2))
    torch.testing.assert_close(layer(x, unturned, bias), layer.out(mixed.flatten(2)))


@pytest.mark.parametrize("frames", [1, 5, BLOCK, BLOCK + 1, 3 * BLOCK - 2])
def test_attention_in_blocks_is_attention_under_a_banded_bias(frames):
    torch.manual_seed(0)
    layer, window = CrossAttention(8, 2, 8), 3
    x, speech, relative = torch.randn(2, frames, 8), torch.randn(2, frames, 8), torch.randn(2, 7)
    valid = torch.ones(2, frames, dtype=torch.bool)
    valid[1, frames - frames // 3 :] = False
    offsets = torch.arange(frames) - torch.arange(frames)[:, None]
    bias = relative[:, (offsets + window).clamp(0, 2 * window)]
    bias = bias.masked_fill(offsets.abs() > window, -math.inf)
    for there in (None, valid):
        hidden = torch.zeros(1, 1, 1, 1) if there is None else padding_bias(there)
        key, value = layer.keys_values(speech)
        scores = layer.queries(x) @ key.mT / 2 + bias + hidden
        whole = layer.joined(scores.softmax(dim=-1) @ value)
        seen = whole if there is None else whole[:, : frames - frames // 3]
        drawn = layer(x, layer.speech_keys(speech, relative, there))
        torch.testing.assert_close(drawn[:, : seen.shape[1]], seen)


@pytest.mark.parametrize("cross", [None, 1])
def test_each_branch_of_a_block_is_added_by_its_gate(cross):
    torch.manual_seed(0)
    shape = ModelConfig(
        7, 5, width=8, heads=2, cross_attention=cross is not None, cross_window=cross or 0,
        dropout=0.0,
    )  # fmt: skip
    block = Block(shape)
    x, speech, condition = torch.randn(1, 4, 8), torch.randn(1, 4, 8), torch.zeros(1, 8)
    rotary = rotary_tables(4, 4, x)
    branches = 2 if cross is None else 3
    for branch in range(branches):
        with torch.no_grad():
            block.modulation.bias.zero_()
            shift, scale, gate = block.modulation.bias.view(3 * branches, 8)[3 * branch :][:3]
            shift.fill_(0.2)
            scale.fill_(0.5)
            gate.fill_(0.7)
        seen = 1.5 * block.norm(x) + 0.2
        if branch == 0:
            added = block.attention(seen, rotary, None)
        elif branch == branches - 1:
            added = block.feed_forward(seen)
        else:
            added = block.cross(seen, block.cross.speech_keys(speech, block.relative, None))
        given = block.conditions(speech, UNBIASED)
        drawn = block(x, block.modulation(condition), rotary, given)
        torch.testing.assert_close(drawn, x + 0.7 * added)


def test_convolutions_add_to_what_they_are_centred_on():
    torch.manual_seed(0)
    x = torch.randn(1, 9, 16)
    position = ConvPosition(16, 3)
    (near,) = torch.nonzero(
        (position(x, None) - position(_poked(x, 4), None)).abs().sum((0, 2)), as_tuple=True
    )
    assert near.tolist() == [2, 3, 4, 5, 6]
    window = SpeechWindow(16, 16, 2)
    (near,) = torch.nonzero(
        (window(x, None) - window(_poked(x, 4), None)).abs().sum((0, 2)), as_tuple=True
    )
    assert near.tolist() == [2, 3, 4, 5, 6]
    with torch.no_grad():
        window.conv.weight.zero_()
        window.conv.bias.zero_()
    torch.testing.assert_close(window(x, None), window.net(x))


def _poked(x, frame):
    changed = x.clone()
    changed[:, frame] += 1.0
    return changed


def test_alibi_is_symmetric_and_falls_with_distance():
    bias = alibi_bias(alibi_slopes(4), 10)
    torch.testing.assert_close(bias, bias.transpose(1, 2))
    assert bias[0, 3, 3] == 0
    assert bias[0, 0, 2].item() == pytest.approx(-2 * 2**-2)
    assert bias[3, 0, 1].item() == pytest.approx(-(2**-8))


def band_of(relative, frames):
    """Return the bias of whole sequences as blocks have it, of the first head."""
    band = Band.of(frames, relative.shape[1] // 2)
    blocks = band.bias(relative, None)[0, : band.count]
    whole = torch.full((frames, frames), -math.inf)
    for query in range(frames):
        block, row = divmod(query, band.length)
        for column, value in enumerate(blocks[block, row]):
            key = block * band.length + column - band.window
            if 0 <= key < frames:
                whole[query, key] = value
            else:
                assert value == -math.inf
    return whole


@pytest.mark.parametrize(
    ("frames", "count", "length"),
    [(0, 1, 0), (1, 1, 1), (BLOCK, 1, BLOCK), (BLOCK + 1, 2, BLOCK // 2 + 1), (100, 4, 25)],
)
def test_frames_are_cut_into_as_few_blocks_as_hold_them(frames, count, length):
    assert Band.of(frames, 3) == Band(frames, 3, count, length)


def test_banded_bias_is_zero_inside_and_forbids_outside():
    bias = band_of(torch.zeros(1, 5), BLOCK + 3)
    for i in range(BLOCK + 3):
        for j in range(BLOCK + 3):
            assert bias[i, j] == (0 if abs(i - j) <= 2 else -math.inf)


def test_banded_bias_places_each_offset():
    bias = band_of(torch.tensor([[10.0, 20.0, 30.0]]), 4)
    assert bias[2, 1] == 10  # the frame before
    assert bias[2, 2] == 20
    assert bias[2, 3] == 30


def test_padding_hides_keys_but_no_row_is_empty():
    bias = padding_bias(torch.tensor([[True, True, False]]))[0, 0]
    assert bias[0].tolist() == [0, 0, -math.inf]
    assert bias[2].tolist() == [0, 0, 0]


def test_a_part_of_a_batch_may_be_empty():
    net = randomised(DiT(preset("tiny", motion_dims=7, speech_dims=5)))
    assert net(*(item[:0] for item in inputs())).shape == (0, 12, 7)


@pytest.mark.parametrize("cross", [True, False])
def test_zero_initialised_model_returns_zero(cross):
    net = DiT(preset("tiny", motion_dims=7, speech_dims=5, cross_attention=cross))
    assert torch.equal(net(*inputs()), torch.zeros(2, 12, 7))


def test_adaln_zero_blocks_start_as_identity():
    net = DiT(preset("tiny", motion_dims=7, speech_dims=5))
    x, condition, speech = torch.randn(2, 6, 32), torch.randn(2, 32), torch.randn(2, 6, 32)
    rotary = rotary_tables(6, 16, x)
    for block in net.blocks:
        given = block.conditions(speech, UNBIASED)
        assert torch.equal(block(x, block.modulation(condition), rotary, given), x)


@pytest.mark.parametrize("biases", [{}, {"alibi": True, "seam_window": 3}])
def test_padding_changes_nothing(biases):
    net = randomised(DiT(preset("tiny", motion_dims=7, speech_dims=5, **biases)))
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


@pytest.mark.parametrize(
    ("bias", "which"), [("slopes", {"alibi": True}), ("seam", {"seam_window": 2})]
)
def test_a_bias_changes_what_is_drawn(bias, which):
    net = randomised(DiT(preset("tiny", motion_dims=7, speech_dims=5, **which)))
    given = span_hidden(inputs())
    before = net(*given)
    with torch.no_grad():
        getattr(net.blocks[0], bias).add_(1.0)
    assert not torch.allclose(before, net(*given))


def span_hidden(given, span=slice(4, 8)):
    x_t, t, x_1, mask, sound = given
    mask = torch.zeros_like(mask)
    mask[:, span] = True
    return x_t, t, x_1, mask, sound


def test_seams_are_the_kept_frames_next_to_hidden_ones():
    hidden = torch.zeros(2, 9, dtype=torch.bool)
    hidden[0, 3:5] = True
    assert seam_nearness(hidden, 2).tolist() == [[0, 1, 2, 0, 0, 2, 1, 0, 0], [0] * 9]
    hidden[1] = True
    assert seam_nearness(hidden, 2)[1].tolist() == [0] * 9


def test_only_hidden_frames_are_drawn_to_the_seam():
    hidden = torch.tensor([[False, True, True, False, False]])
    bias = seam_bias(torch.tensor([[1.0, 5.0]]), hidden, seam_nearness(hidden, 2))[0, 0]
    assert bias[1].tolist() == bias[2].tolist() == [5, 0, 0, 5, 1]
    assert not bias[[0, 3, 4]].any()


@pytest.mark.parametrize(
    "parts",
    [{"cross_attention": True, "cross_window": 3}, {"alibi": True, "seam_window": 2},
     {"cross_attention": True, "alibi": True, "seam_window": 4}],
)  # fmt: skip
def test_a_network_that_gains_biases_draws_as_before_until_it_learns(parts):
    old = randomised(DiT(preset("tiny", motion_dims=7, speech_dims=5, cross_attention=False)))
    new = grown(old, preset("tiny", **{"motion_dims": 7, "speech_dims": 5,
                                      "cross_attention": False, **parts}), 0).eval()  # fmt: skip
    given = span_hidden(inputs())
    torch.testing.assert_close(new(*given), old(*given))
    new(*given).square().sum().backward()
    block = new.blocks[0]
    begun = [block.modulation.weight]
    begun += [part for part in (block.slopes, block.seam) if part is not None]
    assert all(part.grad.abs().sum() > 0 for part in begun)


@pytest.mark.parametrize("change", [{"cross_attention": False}, {"layers": 3}, {"cross_window": 9}])
def test_a_network_cannot_lose_parts(change):
    old = DiT(preset("tiny", motion_dims=7, speech_dims=5))
    with pytest.raises(UsageError, match="another size"):
        grown(old, preset("tiny", motion_dims=7, speech_dims=5, **change), 0)


@pytest.mark.parametrize("change", [{}, {"alibi": True, "seam_window": 2}, {"speaker": True},
                                    {"cross_heads": 1}, {"cross_attention": False}])  # fmt: skip
def test_what_is_prepared_once_gives_what_the_whole_network_gives(change):
    net = randomised(DiT(preset("tiny", motion_dims=7, speech_dims=5, **change)))
    x_t, _, x_1, mask, sound = inputs()
    given, times = net.conditions(x_1, mask, sound), torch.tensor([0.1, 0.6])
    steps = net.modulations(times[:, None], given.style)
    for step, t in enumerate(times):
        at_once = net.velocity(x_t, [block[step] for block in steps], given)
        torch.testing.assert_close(at_once, net(x_t, t.expand(2), x_1, mask, sound))


def test_heads_of_cross_attention_decide_its_size_alone():
    net = DiT(preset("tiny", motion_dims=7, speech_dims=5, heads=4, cross_heads=1))
    cross, own = net.blocks[0].cross, net.blocks[0].attention
    assert cross.query.weight.shape == (8, 32)
    assert cross.out.weight.shape == (32, 8)
    assert own.query.weight.shape == (32, 32)


def test_weights_of_half_the_size_draw_nearly_the_same():
    net = randomised(DiT(preset("tiny", motion_dims=7, speech_dims=5, alibi=True, seam_window=2)))
    given = span_hidden(inputs())
    whole = net(*given)
    half = net.bfloat16()(*given)
    assert half.dtype == torch.float32
    assert 0 < (half - whole).norm() < 0.03 * whole.norm()


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
