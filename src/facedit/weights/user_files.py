"""Official files of other people's networks that a user has: found by name, never fetched."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from facedit.cache import cache_dir
from facedit.errors import AssetMissing
from facedit.weights.fetch import sha256_of

FOLDER = "FACEDIT_MODELS"
"""Variable of the environment: the folder that is searched, two levels deep."""


@dataclass(frozen=True, slots=True)
class UserFile:
    """A file that users bring.

    Attributes:
        names: What it may be called, the first that is there counts.
        purpose: What it unlocks.
        licence: Under which it is published.
        published: Where it can be had.
        sha256: Of the file of the first name, as published.
    """

    names: tuple[str, ...]
    purpose: str
    licence: str
    published: str
    sha256: str

    @property
    def state(self) -> str:
        """``missing``, ``as published``, ``not as published``, or ``there`` in another form."""
        path = _find(self.names)
        if path is None:
            return "missing"
        if path.name != self.names[0]:
            return "there"
        return "as published" if sha256_of(path) == self.sha256 else "not as published"

    def to_dict(self) -> dict[str, object]:
        """Return the facts for JSON."""
        return {
            "state": self.state,
            "purpose": self.purpose,
            "licence": self.licence,
            "published": self.published,
            "sha256": self.sha256,
        }


def models_dir() -> Path:
    """Return the folder for files that users bring (``FACEDIT_MODELS``, else in the cache)."""
    return Path(os.environ.get(FOLDER) or cache_dir() / "models")


def user_files(what: str, wanted: Mapping[str, Sequence[str]], published: str) -> dict[str, Path]:
    """Find files that a user has put into ``models_dir``.

    Args:
        what: What they make together, for the message.
        wanted: By our name of each, what it may be called, the first that is there counts; one
            such as ``wavlm-large/model.safetensors`` names its folder too.
        published: Where they can be had.

    Returns:
        The files by our names.

    Raises:
        AssetMissing: If some are not there; all are named.
    """
    found = {key: path for key, names in wanted.items() if (path := _find(names))}
    if missing := [names[0] for key, names in wanted.items() if key not in found]:
        raise AssetMissing(
            f"{what} is not there: get {', '.join(missing)} ({published}) and put them into "
            f"{models_dir()}, or name their folder in {FOLDER}."
        )
    return found


def _find(names: Sequence[str]) -> Path | None:
    folder = models_dir()
    patterns = (f"{above}{name}" for name in names for above in ("", "*/", "*/*/"))
    return next((path for pattern in patterns for path in sorted(folder.glob(pattern))), None)
