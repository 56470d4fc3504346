"""What dubbing a whole clip costs by its length, and whether it stays in step to the end.

    python benchmarks/sync_length.py --clip FILE --speech FILE... [--minutes 1 5 10] [--keep DIR]

The clip is a talking head of 10 s or more; out of it is made one with cuts (the same take from
nearer, and mirrored), a pause, and a stretch without the face, again and again up to each length.
The speech is made of the given files, any language, with pauses between. Every run is a process of
its own. Prints CPU seconds, peak memory, lengths of pictures and sound, by how much lips and sound
are apart (the sync network's offset over the first and the last minute), and whether pictures
without a face are the clip's own.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from edit_length import repeated, run_alone

from facedit.face.choice import FaceChoice
from facedit.face.landmarker import Landmarker
from facedit.face.track import track_face
from facedit.lip_sync.sync_weights import judge, load_sync
from facedit.media.info import new_video_info
from facedit.media.pixels import frame_from_rgb
from facedit.media.probe import probe
from facedit.media.read import read_frames
from facedit.media.sound import read_sound
from facedit.media.wav import write_wav
from facedit.media.write import VideoWriter
from facedit.motion.mesh_space import MeshSpace
from facedit.motion.resample import resample_track
from facedit.speech.recognition.sound_cache import cached_features
from facedit.speech.sound_ops import speech_samples
from facedit.types import Float32, Sound, UInt8
from facedit.units import MOTION_FPS, SPEECH_RATE, frame_at

TURN_S, LOOKED_S = 20.0, 60.0
AWAY_S = (15.0, 16.5)
"""When, in every turn of the clip, the face is away."""


def turned(source: list[UInt8], frame: int) -> UInt8:
    """Return a picture of the turn that is repeated."""
    at_s, last = frame / MOTION_FPS, len(source) - 1
    height, width = source[0].shape[:2]
    if at_s < 10:
        return source[min(frame, last)]
    if at_s < 13:
        near = source[min(frame - 250, last)]
        top, left = height // 10, width // 10
        return cv2.resize(near[top : height - top, left : width - left], (width, height))
    if at_s < AWAY_S[0]:
        return source[75]
    if at_s < AWAY_S[1]:
        return cv2.resize(
            source[min(frame - 300, last)][: height // 8, : width // 8], (width, height)
        )
    return source[min(frame - 300, last)][:, ::-1].copy()


def make_turn(source: Path, target: Path) -> None:
    """Write the turn, with the clip's own sound."""
    info = probe(source, need_sound=True)
    frames = [frame.rgb() for frame in read_frames(source, info=info)][: round(10 * MOTION_FPS)]
    out = new_video_info(info.width, info.height, MOTION_FPS, 48_000, 1)
    heard = read_sound(source, 0.0, info.duration_s, info=info)
    samples = np.resize(speech_samples(heard), round(TURN_S * SPEECH_RATE))
    at = np.arange(round(TURN_S * 48_000)) / 3
    samples = np.interp(at, np.arange(len(samples)), samples).astype(np.float32)
    with VideoWriter(target, out) as writer:
        for frame in range(frame_at(TURN_S)):
            time_s = frame / MOTION_FPS
            writer.write_frame(frame_from_rgb(turned(frames, frame), time_s, out), time_s)
        writer.write_sound(samples[:, None])


def make_speech(files: list[Path], target: Path, seconds: float) -> Float32:
    """Write speech of a length, one file after the other with pauses of 0.4 to 2 s."""
    parts, length, rng = [], 0, np.random.default_rng(0)
    said = [speech_samples(read_sound(file, 0.0, probe(file).duration_s)) for file in files]
    while length < seconds * SPEECH_RATE:
        parts += [said[len(parts) // 2 % len(said)]]
        parts += [np.zeros(int(rng.uniform(0.4, 2.0) * SPEECH_RATE), np.float32)]
        length += len(parts[-1]) + len(parts[-2])
    samples = np.concatenate(parts)[: round(seconds * SPEECH_RATE)]
    write_wav(target, Sound(samples[:, None], SPEECH_RATE))
    return samples


def offset(output: Path, samples: Float32, start_s: float, end_s: float) -> str:
    """Say how far lips and speech are apart between two times."""
    frames = ((one.time_s, one.rgb()) for one in read_frames(output, start_s, end_s))
    track = track_face(frames, FaceChoice(), landmarker=Landmarker())
    first, count = frame_at(start_s), frame_at(end_s - start_s)
    landmarks, confidence = resample_track(track, start_s, count)
    space = MeshSpace.load()
    motion = space.encode(landmarks, space.identity(landmarks, np.maximum(confidence, 1e-3)))
    heard = samples[first * 640 : (first + count) * 640]
    speech = cached_features(Sound(heard[:, None], SPEECH_RATE), count).values
    found = judge(load_sync(), motion, speech, confidence > 0.5)
    assert found is not None
    return f"{found.offset:+d} frames (confidence {found.confidence:.2f})"


def away(clip: Path, output: Path, start_s: float) -> Iterator[float]:
    """Yield the mean difference of pictures without a face from the clip's."""
    low, high = start_s + AWAY_S[0] + 0.2, start_s + AWAY_S[1] - 0.2
    for mine, theirs in zip(
        read_frames(output, low, high), read_frames(clip, low, high), strict=True
    ):
        yield float(np.abs(mine.rgb().astype(int) - theirs.rgb()).mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clip", type=Path, required=True)
    parser.add_argument("--speech", type=Path, nargs="+", required=True)
    parser.add_argument("--minutes", type=float, nargs="+", default=[1, 5, 10])
    parser.add_argument("--keep", type=Path, help="folder for the outputs")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        turn = Path(folder) / "turn.mp4"
        make_turn(args.clip, turn)
        for minutes in args.minutes:
            clip, speech = (Path(folder) / f"{minutes:g}.{kind}" for kind in ("mp4", "wav"))
            repeated(turn, clip, round(60 * minutes / TURN_S))
            samples = make_speech(args.speech, speech, 60 * minutes)
            output = Path(folder) / f"out-{minutes:g}.mp4"
            answer = clip.with_suffix(".answer")
            command = ["sync", str(clip), str(speech), "-o", str(output), "--json"]
            cpu_s, peak = run_alone(command, answer)
            report = json.loads(answer.read_text())["reports"][0]
            before, after = probe(clip), probe(output)
            print(f"{minutes:g} min: {cpu_s:.0f} CPU s, {peak:.0f} MiB at most", flush=True)
            stages = (f"{stage['name']} {stage['seconds']:.0f} s" for stage in report["stages"])
            print(f"  {', '.join(stages)}")
            heard_s = read_sound(output, 0.0).duration_s
            print(
                f"  pictures {before.frame_count} before, {after.frame_count} after "
                f"({after.frame_count / MOTION_FPS:.3f} s); sound {heard_s:.3f} s; speech "
                f"{len(samples) / SPEECH_RATE:.3f} s"
            )
            last_s = 60 * minutes - LOOKED_S
            for name, start_s in (("first", 0.0), ("last", last_s)):
                found = offset(output, samples, start_s, start_s + LOOKED_S)
                print(f"  sound later than lips in the {name} minute: {found}", flush=True)
            apart = list(away(clip, output, 60 * minutes - TURN_S))
            print(
                f"  {len(apart)} pictures without a face: {max(apart):.2f} levels from the clip's"
            )
            if args.keep:
                args.keep.mkdir(exist_ok=True)
                shutil.copy(output, args.keep)


if __name__ == "__main__":
    main()
