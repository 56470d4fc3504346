"""Times and memory of a one-word edit.

Prints the seconds of each stage for a 10 s clip of 1280x720 with the transcript given, the cost
per frame of tracking and rendering, 10 Euler steps of the motion model on a 4 s window, and the
peak memory of the same edit in a 10 s and in a 10 min clip.

    python benchmarks/edit_speed.py --clip FILE --word OLD --new NEW [--minutes 10]

The clip is any talking head; it is scaled and padded to 720p and repeated to the lengths needed.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from facedit.api import transcribe
from facedit.media.info import new_video_info
from facedit.media.pixels import frame_from_rgb
from facedit.media.probe import probe
from facedit.media.read import read_frames
from facedit.media.sound import read_sound
from facedit.media.write import VideoWriter
from facedit.speech.text.transcript_io import save_transcript

WIDTH, HEIGHT = 1280, 720


def make_clip(source: Path, target: Path, seconds: float) -> None:
    """Scale a clip to 720p and repeat it up to a length."""
    info = probe(source, need_sound=True)
    out = new_video_info(WIDTH, HEIGHT, info.frame_rate, info.sound_rate, info.channels)
    sound = read_sound(source, 0.0, info.duration_s, info=info).samples
    scale = min(WIDTH / info.width, HEIGHT / info.height)
    size = round(info.width * scale), round(info.height * scale)
    left, top = (WIDTH - size[0]) // 2, (HEIGHT - size[1]) // 2
    shown = 0
    with VideoWriter(target, out) as writer:
        while shown < seconds * info.frame_rate:
            for frame in read_frames(source, info=info):
                if shown >= seconds * info.frame_rate:
                    break
                picture = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
                inside = cv2.resize(frame.rgb(), size)
                picture[top : top + size[1], left : left + size[0]] = inside
                time_s = float(Fraction(shown) / info.frame_rate)
                writer.write_frame(frame_from_rgb(picture, time_s, out), time_s)
                shown += 1
            writer.write_sound(sound)


def run_edit(clip: Path, transcript: Path, word: str, new: str, voice: str) -> dict[str, object]:
    """Run the edit in a process of its own; return its report and its peak memory."""
    output = clip.with_name(f"edited-{clip.name}")
    command = [sys.executable, "-m", "facedit", "edit", str(clip), "-o", str(output), "--force"]
    command += ["--transcript", str(transcript), "--replace", word, new, "--voice", voice]
    start = time.perf_counter()
    done = subprocess.run([*command, "--json", "--no-progress"], stdout=subprocess.PIPE, check=True)
    wall = time.perf_counter() - start
    report = json.loads(done.stdout)["reports"][0]
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return {"wall": wall, "peak_mib": peak, "report": report}


def motion_model_seconds(steps: int = 10, frames: int = 100) -> float:
    """Time the sampler on a 4 s window, the best of three."""
    from facedit.model.checkpoint import load_model
    from facedit.model.infill import infill

    model = load_model("default")
    rng = np.random.default_rng(0)
    dims = model.net.config.motion_dims
    motion = rng.standard_normal((frames, dims)).astype(np.float32)
    speech = rng.standard_normal((frames, model.projection.matrix.shape[0])).astype(np.float32)
    mask = np.zeros_like(motion, dtype=bool)
    mask[40:60] = True
    took = []
    for _ in range(3):
        start = time.perf_counter()
        infill(model, motion, mask, speech, seed=0, settings=replace(model.sampler, steps=steps))
        took.append(time.perf_counter() - start)
    return min(took)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clip", type=Path, required=True)
    parser.add_argument("--word", required=True)
    parser.add_argument("--new", required=True)
    parser.add_argument("--voice", default="default")
    parser.add_argument("--minutes", type=float, default=10.0, help="0 leaves the long clip out")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        short, words = Path(folder) / "short.mp4", Path(folder) / "words.json"
        make_clip(args.clip, short, 10.0)
        found = transcribe(short).transcript
        save_transcript(found, words)
        run_edit(short, words, args.word, args.new, args.voice)  # fills the caches
        timed = run_edit(short, words, args.word, args.new, args.voice)
        report = timed["report"]
        print(f"one-word edit of 10 s at {WIDTH}x{HEIGHT}: {timed['wall']:.1f} s in all")
        stages = {stage["name"]: stage["seconds"] for stage in report["stages"]}
        for name, seconds in stages.items():
            print(f"  {name:26} {seconds:7.2f} s")
        made = sum(span["frames"] for span in report["spans"])
        tracked = 250
        print(
            f"  tracking: {1000 * stages['tracking'] / tracked:.1f} ms a frame, decoding included"
        )
        print(f"  {made} frames rendered; the last stage also copies and encodes the others")
        print(f"motion model, 10 steps on 4 s: {motion_model_seconds():.2f} s")
        print(f"peak memory, 10 s: {timed['peak_mib']:.0f} MiB")
        if args.minutes:
            long, long_words = Path(folder) / "long.mp4", Path(folder) / "long.json"
            make_clip(args.clip, long, 60 * args.minutes)
            save_transcript(replace(found, duration_s=60 * args.minutes), long_words)
            second = run_edit(long, long_words, args.word, args.new, args.voice)
            print(f"peak memory, {args.minutes:g} min: {second['peak_mib']:.0f} MiB")
            print(f"one-word edit of {args.minutes:g} min: {second['wall']:.1f} s in all")


if __name__ == "__main__":
    main()
