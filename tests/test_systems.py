"""What Windows lacks stops no module from being imported."""

import subprocess
import sys

import pytest

PROGRAM = """
import importlib, os, pkgutil, signal, sys
import facedit

def every():
    for found in pkgutil.walk_packages(facedit.__path__, "facedit."):
        if found.name != "facedit.__main__":
            importlib.import_module(found.name)

every()  # others' packages are imported as on this system
for name in [name for name in sys.modules if name.startswith("facedit.")]:
    del sys.modules[name]
for name in ("fcntl", "grp", "pwd", "pty", "resource", "termios"):
    sys.modules[name] = None
for name in ("fork", "geteuid", "getuid", "killpg", "mkfifo", "sched_getaffinity", "uname"):
    delattr(os, name)
for name in ("O_NOFOLLOW", "O_NONBLOCK"):
    delattr(os, name)
for name in ("SIGALRM", "SIGHUP", "SIGKILL", "pthread_sigmask", "setitimer"):
    delattr(signal, name)
sys.platform = "win32"
every()
"""


@pytest.mark.full
def test_every_module_is_imported_without_what_windows_lacks() -> None:
    pytest.importorskip("mcp")
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
