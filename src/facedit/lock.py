"""One run at a time writes into a folder."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from facedit.errors import OutputNotWritable

if sys.platform != "win32":
    import fcntl

NAME = ".facedit.lock"


@contextmanager
def locked(folder: Path, verb: str) -> Iterator[None]:
    """Hold a folder while a run (``verb``, for whoever comes second) writes into it.

    The folder is made if it is missing, and taken back if the run leaves it empty. The system lets
    go of the lock when its process ends, however it ends: a file that a killed run left is no
    obstacle. (On Windows nothing is locked.) OutputNotWritable is raised if another run holds the
    folder, or it cannot be written.
    """
    new = not folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = _opened(folder / NAME, f"facedit {verb}, process {os.getpid()}")
    except BlockingIOError:
        raise OutputNotWritable(
            f"{folder} is written by {_holder(folder / NAME)}: wait, or choose another folder."
        ) from None
    except OSError as error:
        raise OutputNotWritable(f"{folder}: cannot be written ({error.strerror}).") from error
    with file:
        try:
            yield
        finally:
            with suppress(OSError):
                (folder / NAME).unlink()
                if new:
                    folder.rmdir()


def lock(path: Path, handle: int, *, wait: bool = False) -> bool:
    """Lock an open file until it is closed or its process ends; on Windows nothing is locked.

    ``path`` is the name that it was opened by. With ``wait`` it waits while somebody else holds the
    file, instead of raising BlockingIOError. Returns whether the name still means this file: a
    holder before may have removed it.
    """
    if sys.platform != "win32":
        fcntl.flock(handle, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    try:
        return os.path.samestat(os.stat(path, follow_symlinks=False), os.fstat(handle))
    except FileNotFoundError:
        return False


def _opened(path: Path, holder: str) -> TextIO:
    """Open the lock's file, lock it and name the holder; BlockingIOError if somebody else did."""
    while True:
        file = path.open("a")
        try:
            if lock(path, file.fileno()):
                file.truncate(0)
                os.write(file.fileno(), holder.encode())
                return file
        except BaseException:
            file.close()
            raise
        file.close()


def _holder(path: Path) -> str:
    """Say who holds the lock."""
    try:
        return path.read_text() or "another run"
    except OSError:
        return "another run"
