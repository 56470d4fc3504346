"""Judges with weights that a rule makes, in the official forms of their files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from golden.official import official_state
from golden.seeded import uniform

GOLDEN = Path(__file__).parent / "golden" / "judges"


def official(network: str) -> dict[str, torch.Tensor]:
    """The state of a network."""
    return official_state(GOLDEN / f"{network}.spec.json")


def save(network: str, file: Path) -> Path:
    """As it is published: a flat table of tensors."""
    torch.save(official(network), file)
    return file


def noise(height: int, width: int, seed: int) -> np.ndarray:
    values = np.floor(128 * (uniform(f"noise/{seed}", height * width * 3) + 1))
    return values.astype(np.uint8).reshape(height, width, 3)
