"""The states of networks with weights that a rule makes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch

from golden.seeded import fill


def official_state(spec_file: Path) -> dict[str, torch.Tensor]:
    """The state that a ``*.spec.json`` describes, checked against its sums."""
    spec = json.loads(spec_file.read_text())
    shapes = {name: tensor["shape"] for name, tensor in spec["tensors"].items()}
    state = fill(shapes, spec["overrides"], gain=spec["gain"])
    for name, (total, _) in spec["check"].items():
        assert np.isclose(state[name].astype(float).sum(), total, rtol=1e-6, atol=1e-4)
    return {name: torch.from_numpy(np.asarray(value)) for name, value in state.items()}
