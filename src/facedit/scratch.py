"""Scratch files and folders beside what a run makes: gone with the run, or with the next one.

Whoever makes one holds a lock on it, which the system takes back when the process ends, however it
ends. So a later run knows which were left behind (by ``kill -9``, or SIGTERM without a handler) and
clears them, and never touches those of a run that is still at work.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from facedit.lock import lock

# Short: a name may be 255 bytes at most, and the output's own may use them up.
_NAME = re.compile(r"\.facedit-[0-9a-f]{16}\.part")


@contextmanager
def scratch_file(folder: Path) -> Iterator[Path]:
    """Make a hidden empty file to be filled and then moved to its place; else it is removed.

    What earlier runs left in the folder is cleared first. OSError is raised if it cannot be made.
    """
    clear_scratch(folder)
    path, handle = _made(folder)
    try:
        yield path
    finally:
        with suppress(OSError):
            path.unlink()
        os.close(handle)


@contextmanager
def scratch_folder(folder: Path | None = None) -> Iterator[Path]:
    """Make a hidden folder for a run's own use, which other users cannot look into.

    It lies in the system's own place by default, is removed in the end, and what earlier runs left
    beside it is cleared first. OSError is raised if it cannot be made.
    """
    with scratch_file(folder or Path(tempfile.gettempdir())) as marked:
        path = marked.with_suffix("")
        path.mkdir(mode=0o700)
        try:
            yield path
        finally:
            shutil.rmtree(path, ignore_errors=True)


def is_scratch(path: Path) -> bool:
    """Tell whether a file or folder is one of these by its name."""
    return _NAME.fullmatch(path.with_suffix(".part").name) is not None


def clear_scratch(folder: Path) -> None:
    """Remove what runs that have ended left in a folder; what cannot be seen or removed stays."""
    with suppress(OSError), os.scandir(folder) as entries:
        left = [Path(entry.path) for entry in entries if _NAME.fullmatch(entry.name)]
        for path in left:
            with suppress(OSError):
                _clear(path)


def _made(folder: Path) -> tuple[Path, int]:
    """Make a file that nobody else has, locked; return it with its open descriptor."""
    while True:
        path = folder / f".facedit-{secrets.token_hex(8)}.part"
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o666)
        if sys.platform == "win32":  # an open file could not be moved to its place
            os.close(handle)
            return path, os.open(os.devnull, os.O_RDONLY)
        try:
            if lock(path, handle, wait=True):  # not taken for a dead run's before it was locked
                return path, handle
        except OSError:  # some file systems know no locks: there nothing is cleared either
            return path, handle
        os.close(handle)


def _clear(path: Path) -> None:
    """Remove a file, and the folder that goes with it, unless somebody holds its lock."""
    if sys.platform == "win32":
        return
    handle = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        if lock(path, handle):
            shutil.rmtree(path.with_suffix(""), ignore_errors=True)
            path.unlink()
    finally:
        os.close(handle)
