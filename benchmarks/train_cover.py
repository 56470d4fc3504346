"""Train the cover network on the training split of a manifest, under painted covers.

python benchmarks/train_cover.py MANIFEST -o src/facedit/weights/cover.safetensors
    [--corpora grid_s1 grid_more] [--steps 2700]

A few frames of every clip are cut out at half the canonical size; covers (``cover_kinds.py``) are
painted over them while training. One CPU thread, about 15 CPU minutes.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

import cv2
import numpy as np
import torch
from cover_kinds import paint
from cover_paint import Scene
from numpy.random import Generator
from numpy.typing import NDArray
from skimage import data
from torch.nn import functional

from facedit.errors import FaceditError
from facedit.face.choice import FaceChoice
from facedit.face.landmarker import Landmarker
from facedit.face.regions import FACE_OVAL, LIPS
from facedit.face.track import track_face
from facedit.media.probe import probe
from facedit.media.read import read_frames
from facedit.render.cover_network import CoverNetwork, save_cover_network
from facedit.render.covers import SIDE, cover_transform
from facedit.render.geometry import transform_landmarks
from facedit.render.mouth_inputs import crop_picture

CROP = 107
"""Side of the stored crops: more than the network sees, so that they can be shifted."""

EYES = 48.0
"""Distance of the outer eye corners in them."""

FRAMES = {"lrw_ar": 4, "grid_s1": 4}
"""Frames of a clip, by corpus; of others 14."""

MOST = {"grid_s1": 200, "lrw_ar": 900}
"""Clips of a corpus."""

BATCH, RATE = 32, 3e-3
Picture = NDArray[np.uint8]
Values = NDArray[np.float32]


class Crops:
    """Frames of the training split: crops (n, 107, 107, 3), landmarks in them, and clip numbers."""

    def __init__(self, manifest: Path, corpora: list[str]) -> None:
        landmarker, choice = Landmarker(), FaceChoice.parse("largest")
        rows = [row for row in csv.DictReader(manifest.open()) if row["split"] == "train"]
        pictures, marks, clips, names, surfaces = [], [], [], [], []
        taken: dict[str, int] = {}
        for number, row in enumerate(rows):
            corpus = row["corpus"]
            known = taken.get(corpus, 0)
            if (corpora and corpus not in corpora) or known >= MOST.get(corpus, len(rows)):
                continue
            taken[corpus] = known + 1
            path = manifest.parent / row["file"]
            frames = [frame.rgb() for frame in read_frames(path, info=probe(path))]
            count = FRAMES.get(corpus, 14)
            for index in np.linspace(0, len(frames) - 1, count + 2).round().astype(int)[1:-1]:
                try:
                    track = track_face([(0.0, frames[index])], choice, landmarker=landmarker)
                except FaceditError:
                    continue
                matrix = cover_transform(track.landmarks[0])
                matrix[:, 2] += (CROP - SIDE) / 2
                pictures.append(crop_picture(frames[index], matrix, CROP))
                marks.append(transform_landmarks(track.landmarks[0], matrix)[:, :2])
                clips.append(number)
                names.append(corpus)
            if known % 5 == 0:
                surfaces.append(cv2.resize(frames[0], (256, 256), interpolation=cv2.INTER_AREA))
        for one in (data.brick(), data.grass(), data.gravel(), data.coffee(), data.rocket()):
            colour = one if one.ndim == 3 else np.repeat(one[..., None], 3, axis=2)
            surfaces.append(cv2.resize(colour, (256, 256), interpolation=cv2.INTER_AREA))
        self.pictures, self.marks = np.stack(pictures), np.stack(marks)
        self.clips, self.surfaces = np.array(clips), np.stack(surfaces)
        # A corpus counts by the root of its frames.
        share = np.array([names.count(name) ** -0.5 for name in names])
        self.chance = share / share.sum()

    def scene(self, index: int) -> Scene:
        """What covers of a frame are painted on."""
        picture, marks = self.pictures[index], self.marks[index]
        places = np.clip(np.rint(marks[[205, 425, 50, 280]]).astype(int), 3, CROP - 4)
        skin = [picture[y - 3 : y + 4, x - 3 : x + 4].reshape(-1, 3).mean(0) for x, y in places]
        mouth = marks[list(LIPS)].mean(axis=0).astype(np.float64)
        return Scene(picture, mouth, EYES, np.mean(skin, axis=0).astype(np.float32), self.surfaces)


def sample(crops: Crops, index: int, rng: Generator) -> tuple[Picture, Values, Values]:
    """Draw an input (64, 64, 6), its mask (64, 64) and the weight of each pixel (64, 64)."""
    scene = crops.scene(index)
    picture, mask = scene.face, np.zeros(scene.face.shape[:2], np.float32)
    if rng.random() < 0.6:
        for _ in range(2 if rng.random() < 0.15 else 1):
            on = Scene(picture, scene.mouth, scene.size, scene.skin, scene.textures)
            picture, more = paint(on, rng)
            mask = 1 - (1 - mask) * (1 - more)
    elif rng.random() < 0.3:  # a shadow is no cover
        shade = cv2.GaussianBlur(paint(scene, rng)[1], (0, 0), rng.uniform(1, 12))
        dark = 1 - rng.uniform(0.1, 0.6) * shade[..., None]
        picture = np.clip(picture * dark, 0, 255).astype(np.uint8)
    matrix = jitter(rng, 0.08, 4, 3.4)
    usual = usual_of(crops, index, picture, mask, matrix, rng)
    seen, truth = moved(picture, matrix), moved(mask, matrix)
    oval = crops.marks[index][list(FACE_OVAL)] @ matrix[:, :2].T + matrix[:, 2]
    inside = np.zeros((SIDE, SIDE), np.uint8)
    cv2.fillPoly(inside, [np.rint(oval * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    both = np.concatenate(seen_alike(seen, usual, rng), axis=2)
    weight = (0.25 + 0.75 * (inside / 255.0)).astype(np.float32)
    if rng.random() < 0.5:
        both, truth, weight = both[:, ::-1], truth[:, ::-1], weight[:, ::-1]
    return both, truth, weight


def usual_of(
    crops: Crops, index: int, picture: Picture, mask: Values, matrix: np.ndarray, rng: Generator
) -> Picture:
    """Draw what is usual in the clip: the frame itself, others, or others with the same cover."""
    others = np.flatnonzero(crops.clips == crops.clips[index])
    others = others[others != index]
    how = rng.random()
    if how < 0.12 or not len(others):
        usual = [picture]
    else:
        count = min(len(others), int(rng.integers(2, 6)))
        usual = [crops.pictures[one] for one in rng.choice(others, count, replace=False)]
        if how < 0.24:  # it is always there
            over = mask[..., None] * picture
            usual = [((1 - mask[..., None]) * one + over).astype(np.uint8) for one in usual]
        elif how < 0.34:
            usual[-1] = picture
    still = rng.random() < 0.3
    placed = [moved(one, matrix if still else jitter(rng, 0.03, 2, 1.3)) for one in usual]
    return np.median(np.stack(placed), axis=0).astype(np.uint8)


def jitter(rng: Generator, scale: float, turn: float, shift: float) -> np.ndarray:
    """Draw a map (2, 3) from a crop to the network's picture."""
    zoom, angle = np.exp(rng.normal(0, scale)), np.deg2rad(rng.normal(0, turn))
    linear = zoom * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    middle = (CROP - 1) / 2 + rng.normal(0, shift, 2)
    return np.column_stack([linear, (SIDE - 1) / 2 - linear @ middle])


def moved(picture: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Move a crop into the network's picture."""
    return cv2.warpAffine(picture, matrix, (SIDE, SIDE), borderMode=cv2.BORDER_REPLICATE)


def seen_alike(seen: Picture, usual: Picture, rng: Generator) -> tuple[Picture, Picture]:
    """Give both one camera: size, blur, noise, JPEG, light, colour or none."""
    small = int(rng.integers(20, 60)) if rng.random() < 0.25 else 0
    blur = rng.uniform(0.4, 1.5) if rng.random() < 0.25 else 0.0
    quality = int(rng.integers(12, 90)) if rng.random() < 0.4 else 0
    gain, gamma = np.exp(rng.normal(0, 0.2) + rng.normal(0, 0.06, 3)), np.exp(rng.normal(0, 0.2))
    offset, grey, out = rng.normal(0, 8), rng.random() < 0.1, []
    for one, noise, drift in ((seen, 0.35, 0.0), (usual, 0.2, 1.0)):
        if small:
            little = cv2.resize(one, (small, small), interpolation=cv2.INTER_AREA)
            one = cv2.resize(little, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)
        if blur:
            one = cv2.GaussianBlur(one, (0, 0), blur)
        if rng.random() < noise:
            rough = one + rng.normal(0, rng.uniform(1, 6), one.shape)
            one = np.clip(rough, 0, 255).astype(np.uint8)
        if quality:
            coded = cv2.imencode(".jpg", one, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
            one = cv2.imdecode(coded, cv2.IMREAD_UNCHANGED)
        own = gain * np.exp(drift * (rng.normal(0, 0.05) + rng.normal(0, 0.015, 3)))
        curve = 255 * (np.arange(256) / 255.0)[:, None] ** gamma * own
        curve = np.clip(curve + offset + drift * rng.normal(0, 2), 0, 255).astype(np.uint8)
        one = cv2.LUT(one, curve[None])
        if grey:
            one = np.repeat(one.mean(axis=2, keepdims=True), 3, axis=2).astype(np.uint8)
        out.append(one)
    return out[0], out[1]


def loss_of(logits: torch.Tensor, truth: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Weighted cross-entropy, and one minus the overlap."""
    sure = torch.sigmoid(logits)
    wrong = functional.binary_cross_entropy_with_logits(logits, truth, weight=weight)
    both = (weight * sure * truth).sum((1, 2))
    sizes = (weight * (sure**2 + truth**2)).sum((1, 2))
    return wrong + 0.3 * (1 - (2 * both + 20) / (sizes + 20)).mean()


def train(crops: Crops, steps: int, seed: int) -> CoverNetwork:
    """Train, and return the running mean of the weights."""
    torch.manual_seed(seed)
    rng, network = np.random.default_rng(seed), CoverNetwork()
    optimiser = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=1e-2)
    mean = {name: value.clone() for name, value in network.state_dict().items()}
    for step in range(steps):
        slope = 0.02 + 0.98 * 0.5 * (1 + np.cos(np.pi * step / steps))
        for group in optimiser.param_groups:
            group["lr"] = RATE * min(1, (step + 1) / 100) * slope
        chosen = rng.choice(len(crops.pictures), BATCH, p=crops.chance)
        drawn = [sample(crops, int(index), rng) for index in chosen]
        inputs, truth, weight = (
            torch.from_numpy(np.stack(one)) for one in zip(*drawn, strict=True)
        )
        with torch.autocast("cpu", torch.bfloat16):
            logits = network(inputs.permute(0, 3, 1, 2).float() / 255)
        loss = loss_of(logits.float(), truth, weight)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        with torch.no_grad():
            for name, value in network.state_dict().items():
                mean[name].lerp_(value, 1 - min(0.995, (step + 1) / (step + 20)))
        if step % 100 == 99:
            print(step + 1, f"{loss.item():.3f}", flush=True)
    network.load_state_dict(mean)
    return network


def main() -> None:
    """Cut out, train, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--corpora", nargs="*", default=[])
    parser.add_argument("--steps", type=int, default=2700)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    network = train(Crops(arguments.manifest, arguments.corpora), arguments.steps, arguments.seed)
    save_cover_network(network, arguments.output, steps=str(arguments.steps))


if __name__ == "__main__":
    main()
