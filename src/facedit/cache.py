"""Results on disk that are dear to make: bounded, written atomically, never trusted.

The oldest entries of a folder go first. An entry that cannot be read, or does not fit, is made
again; a cache that cannot be written costs nothing but a warning.
"""

from __future__ import annotations

import logging
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from facedit.errors import FaceditError
from facedit.scratch import is_scratch, scratch_file

Made = TypeVar("Made")

LARGEST_BYTES = 1_000_000_000
"""Size of a folder above which the entries unused for longest are removed."""

_DAMAGE = (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile, FaceditError)

_log = logging.getLogger(__name__)


def cached(
    path: Path,
    read: Callable[[Path], Made],
    make: Callable[[], Made],
    write: Callable[[Path, Made], object],
) -> Made:
    """Read an entry, or make and store it.

    Args:
        path: The entry; its name stands for all that it depends on.
        read: Reads it. ``OSError``, ``ValueError``, ``KeyError``, ``TypeError``, ``EOFError``,
            ``BadZipFile`` and ``FaceditError`` mean that it is damaged.
        make: Makes what it holds.
        write: Writes it to the path that it is given.

    Returns:
        What was read or made. (What ``make`` raises passes through.)
    """
    try:
        found = read(path)
        os.utime(path)
        return found
    except FileNotFoundError:
        pass
    except _DAMAGE as error:
        _log.warning("The cached %s is damaged and is made again: %s", _name(path), error)
    made = make()
    store(path, lambda part: write(part, made))
    return made


def store(path: Path, write: Callable[[Path], object]) -> None:
    """Write an entry atomically and keep its folder within its bound; never fails the caller.

    Args:
        path: The entry.
        write: Writes it to the path that it is given.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with scratch_file(path.parent) as part:
            write(part)
            part.replace(path)
        prune(path.parent, LARGEST_BYTES)
    except OSError as error:
        _log.warning("The cache %s cannot be written: %s", path.parent, error)


def prune(folder: Path, largest_bytes: int) -> None:
    """Remove the entries that were unused for longest until a folder is small enough.

    Args:
        folder: The cache's folder.
        largest_bytes: Bytes that may stay.
    """
    entries = []
    for path in folder.iterdir():
        if is_scratch(path):  # somebody is at work on it
            continue
        try:
            status = path.stat()
        except FileNotFoundError:  # another process pruned it
            continue
        entries.append((status.st_mtime, status.st_size, path))
    total = sum(size for _, size, _ in entries)
    for _, size, path in sorted(entries):
        if total <= largest_bytes:
            break
        path.unlink(missing_ok=True)
        total -= size


def _name(path: Path) -> str:
    """Name an entry by its folder, which says of what kind it is, and its file."""
    return f"{path.parent.name}/{path.name}"
