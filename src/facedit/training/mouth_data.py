"""Training data of the mouth network: canonical crops baked once, samples drawn by number.

A sample is a function of (seed, step, item) alone, so an interrupted training that is resumed sees
exactly the samples it would have seen.
"""

from __future__ import annotations

import csv
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from facedit.assets import sha256_of
from facedit.render.geometry import lip_descriptor, lip_gap
from facedit.render.mesh import OUTER_EYES
from facedit.render.mouth_inputs import (
    MouthSource,
    apply_gain,
    canonical_source,
    network_inputs,
    skin_gain,
)
from facedit.types import Float32, UInt8

_LOG = logging.getLogger(__name__)

BAKE_FORMAT = "1"


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


def _decode(path: Path) -> Iterator[UInt8]:
    """Yield the frames of a clip of the corpus as RGB."""
    import av

    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            yield np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)


def bake_clip(video: Path, track: Path, folder: Path, every: int = 1) -> int:
    """Write the canonical crops of one clip, unless they are there.

    Args:
        video: The clip.
        track: Its landmarks: npz with ``times_s`` and ``landmarks`` in pixels.
        folder: Folder for the clip's arrays; made whole or not at all.
        every: Keep one frame of so many.

    Returns:
        Number of frames kept; 0 if no frame has a face.
    """
    done = folder / "done.txt"
    if done.is_file():
        return int(done.read_text().split()[1])
    with np.load(track, allow_pickle=False) as arrays:
        landmarks, times = arrays["landmarks"], arrays["times_s"]
    crops, points, kept = [], [], []
    for number, picture in enumerate(_decode(video)):
        if number >= len(landmarks) or number % every or not np.isfinite(landmarks[number]).all():
            continue
        source = canonical_source(picture, landmarks[number])
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
        np.save(folder / "gaps.npy", np.array([lip_gap(one) for one in points], np.float32))
    done.write_text(f"{BAKE_FORMAT} {len(crops)}\n")
    return len(crops)


def bake(
    data: Path, tracks: Path, baked: Path, limits: Mapping[str, int], every: Mapping[str, int]
) -> int:
    """Bake the train split of a folder of clips with a manifest; resumable clip by clip.

    Args:
        data: Folder with ``manifest.csv`` (columns file, split, corpus, speaker).
        tracks: Folder of tracks named by the sha256 of the clip.
        baked: Folder to write to.
        limits: Largest number of clips per corpus; a corpus that is not named is left out.
        every: Keep one frame of so many, per corpus (1 where not named).

    Returns:
        Number of clips baked, now or before.
    """
    baked.mkdir(parents=True, exist_ok=True)
    with (data / "manifest.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == "train"]
    rows.sort(key=lambda row: (limits.get(row["corpus"], 0) > 100, row["file"]))
    count: dict[str, int] = {}
    table = []
    for row in rows:
        corpus = row["corpus"]
        if count.get(corpus, 0) >= limits.get(corpus, 0):
            continue
        video = data / row["file"]
        name = sha256_of(video)
        track = tracks / f"{name}.npz"
        if not track.is_file():
            continue
        frames = bake_clip(video, track, baked / name, every.get(corpus, 1))
        count[corpus] = count.get(corpus, 0) + 1
        if frames >= 8:
            table.append((name, corpus, row["speaker"], frames))
    with (baked / "clips.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("name", "corpus", "speaker", "frames"), *table])
    _LOG.info("Baked %d clips: %s", len(table), count)
    return len(table)


def load_baked(baked: Path) -> list[BakedClip]:
    """Open baked clips.

    Args:
        baked: Folder written by ``bake``.

    Returns:
        The clips, in the order of ``clips.csv``.
    """
    clips = []
    with (baked / "clips.csv").open(newline="") as file:
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
                    turned=_turned(np.load(folder / "landmarks.npy", mmap_mode="r")),
                )
            )
    return clips


def _turned(landmarks: Float32) -> Float32:
    """Angle between the eye line and the picture plane, per frame."""
    across = landmarks[:, OUTER_EYES[1]] - landmarks[:, OUTER_EYES[0]]
    angle = np.arctan2(across[:, 2], np.hypot(across[:, 0], across[:, 1]))
    return np.asarray(np.abs(angle), np.float32)


@dataclass(frozen=True, slots=True)
class SampleMix:
    """Shares of the kinds of samples.

    Attributes:
        no_reference: Share with copies of the base as references (the still picture).
        donor: Share with references of another speaker, tone-matched.
        random_reference: Share of the rest whose references are drawn at random.
        max_turn: Frames whose head is turned further, in radians, are left out: in profile the
            landmarks are guesses.
        corpora: Weight of each corpus; clips of a corpus are drawn evenly.
    """

    no_reference: float = 0.35
    donor: float = 0.1
    random_reference: float = 0.15
    max_turn: float = 0.7
    corpora: tuple[tuple[str, float], ...] = (("lrw_ar", 1.0),)


@dataclass(frozen=True, slots=True)
class MouthSample:
    """One training sample.

    Attributes:
        pictures: Warped base and references, shape (4, S, S, 3).
        raster: Drawn target, shape (S, S, 3).
        gaps: Lip openings of the sources, shape (4,).
        truth: The target picture, shape (S, S, 3).
        referenced: False where the references are copies of the base.
    """

    pictures: UInt8
    raster: UInt8
    gaps: Float32
    truth: UInt8
    referenced: bool


class MouthSampler:
    """Draws training samples by number.

    Args:
        clips: Baked clips.
        mix: Shares of the kinds of samples.
        size: Side of the network's canvas.
        seed: Seed of all draws.

    Raises:
        ValueError: If no clip belongs to a corpus of the mix.

    Attributes:
        size: Side of the network's canvas.
    """

    def __init__(self, clips: Sequence[BakedClip], mix: SampleMix, size: int, seed: int) -> None:
        self.size = size
        self._mix = mix
        self._seed = seed
        by_corpus: dict[str, list[BakedClip]] = {}
        for clip in clips:
            if (clip.turned <= mix.max_turn).sum() < 8:
                continue
            by_corpus.setdefault(clip.corpus, []).append(clip)
        wanted = [(name, weight) for name, weight in mix.corpora if name in by_corpus]
        if not wanted:
            raise ValueError(f"None of the corpora {[name for name, _ in mix.corpora]} is baked.")
        self._groups = [by_corpus[name] for name, _ in wanted]
        weights = np.array([weight for _, weight in wanted])
        self._weights = weights / weights.sum()

    def draw(self, step: int, item: int) -> MouthSample:
        """Draw a sample.

        Args:
            step: Number of the training step.
            item: Number within the batch.

        Returns:
            The sample, always the same for the same numbers and seed.
        """
        rng = np.random.default_rng([self._seed, step, item])
        clip = self._any_clip(rng)
        frames = len(clip.gaps)
        target = self._target(clip, rng)
        away = int(rng.integers(2, 9))
        usable = clip.turned <= self._mix.max_turn
        allowed = np.flatnonzero(usable & (np.abs(np.arange(frames) - target) >= away))
        if allowed.size == 0:
            allowed = np.flatnonzero(usable & (np.arange(frames) != target))
        kind = rng.random()
        alone = kind < self._mix.no_reference
        if alone and rng.random() < 0.5:  # a still shows a closed mouth more often than not
            few = rng.choice(allowed, min(6, allowed.size), replace=False)
            base = int(few[np.argmin(clip.gaps[few])])
        else:
            earlier = allowed[allowed < target]
            last = earlier.size > 0 and rng.random() < 0.5
            base = int(earlier[-1] if last else rng.choice(allowed))
        sources = [_source(clip, base)]
        if not alone and kind < self._mix.no_reference + self._mix.donor:
            sources += self._donors(clip, base, target, rng)
        elif not alone:
            sources += self._references(clip, allowed, target, rng)
        return self._finish(clip, target, sources, not alone, rng)

    def _any_clip(self, rng: np.random.Generator) -> BakedClip:
        group = self._groups[int(rng.choice(len(self._groups), p=self._weights))]
        return group[int(rng.integers(len(group)))]

    def _target(self, clip: BakedClip, rng: np.random.Generator) -> int:
        """A frame; open mouths, which are rarer and harder, twice as often."""
        usable = np.flatnonzero(clip.turned <= self._mix.max_turn)
        first, second = (int(one) for one in rng.choice(usable, 2))
        if rng.random() < 0.5:
            return first
        return first if clip.gaps[first] > clip.gaps[second] else second

    def _references(
        self, clip: BakedClip, allowed: NDArray[np.intp], target: int, rng: np.random.Generator
    ) -> list[MouthSource]:
        """Three frames of the clip: the most alike, at least two frames apart, or any."""
        if rng.random() < self._mix.random_reference:
            chosen = [int(one) for one in rng.choice(allowed, 3)]
        else:
            distance = np.linalg.norm(clip.descriptors[allowed] - clip.descriptors[target], axis=1)
            chosen = []
            for one in allowed[np.argsort(distance, kind="stable")]:
                if all(abs(int(one) - other) >= 2 for other in chosen):
                    chosen.append(int(one))
                if len(chosen) == 3:
                    break
            chosen += [chosen[0]] * (3 - len(chosen))
        return [_source(clip, one) for one in chosen]

    def _donors(
        self, clip: BakedClip, base: int, target: int, rng: np.random.Generator
    ) -> list[MouthSource]:
        """Three frames of another speaker, toned to the base's skin."""
        donor = clip
        for _ in range(20):
            donor = self._any_clip(rng)
            if donor.speaker != clip.speaker:
                break
        distance = np.linalg.norm(donor.descriptors - clip.descriptors[target], axis=1)
        nearest = np.argsort(distance, kind="stable")[:3]
        own = _source(clip, base)
        return [tone_match(_source(donor, int(one)), own) for one in np.resize(nearest, 3)]

    def _finish(
        self,
        clip: BakedClip,
        target: int,
        sources: list[MouthSource],
        referenced: bool,
        rng: np.random.Generator,
    ) -> MouthSample:
        """Warp, jitter the lips as a tracker would, change the tone, mirror."""
        landmarks = np.array(clip.landmarks[target])
        landmarks[:, :2] += rng.normal(0.0, 0.3, 2)
        inputs = network_inputs(landmarks.astype(np.float32), sources, self.size)
        margin = (clip.crops.shape[1] - self.size) // 2
        truth = np.array(
            clip.crops[target][margin : margin + self.size, margin : margin + self.size]
        )
        gamma = float(np.exp(rng.normal(0.0, 0.2)))
        curve = np.rint(255.0 * (np.arange(256) / 255.0) ** gamma).astype(np.uint8)
        pictures, truth, raster = curve[inputs.pictures], curve[truth], inputs.raster
        if rng.random() < 0.5:
            pictures, truth, raster = pictures[:, :, ::-1], truth[:, ::-1], raster[:, ::-1]
        return MouthSample(pictures, raster, inputs.gaps, truth, referenced)


def _source(clip: BakedClip, frame: int) -> MouthSource:
    return MouthSource(np.asarray(clip.crops[frame]), np.asarray(clip.landmarks[frame]))


def tone_match(source: MouthSource, base: MouthSource) -> MouthSource:
    """Give one face's crop the skin tone of another.

    Args:
        source: The crop to change.
        base: The crop whose tone it takes.

    Returns:
        The changed crop with its own landmarks.
    """
    return MouthSource(apply_gain(source.crop, skin_gain(source, base)), source.landmarks)
