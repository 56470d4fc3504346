"""What a self-check depends on: while none of it changes, an earlier outcome still holds."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from pathlib import Path

import facedit
from facedit.bench.items import Item, item_to_dict
from facedit.weights.fetch import ASSETS, is_installed
from facedit.weights.shipped import shipped_files

_CODE = (
    "bench/measures", "bench/nets", "bench/selfcheck", "bench/scene.py", "bench/scoring.py",
    "evaluation/measure.py", "lip_sync",
)  # fmt: skip
_PACKAGES = ("numpy", "torch", "opencv-python-headless", "av", "ai-edge-litert")

_JUDGED = ("motion-", "mouth")
"""Weights that are judged and do not judge: new ones change nothing about the measures."""


def versions() -> dict[str, str]:
    """Return the versions of what takes part."""
    found = {"facedit": facedit.__version__, "python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "absent"
    return found


def fingerprint(items: Sequence[Item], settings: Sequence[object]) -> str:
    """Hash all that the outcome depends on: items, settings, versions, weights, code."""
    digest = hashlib.sha256()

    def add(*parts: object) -> None:
        digest.update(json.dumps([str(part) for part in parts]).encode())

    for name, found in versions().items():
        add(name, found)
    for file in shipped_files():
        if not file.name.startswith(_JUDGED):
            add(file.name, file.sha256)
    for name, asset in ASSETS.items():
        add(name, asset.sha256 if is_installed(name) else "absent")
    for path in _code():
        add(path.name, hashlib.sha256(path.read_bytes()).hexdigest())
    for item in items:
        add(json.dumps(item_to_dict(item), sort_keys=True))
    add(*settings)
    return digest.hexdigest()


def _code() -> list[Path]:
    """Return the files whose change could change the outcome without a new version."""
    root = Path(str(files("facedit")))
    found: list[Path] = []
    for name in _CODE:
        path = root / name
        found += sorted(path.rglob("*.py")) if path.is_dir() else [path] if path.is_file() else []
    return found
