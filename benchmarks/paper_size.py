"""Build the paper's size, train it two steps, draw with it, save and load it; print what it takes.

python benchmarks/paper_size.py --scratch DIR [--config paper] [--frames 400]

The motion and speech are noise of the right shape: time and memory do not depend on what they say.
"""

import argparse
import resource
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from facedit.dataset.masks import draw_mask
from facedit.model.checkpoint import MotionModel, load_model, save_model
from facedit.model.config import preset
from facedit.model.dit import DiT
from facedit.model.infill import infill
from facedit.model.normalise import SpeechProjection
from facedit.training.distributed import Processes
from facedit.training.engine import Trainer
from facedit.training.motion.motion_task import MotionTask
from facedit.training.motion.sampler import Batch
from facedit.training.start import read_config
from facedit.training.state import load_state, save_state

DIMS, CHANNELS = 42, 130
GROUPS = {"lips": slice(0, 24), "face": slice(24, 36), "head": slice(36, 42)}
SPAN = slice(20, 34)


class Noise:
    """Stands for the sampler: windows of noise."""

    def __init__(self, frames: int, window: int, masks) -> None:
        self._count, self._window, self._masks = max(frames // window, 1), window, masks

    def draw(self, step: int) -> list[Batch]:
        """Draw the batch of a step."""
        rng = np.random.default_rng(step)
        shape = (self._count, self._window)
        masks = [draw_mask(rng, self._window, DIMS, GROUPS, self._masks) for _ in range(shape[0])]
        return [
            Batch(
                motion=rng.standard_normal((*shape, DIMS), dtype=np.float32),
                mask=np.stack([mask.entries for mask in masks]),
                speech=rng.standard_normal((*shape, CHANNELS), dtype=np.float32),
                valid=np.ones(shape, bool),
                share=1.0,
                kinds=tuple(mask.kind for mask in masks),
            )
        ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scratch", type=Path, required=True, help="folder for the checkpoints")
    parser.add_argument("--config", type=Path, default=Path("paper"))
    parser.add_argument("--frames", type=int, default=400, help="motion frames in a step")
    parser.add_argument("--window", type=int, default=100, help="frames of a window")
    parser.add_argument("--accumulate", type=int, default=1, help="parts of a step")
    parser.add_argument("--steps", type=int, default=2, help="training steps")
    parser.add_argument("--device", default="cpu")
    args = parser.parse_args()
    config = read_config(args.config)
    optim = replace(config.optim, accumulate=args.accumulate)
    size = dict(config.model)
    shape = preset(size.pop("preset"), motion_dims=DIMS, speech_dims=CHANNELS, **size)
    alone = Processes(args.device)
    torch.set_num_threads(config.run.threads)
    torch.manual_seed(0)
    report("start", alone.device)
    net = DiT(shape).to(alone.device)
    count = sum(parameter.numel() for parameter in net.parameters())
    print(f"{count / 1e6:.1f} M weights, {args.frames} frames a step in {args.accumulate} parts")
    model = MotionModel(
        net=net,
        projection=SpeechProjection(np.eye(CHANNELS, dtype=np.float32), np.zeros(CHANNELS, "f4")),
        motion_scale=np.ones(DIMS, np.float32),
        encoder="none",
        space="mesh",
        dim_names=tuple(str(i) for i in range(DIMS)),
    )
    noise = Noise(args.frames, args.window, config.masks)
    weights = torch.ones(DIMS, device=alone.device)
    task = MotionTask(net, model, noise, optim, weights, alone, config.run.bf16)
    trainer = Trainer(task, 0, alone)
    report("network and average", alone.device)
    for step in range(args.steps):
        with Timed(f"training step {step}", alone.device):
            done = trainer.step(step)
        print(f"  loss {done['velocity']:.3f}, norm of the gradient {done['grad_norm']:.3f}")
    report("after training", alone.device)
    args.scratch.mkdir(parents=True, exist_ok=True)
    state, weights = args.scratch / "state.safetensors", args.scratch / "model.safetensors"
    with Timed("save the state", alone.device):
        save_state(state, trainer.parts, args.steps, "{}")
    with Timed("load the state", alone.device):
        assert load_state(state, trainer.parts) == args.steps
    net.eval()
    with Timed("save the weights", alone.device):
        save_model(model, weights)
    sizes = ", ".join(
        f"{path.name} {path.stat().st_size / 1e9:.2f} GB" for path in (state, weights)
    )
    print(f"  {sizes}")
    report("saved", alone.device)
    del trainer, task, net, model
    with Timed("load the weights", alone.device):
        model = load_model(weights, args.device)
    rng = np.random.default_rng(0)
    motion = rng.standard_normal((args.window, DIMS), dtype=np.float32)
    speech = rng.standard_normal((args.window, CHANNELS), dtype=np.float32)
    mask = np.zeros(motion.shape, bool)
    mask[SPAN] = True
    with Timed(f"2 Euler steps over {args.window} frames", alone.device):
        drawn = infill(
            model,
            motion,
            mask,
            speech,
            seed=0,
            settings=replace(model.sampler, steps=2, speech_guidance=1.0),
        )
    assert np.isfinite(drawn).all()
    report("end", alone.device)
    for path in (state, weights):
        path.unlink()


class Timed:
    """Prints how long a block took."""

    def __init__(self, what: str, device: torch.device) -> None:
        self._what, self._device = what, device

    def __enter__(self) -> None:
        self._begun, self._cpu = time.perf_counter(), time.process_time()

    def __exit__(self, *_: object) -> None:
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)
        wall, cpu = time.perf_counter() - self._begun, time.process_time() - self._cpu
        print(f"{self._what}: {wall:.1f} s ({cpu:.1f} s of CPU)", flush=True)


def report(when: str, device: torch.device) -> None:
    """Print the largest memory used so far."""
    kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    text = f"[{when}] largest memory so far {kib / 2**20:.1f} GiB"
    if device.type == "cuda":
        text += f", on the GPU {torch.cuda.max_memory_allocated(device) / 2**30:.1f} GiB"
    print(text, flush=True)


if __name__ == "__main__":
    main()
