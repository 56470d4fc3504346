"""Lists of items: every one done once, alone with its mistakes, by whatever processes."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from batch_workers import make_troubled

from facedit.batch import run_batch as engine
from facedit.batch import work
from facedit.batch.batch_options import BatchOptions, Limits, Shard
from facedit.batch.batch_page import write_page
from facedit.batch.jobs import SyncRequest, part_of, read_jobs
from facedit.batch.records import content_of, key_of, write_record
from facedit.batch.run_batch import BatchResult, run_batch
from facedit.batch.work import Task, work_on_clip
from facedit.cli.main import main
from facedit.compose.session.results import Result, TranscriptResult
from facedit.editing.diff import WordEdit
from facedit.editing.edit_options import EditOptions
from facedit.editing.script import EditScript, ScriptSource, dumps
from facedit.errors import (
    BadEdit,
    BadMedia,
    DiskFull,
    ItemsFailed,
    NoItemDone,
    OutputNotWritable,
    UsageError,
)
from facedit.lock import locked
from facedit.options import EditRequest, GenerateRequest, MotionOptions, TranscribeOptions
from facedit.progress import Progress
from facedit.scale.workers import Workers
from facedit.types import Transcript, Word
from talking_clips import make_talking_clips

DOCS = Path(__file__).resolve().parents[2] / "docs"


class WorkerDied(Exception):
    """What the end of a worker process is called."""


def written(folder: Path, *items: dict[str, object]) -> Path:
    """Write a list; every item deletes a word unless it says another wish."""
    wishes = ("delete", "say", "speech", "text")
    rows = [
        {"verb": "edit", "source": "clip.mp4"}
        | ({} if any(wish in item for wish in wishes) else {"delete": ["fly"]})
        | item
        for item in items
    ]
    (folder / "clip.mp4").write_bytes(b"pictures")
    (folder / "other.mp4").write_bytes(b"other pictures")
    file = folder / "jobs.jsonl"
    file.write_text("\n".join(json.dumps(row) for row in rows))
    return file


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Items write their id instead of a video; collects which were worked on."""
    names: list[str] = []

    def make(task: Task, _: object) -> Result:
        names.append(task.job.id)
        if task.job.id == "bad":
            raise BadEdit("'fly' does not occur.")
        if task.job.id == "stop":
            raise KeyboardInterrupt
        for output in task.job.outputs(task.folder):
            output.write_text(task.job.id)
        return Result((), None, "", {"reports": [{"warnings": ["look"], "seams": []}]})

    monkeypatch.setattr(work, "_made", make)
    return names


def status(folder: Path, name: str) -> tuple[str, str]:
    found = json.loads((folder / f"{name}.result.json").read_text())
    return found["status"], found["error"]


def test_the_guide_s_list_is_read_with_the_options_of_the_command_line(tmp_path: Path) -> None:
    file = tmp_path / "jobs.jsonl"
    file.write_text((DOCS / "batch.md").read_text().split("```json\n")[1].split("```")[0])
    edit, sync, generate = read_jobs(file)
    assert (edit.request, edit.run.seed) == (EditRequest(replace=(("Tuesday", "Thursday"),)), 1)
    assert (edit.source, edit.output) == (tmp_path / "in/a17.mp4", "a17.mp4")
    assert sync.request == SyncRequest(tmp_path / "de/a18.wav")
    assert sync.output == "a18-de.mp4"
    assert generate.request == GenerateRequest(text="We meet on Thursday.", voice="default")


def test_words_and_motion_are_items_too(tmp_path: Path) -> None:
    items: list[dict[str, object]] = [
        {"id": "a", "verb": "transcribe", "source": "clip.mp4", "text": "words.txt"},
        {"id": "b", "verb": "motion", "source": "clip.mp4", "face": "largest", "output": "b.glb"},
    ]
    file = tmp_path / "jobs.jsonl"
    file.write_text("\n".join(map(json.dumps, items)))
    words, motion = read_jobs(file)
    assert words.request == TranscribeOptions(text=tmp_path / "words.txt")
    assert (words.output, motion.output) == ("a.json", "b.glb")
    assert motion.request == MotionOptions(face="largest")
    file.write_text(json.dumps(items[0] | {"takes": 2}))
    with pytest.raises(UsageError, match="unknown takes"):
        read_jobs(file)


def test_a_folder_is_read_clip_by_clip(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clips, out = tmp_path / "clips", tmp_path / "out"
    (clips / "more").mkdir(parents=True)
    for name in ("a clip.mp4", "more/b.wav", "notes.txt"):
        (clips / name).write_bytes(b"sound")

    def heard(source: Path, output: Path, options: TranscribeOptions) -> TranscriptResult:
        if source.suffix == ".wav":
            raise BadMedia("b.wav: no sound in it.")
        output.write_text(f"{options.language}")
        return TranscriptResult(Transcript((), 1.0), output)

    monkeypatch.setattr(work.api, "transcribe", heard)
    command = ["transcribe", str(clips), "-o", str(out), "--language", "en", "--no-progress"]
    assert main(command) == ItemsFailed.exit_status
    assert (out / "a-clip.json").read_text() == "en"
    assert "b: BadMedia: b.wav: no sound in it." in capsys.readouterr().out
    assert main(["transcribe", str(clips)]) == UsageError.exit_status
    assert "-o DIR" in capsys.readouterr().err


def test_a_table_says_the_same_as_lines(tmp_path: Path) -> None:
    pairs = [["a", "b"], ["c", "d"]]
    lines = written(
        tmp_path,
        {"id": "1", "insert-after": pairs, "delete": ["x"], "takes": 2, "adapt": True},
        {"id": "2", "verb": "sync", "speech": "new.wav", "articulation": 1.5, "region": "face"},
    )
    table = tmp_path / "jobs.csv"
    options = ["insert-after", "delete", "takes", "adapt", "speech", "articulation", "region"]
    names = ["id", "verb", "source", *options]
    with table.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(names)
        writer.writerow(["1", "edit", "clip.mp4", json.dumps(pairs), "x", "2", "true", "", "", ""])
        writer.writerow(["2", "sync", "clip.mp4", *[""] * 4, "new.wav", "1.5", "face"])
    assert read_jobs(table) == read_jobs(lines)


@pytest.mark.parametrize(
    ("items", "said"),
    [
        ([{"id": "a"}, {"id": "a", "output": "b.mp4"}], "line 3: a.result.json is also of"),
        ([{"id": "a", "takes": 2}, {"id": "b", "output": "A-take2.mp4"}], "line 3: A-take2.mp4"),
        ([{"id": "a", "sed": 1}], "line 2: unknown sed (did you mean seed?)"),
        ([{"id": "a", "force": True}], "unknown force"),
        ([{"id": "a", "voice_command": "x {text} {out}"}], "unknown voice_command"),
        ([{"id": "a", "verb": "dub"}], "'dub'; choose edit, sync, generate, transcribe, motion"),
        ([{"id": "a", "verb": "sync"}], "unknown delete"),
        ([{"id": "a", "takes": 99}], "line 2: --takes 99"),
        ([{"id": "a", "seed": "one"}], "seed is 'one'; expected int"),
        ([{"id": "a", "say": "x", "delete": ["y"]}], "use one"),
        ([{"id": "../a"}], "letters, digits"),
        ([{"id": "a", "output": "../b.mp4"}], "give a file name"),
        ([{"id": "a", "source": None}], "missing source"),
    ],
)
def test_a_mistake_in_the_list_is_told_with_its_line_before_any_work(
    tmp_path: Path, items: list[dict[str, object]], said: str, made: list[str]
) -> None:
    with pytest.raises(UsageError) as caught:
        run_batch(written(tmp_path, {"id": "0"}, *items), tmp_path / "out")
    assert said in str(caught.value)
    assert not made
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("text", ["", " ", "{", "[]", '{"id": "a", "id": "b"}', "\0"])
def test_what_is_no_list_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "jobs.jsonl").write_text(text)
    with pytest.raises(UsageError, match=r"jobs\.jsonl"):
        read_jobs(tmp_path / "jobs.jsonl")


@pytest.mark.parametrize("text", ["0/4", "5/4", "4", "a/b", "1/0", "-1/4", ""])
def test_a_shard_that_means_nothing_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--shard"):
        Shard.parse(text)


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_shards_are_a_partition_that_keeps_clips_together(tmp_path: Path, count: int) -> None:
    items = [{"id": f"{k}", "source": f"{k % 5}.mp4"} for k in range(17)]
    jobs = read_jobs(written(tmp_path, *items))
    parts = [part_of(jobs, Shard(number, count)) for number in range(1, count + 1)]
    found = [job.id for part in parts for clip in part for job in clip]
    assert sorted(found) == sorted(job.id for job in jobs)
    clips = [clip[0].source for part in parts for clip in part]
    assert len(clips) == len(set(clips)) == 5


def test_what_is_done_is_skipped_until_something_that_decides_it_changes(
    tmp_path: Path, made: list[str]
) -> None:
    out, told = tmp_path / "out", list[Progress]()
    items = [{"id": "a"}, {"id": "b", "source": "other.mp4"}, {"id": "c"}]
    first = run_batch(written(tmp_path, *items), out, on_progress=told.append)
    assert made == ["a", "c", "b"]  # those of one clip together
    assert (first.exit_status, [one.warnings for one in first.items]) == (0, [("look",)] * 3)
    assert [(one.done, one.total) for one in told] == [(0, 3), (1, 3), (2, 3), (3, 3)]
    assert sorted(path.name for path in out.iterdir()) == [
        "a.mp4", "a.result.json", "b.mp4", "b.result.json", "batch.html", "c.mp4", "c.result.json",
        "results.jsonl",
    ]  # fmt: skip

    (out / "c.mp4").unlink()
    again = run_batch(tmp_path / "jobs.jsonl", out)
    assert (made[3:], again.skipped, again.exit_status) == (["c"], 2, 0)

    (tmp_path / "other.mp4").write_bytes(b"another cut")
    refused = run_batch(tmp_path / "jobs.jsonl", out)
    assert (made[4:], refused.exit_status) == ([], ItemsFailed.exit_status)
    assert "b: OutputExists" in str(refused)
    assert status(out, "b") == ("done", "")  # still true of what is there
    forced = run_batch(tmp_path / "jobs.jsonl", out, BatchOptions(force=True))
    assert (made[4:], forced.exit_status, forced.skipped) == (["b"], 0, 2)

    assert len((out / "results.jsonl").read_text().splitlines()) == 6  # every attempt
    items += [{"id": "new", "source": "away.mp4"}]
    *lines, last = run_batch(written(tmp_path, *items), out, BatchOptions(dry_run=True)).todo
    ends = ["a.mp4: is done", "c.mp4: is done", "OutputExists: ", "away.mp4: no such file."]
    assert all(end in line for end, line in zip(ends, lines, strict=True))
    assert last == "0 to be done, 2 done."


@pytest.mark.parametrize("name", ["a.mp4", "a.mp4.report", "a.result.json"])
def test_files_of_others_stay(tmp_path: Path, made: list[str], name: str) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / name).write_text("mine")
    for _ in range(2):
        found = run_batch(written(tmp_path, {"id": "a"}), out)
        assert (found.failed[0].error, made) == ("OutputExists", [])
        assert (out / name).read_text() == "mine"


def test_with_force_what_is_no_result_is_none(tmp_path: Path, made: list[str]) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "a.result.json").write_text('{"id": "a", "key"')
    file = written(tmp_path, {"id": "a"})
    assert "--force replaces it" in run_batch(file, out).failed[0].message
    assert run_batch(file, out, BatchOptions(force=True)).exit_status == 0
    assert (made, status(out, "a")) == (["a"], ("done", ""))


def test_a_second_call_on_a_folder_is_told_of_the_first(tmp_path: Path, made: list[str]) -> None:
    out, halves = tmp_path / "out", [BatchOptions(shard=Shard(part, 2)) for part in (1, 2)]
    file = written(tmp_path, {"id": "a"}, {"id": "b", "source": "other.mp4"})
    with locked(out / ".shard-1-of-2", "batch"):
        with pytest.raises(OutputNotWritable, match=r"written by facedit batch, process \d+: wait"):
            run_batch(file, out, halves[0])
        run_batch(file, out, halves[1])
    assert made == ["b"]


def test_what_lies_beside_an_output_stays_too(tmp_path: Path) -> None:
    """Only the verb knows that motion has its sound beside it."""
    out = tmp_path / "out"
    out.mkdir()
    (out / "a.wav").write_text("mine")
    file = written(tmp_path, {"id": "a", "verb": "generate", "text": "hi", "output": "a.csv"})
    for _ in range(2):
        assert [one.error for one in run_batch(file, out).failed] == ["OutputExists"]
        assert (out / "a.wav").read_text() == "mine"


def test_an_item_that_fails_fails_alone_with_a_line_of_its_own(
    tmp_path: Path, made: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    items = [{"id": "bad"}, {"id": "a"}, {"id": "gone", "source": "away.mp4"}]
    file = written(tmp_path, *items)
    assert main(["batch", str(file), "-o", str(out), "--no-progress"]) == ItemsFailed.exit_status
    *lines, last = capsys.readouterr().out.splitlines()
    assert [line.split(": ")[:2] for line in lines] == [["gone", "BadMedia"], ["bad", "BadEdit"]]
    assert last == f"1 done, 0 done before, 2 failed. All of the list: {out / 'batch.html'}"
    assert made == ["bad", "a"]  # a mistake is not tried again
    assert (status(out, "bad"), status(out, "a")) == (("failed", "BadEdit"), ("done", ""))
    file = written(tmp_path, {"id": "bad"})
    assert main(["batch", str(file), "-o", str(out), "--no-progress"]) == NoItemDone.exit_status


def test_interrupted_it_leaves_nothing_half_and_goes_on(tmp_path: Path, made: list[str]) -> None:
    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        run_batch(written(tmp_path, {"id": "a"}, {"id": "stop"}), out)
    assert sorted(path.name for path in out.iterdir()) == ["a.mp4", "a.result.json"]
    run_batch(written(tmp_path, {"id": "a"}, {"id": "b"}), out)
    assert made == ["a", "stop", "b"]


def dying(deaths: int, seen: list[tuple[str, ...]]) -> Callable[[Limits], object]:
    """Return a worker that ends in the middle of the item ``dies``, its output written."""
    left = [deaths]

    def handle(tasks: tuple[Task, ...]) -> object:
        seen.append(tuple(task.job.id for task in tasks))
        names = [task.job.id for task in tasks]
        if "dies" not in names or not left[0]:
            return work_on_clip(tasks)
        left[0] -= 1
        if before := tasks[: names.index("dies")]:
            work_on_clip(before)
        held = tasks[names.index("dies")]
        write_record(held.folder, held.started)
        (held.folder / held.job.output).write_text("not yet known to be done")
        raise WorkerDied("SIGKILL")

    return lambda limits: handle


@pytest.mark.parametrize("deaths", [1, 2])
def test_a_died_worker_s_item_is_tried_once_more_and_alone(
    tmp_path: Path, made: list[str], monkeypatch: pytest.MonkeyPatch, deaths: int
) -> None:
    seen: list[tuple[str, ...]] = []
    waits: list[float] = []
    monkeypatch.setattr(engine.time, "sleep", waits.append)
    monkeypatch.setattr(engine, "make_worker", dying(deaths, seen))
    items = [{"id": "a"}, {"id": "dies"}, {"id": "b"}, {"id": "bad"}]
    found = run_batch(written(tmp_path, *items), tmp_path / "out")
    assert seen == [("a", "dies", "b", "bad"), ("dies",), ("b", "bad")]
    failed = {one.id: one.error for one in found.failed}
    assert failed == {"bad": "BadEdit"} | ({"dies": "WorkerDied"} if deaths == 2 else {})
    assert sorted(made) == sorted(["a", "b", "bad"] + ["dies"] * (deaths == 1))
    assert (len(found.items), waits) == (4, [2.0])
    log = [json.loads(line) for line in (tmp_path / "out/results.jsonl").read_text().splitlines()]
    assert [one["error"] for one in log if one["id"] == "dies"] == (
        ["WorkerDied", "" if deaths == 1 else "WorkerDied"]
    )
    # A later run makes it, over what the killed one left.
    later = run_batch(tmp_path / "jobs.jsonl", tmp_path / "out")
    assert [one.id for one in later.failed] == ["bad"]
    assert (tmp_path / "out" / "dies.mp4").read_text() == "dies"


def test_an_item_that_hangs_or_wants_too_much_ends_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "make_worker", make_troubled)
    file = written(tmp_path, {"id": "hungry"}, {"id": "a"}, {"id": "hangs"})
    limits = BatchOptions(retries=0, timeout=1.0, memory=4 * 2**30)
    found = run_batch(file, tmp_path / "out", limits)
    assert {one.id: one.error for one in found.items} == {
        "hungry": "MemoryError", "hangs": "TimedOut", "a": ""
    }  # fmt: skip
    assert "longer than 1 s (--timeout)" in str(found)


def test_a_full_disk_is_tried_again(
    tmp_path: Path, made: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    make, full = work._made, [DiskFull("no room")] * 2

    def until_there_is_room(task: Task, session: object) -> Result:
        if task.job.id == "b" and full:
            raise full.pop()
        return make(task, session)

    monkeypatch.setattr(engine.time, "sleep", waits.append)
    monkeypatch.setattr(work, "_made", until_there_is_room)
    file = written(tmp_path, {"id": "a"}, {"id": "b"})
    assert run_batch(file, tmp_path / "out", BatchOptions(retries=2)).exit_status == 0
    assert (made, waits) == (["a", "b"], [2.0, 4.0])


@pytest.mark.parametrize("text", ["0", "1d", "-3m", "", "1e3", "20mm", "9999999"])
def test_a_limit_that_means_nothing_is_refused(text: str, capsys: pytest.CaptureFixture) -> None:
    assert main(["batch", "jobs.jsonl", "-o", "out", f"--timeout={text}"]) == 2
    assert "--timeout" in capsys.readouterr().err


def test_the_page_shows_failures_by_kind_and_the_worst_seams_first(tmp_path: Path) -> None:
    items = [{"id": name} for name in ("smooth", "rough", "worse", "bad")]
    jobs = read_jobs(written(tmp_path, *items))
    worst = {"smooth": None, "rough": 1.5, "worse": 2.25}
    for job in jobs:
        record = Task(job, tmp_path, "", "", False).started
        if job.id == "bad":
            record = replace(record, status="failed", error="BadEdit", message="<b>no</b>")
        else:
            steps, ratio = {"seams": 2, "rough": int(job.id != "smooth")}, worst[job.id]
            record = replace(record, status="done", worst=ratio, report="a b/report.html", **steps)
        write_record(tmp_path, record)
    text = write_page(jobs, tmp_path).read_text()
    places = [text.index(f'<article id="{name}">') for name in ("worse", "rough", "smooth")]
    assert places == sorted(places)
    assert "&lt;b&gt;no" in text
    assert 'href="a%20b/report.html"' in text
    assert "<b>3 of 4</b>" in text


def test_two_processes_make_the_bytes_that_one_makes(tmp_path: Path) -> None:
    """The whole road once: edits of two clips, one that cannot be, and one of a damaged file."""
    pytest.importorskip("skimage")
    clips = make_talking_clips(tmp_path, "we fly to the moon")
    shutil.copy(clips["one.mp4"], tmp_path / "again.mp4")
    same = {"transcript": "words.json", "provenance": False, "source": "one.mp4"}
    items = [
        {"id": "a", **same},
        {"id": "c", **same, "source": "again.mp4"},
        {"id": "d", **same, "delete": ["nobody"]},
        {"id": "e", **same, "source": "cut-off.mp4"},
    ]
    whole = (tmp_path / "one.mp4").read_bytes()
    (tmp_path / "cut-off.mp4").write_bytes(whole[: len(whole) // 2])
    file = written(tmp_path, *items)
    outs = {}
    for workers in (Workers("processes", 2), Workers()):
        folder = tmp_path / str(workers)
        found: BatchResult = run_batch(file, folder, replace(BatchOptions(), workers=workers))
        failed = {one.id: one.error for one in found.failed}
        assert failed == {"d": "BadEdit", "e": "BadMedia"}
        assert (folder / "batch.html").read_text().count("<img") == 2 * 6
        outs[str(workers)] = {path.name: path.read_bytes() for path in folder.glob("*.mp4")}
    assert outs["1"] == outs["2"]
    assert sorted(outs["1"]) == ["a.mp4", "c.mp4"]


def test_an_item_is_another_where_a_recording_of_its_script_is(tmp_path: Path) -> None:
    words = (Word("we", 0.1, 0.3), Word("fly", 0.4, 0.6))
    script = EditScript(
        ScriptSource("clip.mp4", 1.0, Fraction(25)),
        Transcript(words, 1.0),
        (WordEdit(1, 2, ("walk",)),),
        own=(EditOptions(speech="me.wav"),),
    )
    (tmp_path / "me.wav").write_bytes(b"once")
    (tmp_path / "edit.json").write_text(dumps(script))
    (job,) = read_jobs(written(tmp_path, {"id": "a", "delete": [], "script": "edit.json"}))
    before = key_of(job, content_of)
    assert key_of(job, content_of) == before
    (tmp_path / "me.wav").write_bytes(b"again")
    assert key_of(job, content_of) != before
    (tmp_path / "edit.json").write_text("no script")
    assert key_of(job, content_of) != before
