"""A synthetic prepared folder: motion is a known function of the speech."""

import csv
from pathlib import Path

import numpy as np

from facedit.dataset.prepared import Meta, clip_path, write_meta
from facedit.motion.mesh_space import MeshSpace

GROUPS = {"lips": slice(0, 3), "face": slice(3, 5), "head": slice(5, 7)}
DIMS, CHANNELS = 7, 10
META = Meta(
    space="mesh",
    encoder="whisper-base/4+energy+vad",
    dim_names=tuple(f"d{i}" for i in range(DIMS)),
    groups=GROUPS,
    effects=np.array([1, 0.5, 0.25, 1, 0.5, 1, 1], np.float32),
)


def speech_of(rng, frames):
    """Smooth random features."""
    raw = rng.standard_normal((frames + 8, CHANNELS))
    kernel = np.hanning(9)
    smooth = np.stack([np.convolve(column, kernel, "valid") for column in raw.T], axis=1)
    return (smooth / 2).astype(np.float32)


def motion_of(speech, dims=DIMS):
    """Lips and the rest as fixed linear functions of the frame's speech."""
    matrix = np.random.default_rng(9).standard_normal((CHANNELS, dims)) / np.sqrt(CHANNELS)
    return (speech @ matrix).astype(np.float32)


def mesh_corpus(folder: Path) -> Path:
    """Write a small corpus in the shipped motion space, whose lips can be measured."""
    space = MeshSpace.load()
    meta = Meta(
        space="mesh",
        encoder=META.encoder,
        dim_names=tuple(space.names),
        groups=dict(space.groups),
        effects=np.ones(space.dims, np.float32),
    )
    return write_corpus(folder, meta=meta, identity=space.canonical)


def write_corpus(folder: Path, clips: int = 8, frames: int = 40, meta=META, identity=None) -> Path:
    """Write a folder as ``prepare`` makes it: two corpora, four speakers."""
    neutral = np.zeros((478, 3)) if identity is None else identity
    (folder / "clips").mkdir(parents=True)
    rng = np.random.default_rng(0)
    rows = []
    for number in range(clips):
        length = frames + number
        speech = speech_of(rng, length)
        motion = motion_of(speech, len(meta.dim_names))
        name = f"{number:064x}"
        np.savez(
            clip_path(folder, name),
            motion=motion,
            mirrored=-motion,
            speech=speech.astype(np.float16),
            opening=motion[:, 0],
            identity=neutral.astype(np.float32),
            confidence=np.ones(length, np.float32),
        )
        rows.append(
            {
                "file": f"{number}.mp4",
                "sha256": name,
                "split": "train",
                "corpus": "one" if number % 2 else "two",
                "speaker": f"s{number % 4}",
                "status": "kept",
                "reason": "",
                "frames": length,
            }
        )
    with (folder / "rows.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    write_meta(folder, meta)
    return folder


CONFIG = """
[run]
output = "{output}"
seed = 3
log_every = 5
save_every = {save_every}
validate_every = 0

[data]
folder = "{folder}"
speech_dims = 6

[[data.pools]]
corpora = ["one"]
share = 0.5
window = 32

[[data.pools]]
corpora = ["two"]
share = 0.5
window = 48

[model]
preset = "tiny"
dropout = 0.1

[optim]
steps = {steps}
frames_per_step = 200
warmup = 5
ema = 0.9
"""


def write_config(path: Path, folder: Path, output: Path, *, steps: int, save_every: int = 100):
    path.write_text(CONFIG.format(folder=folder, output=output, steps=steps, save_every=save_every))
    return path
