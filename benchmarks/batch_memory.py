"""Memory of a batch of many small items: the parent's and its workers', as items get done.

    python benchmarks/batch_memory.py CLIPS OUT [--items 1000] [--workers 2]

CLIPS holds videos (``a.mp4``) beside their words (``a.align``), as a speaker of GRID. Each item is
a clip of its own name: the motion of a third of a second, and every 25th a cut in a whole clip.
Linux only.
"""

from __future__ import annotations

import argparse
import json
import shutil
import time
from itertools import cycle, islice
from pathlib import Path
from statistics import median

import av
from many_clips import children, start_batch

CLIPS, FRAMES = 10, 8
MARKS = (50, 100, 200, 500, 1000, 2000, 5000)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("clips", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--items", type=int, default=1000)
    parser.add_argument("--workers", type=int, default=2)
    args = parser.parse_args()
    args.out.mkdir(parents=True)
    jobs = write_list(args.clips, args.out, args.items)
    call = start_batch(jobs, args.out / "made", ["--workers", str(args.workers)])
    samples: list[tuple[int, int, list[int]]] = []
    marks = [mark for mark in MARKS if mark <= args.items]
    print("| items done | parent | workers |\n|---|---|---|")
    while call.poll() is None:
        time.sleep(0.5)
        done = lines(args.out / "made" / "results.jsonl")
        samples.append((done, resident_mb(call.pid), [*map(resident_mb, children(call.pid))]))
        if marks and done >= marks[0]:
            tell(marks.pop(0), samples)
            samples.clear()
    if samples and marks:
        tell(marks[0], samples)
    print(f"exit status {call.returncode}, {lines(args.out / 'made' / 'results.jsonl')} attempts")


def write_list(clips: Path, out: Path, count: int) -> Path:
    """Give each item a clip of its own name, and a verb in turn."""
    videos = [path for path in sorted(clips.glob("*.mp4")) if path.with_suffix(".align").exists()]
    items = []
    for number, video in zip(range(count), cycle(videos[:CLIPS]), strict=False):
        words = video.with_suffix(".align")
        spoken = [line.split()[2] for line in words.read_text().splitlines()]
        last = [word for word in spoken if word not in ("sil", "sp")][-1]
        source = out / f"{number}.mp4"
        if not (short := out / video.name).exists():
            shorten(video, short)
        shutil.copy(short if number % 25 else video, source)
        known = {"transcript": str(words.resolve()), "provenance": False}
        edit = {"verb": "edit", "delete": [last]} | known
        wish = {"verb": "motion"} if number % 25 else edit
        items.append({"id": str(number), "source": source.name} | wish)
    jobs = out / "jobs.jsonl"
    jobs.write_text("\n".join(map(json.dumps, items)))
    return jobs


def shorten(video: Path, target: Path) -> None:
    with av.open(str(video)) as source, av.open(str(target), "w") as short:
        pictures = source.streams.video[0]
        made = short.add_stream("libx264", rate=pictures.average_rate)
        made.width, made.height, made.pix_fmt = pictures.width, pictures.height, "yuv420p"
        for frame in islice(source.decode(pictures), FRAMES):
            short.mux(made.encode(frame))
        short.mux(made.encode(None))


def lines(log: Path) -> int:
    return log.read_bytes().count(b"\n") if log.exists() else 0


def resident_mb(process: int) -> int:
    """Return what a process holds in memory, but for what its files could be read back for."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0
    return int(status.partition("RssAnon:")[2].split()[0]) // 1024 if "RssAnon:" in status else 0


def tell(mark: int, samples: list[tuple[int, int, list[int]]]) -> None:
    """Print a row: the parent's memory at this moment, and workers' median and largest since."""
    workers = [worker for _, _, each in samples for worker in each if worker]
    largest, usual = max(workers, default=0), median(workers or [0])
    print(f"| {mark} | {samples[-1][1]} MB | {usual:.0f} MB, at most {largest} |", flush=True)


if __name__ == "__main__":
    main()
