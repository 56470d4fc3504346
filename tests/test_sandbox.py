"""The sandbox that proves that nothing leaves the machine notices what leaves it."""

import subprocess
import sys
from pathlib import Path

import pytest

from sandbox import KILLED, can_forbid_sockets, in_sandbox, without_sockets


@pytest.mark.skipif(not can_forbid_sockets(), reason="needs Linux's seccomp")
@pytest.mark.parametrize(
    ("program", "ends"),
    [
        ("import socket; socket.getaddrinfo('facedit.invalid', 443)", KILLED),
        ("import socket; socket.socket(socket.AF_UNIX)", KILLED),
        ("print('still here')", 0),
    ],
)
def test_a_socket_ends_the_process(program: str, ends: int, tmp_path: Path) -> None:
    assert in_sandbox(program, tmp_path).returncode == ends
    command = without_sockets(sys.executable, "-c", program)
    assert subprocess.run(command, capture_output=True).returncode == ends
