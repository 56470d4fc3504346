"""The tiny WavLMs of tests/golden/wavlm: weights that a rule makes, in each official form."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file

from golden.official import official_state
from golden.seeded import uniform

GOLDEN = Path(__file__).parent / "golden" / "wavlm"


def sound(count: int) -> np.ndarray:
    """The voice-like sound of the fixtures."""
    t = np.arange(count) / 16000
    phase = 2 * np.pi * np.cumsum(110 * (1 + 0.1 * np.sin(2 * np.pi * 1.3 * t))) / 16000
    v = sum(
        np.sin(h * phase) * math.exp(-(((h * 110 - 650) / 400) ** 2))
        + 0.6 * np.sin(h * phase) * math.exp(-(((h * 110 - 1100) / 300) ** 2))
        for h in range(1, 30)
    )
    gate = 0.5 * (1 + np.sign(np.sin(2 * np.pi * 2.5 * t)))
    return (0.2 * v * gate + 0.01 * uniform("sound", count)).astype(np.float32)


def spec_of(model: str, folder: Path = GOLDEN) -> dict[str, Any]:
    return json.loads((folder / f"{model}.spec.json").read_text())


def official(model: str, folder: Path = GOLDEN) -> dict[str, torch.Tensor]:
    return official_state(folder / f"{model}.spec.json")


def in_unilm_form(model: str, folder: Path, golden: Path = GOLDEN) -> Path:
    path = folder / "WavLM.pt"
    config = spec_of(model, golden)["config"]
    torch.save({"cfg": config, "model": official(model, golden)}, path)
    return path


def in_hub_form(model: str, folder: Path, *, new_weight_norm: bool) -> Path:
    state = {}
    for name, tensor in official(model).items():
        hub = spec_of(model)["tensors"][name]["hub"]
        if new_weight_norm:
            hub = hub.replace("weight_g", "parametrizations.weight.original0")
            hub = hub.replace("weight_v", "parametrizations.weight.original1")
            hub = f"wavlm.{hub}"
        state[hub] = tensor.contiguous()
    state["classifier.weight"] = torch.zeros(2, 2)
    if new_weight_norm:
        save_file(state, folder / "model.safetensors")
        return folder / "model.safetensors"
    torch.save(state, folder / "pytorch_model.bin")
    return folder / "pytorch_model.bin"
