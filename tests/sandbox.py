"""Run a program that the kernel ends as soon as it opens a socket of any kind (Linux).

A filter of system calls (seccomp) is laid over the process before it starts; its threads and
children inherit it, and no code in it, native or not, can take it off. Asking a name server needs
a socket like everything else that leaves the machine.
"""

from __future__ import annotations

import ctypes
import platform
import struct
import sys

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
