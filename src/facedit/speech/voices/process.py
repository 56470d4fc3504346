"""A program of somebody else's, run within limits: no shell, no input, bounded time and disk."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from facedit.errors import BadPlugin

LOG = "output.log"
"""What the program printed, in its folder."""

_OF_OUR_PYTHON = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__")
_LOOK_S = 0.1
_TOLD = 400


def run_within(
    command: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    most_s: float,
    most_bytes: int,
) -> None:
    """Run a program in a folder of its own until it ends, and all that it started with it.

    It has this process's environment but for what leads Python to our packages, and ``environment``
    on top. BadPlugin is raised if it cannot be started, takes more than ``most_s`` seconds, leaves
    more than ``most_bytes`` in the folder, or fails: with the last that it printed.
    """
    own = {name: value for name, value in os.environ.items() if name not in _OF_OUR_PYTHON}
    name = Path(command[0]).name
    with (folder / LOG).open("wb") as log:
        try:
            process = subprocess.Popen(
                command,
                cwd=folder,
                env=own | dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            raise BadPlugin(f"{command[0]} cannot be started ({error}).") from error
        try:
            fault = _watched(process, folder, most_s, most_bytes)
        finally:
            _end(process)
    if fault is None and process.returncode:
        fault = f"ended with status {process.returncode}"
    if fault is not None:
        said = _last_said(folder / LOG)
        raise BadPlugin(f"{name} {fault}{f': {said}' if said else ', and said nothing'}.")


def _watched(
    process: subprocess.Popen[bytes], folder: Path, most_s: float, most_bytes: int
) -> str | None:
    """Wait for a program; say what is wrong if it must be stopped."""
    end_s = time.monotonic() + most_s
    while True:
        with suppress(subprocess.TimeoutExpired):
            process.wait(_LOOK_S)
        if _bytes_in(folder) > most_bytes:
            return f"wrote more than {most_bytes / 1e6:.0f} MB and was stopped"
        if process.returncode is not None:
            return None
        if time.monotonic() > end_s:
            return f"took more than {most_s:.0f} s and was stopped"


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a program and whatever it started that still runs."""
    if sys.platform == "win32":
        process.kill()
    else:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _bytes_in(folder: Path) -> int:
    """Measure what lies in a folder; links are not followed."""
    total = 0
    for place, _, files in os.walk(folder):
        for file in files:
            with suppress(OSError):
                total += os.lstat(os.path.join(place, file)).st_size
    return total


def _last_said(log: Path) -> str:
    """Return the end of what a program printed, in one line."""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 4 * _TOLD))
        text = file.read().decode("utf-8", "replace")
    return " ".join(text.split())[-_TOLD:].rstrip(". ")
