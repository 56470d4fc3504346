"""Dropout that treats a window alike whether its batch is computed whole or in parts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import torch
from torch import Tensor, nn

from facedit.device import device_of


class PartDropout(nn.Dropout):
    """Dropout that may be told which windows of a larger batch it is given.

    Attributes:
        rows: Their indices in the whole batch, shape (B,); None for a whole batch.
        whole: Windows of the whole batch, for all of which chance is drawn.
    """

    rows: Tensor | None = None
    whole = 0

    def forward(self, input: Tensor) -> Tensor:
        """Drop entries of any shape (B, ...)."""
        if self.rows is None or not self.training or not self.p:
            return super().forward(input)
        factor = super().forward(input.new_ones(self.whole, *input.shape[1:]))
        return input * factor[self.rows]


def use_part_dropout(net: nn.Module) -> None:
    """Replace the dropout of a network, in place."""
    for module in list(net.modules()):
        for name, child in module.named_children():
            if isinstance(child, nn.Dropout):
                setattr(module, name, PartDropout(child.p))


def part_of(net: nn.Module, whole: int, parts: Iterable[Tensor]) -> Iterator[Tensor]:
    """Yield the indices of each part's windows while the network is told of them.

    Dropout draws the numbers of the whole batch, of ``whole`` windows, in each, from the same on.
    """
    dropouts = [module for module in net.modules() if isinstance(module, PartDropout)]
    device = device_of(net)
    chance = _rng_state(device)
    try:
        for rows in parts:
            _set_rng_state(device, chance)
            for dropout in dropouts:
                dropout.rows, dropout.whole = rows.to(device), whole
            yield rows
    finally:
        for dropout in dropouts:
            dropout.rows = None


def _rng_state(device: torch.device) -> Tensor:
    """Return where the generator that dropout uses on a device stands."""
    if device.type == "mps":
        return torch.mps.get_rng_state()
    return torch.cuda.get_rng_state(device) if device.type == "cuda" else torch.get_rng_state()


def _set_rng_state(device: torch.device, state: Tensor) -> None:
    """Put the generator that dropout uses on a device where it stood."""
    if device.type == "mps":
        torch.mps.set_rng_state(state)
    elif device.type == "cuda":
        torch.cuda.set_rng_state(state, device)
    else:
        torch.set_rng_state(state)
