"""How near a live face comes to ``generate`` and to the person, by how it goes ahead.

    python benchmarks/live_quality.py CLIP... [--pace 4,4 4,3] [--steps 4] [--seed 0]

Each clip's sound is spoken by one picture of it. Prints per pace (frames drawn at once, frames
heard beyond), over the clips: r of the lips' opening with the person's own and with ``generate``'s,
its standard deviation over the person's own, the 95th percentile of the lips' steps between chunks
over that inside them, and the CPU milliseconds of a chunk's motion.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from facedit.compose.frames.person import Person, find_person
from facedit.compose.source.clip import Clip
from facedit.compose.source.models import Models, load_models
from facedit.face.choice import FaceChoice
from facedit.face.distances import lip_opening
from facedit.face.smooth import smooth_track
from facedit.face.track import track_face
from facedit.live.live_motion import LiveMotion
from facedit.live.open_live import quick
from facedit.live.pace import AHEAD, CHUNK, Pace
from facedit.media.sound import read_sound
from facedit.motion.resample import resample_track
from facedit.options import Run
from facedit.progress import StageClock
from facedit.report.seam_steps import motion_steps
from facedit.speech.sound_ops import speech_samples
from facedit.types import Float32
from facedit.units import SPEECH_SAMPLES_PER_FRAME

OFFLINE = Pace(10**6, 0, wider=1.0, gate=False)


@dataclass
class Spoken:
    """A clip: who speaks, what, and how the lips really moved (NaN where they are not seen)."""

    person: Person
    samples: Float32
    own: Float32


def load(path: Path, run: Run) -> Spoken:
    """Track a clip, and take one picture of it."""
    clip = Clip(path, StageClock(None))
    person = find_person(clip, run, picture_only=True)
    frames = ((frame.time_s, frame.rgb()) for frame in clip.frames(0.0, None))
    track = smooth_track(track_face(frames, FaceChoice(), landmarker=clip.landmarker))
    samples = speech_samples(read_sound(path, 0.0, clip.info.duration_s))
    landmarks, _ = resample_track(track, 0.0, len(samples) // SPEECH_SAMPLES_PER_FRAME)
    return Spoken(person, samples, lip_opening(landmarks))


def drawn(spoken: Spoken, models: Models, run: Run, pace: Pace) -> tuple[Float32, Float32, float]:
    """Return lip motion, opening, and CPU seconds a chunk."""
    motion = LiveMotion(spoken.person, models, run, pace)
    start_s = time.process_time()
    chunks = [*motion.push(spoken.samples), *motion.finish()]
    cpu_s = (time.process_time() - start_s) / len(chunks)
    values = np.concatenate([chunk.motion for chunk in chunks])
    shape = models.space.decode(values, motion.canvas.identity)
    return values[:, models.space.groups["lips"]], lip_opening(shape), cpu_s


def likeness(one: Float32, other: Float32) -> float:
    """Return the correlation of two openings where both are known."""
    count = min(len(one), len(other))
    known = np.isfinite(one[:count]) & np.isfinite(other[:count])
    return float(np.corrcoef(one[:count][known], other[:count][known])[0, 1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("clips", type=Path, nargs="+")
    parser.add_argument("--pace", nargs="+", default=[f"{CHUNK},{AHEAD}"])
    parser.add_argument("--steps", type=int, nargs="+", default=[4])
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    run = Run(seed=args.seed)
    models = load_models(run)
    clips = [load(path, run) for path in args.clips]
    offline = [drawn(one, models, run, OFFLINE)[1] for one in clips]
    own = [likeness(mine, one.own) for mine, one in zip(offline, clips, strict=True)]
    sizes = [np.std(mine) / np.nanstd(one.own) for mine, one in zip(offline, clips, strict=True)]
    each = " ".join(f"{one:.2f}" for one in own)
    print(f"generate: r {np.mean(own):.3f} ({each}), size {np.mean(sizes):.2f}", flush=True)
    models = quick(models)
    for text in args.pace:
        for steps in args.steps:
            chunk, ahead = (int(part) for part in text.split(","))
            rows = []
            for one, whole in zip(clips, offline, strict=True):
                lips, opening, cpu_s = drawn(
                    one, models, replace(run, steps=steps), Pace(chunk, ahead)
                )
                moved = motion_steps(lips)
                seams = np.arange(1, len(lips)) % chunk == 0
                between, inside = (np.percentile(moved[at], 95) for at in (seams, ~seams))
                size = np.std(opening) / np.nanstd(one.own)
                same = likeness(opening, whole)
                rows.append((likeness(opening, one.own), same, size, between / inside, cpu_s))
            r, same, size, seam, cpu_s = np.mean(rows, axis=0)
            each = " ".join(f"{row[0]:.2f}" for row in rows)
            print(
                f"{chunk}, {ahead}, {steps} steps: r {r:.3f} ({each}), with generate {same:.2f}, "
                f"size {size:.2f}, seam {seam:.2f}, {1000 * cpu_s:.0f} CPU ms a chunk",
                flush=True,
            )


if __name__ == "__main__":
    main()
