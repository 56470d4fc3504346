import os
import select
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from scale_workers import (
    make_missing,
    make_plain,
    make_square,
    make_stillborn,
    make_unpicklable,
)

from facedit.device import cores
from facedit.errors import AssetMissing, FaceditError, UsageError
from facedit.scale import cluster
from facedit.scale.outcome import DIED, Failure
from facedit.scale.run_items import run_items
from facedit.scale.workers import Workers


def outcomes(items, make_worker, workers):
    """Return the outcome of each item by its number; none may come twice."""
    found = {}

    def on_done(index, item, outcome):
        assert items[index] == item
        assert index not in found
        found[index] = outcome

    failed = run_items(items, make_worker, workers=Workers.parse(workers), on_done=on_done)
    assert failed == sum(isinstance(outcome, Failure) for outcome in found.values())
    return found


PLAIN = {0: 1, 1: Failure("ValueError", "three has no square"), 2: 16, 3: 81}


@pytest.mark.parametrize("workers", ["1", "2", pytest.param("ray:2", marks=pytest.mark.full)])
def test_outcomes_do_not_depend_on_who_works(workers):
    if workers.startswith("ray"):
        pytest.importorskip("ray")
    assert outcomes([1, 3, 4, 9], make_plain, workers) == PLAIN


def test_a_dead_process_fails_only_its_item_and_is_replaced():
    items = [1, 5, 2, 7, 3, 4, 6, 8]
    found = outcomes(items, make_square, "2")
    assert found[1].kind == found[3].kind == DIED
    assert "exit status 9" in found[1].message
    assert "SIGKILL" in found[3].message
    assert found[4] == Failure("KeyError", "'no\\nthree'")
    good = {index: found[index] for index in (0, 2, 5, 6, 7)}
    assert {index: result[0] for index, result in good.items()} == {
        index: items[index] ** 2 for index in good
    }
    # Models are loaded once a process: the counters of a process run on, each in one thread.
    processes = {pid for _, pid, _, _ in good.values()}
    assert os.getpid() not in processes
    assert {threads for *_, threads in good.values()} == {str(max(cores() // 4, 1))}
    assert max(handled for _, _, handled, _ in good.values()) > 1


def test_the_last_item_may_kill_its_process():
    found = outcomes([1, 5], make_square, "2")
    assert found[0][0] == 1
    assert found[1].kind == DIED


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_worker_that_cannot_load_ends_the_run_with_its_own_error(workers):
    with pytest.raises(AssetMissing, match="no model here"):
        outcomes([1, 2], make_missing, workers)


def test_a_process_that_dies_while_it_loads_ends_the_run():
    with pytest.raises(FaceditError, match="exit status 4"):
        outcomes([1], make_stillborn, "2")


def test_a_result_that_cannot_travel_fails_alone():
    found = outcomes([1, 2], make_unpicklable, "2")
    assert found[1] == 2
    assert isinstance(found[0], Failure)


def test_no_process_is_left_when_the_caller_gives_up():
    pids = []

    def on_done(index, item, outcome):
        pids.append(outcome[1])
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        run_items([1, 2, 4], make_square, workers=Workers("processes", 2), on_done=on_done)
    with pytest.raises(ProcessLookupError):
        os.kill(pids[0], 0)


SCRIPT = """
import signal, sys
from pathlib import Path
from scale_workers import make_sleeper
from facedit.scale.run_items import run_items
from facedit.scale.workers import Workers

if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    fifo = Path(sys.argv[1])
    run_items([fifo] * 4, make_sleeper, workers=Workers("processes", 2),
              on_done=print)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no named pipes there")
@pytest.mark.parametrize("stop", [signal.SIGTERM, getattr(signal, "SIGKILL", None)])
def test_children_end_with_their_parent(tmp_path, stop):
    script, fifo = tmp_path / "script.py", tmp_path / "fifo"
    script.write_text(SCRIPT)
    os.mkfifo(fifo)
    paths = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    parent = subprocess.Popen(
        [sys.executable, str(script), str(fifo)],
        env=os.environ | {"PYTHONPATH": paths},
        stderr=subprocess.DEVNULL,
    )
    try:
        said = b""
        while said.count(b"begun") < 2:
            said += next_words(reader)
        parent.send_signal(stop)
        # The pipe ends when the last of its writers has, and they were to say so on waking.
        assert next_words(reader) == b""
    finally:
        parent.kill()
        parent.wait()
        os.close(reader)


def next_words(reader):
    """Read what comes next; empty at the end."""
    ready, _, _ = select.select([reader], [], [], 60)
    assert ready, "nothing came in a minute"
    return os.read(reader, 100)


@pytest.mark.parametrize(
    ("text", "workers"),
    [
        ("1", Workers("here", 1)),
        ("12", Workers("processes", 12)),
        ("ray", Workers("ray", cores())),
        ("ray:3", Workers("ray", 3)),
        ("ray:auto", Workers("ray", None, "auto")),
        ("ray:10.0.0.1:6379", Workers("ray", None, "10.0.0.1:6379")),
        ("ray:ray://head:10001", Workers("ray", None, "ray://head:10001")),
    ],
)
def test_the_option_says_who_works(text, workers):
    assert Workers.parse(text) == workers
    assert Workers.parse(str(workers)) == workers


@pytest.mark.parametrize(
    "text", ["", "0", "-2", "two", "2.5", "ray:", "ray:0", "slurm", "99999", "1:2"]
)
def test_other_options_are_refused_in_one_line(text):
    with pytest.raises(UsageError) as caught:
        Workers.parse(text)
    assert "--workers" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_address_where_nobody_listens_is_refused_at_once():
    pytest.importorskip("ray")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
        with pytest.raises(UsageError, match="nobody answers there"):
            outcomes([1], make_plain, f"ray:{address}")


def test_without_ray_one_line_says_what_to_install(monkeypatch):
    def missing(name):
        raise ModuleNotFoundError(f"No module named {name!r}")

    monkeypatch.setattr(cluster.importlib, "import_module", missing)
    with pytest.raises(AssetMissing, match=r"pip install 'facedit\[cluster\]'"):
        outcomes([1], make_plain, "ray:1")
