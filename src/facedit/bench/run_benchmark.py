"""``facedit bench run``: every item through every system, resumable, then the report."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from facedit import __version__
from facedit.bench.bench_options import CheckOptions, RunOptions
from facedit.bench.items import Bench, Item, read_bench
from facedit.bench.judges.judge_files import JudgeFiles
from facedit.bench.judges.judges import judged_measures
from facedit.bench.judges.pooled import said
from facedit.bench.measures.registry import MEASURES
from facedit.bench.record import Record, read_records, write_records
from facedit.bench.report.facts import RunFacts
from facedit.bench.selection import chosen_items, clips_folder, other_clip, stray_videos
from facedit.bench.selfcheck import left_out, selfcheck
from facedit.bench.systems.chosen import choose
from facedit.bench.systems.system import System
from facedit.bench.worker import Job, Task, make_worker
from facedit.device import choose_device
from facedit.errors import ItemsFailed, OutputExists
from facedit.evaluation.measure import DRAWN, Measure
from facedit.lock import NAME as LOCK
from facedit.lock import locked
from facedit.media.output import whole_or_nothing
from facedit.render.network import default_weights
from facedit.scale.outcome import Failure
from facedit.scale.run_items import run_items
from facedit.weights import fetch as assets
from facedit.weights.fetch import sha256_of

RECORDS, RUN = "records.jsonl", "run.json"


def check_settings(
    output: Path, bench: Bench, systems: Sequence[System], options: RunOptions
) -> None:
    """Make sure that a folder holds results of these settings only; else ``OutputExists``."""
    items_hash = hashlib.sha256(repr(bench.items).encode()).hexdigest()[:16]
    settings: dict[str, object] = {
        "bench": f"{bench.name} {bench.version} {items_hash}",
        "facedit": __version__,
        "takes": options.takes,
        "judges": options.judges,
    }
    identities = {s.name: _identity(s) for s in systems}
    path = output / RUN
    if path.is_file():
        found = json.loads(path.read_text(encoding="utf-8"))
        known: dict[str, str] = found.get("systems", {})
        # As much as both have, and all of the settings, must be the same.
        if found | settings == found and known | identities == identities | known:
            identities = known | identities
        elif options.force:
            (output / RECORDS).unlink(missing_ok=True)
        else:
            raise OutputExists(
                f"{output} holds results of another benchmark, version or setting: choose another "
                "-o, or --force to throw them away."
            )
    elif any(one.name != LOCK for one in output.iterdir()) and not options.force:
        raise OutputExists(f"{output} is not empty: choose another -o, or add --force.")
    with whole_or_nothing(path, force=True) as part:
        part.write_text(json.dumps(settings | {"systems": identities}, indent=1), encoding="utf-8")


def _identity(system: System) -> str:
    """Say in one line on what the results of a system depend."""
    by = ""
    if system.pictures == "rendered" and default_weights().is_file():
        by = sha256_of(default_weights())[:16]
    return f"{system.pictures} {by} {system.origin} {system.videos}"


if TYPE_CHECKING:
    from facedit.bench.report.write_results import Report


def run(folder: Path, output: Path, options: RunOptions | None = None) -> Report:
    """Run a benchmark and write its report; run again to go on where a run stopped.

    Measures that do not prove themselves are left out by name. ``ItemsFailed`` if items failed: the
    report is written all the same. (``FaceditError`` if most measures do not prove themselves.)
    """
    options = options or RunOptions()
    choose_device(options.device)
    bench = read_bench(folder)
    clips = clips_folder(folder, bench, options.clips)
    systems = choose(options.systems)
    items = chosen_items(bench, options.tracks, options.limits)
    judges = JudgeFiles.parse(options.judges) if options.judges else None
    assets.require("core", "bench")
    with locked(output, "bench run"):
        check_settings(output, bench, systems, options)
        how = CheckOptions(
            items=options.selfcheck_items, workers=options.workers, device=options.device,
            on_progress=options.on_progress,
        )  # fmt: skip
        checked = selfcheck(bench, clips, output, how)
        unproven = left_out(checked)  # before the long work, if no figure can be trusted
        work_off(output, clips, items, systems, options)
        part = replace(bench, items=tuple(items))
        facts = replace(run_facts(part, systems, options, checked, clips), unproven=unproven)
        if judges is not None:
            names = [one.name for one in systems]
            lines = said(judges, output, names, read_records(output / RECORDS))
            facts = replace(facts, judged=lines)
        measures = [*MEASURES, *(judged_measures(judges) if judges else ())]
        measures = [m for m in measures if m.name.removeprefix(DRAWN) not in unproven]
        return finish(output, bench, part, systems, facts, options.reference, measures)


def work_off(
    output: Path, clips: Path, items: Sequence[Item], systems: Sequence[System], options: RunOptions
) -> None:
    """Work on what has no result yet; each result is on disk as soon as it is there."""
    path = output / RECORDS
    before = read_records(path)
    done = {(r.item, r.system) for r in before if r.status != "failed"}
    # A line that was torn by a kill must not swallow the next one.
    write_records(path, [r for r in before if r.status != "failed"])
    tasks = []
    for number, item in enumerate(items):
        missing = tuple(s.name for s in systems if (item.id, s.name) not in done)
        if missing:
            tasks.append(Task(item, other_clip(items, number), missing))
    if not tasks:
        return
    job = Job(clips, output, options.systems, options.takes, options.device, options.judges)
    with path.open("a", encoding="utf-8") as file:

        def on_done(index: int, task: Task, outcome: list[Record] | Failure) -> None:
            if isinstance(outcome, Failure):
                outcome = [
                    Record(task.item.id, name, "failed", str(outcome)) for name in task.systems
                ]
            file.writelines(record.to_line() for record in outcome)
            file.flush()

        run_items(
            tasks, partial(make_worker, job), workers=options.workers, on_done=on_done,
            title="items", on_progress=options.on_progress,
        )  # fmt: skip


def run_facts(
    bench: Bench, systems: Sequence[System], options: RunOptions, checked: object, clips: Path
) -> RunFacts:
    """Say for the page what was run, with what and on what; ``checked``: the self-check."""
    return RunFacts(
        versions={"facedit": __version__},
        weights={system.name: system.origin for system in systems if system.origin},
        seed=bench.seed,
        selfcheck=tuple(str(checked).splitlines()),
        systems={system.name: system.about for system in systems},
        command=options.command,
        date=time.strftime("%Y-%m-%d"),
        machine={
            "processor": platform.machine(),
            "cores": str(os.cpu_count()),
            "workers": str(options.workers),
            "python": platform.python_version(),
        },
        clips=clips,
    )


def finish(
    output: Path,
    bench: Bench,
    part: Bench,
    systems: Sequence[System],
    facts: RunFacts,
    reference: str,
    measures: Sequence[Measure],
) -> Report:
    """Write the report of the ``part`` of a benchmark that was run, and say what failed.

    ``ItemsFailed`` if items failed or videos belong to no item; the report is written first.
    """
    from facedit.bench.report.write_results import write_results

    order = {item.id: number for number, item in enumerate(part.items)}
    names = [system.name for system in systems]
    records = sorted(
        (r for r in read_records(output / RECORDS) if r.item in order and r.system in names),
        key=lambda r: (order[r.item], names.index(r.system)),
    )
    write_records(output / RECORDS, records)
    reference = reference if reference in names else names[0]
    report = write_results(output, part, records, measures, facts, reference=reference)
    faults = []
    if failed := [record for record in records if record.status == "failed"]:
        first = f"{failed[0].item}, {failed[0].system}: {failed[0].reason}"
        faults.append(f"{len(failed)} of {len(records)} results failed (first: {first})")
    if stray := stray_videos(bench, systems):
        faults.append(f"{len(stray)} videos are named like no item (first: {stray[0]})")
    if faults:
        raise ItemsFailed(f"{'; '.join(faults)}; {output / 'index.html'} lists them all.")
    return report
