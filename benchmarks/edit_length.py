"""What a one-word edit costs in clips of several lengths: smart against full rendering.

    python benchmarks/edit_length.py --clip FILE --word OLD --new NEW [--minutes 0.17 1 10 60]
                                     [--full-up-to 10] [--json FILE]

The clip is any talking head; it is scaled and padded to 720p, and its packets are repeated to the
lengths needed. The word is edited in the middle of each, with the transcript given; every run is a
process of its own. Prints CPU seconds and peak memory, and their ratios in this one run.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

import av
from edit_speed import make_clip

from facedit.api import transcribe
from facedit.types import Word


def repeated(source: Path, target: Path, times: int) -> None:
    """Write a clip's packets so many times in a row."""
    with av.open(str(target), "w") as out:
        streams, ends = {}, {}
        for turn in range(times):
            with av.open(str(source)) as file:
                for stream in file.streams:
                    if not turn:
                        streams[stream.index] = out.add_stream_from_template(stream)
                # Whole AAC packets: sound runs on without a gap, a little off the pictures.
                for packet in file.demux():
                    if packet.dts is None or (turn and packet.is_discard):
                        continue
                    index, length = packet.stream_index, packet.duration
                    shift = ends.get((index, turn - 1), 0)
                    end = packet.pts + shift + length
                    ends[index, turn] = max(end, ends.get((index, turn), 0))
                    packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
                    packet.stream = streams[index]
                    out.mux(packet)


def spoken(word: Word, later_s: float) -> dict[str, str | float]:
    """Write a word as a transcript has it."""
    return {"word": word.text, "start": word.start_s + later_s, "end": word.end_s + later_s}


def edit(clip: Path, words: Path, old: str, new: str, render: str) -> tuple[float, float, dict]:
    """Run one edit; return its CPU seconds, its peak memory in MiB and its report."""
    output = clip.with_name(f"{render}-{clip.name}")
    command = [sys.executable, "-m", "facedit", "edit", str(clip), "-o", str(output), "--force"]
    command += ["--transcript", str(words), "--replace", old, new, "--voice", "default"]
    command += ["--render", render, "--json", "--no-progress", "--device", "cpu"]
    answer = clip.with_suffix(".answer")
    with answer.open("w") as out:
        actions = [(os.POSIX_SPAWN_DUP2, out.fileno(), 1)]
        child = os.posix_spawn(command[0], command, dict(os.environ), file_actions=actions)
        _, status, used = os.wait4(child, 0)
    if status:
        raise SystemExit(f"the edit failed: {status}")
    report = json.loads(answer.read_text())["reports"][0]
    output.unlink()
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, report


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clip", type=Path, required=True)
    parser.add_argument("--word", required=True)
    parser.add_argument("--new", required=True)
    parser.add_argument("--minutes", type=float, nargs="+", default=[1 / 6, 1, 10, 60])
    parser.add_argument("--full-up-to", type=float, default=10, help="longest full rendering")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        short = Path(folder) / "short.mp4"
        make_clip(args.clip, short, 10.0)
        with av.open(str(short)) as file:
            seconds = float(file.duration / av.time_base)
        found = transcribe(short).transcript.words
        warm = Path(folder) / "warm.json"
        warm.write_text(json.dumps({"words": [spoken(word, 0.0) for word in found]}))
        edit(short, warm, args.word, args.new, "smart")  # fills the caches that are no clip's own
        for minutes in args.minutes:
            times = max(1, round(60 * minutes / seconds))
            clip, words = Path(folder) / f"{times}.mp4", Path(folder) / f"{times}.json"
            repeated(short, clip, times)
            said = [spoken(word, turn * seconds) for turn in range(times) for word in found]
            words.write_text(json.dumps({"words": said}))
            number = [w.text.lower().strip(".,") for w in found].count(args.word) * (times // 2) + 1
            for render in ("smart", "full") if minutes <= args.full_up_to else ("smart",):
                old = f"{args.word}#{number}"
                cpu_s, peak, report = edit(clip, words, old, args.new, render)
                rows.append({"minutes": minutes, "render": render, "cpu_s": cpu_s, "mib": peak})
                rows[-1] |= {stage["name"]: stage["seconds"] for stage in report["stages"]}
                rows[-1]["copied"] = report["figures"].get("pictures copied", 0)
                print(
                    f"{minutes:6.2f} min {render:5} {cpu_s:7.1f} CPU s {peak:6.0f} MiB", flush=True
                )
            clip.unlink()
    first = {row["render"]: row for row in reversed(rows)}
    for row in rows:
        base = first[row["render"]]
        times, more = row["cpu_s"] / base["cpu_s"], row["mib"] - base["mib"]
        against = f"against {base['minutes']:.2f} min"
        name = f"{row['minutes']:6.2f} min {row['render']:5}"
        print(f"{name} {times:5.2f} times, {more:+5.0f} MiB {against}")
    if args.json:
        args.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
