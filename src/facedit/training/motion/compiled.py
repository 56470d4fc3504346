"""The network compiled by ``torch.compile``, where that is possible."""

from __future__ import annotations

import logging
from collections.abc import Callable

import torch
from torch import Tensor, nn

log = logging.getLogger(__name__)


def compiled(net: nn.Module, device: torch.device) -> Callable[..., Tensor]:
    """Compile a network, or say in one line why it stays as it is.

    Args:
        net: The network; its weights are shared with the result.
        device: Where it computes.

    Returns:
        A function with the network's arguments. Dropout in it draws the same numbers as in ``net``.
    """
    try:
        # What a missing compiler raises is the tool chain's affair; a trial tells in time.
        torch.compile(_trial)(torch.zeros(8, device=device))
    except Exception as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        log.warning("the network is not compiled: %s", reason)
        return net
    # A run has few shapes, the same at every step, so each gets code of its own.
    function: Callable[..., Tensor] = torch.compile(
        net, dynamic=False, options={"fallback_random": True}
    )
    return function


def _trial(x: Tensor) -> Tensor:
    return (x + 1).sin()
