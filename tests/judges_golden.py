"""Judges with weights that a rule makes, in the official forms of their files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch

from golden.seeded import fill, uniform

GOLDEN = Path(__file__).parent / "golden" / "judges"


def official(network: str) -> dict[str, torch.Tensor]:
    """The state of a network."""
    spec = json.loads((GOLDEN / f"{network}.spec.json").read_text())
    shapes = {name: tensor["shape"] for name, tensor in spec["tensors"].items()}
    state = fill(shapes, spec["overrides"], gain=spec["gain"])
    for name, (total, _) in spec["check"].items():
        assert np.isclose(state[name].astype(float).sum(), total, rtol=1e-6, atol=1e-4)
    return {name: torch.from_numpy(np.asarray(value)) for name, value in state.items()}


def save(network: str, file: Path) -> Path:
    """As it is published: a flat table of tensors."""
    torch.save(official(network), file)
    return file


def noise(height: int, width: int, seed: int) -> np.ndarray:
    values = np.floor(128 * (uniform(f"noise/{seed}", height * width * 3) + 1))
    return values.astype(np.uint8).reshape(height, width, 3)
