"""What a video adds to a picture: whole clips spoken by one picture, or by a video's person.

python benchmarks/manner.py DATA PREPARED [--split dev] [--weights default]

Landmarks only, along the road of ``facedit generate``. Of speakers with several clips the picture
(the most closed mouth) and the video are one clip, the speech is the next one's, and the footage
lent to the picture a third one; of the others picture and video are the clip's first half and the
speech its second. Lip opening and width of the drawn landmarks, in outer-eye distances, against
those of the clip whose speech it is: r pools clips about their own means; the error is the mean
absolute one over the truth's mean absolute deviation, level included; size is the ratio of standard
deviations. Brackets: 95 % bootstrap over clips.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from facedit.compose.frames.base import Take
from facedit.compose.frames.canvas import target_landmarks
from facedit.compose.frames.output_sound import stretches
from facedit.compose.frames.person import Person, prompt_of
from facedit.compose.frames.picture_base import picture_base
from facedit.dataset.prepared import ClipRow, read_rows
from facedit.evaluation.evaluate import group_clips
from facedit.evaluation.stats import draw_clips, interval
from facedit.face.distances import lip_opening, lip_width
from facedit.face.smooth import smooth_track
from facedit.face.store import load_track
from facedit.media.sound import read_sound
from facedit.model.checkpoint import load_model, weights_path
from facedit.model.infill import infill
from facedit.motion.mesh_space import MeshSpace
from facedit.motion.resample import resample_track
from facedit.render.bank import ReferenceBank
from facedit.render.mouths import Mouths
from facedit.render.still_renderer import Still
from facedit.speech.encoders.encoders import encoder_of
from facedit.types import FaceTrack, Float32, Sound
from facedit.units import frame_at, frame_time

MOST = 12
"""Clips of one speaker."""


def main() -> None:
    """Measure and print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("prepared", type=Path)
    parser.add_argument("--split", default="dev", choices=("dev", "train"))
    parser.add_argument("--speakers", nargs="*", default=[])
    parser.add_argument("--weights", default="default")
    arguments = parser.parse_args()
    rows = [
        row
        for row in read_rows(arguments.prepared)
        if row.split == arguments.split
        and (not arguments.speakers or row.speaker in arguments.speakers)
    ]
    model = load_model(weights_path(arguments.weights))
    space, encoder = MeshSpace.named(model.space), encoder_of(model.encoder)
    print(
        "| clips | from | opening r | error | size | width r | error | size |\n" + "|---" * 8 + "|"
    )
    for corpus, members in group_clips(rows, None).items():
        found: list[dict[str, np.ndarray]] = []
        for number, (shown, lent, other, part) in enumerate(cases(arguments, members)):
            sound = stretches(read_sound(arguments.data / other.file))
            truth, seen = lips_of(track_of(arguments.prepared, other), *part)
            ways = {"picture": Person(shown.still), "video": shown}
            if lent is not None:
                ways["picture and footage"] = replace(lent, still=shown.still, borrowed=True)
            sums: dict[str, np.ndarray] = {}
            for name, known in ways.items():
                spoken = later(sound, frame_time(part[0]))
                base = picture_base(known, spoken(0.0, frame_time(len(truth))), "")
                (canvas,) = base.canvases(space, "lips")
                (heard,) = base.speech((canvas,), spoken, encoder)
                motion = infill(model, canvas.values, canvas.mask, heard, seed=number)[0]
                take = Take((canvas,), (motion,), space, Mouths(None), number)
                (work,) = base.works(take)
                face = np.repeat(known.still.landmarks[None], len(truth), axis=0)
                wanted = work.infilled[-len(truth) :]
                targets = target_landmarks(space, work.canvas.identity, face, wanted, "lips")
                sums[name] = moments(truth[seen], measure(targets)[seen])
            found.append(sums)
        # Speakers of two clips have no third: they count where nobody has.
        names = max((list(sums) for sums in found), key=len, default=[])
        whole = [sums for sums in found if len(sums) == len(names)]
        if whole:
            report(corpus, {name: np.array([sums[name] for sums in whole]) for name in names})


def track_of(prepared: Path, row: ClipRow) -> FaceTrack:
    """Load a clip's smoothed track."""
    return smooth_track(load_track(prepared / "tracks" / f"{row.sha256}.npz"))


def cases(
    arguments: argparse.Namespace, members: list[ClipRow]
) -> list[tuple[Person, Person | None, ClipRow, tuple[int, int]]]:
    """Pair a person, also as seen in a third clip, with speech: its clip, first frame and count."""
    speakers: dict[tuple[str, str], list[ClipRow]] = defaultdict(list)
    for row in members:
        speakers[row.corpus, row.speaker].append(row)
    found = []
    for clips in speakers.values():
        few = clips[:MOST]
        tracks = [track_of(arguments.prepared, row) for row in few]
        counts = [frame_at(float(track.times_s[-1])) + 1 for track in tracks]
        parts = [(0, count) for count in counts]
        if len(few) == 1:
            half = counts[0] // 2
            tracks, parts = [before(tracks[0], frame_time(half))], [(half, counts[0] - half)]
        people = [
            seen_in(arguments.data / row.file, track)
            for row, track in zip(few, tracks, strict=True)
        ]
        for index, own in enumerate(people):
            spoken = (index + 1) % len(few)
            lent = people[(index + 2) % len(few)] if len(few) > 2 else None
            if own is not None and (len(few) < 3 or lent is not None):
                found.append((own, lent, few[spoken], parts[spoken]))
    return found


def seen_in(path: Path, track: FaceTrack) -> Person | None:
    """Take picture and prompt from a clip; None if it is too short."""
    prompt = prompt_of(track, stretches(read_sound(path)))
    if prompt is None:
        return None
    closed = int(np.nanargmin(lip_opening(track.landmarks)))
    still = Still(np.zeros((2, 2, 3), np.uint8), track.landmarks[closed])
    return Person(still, track, ReferenceBank(), prompt)


def later(sound: Callable[[float, float], Sound], by_s: float) -> Callable[[float, float], Sound]:
    """Begin a sound later."""
    return lambda start_s, end_s: sound(by_s + start_s, by_s + end_s)


def before(track: FaceTrack, end_s: float) -> FaceTrack:
    """Cut a track off."""
    count = int(np.searchsorted(track.times_s, end_s))
    return FaceTrack(
        track.times_s[:count], track.landmarks[:count], track.confidence[:count],
        track.width, track.height,
    )  # fmt: skip


def lips_of(track: FaceTrack, first: int, frames: int) -> tuple[Float32, np.ndarray]:
    """Measure true lips, shape (T, 2), and tell where a face is seen."""
    landmarks, confidence = resample_track(track, frame_time(first), frames)
    lips = measure(landmarks)
    return lips, np.isfinite(lips).all(axis=1) & (confidence > 0)


def measure(landmarks: Float32) -> Float32:
    """Return lip opening and width, shape (T, 2)."""
    return np.stack([lip_opening(landmarks), lip_width(landmarks)], axis=1)


def moments(truth: Float32, drawn: Float32) -> np.ndarray:
    """Sum up a clip, shape (2, 5): centred xx, yy, xy, |error|, |deviation|."""
    x, y = truth.astype(np.float64), drawn.astype(np.float64)
    xc, yc = x - x.mean(axis=0), y - y.mean(axis=0)
    squares = [(xc**2).sum(0), (yc**2).sum(0), (xc * yc).sum(0)]
    return np.stack([*squares, abs(x - y).sum(0), abs(xc).sum(0)], axis=1)


def figures(total: np.ndarray) -> np.ndarray:
    """Return r, error and size, shape (..., 2, 3)."""
    xx, yy, xy, error, spread = np.moveaxis(total, -1, 0)
    return np.stack([xy / np.sqrt(xx * yy), error / spread, np.sqrt(yy / xx)], axis=-1)


def report(corpus: str, tables: dict[str, np.ndarray]) -> None:
    """Print a row per way, the second with its paired difference to the first."""
    clips = len(next(iter(tables.values())))
    draws = draw_clips(clips, 1000, 0)
    drawn = {n: figures(np.einsum("dc,cij->dij", draws, t)) for n, t in tables.items()}
    base = figures(tables["picture"].sum(axis=0))
    for name, table in tables.items():
        found, cells = figures(table.sum(axis=0)), []
        for index in np.ndindex(2, 3):
            cell = f"{found[index]:.3f}"
            if name != "picture":
                low, high = interval((drawn[name] - drawn["picture"])[(slice(None), *index)])
                cell += f" ({found[index] - base[index]:+.3f} [{low:+.3f}, {high:+.3f}])"
            cells.append(cell)
        print(f"| {corpus} ({clips}) | {name} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
