"""Train the paper's size for some minutes on prepared clips; print speed and memory, draw the loss.

    python benchmarks/paper_training.py pack runs/prepared-paper clips.zip
    python benchmarks/paper_training.py run clips.zip --out runs/paper-gpu --device cuda

``pack`` puts what ``facedit prepare`` made into one file, to be carried to a machine with a GPU;
``run`` is ``facedit train`` on it, stopped after so many minutes as by SIGTERM: it saves, and goes
on with ``--resume``. ``--set`` changes fields of the configuration, as there.
"""

import argparse
import csv
import json
import os
import resource
import signal
import threading
import time
import zipfile
from pathlib import Path

import cv2
import numpy as np
import torch

from facedit.dataset.prepared import META, ROWS, clip_path, read_rows
from facedit.device import choose_device
from facedit.training.start import read_config, start

SMALL_ON_CPU = ("model.preset=tiny", "optim.frames_per_step=500", "optim.accumulate=1")
"""What ``--dry`` changes, so that a CPU takes every step of the way in a minute."""


def pack(folder: Path, target: Path) -> None:
    """Put a prepared folder's description, table and clips into one file."""
    rows = read_rows(folder)
    paths = [folder / META, folder / ROWS, *(clip_path(folder, row.sha256) for row in rows)]
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as file:
        for path in paths:
            file.write(path, path.relative_to(folder))
    frames = sum(row.frames for row in rows)
    print(f"{target}: {len(rows)} clips, {frames} frames, {target.stat().st_size / 2**20:.1f} MiB")


def run(args: argparse.Namespace) -> None:
    """Train and tell what it took."""
    device, folder = choose_device(args.device), args.out / "prepared"
    with zipfile.ZipFile(args.packed) as file:
        file.extractall(folder)
    changes = [
        f"data.folder={folder}", f"run.output={args.out / 'run'}", "run.log_every=1",
        "run.save_every=1000000", "run.validate_every=0", *(SMALL_ON_CPU if args.dry else ()),
        *args.set,
    ]  # fmt: skip
    config = read_config(Path(args.config), changes)
    table = args.out / "run" / "train.csv"
    threading.Thread(target=stop_after, args=(args.minutes, table), daemon=True).start()
    trained = start(Path(args.config), changes=changes, resume=args.resume, device=str(device))
    assert trained is not None
    rows = list(csv.DictReader(table.open()))
    speed = float(np.median([float(row["steps_per_s"]) for row in rows[3:] or rows]))
    loss = np.array([float(row["velocity"]) for row in rows])
    part = max(len(loss) // 10, 1)
    said = {
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else str(device),
        "steps": trained.steps,
        "seconds": round(trained.seconds, 1),
        "frames_per_s": round(speed * config.optim.frames_per_step),
        "loss, first and last tenth": [float(one.mean()) for one in (loss[:part], loss[-part:])],
        "GB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
    }
    if device.type == "cuda":
        said["GB on the GPU"] = torch.cuda.max_memory_allocated(device) / 2**30
    cv2.imwrite(str(args.out / "loss.png"), curve(loss))
    (args.out / "training.json").write_text(json.dumps(said, indent=1))
    print(json.dumps(said, indent=1))


def stop_after(minutes: float, table: Path) -> None:
    """Stop the run so many minutes after its first step was written."""
    begun = time.time()
    while not (table.is_file() and table.stat().st_mtime >= begun):
        time.sleep(0.1)
    time.sleep(60 * minutes)
    os.kill(os.getpid(), signal.SIGTERM)


def curve(loss: np.ndarray, size: tuple[int, int] = (960, 480)) -> np.ndarray:
    """Draw a loss by step, each and the mean of 20, on a logarithmic scale, shape (H, W, 3)."""
    wide, high = size
    picture = np.full((high, wide, 3), 255, np.uint8)
    low, top = np.log(max(loss.min(), 1e-6)), np.log(max(loss.max(), 2e-6))
    count = min(20, len(loss))
    smooth = np.convolve(loss, np.ones(count) / count, "valid")
    for values, colour in ((loss, (200, 200, 200)), (smooth, (160, 60, 0))):
        x = np.linspace(60, wide - 20, len(values))
        y = high - 40 - (np.log(values) - low) / max(top - low, 1e-9) * (high - 60)
        cv2.polylines(
            picture, [np.stack([x, y], 1).astype(np.int32)], False, colour, 1, cv2.LINE_AA
        )
    texts = {f"{loss.max():.3f}": (4, 24), f"{loss.min():.3f}": (4, high - 40)}
    for text, at in (texts | {f"{len(loss)} steps": (wide - 120, high - 12)}).items():
        cv2.putText(picture, text, at, cv2.FONT_HERSHEY_SIMPLEX, 0.45, (0, 0, 0), 1, cv2.LINE_AA)
    return picture


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    verbs = parser.add_subparsers(dest="verb", required=True)
    packing = verbs.add_parser("pack")
    packing.add_argument("prepared", type=Path)
    packing.add_argument("target", type=Path)
    running = verbs.add_parser("run")
    running.add_argument("packed", type=Path)
    running.add_argument("--out", type=Path, required=True)
    running.add_argument("--config", default="paper-exact")
    running.add_argument("--device", default="auto")
    running.add_argument("--minutes", type=float, default=10)
    running.add_argument("--resume", action="store_true")
    running.add_argument("--dry", action="store_true", help="a tiny network, to try the way")
    running.add_argument("--set", action="append", default=[], metavar="FIELD=VALUE")
    args = parser.parse_args()
    if args.verb == "pack":
        pack(args.prepared, args.target)
    else:
        run(args)


if __name__ == "__main__":
    main()
