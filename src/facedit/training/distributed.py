"""Processes that take the steps of one training together; one alone needs nothing for it."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from facedit.errors import AssetMissing

if TYPE_CHECKING:
    from accelerate import Accelerator

_PATIENCE = timedelta(hours=1)
"""How long processes wait for the first one to validate and save."""


class Processes:
    """The processes of a run.

    Args:
        device: Torch device of this process.
        accelerator: What joins it with the others; None for one alone.

    Attributes:
        rank: Its number; the first one logs, validates and writes.
        size: Number of processes.
    """

    def __init__(self, device: str | torch.device, accelerator: Accelerator | None = None) -> None:
        self.device, self._accelerator = torch.device(device), accelerator
        self.rank = accelerator.process_index if accelerator else 0
        self.size = accelerator.num_processes if accelerator else 1

    @torch.no_grad()
    def broadcast(self, tensors: Iterable[Tensor]) -> None:
        """Give all processes the first one's values, in place."""
        if self._accelerator is None:
            return
        from accelerate.utils import broadcast

        for tensor in tensors:
            tensor.copy_(broadcast(tensor.clone()))

    @torch.no_grad()
    def add_gradients(self, parameters: Iterable[Tensor]) -> None:
        """Add the gradients of all processes up, in place."""
        if self._accelerator is None:
            return
        for parameter in parameters:
            if parameter.grad is None:
                parameter.grad = torch.zeros_like(parameter)
            parameter.grad.copy_(self._accelerator.reduce(parameter.grad, "sum"))

    def add(self, figures: Mapping[str, float]) -> dict[str, float]:
        """Add figures up over all processes; they are the same ones in each."""
        if self._accelerator is None:
            return dict(figures)
        sums = torch.tensor(list(figures.values()), dtype=torch.float64, device=self.device)
        return dict(zip(figures, self._accelerator.reduce(sums, "sum").tolist(), strict=True))

    def any(self, flag: bool) -> bool:
        """Return whether the flag is set in any process; all get the same answer."""
        return self.add({"flag": float(flag)})["flag"] > 0


def joined_by_launcher() -> tuple[int, int]:
    """Return the number of this process and of all, as ``torchrun`` told them; (0, 1) alone."""
    size = int(os.environ.get("WORLD_SIZE", "1"))
    return (int(os.environ.get("RANK", "0")), size) if size > 1 else (0, 1)


@contextmanager
def joined(device: torch.device) -> Iterator[Processes]:
    """Join the processes that ``torchrun`` started; alone if it did not.

    Each takes one accelerator of the device's kind. Raises AssetMissing if accelerate is missing.
    """
    rank, size = joined_by_launcher()
    if size == 1:
        yield Processes(device)
        return
    try:
        from accelerate import Accelerator, InitProcessGroupKwargs
    except ImportError as error:
        raise AssetMissing(
            f"{size} processes need accelerate: pip install 'facedit[train]'."
        ) from error
    if rank:
        logging.getLogger("facedit").setLevel(logging.WARNING)  # the first one speaks for all
    ours = not torch.distributed.is_initialized()
    accelerator = Accelerator(
        cpu=device.type == "cpu",
        mixed_precision="no",  # the training loop casts by itself
        kwargs_handlers=[InitProcessGroupKwargs(timeout=_PATIENCE)],
    )
    yield Processes(accelerator.device, accelerator)
    # Not after an error: the others would be waited for, and the launcher ends them anyway.
    if ours:
        accelerator.end_training()
