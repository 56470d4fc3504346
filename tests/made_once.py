"""What several test files read and none changes: made by the first worker that asks for it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from facedit.lock import lock


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """Return a folder of this test run that ``make`` has filled; workers wait for each other."""
    base = factory.getbasetemp()
    top = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder, part = top / name, top / f"{name}.part"
    with (top / f"{name}.lock").open("w") as held:
        lock(Path(held.name), held.fileno(), wait=True)
        if not folder.exists():
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir()
            make(part)
            part.rename(folder)
    return folder
