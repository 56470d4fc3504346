"""Self-reenactment of the dev split: lost frames drawn again from the rest of their clip.

python benchmarks/renderer.py DATA TRACKS [--weights FILE] [--sheets FOLDER] [--stlpips FOLDER]

The landmarks are the lost frames' own, so this measures the renderer and not the motion model. The
mouth that is drawn is pasted on the true frame (soft mask, colour offset of the seam) and compared
inside the mouth's box: PSNR, SSIM, the error of the change from frame to frame, and, where the
package stlpips-pytorch lies in a folder, shift-tolerant LPIPS (AlexNet, box brought to 128 x 96).
"""

from __future__ import annotations

import argparse
import csv
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType

import av
import cv2
import numpy as np
from skimage.metrics import structural_similarity

from facedit.assets import sha256_of
from facedit.render import composite
from facedit.render.bank import ReferenceBank
from facedit.render.geometry import lip_gap, mouth_width
from facedit.render.network import MouthNetwork, load_network
from facedit.render.renderer import FaceRenderer
from facedit.render.settings import RenderSettings
from facedit.render.warp import Rect, bounding_rect

SETS = {
    "lrw_ar": (12, 0, 12),
    "grid_s1": (25, 0, 3),
    "grid_other": (25, 0, 5),
    "hdtf": (30, 4, 3),
    "takes": (30, 40, 2),
}
"""Corpus: frames lost in the middle, frames left out on each side of them, clips."""

Metric = Callable[[np.ndarray, np.ndarray], float]


@dataclass(frozen=True)
class Clip:
    """A decoded clip with its landmarks and the span that is lost."""

    name: str
    frames: list[np.ndarray]
    landmarks: np.ndarray
    times_s: np.ndarray
    lost: range
    away: int


def clips_of(data: Path, tracks: Path, corpus: str) -> list[Clip]:
    """Read the clips of one corpus: one per speaker first, then further ones."""
    lost, away, count = SETS[corpus]
    with (data / "manifest.csv").open(newline="") as file:
        rows = [r for r in csv.DictReader(file) if r["split"] == "dev" and r["corpus"] == corpus]
    seen: dict[str, int] = {}
    order = []
    for row in rows:
        seen[row["speaker"]] = seen.get(row["speaker"], 0) + 1
        order.append((seen[row["speaker"]], row["file"]))
    clips = []
    for _, name in sorted(order):
        with np.load(tracks / f"{sha256_of(data / name)}.npz", allow_pickle=False) as arrays:
            landmarks, times = arrays["landmarks"], arrays["times_s"]
        if not np.isfinite(landmarks).all() or len(landmarks) < lost + 2 * away + 8:
            continue
        with av.open(str(data / name)) as container:
            frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
        first = (len(frames) - lost) // 2
        span = range(first, first + lost)
        clips.append(Clip(name, frames, landmarks, times, span, away))
        if len(clips) == count:
            break
    return clips


def variants(clip: Clip, network: MouthNetwork) -> dict[str, Callable[[], list[np.ndarray]]]:
    """Every way of drawing the lost frames, by name."""
    bank = ReferenceBank()
    low, high = clip.lost.start - clip.away, clip.lost.stop + clip.away
    allowed = [k for k in range(len(clip.frames)) if k < low or k >= high]
    for k in allowed:
        bank.add(clip.frames[k], clip.landmarks[k], float(clip.times_s[k]))
    last = max(k for k in allowed if k < clip.lost.start)
    closed = min(allowed, key=lambda k: lip_gap(clip.landmarks[k]))
    alone = replace(RenderSettings(), near=-2.0, far=-1.0)

    def draw(base: int, renderer: FaceRenderer) -> list[np.ndarray]:
        targets = clip.landmarks[clip.lost.start : clip.lost.stop]
        bases = np.repeat(clip.landmarks[base][None], len(targets), axis=0)
        out = []
        for target, choice in zip(targets, renderer.plan(targets, bases).choices, strict=True):
            patch = renderer.render(
                clip.frames[base], clip.landmarks[base], target, choice, region="head"
            )
            picture = clip.frames[base].copy()
            height, width = patch.rgb.shape[:2]
            picture[patch.y : patch.y + height, patch.x : patch.x + width] = patch.rgb
            out.append(picture)
        return out

    nothing = ReferenceBank()
    return {
        "warp": lambda: draw(last, FaceRenderer(nothing)),
        "retrieval": lambda: draw(last, FaceRenderer(bank)),
        "network": lambda: draw(last, FaceRenderer(bank, network, settings=alone)),
        "hybrid": lambda: draw(last, FaceRenderer(bank, network)),
        "still: warp": lambda: draw(closed, FaceRenderer(nothing)),
        "still: network": lambda: draw(closed, FaceRenderer(nothing, network)),
    }


def on_truth(truth: np.ndarray, drawn: np.ndarray, landmarks: np.ndarray, rect: Rect) -> np.ndarray:
    """Paste a drawn mouth on the true frame; the mouth's rectangle of the result."""
    under = truth[rect.slices].astype(np.float32)
    over = drawn[rect.slices].astype(np.float32)
    mask = composite.mouth_mask(landmarks, rect)
    over = over + composite.seam_offset(under, over, mask, 0.35 * mouth_width(landmarks))
    return composite.to_picture(composite.blend(under, over, mask))


def stlpips(folder: Path) -> Metric:
    """Load the metric; its package imports three others that it does not need."""
    import torch

    for name in ("torchvision", "torchvision.models", "IPython", "torchsummary"):
        stub = ModuleType(name)
        stub.models = stub.embed = stub.summary = None  # type: ignore[attr-defined]
        sys.modules.setdefault(name, stub)
    sys.path.insert(0, str(folder))
    from stlpips_pytorch import stlpips as package

    metric = package.LPIPS(net="alex", variant="shift_tolerant", verbose=False)

    def measure(one: np.ndarray, other: np.ndarray) -> float:
        tensors = []
        for picture in (one, other):
            small = cv2.resize(picture, (128, 96), interpolation=cv2.INTER_LINEAR)
            tensors.append(torch.from_numpy(small).permute(2, 0, 1)[None].float() / 127.5 - 1.0)
        with torch.no_grad():
            return float(metric(*tensors))

    return measure


def measure(clip: Clip, drawn: list[np.ndarray], metric: Metric) -> list[tuple[float, ...]]:
    """PSNR, SSIM, ST-LPIPS and error of change of every lost frame."""
    rows = []
    before: tuple[np.ndarray, np.ndarray] | None = None
    for k, picture in zip(clip.lost, drawn, strict=True):
        truth, points = clip.frames[k], clip.landmarks[k]
        outline = composite.mouth_outline(points)
        rect = bounding_rect(outline, 4, truth.shape[1], truth.shape[0])
        have, want = on_truth(truth, picture, points, rect), truth[rect.slices]
        error = float(np.mean((have.astype(float) - want) ** 2))
        pair = (cv2.resize(have, (96, 64)).astype(float), cv2.resize(want, (96, 64)).astype(float))
        change = float("nan")
        if before is not None:
            change = float(np.abs((pair[0] - before[0]) - (pair[1] - before[1])).mean())
        before = pair
        psnr = float(10 * np.log10(255**2 / max(error, 1e-3)))
        ssim = float(structural_similarity(have, want, channel_axis=-1))
        rows.append((psnr, ssim, metric(have, want), change))
    return rows


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


def main() -> None:
    """Measure and print a table per corpus."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("tracks", type=Path)
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--sheets", type=Path)
    parser.add_argument("--stlpips", type=Path)
    parser.add_argument("--corpora", nargs="*", default=list(SETS))
    arguments = parser.parse_args()
    network = load_network(arguments.weights)
    metric: Metric = lambda one, other: float("nan")  # noqa: E731
    if arguments.stlpips:
        metric = stlpips(arguments.stlpips)
    for corpus in arguments.corpora:
        totals: dict[str, list[tuple[float, ...]]] = {}
        for clip in clips_of(arguments.data, arguments.tracks, corpus):
            sheet = []
            for name, draw in variants(clip, network).items():
                began = time.perf_counter()
                drawn = draw()
                spent = 1000 * (time.perf_counter() - began) / len(drawn)
                rows = [(*row, spent) for row in measure(clip, drawn, metric)]
                totals.setdefault(name, []).extend(rows)
                sheet.append(strip(clip, drawn))
            sheet.append(strip(clip, [clip.frames[k] for k in clip.lost]))
            if arguments.sheets:
                arguments.sheets.mkdir(parents=True, exist_ok=True)
                path = arguments.sheets / f"{clip.name.replace('/', '_')}.png"
                cv2.imwrite(str(path), np.vstack(sheet)[..., ::-1])
        print(f"\n{corpus}: PSNR / SSIM / ST-LPIPS / dt / ms per frame")
        for name, values in totals.items():
            psnr, ssim, look, change, spent = np.nanmean(np.array(values), axis=0)
            print(f"{name:16s} {psnr:5.2f} {ssim:.3f} {look:.3f} {change:.2f} {spent:4.0f}")


if __name__ == "__main__":
    main()
