"""What was dear to find of users' clips, on disk: private, bounded, never trusted.

Speech features, transcripts, face tracks, mouths and fitted mouth networks lie in one folder, by
kind; those unused for longest go first. An entry's file name ends with a digest of what it stands
for and of its bytes: one that is damaged, or another's under its name, is made again. A cache that
cannot be written costs nothing but a warning. ``FACEDIT_NO_CACHE`` switches it off.
"""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from facedit.errors import FaceditError
from facedit.scratch import is_scratch, scratch_file

Made = TypeVar("Made")

LARGEST_BYTES = 1_000_000_000
"""Size above which the entries unused for longest are removed, whatever their kind."""

CONFIG = "FACEDIT_CONFIG"
"""Variable of the environment: the folder of settings, and of who signs."""

SWITCH = "FACEDIT_NO_CACHE"
"""Variable of the environment: set to anything, nothing of a clip is kept or looked up."""

_PIECE = 1 << 20

_DAMAGE = (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile, FaceditError)

_log = logging.getLogger(__name__)


def cache_dir() -> Path:
    """Return the folder for assets and caches (``FACEDIT_CACHE``, else the user's cache folder)."""
    if chosen := os.environ.get("FACEDIT_CACHE"):
        return Path(chosen)
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "facedit"


def config_dir() -> Path:
    """Return the folder of settings (``FACEDIT_CONFIG``, else the user's folder of settings)."""
    if chosen := os.environ.get(CONFIG):
        return Path(chosen)
    base = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(base) / "facedit"


def results_dir() -> Path:
    """Return the folder of what was found of clips; nothing else lies in it."""
    return cache_dir() / "clips"


def cached(
    name: str,
    read: Callable[[Path], Made],
    make: Callable[[], Made],
    write: Callable[[Path, Made], object],
    worth: Callable[[Made], bool] = lambda _: True,
) -> Made:
    """Read an entry, or make and store it; its KIND/NAME stands for all that it depends on.

    ``read`` tells by ``OSError``, ``ValueError``, ``KeyError``, ``TypeError``, ``EOFError``,
    ``BadZipFile`` or ``FaceditError`` that it is damaged; what ``make`` raises passes through;
    ``write`` writes to the path that it is given; ``worth`` says whether to store what was made.
    """
    if os.environ.get(SWITCH):
        return make()
    entry = results_dir() / name
    for path in entry.parent.glob(f"{entry.stem}-*{entry.suffix}"):
        try:
            if path != _checked_path(entry, path):
                raise ValueError("its bytes are not those that were stored")
            found = read(path)
        except FileNotFoundError:  # another process pruned it
            continue
        except _DAMAGE as error:
            _log.warning("The cached %s is damaged and is made again: %s", name, error)
            with suppress(OSError):
                path.unlink()
            continue
        with suppress(OSError):
            os.utime(path)
        return found
    made = make()
    if worth(made):
        _store(entry, lambda part: write(part, made))
    return made


def entries() -> list[tuple[float, int, Path]]:
    """List what is kept of clips: when last used, its bytes, and its path; oldest first."""
    found = []
    for path in results_dir().glob("*/*"):
        if is_scratch(path):  # somebody is at work on it
            continue
        try:
            status = path.stat()
        except FileNotFoundError:  # another process pruned it
            continue
        found.append((status.st_mtime, status.st_size, path))
    return sorted(found)


def prune(largest_bytes: int = LARGEST_BYTES) -> None:
    """Remove the entries that were unused for longest until ``largest_bytes`` or less are left."""
    kept = entries()
    total = sum(size for _, size, _ in kept)
    for _, size, path in kept:
        if total <= largest_bytes:
            break
        path.unlink(missing_ok=True)
        total -= size


def clear() -> None:
    """Forget everything that was found of clips."""
    shutil.rmtree(results_dir(), ignore_errors=True)


def _checked_path(entry: Path, content: Path) -> Path:
    """Name a file of an entry by its bytes as well."""
    digest = hashlib.sha256(f"{entry.parent.name}/{entry.name}\n".encode())
    with content.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
    return entry.with_stem(f"{entry.stem}-{digest.hexdigest()[:32]}")


def _store(entry: Path, write: Callable[[Path], object]) -> None:
    """Write an entry atomically, for its owner's eyes alone; never fails the caller."""
    try:
        results_dir().mkdir(parents=True, exist_ok=True, mode=0o700)
        entry.parent.mkdir(exist_ok=True, mode=0o700)
        with scratch_file(entry.parent) as part:
            write(part)
            part.chmod(0o600)
            part.replace(_checked_path(entry, part))
        prune()
    except OSError as error:
        _log.warning("The cache %s cannot be written: %s", entry.parent, error)
