"""Processes that take the steps of one training together; one alone needs nothing for it."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import torch
from torch import Tensor

from facedit.errors import AssetMissing

_BUCKET = 1 << 24
"""Entries that are added up over the processes at once (64 MiB)."""

_PATIENCE = timedelta(hours=1)
"""How long processes wait for the first one to validate and save."""


class Processes:
    """The processes of a run. As it stands here: one alone.

    Args:
        device: Torch device of this process.
        rank: Its number.
        size: Number of processes.
    """

    def __init__(self, device: str | torch.device, rank: int = 0, size: int = 1) -> None:
        self.device = torch.device(device)
        self.rank, self.size = rank, size

    @property
    def first(self) -> bool:
        """Whether this process logs, validates and writes."""
        return self.rank == 0

    def broadcast(self, tensors: Iterable[Tensor]) -> None:
        """Give all processes the first one's values.

        Args:
            tensors: Changed in place.
        """

    def add_gradients(self, parameters: Iterable[Tensor]) -> None:
        """Add the gradients of all processes up.

        Args:
            parameters: Their gradients are changed in place.
        """

    def add(self, values: Sequence[float]) -> list[float]:
        """Add numbers up over all processes.

        Args:
            values: As many in every process.

        Returns:
            The sums.
        """
        return list(values)

    def any(self, flag: bool) -> bool:
        """Return whether the flag is set in any process; all get the same answer."""
        return self.add([float(flag)])[0] > 0


class _JoinedProcesses(Processes):
    """Several processes, joined by accelerate."""

    def __init__(self, accelerator: Any) -> None:
        super().__init__(accelerator.device, accelerator.process_index, accelerator.num_processes)
        self._accelerator = accelerator

    @torch.no_grad()
    def broadcast(self, tensors: Iterable[Tensor]) -> None:
        from accelerate.utils import broadcast

        for tensor in tensors:
            tensor.copy_(broadcast(tensor.clone()))

    @torch.no_grad()
    def add_gradients(self, parameters: Iterable[Tensor]) -> None:
        bucket: list[Tensor] = []
        size = 0
        for parameter in parameters:
            if parameter.grad is None:
                parameter.grad = torch.zeros_like(parameter)
            bucket.append(parameter.grad)
            size += parameter.numel()
            if size >= _BUCKET:
                self._add(bucket)
                bucket, size = [], 0
        if bucket:
            self._add(bucket)

    def add(self, values: Sequence[float]) -> list[float]:
        tensor = torch.tensor(values, dtype=torch.float64, device=self.device)
        return [float(value) for value in self._accelerator.reduce(tensor, "sum")]

    def _add(self, bucket: Sequence[Tensor]) -> None:
        flat = self._accelerator.reduce(torch.cat([item.flatten() for item in bucket]), "sum")
        for item, total in zip(bucket, flat.split([item.numel() for item in bucket]), strict=True):
            item.copy_(total.view_as(item))


def joined_by_launcher() -> tuple[int, int]:
    """Return the number of this process and of all, as ``torchrun`` told them; (0, 1) alone."""
    size = int(os.environ.get("WORLD_SIZE", "1"))
    return (int(os.environ.get("RANK", "0")), size) if size > 1 else (0, 1)


@contextmanager
def joined(device: torch.device) -> Iterator[Processes]:
    """Join the processes that ``torchrun`` started; alone if it did not.

    Args:
        device: ``cpu``, or a kind of accelerator of which each process takes one.

    Yields:
        The processes.

    Raises:
        AssetMissing: If there are several processes and accelerate is not installed.
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
    yield _JoinedProcesses(accelerator)
    # Not after an error: the others would be waited for, and the launcher ends them anyway.
    if ours:
        accelerator.end_training()
