"""One run at a time writes into a folder."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from facedit.errors import OutputNotWritable

NAME = ".facedit.lock"


@contextmanager
def locked(folder: Path, verb: str) -> Iterator[None]:
    """Hold a folder while a run writes into it.

    The system lets go of the lock when its process ends, however it ends: a file that a killed run
    left is no obstacle. (On Windows nothing is locked.)

    Args:
        folder: The folder; made if it is missing, and taken back if the run leaves it empty.
        verb: What holds it, for whoever comes second.

    Yields:
        Nothing.

    Raises:
        OutputNotWritable: If another run holds the folder, or it cannot be written.
    """
    new = not folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = _opened(folder / NAME)
    except BlockingIOError:
        raise OutputNotWritable(
            f"{folder} is written by {_holder(folder / NAME)}: wait, or choose another folder."
        ) from None
    except OSError as error:
        raise OutputNotWritable(f"{folder}: cannot be written ({error.strerror}).") from error
    with file:
        file.write(f"facedit {verb}, process {os.getpid()}")
        file.flush()
        try:
            yield
        finally:
            with suppress(OSError):
                (folder / NAME).unlink()
                if new:
                    folder.rmdir()


def _opened(path: Path) -> TextIO:
    """Open the lock's file and lock it; BlockingIOError if somebody else did."""
    while True:
        file = path.open("a")
        if sys.platform == "win32":
            return file
        import fcntl

        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # The holder before may have removed the file between the two lines above.
            if path.exists() and os.path.samestat(os.fstat(file.fileno()), path.stat()):
                file.truncate(0)
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
