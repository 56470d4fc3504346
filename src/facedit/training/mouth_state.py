"""Exact state of a training in one safetensors file (no pickle): modules and Adam moments."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from facedit.media.output import whole_or_nothing

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
                tensors[f"{name}/{key}"] = value.detach().clone().contiguous()
        else:
            for number, moments in part.state_dict()["state"].items():
                for key, value in moments.items():
                    tensors[f"{name}/{number}/{key}"] = torch.as_tensor(value).clone().contiguous()
    with whole_or_nothing(path, force=True) as scratch:
        save_file(tensors, str(scratch), metadata={"step": str(step)})


def load_state(path: Path, parts: Parts) -> int:
    """Read a state into freshly made parts.

    Args:
        path: File written by ``save_state``.
        parts: Modules and optimisers by name, as they were saved.

    Returns:
        Number of steps done.
    """
    with safe_open(str(path), "pt") as file:
        step = int(file.metadata()["step"])
        tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
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
    return step
