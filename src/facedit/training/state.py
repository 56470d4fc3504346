"""What a training run must remember: weights, their average, the optimiser and the step."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from facedit.errors import BadWeights, OutputExists, UsageError
from facedit.lock import locked
from facedit.media.output import whole_or_nothing
from facedit.tensors import read_tensors
from facedit.training.distributed import joined_by_launcher

STATE = "state.safetensors"
MOST_BYTES = 32 << 30
"""Largest state that is read: weights, their average and two moments, all in float32."""
FORMAT = "facedit-training-1"


class Ema:
    """Exponential moving average of weights that forgets its start quickly.

    Args:
        net: The network whose weights are averaged.
        decay: Decay once warm; at update n it is at most ``(1 + n) / (10 + n)``.
    """

    def __init__(self, net: nn.Module, decay: float) -> None:
        self.decay = decay
        self.updates = 0
        self.weights = {name: value.detach().clone() for name, value in net.state_dict().items()}

    @torch.no_grad()
    def update(self, net: nn.Module) -> None:
        """Move the average towards the network's weights.

        Args:
            net: The network.
        """
        decay = min(self.decay, (1 + self.updates) / (10 + self.updates))
        self.updates += 1
        for name, value in net.state_dict().items():
            self.weights[name].lerp_(value, 1 - decay)


@contextmanager
def run_folder(folder: Path, *, resume: bool) -> Iterator[Path]:
    """Hold a run's folder, and refuse to begin a run twice or to go on from nothing.

    Args:
        folder: The run's folder, made if it is missing.
        resume: Whether the run is to go on.

    Yields:
        Where its state lies, or will. (``OutputNotWritable`` if a run is writing into it now,
        whether or not it has saved anything.)

    Raises:
        UsageError: If there is nothing to resume.
        OutputExists: If the run exists and ``resume`` is off.
    """
    path = folder / STATE
    rank, _ = joined_by_launcher()
    with nullcontext() if rank else locked(folder, "train"):
        if path.exists() and not resume:
            raise OutputExists(f"{folder} holds a run: go on with --resume, or set another output.")
        if resume and not path.exists():
            raise UsageError(f"{folder} holds no run to resume.")
        yield path


def save_state(
    path: Path, net: nn.Module, ema: Ema, optimiser: torch.optim.Optimizer, step: int, config: str
) -> None:
    """Write everything a run needs to go on exactly as if it had not stopped.

    Randomness is a function of (seed, step), so the step stands for every generator.

    Args:
        path: Target, replaced whole or not at all.
        net: The network.
        ema: Its average.
        optimiser: AdamW over ``net.parameters()`` groups.
        step: Steps done.
        config: The experiment as text, for the record.
    """
    names = {id(parameter): name for name, parameter in net.named_parameters()}
    tensors: dict[str, Tensor] = {f"net.{k}": v for k, v in net.state_dict().items()}
    tensors |= {f"ema.{k}": v for k, v in ema.weights.items()}
    for parameter, entries in optimiser.state.items():
        for entry, value in entries.items():
            tensors[f"optimiser.{entry}.{names[id(parameter)]}"] = torch.as_tensor(value)
    header = {
        "format": FORMAT,
        "step": str(step),
        "ema_updates": str(ema.updates),
        "config": config,
    }
    stored = {k: v.detach().cpu().contiguous() for k, v in tensors.items()}
    with whole_or_nothing(path, force=True) as part:
        save_file(stored, part, header)


def load_state(path: Path, net: nn.Module, ema: Ema, optimiser: torch.optim.Optimizer) -> int:
    """Restore what ``save_state`` wrote.

    Args:
        path: The file.
        net: Network of the same shape; changed in place.
        ema: Changed in place.
        optimiser: AdamW over the same parameters; changed in place.

    Returns:
        Steps done.

    Raises:
        BadWeights: If the file is damaged or belongs to another network.
    """
    header, tensors = read_tensors(path, most_bytes=MOST_BYTES)
    if header.get("format") != FORMAT:
        raise BadWeights(f"{path} is no training state ({header.get('format')!r}).")
    try:
        step, ema.updates = int(header["step"]), int(header["ema_updates"])
        net.load_state_dict(_part(tensors, "net."))
        averaged = _part(tensors, "ema.")
        for name, value in ema.weights.items():
            value.copy_(averaged[name])
    except (RuntimeError, KeyError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise BadWeights(f"{path} belongs to another network: {reason}") from error
    entries = {name: _part(tensors, f"optimiser.{name}.") for name in _ADAM}
    for name, parameter in net.named_parameters():
        if name in entries["step"]:
            # The fused optimiser wants all of it, the step too, where the parameter is.
            optimiser.state[parameter] = {
                entry: entries[entry][name].to(parameter.device) for entry in _ADAM
            }
    return step


_ADAM = ("step", "exp_avg", "exp_avg_sq")


def _part(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {
        name.removeprefix(prefix): value
        for name, value in tensors.items()
        if name.startswith(prefix)
    }
