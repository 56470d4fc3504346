"""One list of edits, syncs and talking faces by several ways: same bytes, how fast, kills.

    python benchmarks/many_clips.py CLIPS OUT [--items 40] [--kills 20] [--no-ray]

CLIPS holds videos (``a.mp4``) beside their words (``a.align``), as a speaker of GRID. Speed-ups
mean something on idle cores alone; seconds of CPU tell how many of them a way keeps busy, and what
it adds. One process on all cores uses more than one, so that workers are held against one core too.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

WAYS = {
    "serial on one core": [["--workers", "1"]],
    "serial": [[]],
    "2 processes": [["--workers", "2"]],
    "2 shards": [["--shard", "1/2"], ["--shard", "2/2"]],
    "2 Ray workers": [["--workers", "ray:2"]],
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("clips", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--items", type=int, default=40)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--ray", action=argparse.BooleanOptionalAction, default=True)
    args = parser.parse_args()
    args.out.mkdir(parents=True)
    jobs = write_list(args.clips, args.out, args.items)
    run(jobs, args.out / "warm-up", ["--workers", "2"])  # what is cached is cached for all ways
    expected, seconds = {}, {}
    for way, calls in WAYS.items():
        if way == "2 Ray workers" and not args.ray:
            continue
        folder, start, busy = args.out / way.replace(" ", "-"), time.perf_counter(), cpu_seconds()
        one_core = way == "serial on one core"
        for call in [start_batch(jobs, folder, options, one_core) for options in calls]:
            call.wait()
        seconds[way] = time.perf_counter() - start
        busy = cpu_seconds() - busy
        found = outputs(folder)
        expected = expected or found
        faster = [
            f"{seconds[slow] / seconds[way]:.2f} times as fast as {slow}"
            for slow in list(WAYS)[:2]
            if slow in seconds and slow != way
        ]
        print(
            f"{way}: {len(found)} of {args.items} outputs, "
            f"{'the same bytes' if found == expected else 'OTHER BYTES'}, {seconds[way]:.0f} s, "
            f"{busy:.0f} s of CPU ({busy / seconds[way]:.2f} cores); {', '.join(faster)}",
            flush=True,
        )
    if not args.kills:
        return
    kill_at_random(jobs, args.out / "killed", args.kills, random.Random(args.seed), seconds)
    found = outputs(args.out / "killed")
    print(f"after {args.kills} kills: {'the same bytes' if found == expected else 'OTHER BYTES'}")


def write_list(clips: Path, out: Path, count: int) -> Path:
    """Write a list of edits, syncs and talking faces of the first clips of a folder."""
    videos = sorted(path for path in clips.glob("*.mp4") if path.with_suffix(".align").exists())
    items: list[dict[str, object]] = []
    for index, video in enumerate(videos[: -(-count // 4)]):
        words = [line.split()[2] for line in video.with_suffix(".align").read_text().splitlines()]
        spoken = [word for word in words if word not in ("sil", "sp")]
        same = {"source": str(video.resolve()), "provenance": False}
        known = same | {"verb": "edit", "transcript": str(video.with_suffix(".align").resolve())}
        other = str(videos[(index + 1) % len(videos)].resolve())
        wishes = [
            known | {"replace": [[spoken[1], "green" if spoken[1] != "green" else "white"]]},
            known | {"delete": [spoken[-1]]},
            same | {"verb": "sync", "speech": other},
            same | {"verb": "generate", "speech": other, "picture_only": True},
        ]
        items += [{"id": f"{video.stem}-{k}"} | wish for k, wish in enumerate(wishes)]
    jobs = out / "jobs.jsonl"
    jobs.write_text("\n".join(map(json.dumps, items[:count])))
    return jobs


def start_batch(
    jobs: Path, folder: Path, options: list[str], one_core: bool = False
) -> subprocess.Popen[bytes]:
    folder.mkdir(exist_ok=True)
    taskset = ["taskset", "--cpu-list", str(min(os.sched_getaffinity(0)))] if one_core else []
    with (folder.parent / f"{folder.name}.log").open("ab") as log:
        command = [sys.executable, "-m", "facedit", "batch", str(jobs), "-o", str(folder)]
        return subprocess.Popen(
            [*taskset, *command, "--no-progress", *options],
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def cpu_seconds() -> float:
    """Return what all calls that have ended, and their workers, took of the processor."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def run(jobs: Path, folder: Path, options: list[str]) -> int:
    return start_batch(jobs, folder, options).wait()


def outputs(folder: Path) -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.glob("*.mp4"))
    }


def kill_at_random(
    jobs: Path, folder: Path, kills: int, chance: random.Random, seconds: dict[str, float]
) -> None:
    """Kill the call or one of its workers at random moments, and look at what is left each time."""
    whole = seconds["2 processes"]
    done: dict[str, float] = {}
    for trial in range(kills):
        call = start_batch(jobs, folder, ["--workers", "2"])
        try:
            call.wait(chance.uniform(1.0, 2.5 * whole / kills + 4.0))
        except subprocess.TimeoutExpired:
            victims = [call.pid] if trial % 2 else children(call.pid)
            if victims:
                os.kill(chance.choice(victims), signal.SIGKILL)
            if trial % 2:
                call.wait()
            else:  # its item is tried again: the call ends by itself, or by the next kill
                try:
                    call.wait(3.0)
                except subprocess.TimeoutExpired:
                    call.kill()
                    call.wait()
        for path in sorted(folder.glob("*.result.json")):
            record = json.loads(path.read_text())
            if record["status"] != "done":
                continue
            assert (folder / f"{record['id']}.mp4").is_file(), f"{record['id']}: no output"
            before = done.setdefault(record["id"], record["began"])
            assert before == record["began"], f"{record['id']}: made again"
        print(f"kill {trial + 1}: {len(done)} done", flush=True)
    assert run(jobs, folder, ["--workers", "2"]) == 0
    left = [path.name for path in folder.iterdir() if path.name.startswith(".facedit")]
    assert not left, f"left behind: {left}"


def children(process: int) -> list[int]:
    """Return the worker processes of a call."""
    found = subprocess.run(["pgrep", "-P", str(process)], capture_output=True, text=True)
    workers = []
    for number in map(int, found.stdout.split()):
        command = Path(f"/proc/{number}/cmdline").read_bytes()
        if b"spawn_main" in command:
            workers.append(number)
    return workers


if __name__ == "__main__":
    main()
