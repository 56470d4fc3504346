import math

import torch

from facedit.model.config import preset
from facedit.model.dit import DiT
from facedit.model.speaker_style import habits


def test_habits_are_size_pace_and_amount_of_what_is_kept():
    motion = torch.tensor([[1.0, -1.0, 99.0, 3.0, 5.0]])[..., None]
    hidden = torch.tensor([[False, False, True, False, False]])[..., None]
    size, pace, much = habits(motion, hidden, None)[0]
    # Steps over the hidden frame are not steps: -2 and 2 are what is left.
    assert size == torch.tensor((1 + 1 + 9 + 25) / 4).sqrt()
    assert pace == 2
    assert math.isclose(much, math.log(5) / 4, rel_tol=1e-6)


def test_nothing_kept_has_no_habits_and_finite_gradients():
    motion = torch.randn(2, 6, 3, requires_grad=True)
    found = habits(motion, torch.ones(2, 6, 3, dtype=torch.bool), None)
    assert not found.any()
    found.sum().backward()
    assert motion.grad is not None
    assert torch.isfinite(motion.grad).all()


def test_a_told_network_hears_neither_what_is_hidden_nor_padding():
    torch.manual_seed(0)
    net = DiT(preset("tiny", motion_dims=4, speech_dims=5, speaker=True)).eval()
    for parameter in net.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    frames = 12
    x, kept, speech = (
        torch.randn(1, frames, 4),
        torch.randn(1, frames, 4),
        torch.randn(1, frames, 5),
    )
    hidden = torch.zeros(1, frames, 4, dtype=torch.bool)
    hidden[:, 4:8] = True
    t = torch.tensor([0.3])
    velocity = net(x, t, kept, hidden, speech)
    torch.testing.assert_close(net(x, t, torch.where(hidden, 7.0, kept), hidden, speech), velocity)

    def padded(values, fill):
        return torch.cat([values, torch.full((1, 3, values.shape[2]), fill, dtype=values.dtype)], 1)

    valid = torch.arange(frames + 3)[None] < frames
    longer = net(
        padded(x, 2.0), t, padded(kept, 5.0), padded(hidden, False), padded(speech, 1.0),
        valid=valid,
    )  # fmt: skip
    torch.testing.assert_close(longer[:, :frames], velocity, atol=1e-5, rtol=1e-5)
    livelier = net(x, t, torch.where(hidden, kept, 3 * kept), hidden, speech)
    quiet = DiT(preset("tiny", motion_dims=4, speech_dims=5))
    assert not torch.allclose(livelier, velocity)
    assert not any("habits" in name for name in quiet.state_dict())
