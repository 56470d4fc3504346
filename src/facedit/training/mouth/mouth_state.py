"""Exact state of a training in one safetensors file (no pickle): modules and Adam moments."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from facedit.errors import BadWeights
from facedit.media.output import whole_or_nothing
from facedit.tensors import read_tensors

Parts = Mapping[str, nn.Module | torch.optim.Optimizer]


def save_state(path: Path, step: int, parts: Parts) -> None:
    """Write a state whole or not at all.

    Args:
        path: File to write.
        step: Number of steps done.
        parts: Modules and optimisers by name.
    """
    tensors: dict[str, Tensor] = {}
    for name, part in parts.items():
        if isinstance(part, nn.Module):
            for key, value in part.state_dict().items():
                tensors[f"{name}/{key}"] = value.detach().cpu().clone().contiguous()
        else:
            for number, moments in part.state_dict()["state"].items():
                for key, value in moments.items():
                    moment = torch.as_tensor(value).cpu().clone()
                    tensors[f"{name}/{number}/{key}"] = moment.contiguous()
    with whole_or_nothing(path, force=True) as scratch:
        save_file(tensors, str(scratch), metadata={"step": str(step)})


def load_state(path: Path, parts: Parts) -> int:
    """Read a state into freshly made parts.

    Args:
        path: File written by ``save_state``.
        parts: Modules and optimisers by name, as they were saved.

    Returns:
        Number of steps done.

    Raises:
        BadWeights: If the file is damaged or of another training.
    """
    header, tensors = read_tensors(path)
    try:
        _restore(tensors, parts)
        return int(header["step"])
    except (KeyError, ValueError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise BadWeights(f"{path} is no state of this training: {reason}.") from error


def _restore(tensors: dict[str, Tensor], parts: Parts) -> None:
    """Put tensors into the parts that they were saved from."""
    for name, part in parts.items():
        own = {
            key.removeprefix(f"{name}/"): value
            for key, value in tensors.items()
            if key.startswith(f"{name}/")
        }
        if isinstance(part, nn.Module):
            part.load_state_dict(own)
        else:
            state = part.state_dict()
            moments: dict[int, dict[str, Tensor]] = {}
            for key, value in own.items():
                number, kind = key.split("/")
                moments.setdefault(int(number), {})[kind] = value
            state["state"] = moments
            part.load_state_dict(state)
