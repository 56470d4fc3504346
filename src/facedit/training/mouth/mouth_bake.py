"""Training pictures of the mouth network: the canonical crops of clips, cut out once."""

from __future__ import annotations

import csv
import logging
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from facedit.dataset.footage_list import LEARNT, list_sources
from facedit.face.distances import lip_gap
from facedit.face.regions import OUTER_EYE_CORNERS
from facedit.media.output import whole_or_nothing
from facedit.media.read import read_frames
from facedit.render.geometry import lip_descriptor
from facedit.render.mouth_inputs import canonical_source
from facedit.types import Float32, UInt8
from facedit.weights.fetch import sha256_of

_LOG = logging.getLogger(__name__)

BAKE_FORMAT = "1"

CLIPS = "clips.csv"
"""Table of the baked clips, written last."""


@dataclass(frozen=True, slots=True)
class BakedClip:
    """The canonical crops of one clip, read from disk as needed.

    Attributes:
        corpus: Name of the corpus.
        speaker: Name of the speaker.
        times_s: Times of the frames, shape (F,).
        crops: Canonical crops, shape (F, 128, 128, 3), memory-mapped.
        landmarks: Landmarks in crop pixels, shape (F, 478, 3), memory-mapped.
        descriptors: Lip descriptors, shape (F, 85).
        gaps: Lip openings over the eye distance, shape (F,).
        turned: How far the head is turned to either side in radians, shape (F,).
    """

    corpus: str
    speaker: str
    times_s: NDArray[np.float64]
    crops: UInt8
    landmarks: Float32
    descriptors: Float32
    gaps: Float32
    turned: Float32

    def take(self, frames: NDArray[np.intp]) -> BakedClip:
        """Return some frames."""
        return BakedClip(
            self.corpus, self.speaker, self.times_s[frames], self.crops[frames],
            self.landmarks[frames], self.descriptors[frames], self.gaps[frames],
            self.turned[frames],
        )  # fmt: skip


def bake_clip(video: Path, track: Path, folder: Path, every: int = 1) -> int:
    """Write the canonical crops of one frame of ``every`` of a clip, unless they are there.

    Returns how many frames are kept: those whose landmarks the track, an npz, knows.
    """
    done = folder / "done.txt"
    if done.is_file():
        return int(done.read_text().split()[1])
    with np.load(track, allow_pickle=False) as arrays:
        landmarks, times = arrays["landmarks"], arrays["times_s"]
    crops, points, kept = [], [], []
    for number, frame in enumerate(read_frames(video)):
        if number >= len(landmarks) or number % every or not np.isfinite(landmarks[number]).all():
            continue
        source = canonical_source(frame.rgb(), landmarks[number])
        crops.append(source.crop)
        points.append(source.landmarks)
        kept.append(times[number])
    folder.mkdir(parents=True, exist_ok=True)
    if crops:
        np.save(folder / "crops.npy", np.stack(crops))
        np.save(folder / "landmarks.npy", np.stack(points))
        np.save(folder / "times.npy", np.array(kept))
        described = np.stack([lip_descriptor(one) for one in points])
        np.save(folder / "descriptors.npy", described)
        np.save(folder / "gaps.npy", lip_gap(np.stack(points)).astype(np.float32))
    done.write_text(f"{BAKE_FORMAT} {len(crops)}\n")
    return len(crops)


def bake(
    data: Path, tracks: Path, baked: Path, limits: Mapping[str, int], every: Mapping[str, int]
) -> int:
    """Bake the train split of a folder of clips with a manifest; resumable clip by clip.

    ``tracks`` are named by the sha256 of the clip. ``limits`` are the most clips per corpus; a
    corpus that is not named is left out. One frame of ``every`` is kept, per corpus. Returns how
    many clips there are.
    """
    sources = [one for one in list_sources(data / "manifest.csv") if one.split == LEARNT]
    sources.sort(key=lambda one: (limits.get(one.corpus, 0) > 100, one.file))
    count: Counter[str] = Counter()
    table = []
    for one in sources:
        if count[one.corpus] >= limits.get(one.corpus, 0):
            continue
        name = sha256_of(one.path)
        track = tracks / f"{name}.npz"
        if not track.is_file():
            continue
        frames = bake_clip(one.path, track, baked / name, every.get(one.corpus, 1))
        count[one.corpus] += 1
        if frames >= 8:
            table.append((name, one.corpus, one.speaker, frames))
    baked.mkdir(parents=True, exist_ok=True)
    with whole_or_nothing(baked / CLIPS, force=True) as part, part.open("w", newline="") as file:
        csv.writer(file).writerows([("name", "corpus", "speaker", "frames"), *table])
    _LOG.info("Baked %d clips: %s", len(table), dict(count))
    return len(table)


def load_baked(baked: Path) -> list[BakedClip]:
    """Open the clips of a folder that ``bake`` wrote, in its order."""
    clips = []
    with (baked / CLIPS).open(newline="") as file:
        for row in csv.DictReader(file):
            folder = baked / row["name"]
            clips.append(
                BakedClip(
                    corpus=row["corpus"],
                    speaker=f"{row['corpus']}/{row['speaker']}",
                    times_s=np.load(folder / "times.npy"),
                    crops=np.load(folder / "crops.npy", mmap_mode="r"),
                    landmarks=np.load(folder / "landmarks.npy", mmap_mode="r"),
                    descriptors=np.load(folder / "descriptors.npy"),
                    gaps=np.load(folder / "gaps.npy"),
                    turned=turned_by(np.load(folder / "landmarks.npy", mmap_mode="r")),
                )
            )
    return clips


def turned_by(landmarks: Float32) -> Float32:
    """Return the angle between eye line and picture plane in radians, shape (F,)."""
    across = landmarks[:, OUTER_EYE_CORNERS[1]] - landmarks[:, OUTER_EYE_CORNERS[0]]
    angle = np.arctan2(across[:, 2], np.hypot(across[:, 0], across[:, 1]))
    return np.asarray(np.abs(angle), np.float32)
