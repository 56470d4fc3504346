"""Official files of other people's networks that a user has: found by name, never fetched."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from facedit.cache import cache_dir
from facedit.errors import AssetMissing, BadWeights
from facedit.scratch import scratch_file
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
        sha256: Of the file of the first name, as published, or how it begins; empty if not known.
            Of the others it holds that carry its beginning in their names.
        hub: Repository of the Hugging Face hub and path in it, if it can be fetched there.
    """

    names: tuple[str, ...]
    purpose: str
    licence: str
    published: str
    sha256: str
    hub: tuple[str, str] | None = None

    @property
    def state(self) -> str:
        """``missing``, ``as published``, ``not as published``, or ``there``: nothing to compare."""
        path = find_in(models_dir(), self.names)
        if path is None:
            return "missing"
        if not (published := self.published_hash(path)):
            return "there"
        return "as published" if sha256_of(path).startswith(published) else "not as published"

    def published_hash(self, path: Path) -> str:
        """Return the published hash of a file of that name, or how it begins; empty if unknown."""
        carried = len(self.sha256) >= 8 and self.sha256[:8] in path.name
        return self.sha256 if carried or path.name == self.names[0] else ""

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

    ``what``: what they make together, for the message; ``wanted``: by our name of each, what it may
    be called, the first that is there counts; one such as ``wavlm-large/model.safetensors`` names
    its folder too. Raises AssetMissing if some are not there; all are named.
    """
    folder = models_dir()
    found = {key: path for key, names in wanted.items() if (path := find_in(folder, names))}
    if missing := [names[0] for key, names in wanted.items() if key not in found]:
        raise AssetMissing(
            f"{what} is not there: get {', '.join(missing)} ({published}) and put them into "
            f"{models_dir()}, or name their folder in {FOLDER}."
        )
    return found


def find_in(folder: Path, names: Sequence[str]) -> Path | None:
    """Find the first of some names in a folder, two levels deep; None if there is none."""
    patterns = (f"{above}{name}" for name in names for above in ("", "*/", "*/*/"))
    return next((path for pattern in patterns for path in sorted(folder.glob(pattern))), None)


def as_first_used(path: Path, sha256: str = "") -> Path:
    """Return a file whose hash is the published one or, where none is known, as at its first use.

    ``sha256``: the published hash, or how it begins; empty if it is not known. Raises BadWeights if
    the file is another one.
    """
    found = sha256_of(path)
    if sha256:
        if not found.startswith(sha256):
            raise BadWeights(f"{path} is not as published: its hash begins with {found[:8]}.")
        return path
    record = cache_dir() / "first-used" / path.name
    with suppress(OSError):
        known = record.read_text()
        if known != found:
            raise BadWeights(
                f"{path} has changed since its first use here ({known[:8]}, now {found[:8]}): if "
                f"that was you, remove {record}."
            )
        return path
    with suppress(OSError):  # a cache that cannot be written remembers nothing
        record.parent.mkdir(parents=True, exist_ok=True)
        with scratch_file(record.parent) as part:
            part.write_text(found)
            part.replace(record)
    return path
