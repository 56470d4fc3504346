"""What chance decides about a batch."""

import numpy as np
import torch

from facedit.training.motion.flow_task import draw_task
from facedit.training.motion.motion_config import MotionOptimConfig
from facedit.training.motion.sampler import Batch


def drawn(**chances):
    count, frames = 400, 6
    valid = np.broadcast_to(np.arange(frames) < 4, (count, frames))
    mask = np.zeros((count, frames, 2), bool)
    mask[:, 1] = True
    batch = Batch(
        np.zeros((count, frames, 2), np.float32),
        mask,
        np.zeros((count, frames, 3), np.float32),
        valid.copy(),
        1.0,
        ("short",) * count,
    )
    generator = torch.Generator().manual_seed(0)
    return draw_task(batch, MotionOptimConfig(steps=1, **chances), generator)


def test_flow_times_are_spread_evenly_over_a_batch():
    t = drawn().t
    assert len(set((t * len(t)).floor().tolist())) > 0.98 * len(t)
    assert not torch.equal(t, t.sort().values)


def test_dropped_context_masks_all_that_exists_and_its_chance_is_its_own():
    task = drawn(drop_context=0.25, drop_speech=0.0)
    whole = task.mask[:, 0].all(dim=1)
    assert 0.2 < whole.float().mean() < 0.3
    assert not task.drop_speech.any()
    assert task.mask[whole][:, :4].all()
    assert not task.mask[~task.valid].any()
