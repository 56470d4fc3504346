"""Official files of other people's networks that a user has: found by name, never fetched."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from facedit.cache import cache_dir
from facedit.errors import AssetMissing

FOLDER = "FACEDIT_MODELS"
"""Variable of the environment: the folder that is searched, two levels deep."""


def models_dir() -> Path:
    """Return the folder for files that users bring (``FACEDIT_MODELS``, else in the cache)."""
    return Path(os.environ.get(FOLDER) or cache_dir() / "models")


def user_file(what: str, names: Sequence[str], published: str) -> Path:
    """Find a file that a user has put into ``models_dir``; AssetMissing if it is not there.

    The first of ``names`` that is there counts; one such as ``wavlm-large/model.safetensors`` names
    its folder too. The message says what network it is and where it is published.
    """
    folder = models_dir()
    for name in names:
        for pattern in (name, f"*/{name}", f"*/*/{name}"):
            if found := sorted(folder.glob(pattern)):
                return found[0]
    raise AssetMissing(
        f"{what} is not there: get {names[0]} ({published}) and put it into {folder}, or name its "
        f"folder in {FOLDER}."
    )
