"""Objects of a store in a list: fetched once for a clip, whole or not at all, and gone after it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from fsspec.implementations.memory import MemoryFileSystem

from facedit.batch import objects, work
from facedit.batch.batch_options import BatchOptions
from facedit.batch.jobs import SyncRequest, read_jobs
from facedit.batch.run_batch import BatchResult, run_batch
from facedit.batch.work import Task
from facedit.compose.session.results import Result
from facedit.errors import AssetMissing, UsageError
from facedit.options import EditRequest

DOCS = Path(__file__).resolve().parents[2] / "docs" / "batch.md"


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MemoryFileSystem]:
    monkeypatch.setenv("FACEDIT_CACHE", str(tmp_path / "cache"))
    store = MemoryFileSystem()
    store.pipe_file("/clips/a b.mp4", b"pictures")
    store.pipe_file("/de/a.wav", b"speech")
    yield store
    store.rm("/clips", recursive=True)


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Task]:
    """Items write the source's bytes instead of a video."""
    tasks: list[Task] = []

    def make(task: Task, _: object) -> Result:
        tasks.append(task)
        (task.folder / task.job.output).write_bytes(task.job.source.read_bytes())
        return Result((), None, "")

    monkeypatch.setattr(work, "_made", make)
    return tasks


def run(folder: Path, *items: dict[str, object]) -> BatchResult:
    rows = [{"verb": "sync", "source": "memory://clips/a b.mp4"} | item for item in items]
    (folder / "jobs.jsonl").write_text("\n".join(map(json.dumps, rows)))
    return run_batch(folder / "jobs.jsonl", folder / "out")


def test_only_where_files_are_meant_is_an_address_one(tmp_path: Path) -> None:
    file = tmp_path / "jobs.jsonl"
    file.write_text(DOCS.read_text().split("```json\n")[2].split("```")[0])
    assert objects.address_of(read_jobs(file)[0].source) == "s3://rushes/b1.mp4"
    item = {"id": "a", "verb": "edit", "source": "s3://b//k?v=1", "replace": [["x", "ftp://y"]]}
    file.write_text(json.dumps(item | {"speech": ["gs://b/s.wav", "own.wav"]}))
    (job,) = read_jobs(file)
    assert isinstance(job.request, EditRequest)
    assert objects.address_of(job.source) == "s3://b//k?v=1"
    assert job.request.replace == (("x", "ftp://y"),)
    assert [objects.address_of(path) for path in job.request.speech] == ["gs://b/s.wav", None]
    assert job.request.speech[1] == tmp_path / "own.wav"


def test_the_objects_of_a_clip_are_fetched_once_and_gone_after_it(
    tmp_path: Path, store: MemoryFileSystem, made: list[Task], monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched = []
    fetch = MemoryFileSystem.get_file

    def counted(self: MemoryFileSystem, name: str, target: str) -> None:
        fetched.append(name)
        fetch(self, name, target)

    monkeypatch.setattr(MemoryFileSystem, "get_file", counted)
    items = [{"id": name, "speech": "memory://de/a.wav"} for name in "ab"]
    assert run(tmp_path, *items).exit_status == 0
    assert sorted(fetched) == ["/clips/a b.mp4", "/de/a.wav"]
    assert (tmp_path / "out" / "b.mp4").read_bytes() == b"pictures"
    request = made[0].job.request
    assert isinstance(request, SyncRequest)
    assert (made[0].job.source.name, request.speech.suffix) == ("a-b.mp4", ".wav")
    assert not list((tmp_path / "cache").iterdir())
    assert run(tmp_path, *items).skipped == 2
    todo = run_batch(tmp_path / "jobs.jsonl", tmp_path / "new", BatchOptions(dry_run=True)).todo
    assert todo[0] == "a: sync memory://clips/a b.mp4 -> a.mp4: to be done"
    store.pipe_file("/clips/a b.mp4", b"another cut")
    assert {one.error for one in run(tmp_path, *items).failed} == {"OutputExists"}


def test_an_object_that_cannot_be_had_fails_its_item_alone(
    tmp_path: Path, store: MemoryFileSystem, made: list[Task], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own.wav").write_bytes(b"speech")
    missing, own = "memory://de/none.wav", {"id": "own", "speech": "own.wav"}
    found = run(tmp_path, {"id": "a", "speech": missing}, own)
    assert [str(one.message) for one in found.failed] == [f"{missing}: no such object."]
    assert [task.job.id for task in made] == ["own"]

    def broken_off(self: MemoryFileSystem, name: str, target: str) -> None:
        Path(target).write_bytes(b"pic")

    monkeypatch.setattr(MemoryFileSystem, "get_file", broken_off)
    found = run(tmp_path, own | {"id": "half"})
    assert "broke off" in found.failed[0].message
    assert not (tmp_path / "out" / "half.mp4").exists()
    assert not list((tmp_path / "cache").iterdir())


def test_a_store_that_is_not_known_or_not_installed_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(UsageError, match="nowhere://a"):
        objects.fingerprint("nowhere://a")
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(AssetMissing, match=r"facedit\[store\]"):
        objects.fingerprint("s3://bucket/a.mp4")
