"""Cases and measures of benchmarks/renderer.py: clips with a lost span, boxes, figures."""

from __future__ import annotations

import csv
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from skimage.metrics import structural_similarity

from facedit.evaluation.stats import draw_clips, interval
from facedit.face.distances import mouth_width
from facedit.media.read import read_frames
from facedit.render import composite
from facedit.render.geometry import crop_transform
from facedit.render.warp import Rect, bounding_rect
from facedit.weights.fetch import sha256_of

SETS = {
    "lrw_ar": (12, 0, 12),
    "grid_s1": (25, 0, 3),
    "grid_other": (25, 0, 5),
    "hdtf": (30, 4, 3),
    "takes": (30, 40, 2),
    "lrs3": (20, 4, 4),
    "voxceleb2": (30, 4, 2),
    "celebvdub": (20, 4, 3),
}
"""Corpus: frames lost in the middle, frames left out on each side of them, clips."""

DEFAULT_SETS = ("lrw_ar", "grid_s1", "grid_other", "hdtf", "takes")

CANVAS = 96.0
"""Side of the network's canvas in canonical pixels: nose to chin."""

FIGURES = (
    "psnr", "ssim", "st_lpips", "dt",
    "crop_psnr", "crop_ssim", "crop_st_lpips", "crop_dt", "ms",
)  # fmt: skip
"""The figures of a frame: in the mouth's box, in the canonical crop's box, time to draw."""

Distance = Callable[[np.ndarray, np.ndarray], float]


@dataclass(frozen=True)
class Clip:
    """A decoded clip with its landmarks and the span that is lost."""

    name: str
    frames: list[np.ndarray]
    landmarks: np.ndarray
    times_s: np.ndarray
    lost: range
    away: int


def clips_of(
    data: Path, tracks: Path, corpus: str, split: str, speakers: Collection[str], most: int | None
) -> list[Clip]:
    """Read the clips of one corpus: one per speaker first, then further ones."""
    lost, away, count = SETS[corpus]
    with (data / "manifest.csv").open(newline="") as file:
        rows = [r for r in csv.DictReader(file) if r["split"] == split and r["corpus"] == corpus]
    seen: dict[str, int] = {}
    order = []
    for row in rows:
        if speakers and f"{corpus}/{row['speaker']}" not in speakers:
            continue
        seen[row["speaker"]] = seen.get(row["speaker"], 0) + 1
        order.append((seen[row["speaker"]], row["file"]))
    clips = []
    for _, name in sorted(order):
        track = tracks / f"{sha256_of(data / name)}.npz"
        if not track.is_file():
            continue
        with np.load(track, allow_pickle=False) as arrays:
            landmarks, times = arrays["landmarks"], arrays["times_s"]
        if not np.isfinite(landmarks).all() or len(landmarks) < lost + 2 * away + 8:
            continue
        frames = [frame.rgb() for frame in read_frames(data / name)]
        first = (len(frames) - lost) // 2
        span = range(first, first + lost)
        clips.append(Clip(name, frames, landmarks, times, span, away))
        if len(clips) == (count if most is None else most):
            break
    return clips


def on_truth(truth: np.ndarray, drawn: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    """Paste a drawn mouth on the true frame (soft mask, colour offset of the seam)."""
    height, width = truth.shape[:2]
    rect = bounding_rect(composite.mouth_outline(landmarks), 4, width, height)
    under = truth[rect.slices].astype(np.float32)
    over = drawn[rect.slices].astype(np.float32)
    mask = composite.mouth_mask(landmarks, rect)
    over = over + composite.seam_offset(under, over, mask, 0.35 * mouth_width(landmarks))
    picture = truth.copy()
    picture[rect.slices] = composite.to_picture(composite.blend(under, over, mask))
    return picture


def mouth_box(landmarks: np.ndarray, width: int, height: int) -> Rect:
    """The tight box: the replaced region and 4 px."""
    return bounding_rect(composite.mouth_outline(landmarks), 4, width, height)


def crop_box(landmarks: np.ndarray, width: int, height: int) -> Rect:
    """The square of the canonical 96 x 96 crop in the picture, upright, cut at its edges."""
    matrix = crop_transform(landmarks)
    scale = float(np.sqrt(np.linalg.det(matrix[:, :2])))
    centre = np.linalg.solve(matrix[:, :2], np.array([63.5, 63.5]) - matrix[:, 2])
    half = CANVAS / scale / 2
    corners = np.stack([centre - half, centre + half]).astype(np.float32)
    return bounding_rect(corners, 0.0, width, height)


def measure(
    clip: Clip, drawn: list[np.ndarray], distance: Distance, look_every: int = 1
) -> list[list[float]]:
    """The figures of every lost frame, but the time; the slow distance of one in so many."""
    rows = []
    before: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    for k, picture in zip(clip.lost, drawn, strict=True):
        truth, points = clip.frames[k], clip.landmarks[k]
        shown = on_truth(truth, picture, points)
        row: list[float] = []
        for name, find, size in (
            ("mouth", mouth_box, (128, 96)),
            ("crop", crop_box, (128, 128)),
        ):
            rect = find(points, truth.shape[1], truth.shape[0])
            have, want = shown[rect.slices], truth[rect.slices]
            error = float(np.mean((have.astype(float) - want) ** 2))
            small = (96, 64) if name == "mouth" else (96, 96)
            pair = (cv2.resize(have, small).astype(float), cv2.resize(want, small).astype(float))
            change = float("nan")
            if name in before:
                first = before[name]
                change = float(np.abs((pair[0] - first[0]) - (pair[1] - first[1])).mean())
            before[name] = pair
            row += [
                float(10 * np.log10(255**2 / max(error, 1e-3))),
                float(structural_similarity(have, want, channel_axis=-1)),
                float("nan")
                if (k - clip.lost.start) % look_every
                else distance(cv2.resize(have, size), cv2.resize(want, size)),
                change,
            ]
        rows.append(row)
    return rows


def summary(by_clip: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean of every figure over frames, with a 95 % interval by bootstrap over clips."""
    sums = np.array([np.nansum(rows, axis=0) for rows in by_clip])
    counts = np.array([np.isfinite(rows).sum(axis=0) for rows in by_clip], float)
    with np.errstate(invalid="ignore", divide="ignore"):
        value = sums.sum(axis=0) / counts.sum(axis=0)
        if len(by_clip) < 2:
            nothing = np.full(len(value), np.nan)
            return value, nothing, nothing
        draws = draw_clips(len(by_clip), 1000, 0)
        drawn = (draws @ sums) / (draws @ counts)
    ends = np.array([interval(column) for column in drawn.T])
    return value, ends[:, 0], ends[:, 1]


def face_box(picture: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    """Cut the lower face for a contact sheet."""
    middle = landmarks[[13, 14], :2].mean(axis=0)
    half = 0.55 * float(np.linalg.norm(landmarks[33] - landmarks[263]))
    low = np.maximum(np.rint(middle - half), 0).astype(int)
    high = np.rint(middle + half).astype(int)
    return cv2.resize(picture[low[1] : high[1], low[0] : high[0]], (128, 128))


def strip(clip: Clip, pictures: list[np.ndarray]) -> np.ndarray:
    """A row of a contact sheet: twelve of the lost frames."""
    chosen = np.linspace(0, len(pictures) - 1, 12).astype(int)
    return np.hstack([face_box(pictures[k], clip.landmarks[clip.lost[k]]) for k in chosen])
