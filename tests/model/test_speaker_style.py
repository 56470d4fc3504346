import math

import torch

from facedit.model.config import preset
from facedit.model.dit import DiT
from facedit.model.speaker_style import motion_statistics


def test_statistics_are_size_pace_and_amount_of_what_is_kept():
    motion = torch.tensor([[1.0, -1.0, 99.0, 3.0, 5.0]])[..., None]
    mask = torch.tensor([[False, False, True, False, False]])[..., None]
    size, pace, much = motion_statistics(motion, mask, None)[0]
    # Steps over the masked frame are not steps: -2 and 2 are what is left.
    assert size == torch.tensor((1 + 1 + 9 + 25) / 4).sqrt()
    assert pace == 2
    assert math.isclose(much, math.log(5) / 4, rel_tol=1e-6)


def test_nothing_kept_has_no_statistics_and_finite_gradients():
    motion = torch.randn(2, 6, 3, requires_grad=True)
    found = motion_statistics(motion, torch.ones(2, 6, 3, dtype=torch.bool), None)
    assert not found.any()
    found.sum().backward()
    assert motion.grad is not None
    assert torch.isfinite(motion.grad).all()


def test_speaker_style_knows_neither_what_is_masked_nor_padding():
    torch.manual_seed(0)
    net = DiT(preset("tiny", motion_dims=4, speech_dims=5, speaker=True)).eval()
    for parameter in net.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    frames = 12
    x, x_1, speech = (
        torch.randn(1, frames, 4),
        torch.randn(1, frames, 4),
        torch.randn(1, frames, 5),
    )
    mask = torch.zeros(1, frames, 4, dtype=torch.bool)
    mask[:, 4:8] = True
    t = torch.tensor([0.3])
    velocity = net(x, t, x_1, mask, speech)
    torch.testing.assert_close(net(x, t, torch.where(mask, 7.0, x_1), mask, speech), velocity)

    def padded(values, fill):
        return torch.cat([values, torch.full((1, 3, values.shape[2]), fill, dtype=values.dtype)], 1)

    valid = torch.arange(frames + 3)[None] < frames
    longer = net(
        padded(x, 2.0), t, padded(x_1, 5.0), padded(mask, False), padded(speech, 1.0),
        valid=valid,
    )  # fmt: skip
    torch.testing.assert_close(longer[:, :frames], velocity, atol=1e-5, rtol=1e-5)
    livelier = net(x, t, torch.where(mask, x_1, 3 * x_1), mask, speech)
    quiet = DiT(preset("tiny", motion_dims=4, speech_dims=5))
    assert not torch.allclose(livelier, velocity)
    assert not any("style" in name for name in quiet.state_dict())
