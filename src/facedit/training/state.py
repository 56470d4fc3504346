"""What a training run must remember, in one file of tensors: weights, their average, optimisers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.optim import Optimizer

from facedit.errors import BadWeights, OutputExists, UsageError
from facedit.lock import locked
from facedit.media.output import whole_or_nothing
from facedit.tensors import read_tensors
from facedit.training.distributed import joined_by_launcher

STATE = "state.safetensors"
MOST_BYTES = 32 << 30
"""Largest state that is read: weights, their average and two moments, all in float32."""
FORMAT = "facedit-training-2"


class Ema:
    """Exponential moving average of weights that forgets its start quickly.

    At step n, from 0, its decay is at most ``(1 + n) / (10 + n)``.
    """

    def __init__(self, net: nn.Module, decay: float) -> None:
        self.decay = decay
        self._weights = {
            name: value.detach().clone(memory_format=torch.contiguous_format)
            for name, value in net.state_dict().items()
        }

    @torch.no_grad()
    def update(self, net: nn.Module, step: int) -> None:
        """Move the average towards the network's weights after a step."""
        decay = min(self.decay, (1 + step) / (10 + step))
        for name, value in net.state_dict().items():
            self._weights[name].lerp_(value, 1 - decay)

    def state_dict(self) -> dict[str, Tensor]:
        """Return the averaged weights themselves."""
        return self._weights

    def load_state_dict(self, weights: Mapping[str, Tensor]) -> None:
        """Take averaged weights over; ``KeyError`` if one is missing."""
        for name, value in self._weights.items():
            value.copy_(weights[name])


Parts = Mapping[str, nn.Module | Ema | Optimizer]
"""All that changes in a run, by name."""


@contextmanager
def run_folder(folder: Path, *, resume: bool) -> Iterator[Path]:
    """Hold a run's folder, and refuse to begin a run twice or to go on from nothing.

    Yields where its state lies, or will. Raises OutputNotWritable if a run is writing into it now,
    whether or not it has saved anything; OutputExists if it holds a run and ``resume`` is off;
    UsageError if it holds none and ``resume`` is on.
    """
    path = folder / STATE
    rank, _ = joined_by_launcher()
    with nullcontext() if rank else locked(folder, "train"):
        if path.exists() and not resume:
            raise OutputExists(f"{folder} holds a run: go on with --resume, or set another output.")
        if resume and not path.exists():
            raise UsageError(f"{folder} holds no run to resume.")
        yield path


def save_state(path: Path, parts: Parts, step: int, config: str) -> None:
    """Write everything a run needs to go on exactly as if it had not stopped, whole or not at all.

    Randomness is a function of (seed, step), so the step stands for every generator. ``config`` is
    the experiment as text, for the record.
    """
    tensors = {
        f"{name}.{key}": value.detach().cpu().contiguous()
        for name, part in parts.items()
        for key, value in _tensors(part).items()
    }
    header = {"format": FORMAT, "step": str(step), "config": config}
    with whole_or_nothing(path, force=True) as scratch:
        save_file(tensors, scratch, header)


def load_state(path: Path, parts: Parts) -> int:
    """Restore what ``save_state`` wrote into freshly made parts; return the steps done.

    Raises BadWeights if the file is damaged or belongs to another network or version.
    """
    header, tensors = read_tensors(path, most_bytes=MOST_BYTES)
    if header.get("format") != FORMAT:
        raise BadWeights(
            f"{path} is no training state of this version ({header.get('format')!r}): begin anew."
        )
    try:
        for name, part in parts.items():
            start = f"{name}."
            _restore(
                part, {k.removeprefix(start): v for k, v in tensors.items() if k.startswith(start)}
            )
        return int(header["step"])
    except (RuntimeError, KeyError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise BadWeights(f"{path} belongs to another network: {reason}") from error


def _tensors(part: nn.Module | Ema | Optimizer) -> dict[str, Tensor]:
    """Return a part's tensors; an optimiser's by parameter number and name."""
    if not isinstance(part, Optimizer):
        return dict(part.state_dict())
    return {
        f"{number}.{entry}": torch.as_tensor(value)
        for number, entries in part.state_dict()["state"].items()
        for entry, value in entries.items()
    }


def _restore(part: nn.Module | Ema | Optimizer, tensors: dict[str, Tensor]) -> None:
    """Put tensors into the part that they were saved from."""
    if not isinstance(part, Optimizer):
        part.load_state_dict(tensors)
        return
    state = part.state_dict()
    state["state"] = {}
    for key, value in tensors.items():
        number, entry = key.split(".")
        state["state"].setdefault(int(number), {})[entry] = value
    part.load_state_dict(state)
