"""Nothing leaves the machine, and nothing that could name it is kept on it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from facedit.weights.fetch import cache_dir
from sandbox import KILLED, can_forbid_sockets, forbid_sockets
from talking_clips import make_talking_clips

pytestmark = pytest.mark.skipif(not can_forbid_sockets(), reason="needs Linux's seccomp")

RUNS = """
from facedit.cli.main import main
for arguments in (
    ["transcribe", "one.mp4", "-o", "one.srt"],
    ["edit", "one.mp4", "-o", "edited.mp4", "--replace", "moon", "station", "--no-progress"],
    ["generate", "one.mp4", "--text", "Moon.", "-o", "said.mp4", "--picture-only", "--no-progress"],
    ["doctor"],
):
    status = main(arguments)
    assert status == 0, (arguments, status)
"""


def in_sandbox(program: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run Python code without a socket, in a home and a temporary folder of its own."""
    for name in ("home", "tmp"):
        (folder / name).mkdir(exist_ok=True)
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("XDG", "ORT"))
    }
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder,
        env=kept
        | {"HOME": str(folder / "home"), "TMPDIR": str(folder / "tmp"), "PYTHONPATH": _paths()}
        | environment,
        preexec_fn=forbid_sockets,
        capture_output=True,
        text=True,
    )


def test_the_sandbox_notices_a_look_up(tmp_path: Path) -> None:
    looked_up = "import socket; socket.getaddrinfo('facedit.invalid', 443)"
    assert in_sandbox(looked_up, tmp_path).returncode == KILLED
    assert in_sandbox("print('still here')", tmp_path).stdout == "still here\n"


def test_the_verbs_open_no_socket_and_leave_no_id(tmp_path: Path) -> None:
    make_talking_clips(tmp_path)
    # Weights stay where they are; everything that a run keeps goes to a cache of its own.
    cache = tmp_path / "cache"
    cache.mkdir()
    (cache / "assets").symlink_to(cache_dir() / "assets")
    done = in_sandbox(RUNS, tmp_path, FACEDIT_CACHE=str(cache))
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in (tmp_path / "home").rglob("*")) == []
    assert sorted(path.name for path in (tmp_path / "tmp").rglob("*")) == []
    assert {path.name for path in cache.iterdir()} <= {
        "assets",
        "speech",
        "verified",
        "transcripts",
        "whisper-base",
    }


def _paths() -> str:
    """Where a child finds the package that is tested."""
    import facedit

    return str(Path(facedit.__file__).parents[1])
