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
from itertools import pairwise
from pathlib import Path

import av
from edit_speed import make_clip

from facedit.api import transcribe
from facedit.types import Word

CLIP_S = 10.0


def repeated(source: Path, target: Path, times: int) -> float:
    """Write a clip's packets so many times in a row; sound runs on without a gap.

    Returns the seconds that its sound lasts, in whole packets: a little more than the pictures.
    """
    with av.open(str(source)) as file, av.open(str(target), "w") as out:
        streams = [out.add_stream_from_template(stream) for stream in file.streams]
        packets = [
            (one.stream_index, bytes(one), one.pts, one.dts, one.is_keyframe, one.time_base)
            for one in file.demux()
            if one.size
        ]
        ticks = [  # of a packet: all of a stream are as long
            min(b - a for a, b in pairwise(sorted(one[3] for one in packets if one[0] == index)))
            for index in range(len(streams))
        ]
        counts = [sum(one[0] == index for one in packets) for index in range(len(streams))]
        for turn in range(times):
            for index, data, pts, dts, key, base in packets:
                shift = turn * counts[index] * ticks[index]
                packet = av.Packet(data)
                packet.pts, packet.dts, packet.duration = pts + shift, dts + shift, ticks[index]
                packet.is_keyframe, packet.time_base = key, base
                packet.stream = streams[index]
                out.mux(packet)
        heard = next(one.index for one in file.streams.audio)
        return float(counts[heard] * ticks[heard] * file.streams[heard].time_base)


def spoken(word: Word, later_s: float) -> dict[str, str | float]:
    """Write a word as a transcript has it."""
    return {"word": word.text, "start": word.start_s + later_s, "end": word.end_s + later_s}


def run_alone(command: list[str], answer: Path) -> tuple[float, float]:
    """Run facedit with nothing known from before; return its CPU seconds and peak memory in MiB.

    What it says on the standard output goes to ``answer``.
    """
    command = [sys.executable, "-m", "facedit", *command, "--no-progress", "--device", "cpu"]
    with answer.open("w") as out:
        actions = [(os.POSIX_SPAWN_DUP2, out.fileno(), 1)]
        # Nothing of the clip is known from before: neither its tracks nor its sound.
        alone = {**os.environ, "FACEDIT_NO_CACHE": "1"}
        child = os.posix_spawn(command[0], command, alone, file_actions=actions)
        _, status, used = os.wait4(child, 0)
    if status:
        raise SystemExit(f"it failed: {status}")
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def edit(clip: Path, words: Path, old: str, new: str, render: str) -> tuple[float, float, dict]:
    """Run one edit; return its CPU seconds, its peak memory in MiB and its report."""
    output = clip.with_name(f"{render}-{clip.name}")
    command = ["edit", str(clip), "-o", str(output), "--force"]
    command += ["--transcript", str(words), "--replace", old, new, "--voice", "default"]
    answer = clip.with_suffix(".answer")
    cpu_s, peak = run_alone([*command, "--render", render, "--json"], answer)
    report = json.loads(answer.read_text())["reports"][0]
    output.unlink()
    return cpu_s, peak, report


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
        make_clip(args.clip, short, CLIP_S)
        found = transcribe(short).transcript.words
        for minutes in args.minutes:
            times = max(1, round(60 * minutes / CLIP_S))
            clip, words = Path(folder) / f"{times}.mp4", Path(folder) / f"{times}.json"
            lasts_s = repeated(short, clip, times)
            end_s = times * CLIP_S  # of the pictures: sound behind them is not heard
            said = [
                spoken(word, turn * lasts_s)
                for turn in range(times)
                for word in found
                if word.end_s + turn * lasts_s < end_s
            ]
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
