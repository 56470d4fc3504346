"""What a killed run leaves is cleared by a later one; what a living one holds, and files, stay."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from facedit.cache import cached, prune
from facedit.media.output import check_output, whole_or_nothing
from facedit.scratch import clear_scratch, scratch_file, scratch_folder

HOLD = """
import sys
from pathlib import Path
from facedit.scratch import scratch_file, scratch_folder
with scratch_file(Path(sys.argv[1])) as part, scratch_folder(Path(sys.argv[1])) as folder:
    part.write_text("half")
    (folder / "download").write_text("half")
    print("ready", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def kind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of a kind of results in the cache."""
    monkeypatch.setenv("FACEDIT_CACHE", str(tmp_path))
    folder = tmp_path / "clips" / "kind"
    folder.mkdir(parents=True)
    return folder


@contextmanager
def other_run(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that is at work in a folder, until its standard input closes."""
    run = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert run.stdin is not None
    assert run.stdout is not None
    assert run.stdout.readline() == "ready\n"
    try:
        yield run
    finally:
        run.stdin.close()
        run.stdout.close()
        run.wait()


@pytest.mark.skipif(sys.platform == "win32", reason="an open file cannot be locked and moved there")
@pytest.mark.parametrize("how", [getattr(signal, "SIGKILL", None), signal.SIGTERM])
@pytest.mark.parametrize("later", ["output", "cache"])
def test_the_next_run_clears_what_a_killed_one_left(
    how: signal.Signals, later: str, kind: Path
) -> None:
    kept = kind / ".facedit-notes.part"
    kept.write_text("a user's own")
    mine = kind / "clip.mp4.part"
    mine.write_text("a browser's download")
    with other_run(kind) as run:
        run.send_signal(how)
        assert run.wait() == -how
    assert len(os.listdir(kind)) == 5
    if later == "output":
        check_output(kind / "out.mp4")
    else:
        cached("kind/entry", Path.read_text, lambda: "made", Path.write_text)
        (entry,) = kind.glob("entry-*")
        entry.unlink()
    assert set(kind.iterdir()) == {kept, mine}


@pytest.mark.skipif(sys.platform == "win32", reason="nothing is cleared there")
def test_a_living_run_is_left_alone(kind: Path) -> None:
    with other_run(kind):
        before = set(kind.rglob("*"))
        assert len(before) == 4
        with whole_or_nothing(kind / "out.txt") as part:
            part.write_text("done")
        prune(1_000_000)
        assert set(kind.rglob("*")) == {*before, kind / "out.txt"}
        prune(0)  # even where the folder is too large
        assert set(kind.rglob("*")) == before
    assert os.listdir(kind) == []


def test_one_process_may_hold_several(tmp_path: Path) -> None:
    with scratch_file(tmp_path) as one, scratch_folder(tmp_path) as two:
        clear_scratch(tmp_path)
        assert one.is_file()
        assert two.is_dir()
    assert os.listdir(tmp_path) == []
    clear_scratch(tmp_path / "nowhere")


def test_footage_on_its_way_is_nobody_elses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with scratch_folder() as folder:
        assert folder.parent == tmp_path
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes there")
def test_what_only_bears_such_a_name_costs_nothing(tmp_path: Path) -> None:
    """A pipe does not make it wait, a link does not lead it elsewhere."""
    target = tmp_path / "film.mp4"
    target.write_text("precious")
    os.mkfifo(tmp_path / f".facedit-{'0' * 16}.part")
    (tmp_path / f".facedit-{'1' * 16}.part").symlink_to(target)
    clear_scratch(tmp_path)
    assert target.read_text() == "precious"
