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
from facedit.weights.fetch import ASSETS, is_installed, sha256_of
from facedit.weights.shipped import shipped_files

_CODE = ("bench", "evaluation", "lip_sync")
"""Packages whose change could change the outcome without a new version."""

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
    root = Path(str(files("facedit")))
    code = [path for name in _CODE for path in sorted((root / name).rglob("*.py"))]
    parts = [
        versions(),
        {one.name: one.sha256 for one in shipped_files() if not one.name.startswith(_JUDGED)},
        {name: one.sha256 if is_installed(name) else "absent" for name, one in ASSETS.items()},
        {path.relative_to(root).as_posix(): sha256_of(path) for path in code},
        [item_to_dict(item) for item in items],
        [str(setting) for setting in settings],
    ]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
