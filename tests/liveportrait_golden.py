"""LivePortrait's networks with weights that a rule makes, in the official forms of the files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from facedit.motion.liveportrait.official_files import NETWORKS
from golden.official import official_state
from golden.seeded import places, uniform
from made_once import made_once

GOLDEN = Path(__file__).parent / "golden" / "liveportrait"
SMALL = "stitching_retargeting_module"


def official(network: str) -> dict[str, torch.Tensor]:
    """The state of a network, flat."""
    return official_state(GOLDEN / f"{network}.spec.json")


def save_pth(network: str, folder: Path) -> None:
    """As KwaiVGI publishes it."""
    state = official(network)
    if network != SMALL:
        torch.save(state, folder / f"{network}.pth")
        return
    nested: dict[str, dict[str, torch.Tensor]] = {}
    for name, tensor in state.items():
        outer, _, inner = name.partition(".")
        nested.setdefault(outer, {})[inner] = tensor
    torch.save(nested | {"optimizer": {"step": 3}}, folder / f"{network}.pth")


def official_files(factory: pytest.TempPathFactory) -> Path:
    """A folder with the official tree in it, two levels deep; to be left as it is."""

    def make(top: Path) -> None:
        folder = top / "liveportrait" / "base_models"
        folder.mkdir(parents=True)
        for network in NETWORKS:
            save_pth(network, folder)

    return made_once(factory, "models", make)


def save_safetensors(network: str, folder: Path) -> None:
    """As Kijai publishes it."""
    state = official(network)
    if network == SMALL:
        state = {name.replace(".module.", "_module.", 1): value for name, value in state.items()}
    save_file(state, folder / f"{network}.safetensors")


def noise(height: int, width: int, seed: int) -> np.ndarray:
    values = uniform(f"noise/{seed}", height * width * 3)
    return np.floor(128 * (values + 1)).astype(np.uint8).reshape(height, width, 3)


def as_input(*pictures: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.stack(pictures)).movedim(-1, 1).float() / 255


class Golden:
    """The numbers that the official code computed."""

    def __init__(self, file: str = "golden.npz") -> None:
        self.file = np.load(GOLDEN / file)

    def __getitem__(self, name: str) -> torch.Tensor:
        return torch.from_numpy(self.file[name])

    def difference(self, name: str, mine: torch.Tensor) -> float:
        """The largest difference to an array, whole or sampled."""
        if name in self.file:
            return float((mine.reshape(self.file[name].shape) - self[name]).abs().max())
        assert tuple(mine.shape) == tuple(self.file[f"{name}@shape"])
        values = self.file[f"{name}@values"]
        most = next(n for n in (4096, 8192) if len(places(name, mine.numel(), n)) == len(values))
        at = places(name, mine.numel(), most)
        return float(np.abs(mine.flatten().numpy()[at] - values).max())
