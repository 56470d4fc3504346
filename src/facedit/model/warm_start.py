"""Let a trained network go on with parts that it did not have: they begin as nothing."""

from __future__ import annotations

from dataclasses import replace

import torch

from facedit.errors import UsageError
from facedit.model.config import ModelConfig
from facedit.model.dit import DiT


def grown(net: DiT, config: ModelConfig, seed: int) -> DiT:
    """Return a network of a configuration that draws what ``net`` draws until it is trained.

    Attention to speech, ALiBi and the bias at seams may be on in it where ``net`` has none: a new
    branch begins with its gate shut, a new bias at 0. Else the sizes must be equal; dropout may
    differ.

    Args:
        net: A trained network.
        config: What it is to become.
        seed: Of the new branches' weights.

    Returns:
        A network of its own.

    Raises:
        UsageError: If more than that differs.
    """
    have = net.config
    reachable = replace(
        have,
        dropout=config.dropout,
        cross_attention=have.cross_attention or config.cross_attention,
        cross_window=(have if have.cross_attention else config).cross_window,
        alibi=have.alibi or config.alibi,
        seam_window=have.seam_window or config.seam_window,
    )
    if reachable != config:
        raise UsageError(
            f"the weights to begin with are of another size than [model] says: {have}."
        )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        new = DiT(config)
    state = net.state_dict()
    with torch.no_grad():
        for name, value in new.state_dict().items():
            if name not in state:
                if name.endswith(".slopes"):
                    value.zero_()
            elif value.shape == state[name].shape:
                value.copy_(state[name])
            else:
                _copy_modulation(value, state[name])
    return new


def _copy_modulation(new: torch.Tensor, old: torch.Tensor) -> None:
    """Copy the modulation of two branches into that of three, the one between them shut."""
    first, last = old.chunk(2)
    new.copy_(torch.cat([first, torch.zeros_like(first), last]))
