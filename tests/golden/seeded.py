"""Random weights that anybody can rebuild from names and shapes alone (no stored weights).

Every golden fixture beside this file was computed with weights made by ``fill``. The rule is part
of the fixtures: change nothing here. Only ``numpy.random.PCG64`` (whose stream NumPy promises to
keep) and IEEE arithmetic are used: ``default_rng(seed).random(n)`` is ``(raw >> 11) * 2**-53``.
"""

from __future__ import annotations

import math
import zlib

import numpy as np


def uniform(name: str, count: int) -> np.ndarray:
    """``count`` float64 in [-1, 1), a function of the name only."""
    return 2.0 * np.random.default_rng(zlib.crc32(name.encode())).random(count) - 1.0


def fill(
    shapes: dict[str, list[int]],
    overrides: dict[str, list[float]] | None = None,
    gain: float = math.sqrt(2.0),
) -> dict[str, np.ndarray]:
    """Make a state dict of float32 arrays (int64 for ``num_batches_tracked``).

    Args:
        shapes: Shape by tensor name, as in the fixture's ``*.spec.json``.
        overrides: ``{name: [scale, offset]}``: the value by rule, times scale, plus offset.
        gain: Standard deviation of a weight is ``gain / sqrt(fan_in)``.
    """
    state: dict[str, np.ndarray] = {}
    for name in sorted(shapes):
        shape, last = tuple(shapes[name]), name.rsplit(".", 1)[-1]
        c = uniform(name, math.prod(shape)).reshape(shape)
        if last == "num_batches_tracked":
            state[name] = np.zeros(shape, np.int64)
            continue
        if last == "weight_v" and name[:-1] + "orig" in shapes:
            continue  # spectral norm: made from weight_orig and weight_u below
        if last == "running_mean":
            value = 0.1 * c
        elif last == "running_var":
            value = 1.0 + 0.5 * c
        elif last == "weight_u":
            value = c / np.linalg.norm(c)
        elif last in ("gamma", "beta"):  # global response normalisation
            value = 0.5 * c
        elif len(shape) <= 1 and last == "weight":  # gain of a normalisation
            value = 1.0 + 0.2 * c
        elif len(shape) <= 1:
            value = 0.1 * c
        else:
            value = math.sqrt(3.0) * gain / math.sqrt(math.prod(shape[1:])) * c
        scale, offset = (overrides or {}).get(name, (1.0, 0.0))
        state[name] = (scale * value + offset).astype(np.float32)
    for name in shapes:
        if name.endswith("weight_v") and name[:-1] + "orig" in shapes:
            # One half step of power iteration: v = W^T u / |W^T u|, so that u^T W v = |W^T u| > 0.
            w = state[name[:-1] + "orig"].astype(np.float64)
            v = w.reshape(len(w), -1).T @ state[name[:-1] + "u"].astype(np.float64)
            state[name] = (v / np.linalg.norm(v)).astype(np.float32)
    return state


def places(name: str, count: int, most: int = 64) -> np.ndarray:
    """Which flat (C order) elements of a tensor of ``count`` are recorded under a name."""
    if count <= most:
        return np.arange(count)
    raw = np.random.default_rng(zlib.crc32(("at:" + name).encode())).random(4 * most)
    return np.unique((raw * count).astype(np.int64))[::4][:most]


def picture(height: int, width: int, seed: int = 0) -> np.ndarray:
    """A smooth, colourful, asymmetric uint8 RGB picture, shape (H, W, 3)."""
    y, x = np.mgrid[:height, :width]
    y, x = y / height, x / width
    out = np.zeros((height, width, 3))
    for channel in range(3):
        k = uniform(f"picture/{seed}/{channel}", 24).reshape(6, 4)
        for a, fx, fy, phase in k:
            out[..., channel] += a * np.sin(2 * np.pi * (4 * fx * x + 4 * fy * y) + np.pi * phase)
    out = 0.5 + 0.18 * out
    return np.clip(np.rint(255 * out), 0, 255).astype(np.uint8)
