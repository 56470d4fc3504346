"""Run a program that the kernel ends as soon as it opens a socket of any kind (Linux).

A filter of system calls (seccomp) is laid over the process before it starts; its threads and
children inherit it, and no code in it, native or not, can take it off. Asking a name server needs
a socket like everything else that leaves the machine.
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct
import subprocess
import sys
from pathlib import Path

import facedit

KILLED = -31
"""Return code of a process that opened a socket: ended by SIGSYS."""

_ARCHITECTURES = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}
"""Per machine: its number in ``<linux/audit.h>``, and that of the call ``socket``."""

_NO_NEW_PRIVILEGES, _SET_SECCOMP, _FILTER = 38, 22, 2
_LOAD, _JUMP_IF_EQUAL, _RETURN = 0x20, 0x15, 0x06
_ALLOW, _KILL_PROCESS = 0x7FFF0000, 0x80000000


def can_forbid_sockets() -> bool:
    """Tell whether this machine has the means."""
    return sys.platform == "linux" and platform.machine() in _ARCHITECTURES


def forbid_sockets() -> None:
    """Lay the filter over this process; to be called between fork and exec."""
    architecture, socket_call = _ARCHITECTURES[platform.machine()]
    instructions = (
        (_LOAD, 0, 0, 4),  # the architecture; a call through another one ends the process too
        (_JUMP_IF_EQUAL, 0, 3, architecture),
        (_LOAD, 0, 0, 0),  # the number of the call
        (_JUMP_IF_EQUAL, 1, 0, socket_call),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _KILL_PROCESS),
    )
    program = ctypes.create_string_buffer(
        b"".join(struct.pack("HBBI", *instruction) for instruction in instructions)
    )
    header = ctypes.create_string_buffer(
        struct.pack("HP", len(instructions), ctypes.addressof(program))
    )
    libc = ctypes.CDLL(None, use_errno=True)
    for call in (
        (_NO_NEW_PRIVILEGES, 1, 0, 0, 0),
        (_SET_SECCOMP, _FILTER, ctypes.addressof(header), 0, 0),
    ):
        if libc.prctl(*(ctypes.c_ulong(value) for value in call)):
            raise OSError(ctypes.get_errno(), "prctl")


def in_sandbox(program: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run Python code without a socket, in a home and a temporary folder of its own.

    Where sockets cannot be forbidden the code runs all the same.

    Args:
        program: The code; it can import the package and the tests' helpers.
        folder: Where it runs; ``home`` and ``tmp`` are made in it.
        environment: Further variables.

    Returns:
        What it did.
    """
    for name in ("home", "tmp"):
        (folder / name).mkdir()
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("XDG", "ORT"))
    }
    roots = (Path(facedit.__file__).parents[1], Path(__file__).parent)
    places = {
        "HOME": str(folder / "home"),
        "TMPDIR": str(folder / "tmp"),
        "LOGNAME": "reader",  # PyTorch's training asks for it; the system's answer takes a socket
        "PYTHONPATH": os.pathsep.join(map(str, roots)),
    }
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder,
        env=kept | places | environment,
        preexec_fn=forbid_sockets if can_forbid_sockets() else None,
        capture_output=True,
        text=True,
    )


def without_sockets(*words: str) -> list[str]:
    """Return a command that runs another one without a socket, where they can be forbidden."""
    laid = "import os, sys, sandbox\nif sandbox.can_forbid_sockets(): sandbox.forbid_sockets()\n"
    place = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
    return [sys.executable, "-c", f"{place}{laid}os.execv(sys.argv[1], sys.argv[1:])", *words]
