"""Two clips of one speaker that the project makes, for all who only read them."""

from __future__ import annotations

from pathlib import Path

import pytest

from facedit.bench.material import PARTS, make_material
from made_once import made_once


def material(factory: pytest.TempPathFactory) -> Path:
    """The folder: clips, the words beside them, and ``manifest.csv``."""
    make = lambda folder: make_material(folder / "clips", parts=PARTS[:2])  # noqa: E731
    return made_once(factory, "material", make) / "clips"
