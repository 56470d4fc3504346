"""Dropout that treats a window alike whether its batch is computed whole or in parts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import torch
from torch import Tensor, nn


class Part(NamedTuple):
    """Windows of a batch that pass through the network by themselves.

    Attributes:
        rows: Their indices in the whole batch, shape (B,).
        whole: Windows of the whole batch.
    """

    rows: Tensor
    whole: int


class PartDropout(nn.Dropout):
    """Dropout that may be told which windows of a larger batch it is given.

    Attributes:
        part: These windows; None for a whole batch. Chance is then drawn for the whole batch, so
            that each part consumes the same numbers.
    """

    part: Part | None = None

    def forward(self, input: Tensor) -> Tensor:
        """Drop entries.

        Args:
            input: Any shape (B, ...).

        Returns:
            The same shape.
        """
        if self.part is None or not self.training or not self.p:
            return super().forward(input)
        factor = super().forward(input.new_ones(self.part.whole, *input.shape[1:]))
        return input * factor[self.part.rows]


def use_part_dropout(net: nn.Module) -> None:
    """Replace the dropout of a network, in place.

    Args:
        net: The network.
    """
    for module in list(net.modules()):
        for name, child in module.named_children():
            if isinstance(child, nn.Dropout):
                setattr(module, name, PartDropout(child.p))


@contextmanager
def only(part: Part, net: nn.Module) -> Iterator[None]:
    """Compute a part of a batch.

    Args:
        part: Which windows, on the network's device.
        net: The network, after ``use_part_dropout``.

    Yields:
        Nothing.
    """
    dropouts = [module for module in net.modules() if isinstance(module, PartDropout)]
    for dropout in dropouts:
        dropout.part = part
    try:
        yield
    finally:
        for dropout in dropouts:
            dropout.part = None


def rng_state(device: torch.device) -> Tensor:
    """Return where the generator that dropout uses on a device stands."""
    if device.type == "mps":
        return torch.mps.get_rng_state()
    return torch.cuda.get_rng_state(device) if device.type == "cuda" else torch.get_rng_state()


def set_rng_state(device: torch.device, state: Tensor) -> None:
    """Put the generator that dropout uses on a device where it stood."""
    if device.type == "mps":
        torch.mps.set_rng_state(state)
    elif device.type == "cuda":
        torch.cuda.set_rng_state(state, device)
    else:
        torch.set_rng_state(state)
