"""Two runs never write into one folder at once, and a killed one is no obstacle."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from facedit.errors import OutputNotWritable
from facedit.lock import NAME, locked

HOLDER = """
import sys
from pathlib import Path
from facedit.lock import locked
with locked(Path(sys.argv[1]), "prepare"):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_folder_is_held_until_its_process_ends_however_it_ends(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        with (
            pytest.raises(OutputNotWritable, match=f"prepare, process {other.pid}: wait"),
            locked(folder, "train"),
        ):
            pass
        other.send_signal(signal.SIGKILL)
    assert (folder / NAME).is_file()
    with locked(folder, "train"):
        assert (folder / NAME).read_text().startswith("facedit train")
    assert list(folder.iterdir()) == []


def test_a_run_that_leaves_nothing_leaves_no_folder_either(tmp_path: Path) -> None:
    with locked(tmp_path / "new", "train"):
        assert (tmp_path / "new").is_dir()
    assert not (tmp_path / "new").exists()
    with locked(tmp_path / "new", "train"):
        (tmp_path / "new" / "weights").touch()
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["weights"]


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputNotWritable, match="cannot be written"), locked(tmp_path / "file", ""):
        pass
