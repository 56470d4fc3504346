"""Measure the paper's size against a plain transformer of equal width and depth, on one CPU thread.

    python benchmarks/dit_speed.py [--layers 22] [--rounds 5] [--frames 250] [what ...]
    python benchmarks/dit_speed.py --device cuda --rounds 20

The two take turns within one process, so that what else the machine does meets both; the figures
are seconds of CPU (of the clock on a GPU), the median of all rounds (and the least), and ratios of
these. ``forward``: one evaluation, what is worked out once a draw left out of ours; ``draw``: ten
seconds, each with its own default steps and guidance, everything included; ``infill``: the same
through ``infill`` in a window such as ``paper-exact`` learns; ``short``: in windows of 100 frames
that overlap, as weights draw that learnt no longer ones; ``bf16``: forward with weights of half the
size; ``train``: a step of forward, backward, clipping and AdamW. Weights and data are noise.
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import median

import numpy as np
import torch
from reference_dit import ReferenceDiT
from torch import nn

from facedit.model.checkpoint import MotionModel
from facedit.model.config import preset
from facedit.model.dit import DiT
from facedit.model.field import windowed_field
from facedit.model.flow import euler
from facedit.model.infill import infill as infill_motion
from facedit.model.normalise import SpeechProjection
from facedit.model.sampler_settings import SamplerSettings
from facedit.model.windows import WINDOW, Window
from facedit.training.motion.flow_task import FlowTask, task_loss
from facedit.training.start import read_config

DIMS, SPEECH = 75, 256
DEFAULTS = SamplerSettings(speech_guidance=2.0)
WHAT = ("forward", "bf16", "draw", "infill", "short", "train")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", nargs="*", default=WHAT, help=f"any of {', '.join(WHAT)}")
    parser.add_argument("--layers", type=int, default=22)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--frames", type=int, default=250)
    parser.add_argument("--clips", type=int, default=8, help="clips of --frames in a training step")
    parser.add_argument("--device", default="cpu")
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    bf16 = torch.cpu._is_avx512_bf16_supported(), torch.cpu._is_amx_tile_supported()
    print("torch {}, AVX512-BF16 {}, AMX {}".format(torch.__version__, *bf16))
    size = {"layers": args.layers, "width": 1024, "heads": 16}
    config = preset("paper", motion_dims=DIMS, speech_dims=SPEECH, layers=args.layers)
    nets = (ReferenceDiT(DIMS, SPEECH, **size), DiT(config))
    theirs, ours = (awake(net).to(args.device) for net in nets)
    counts = [sum(one.numel() for one in net.parameters()) / 1e6 for net in (theirs, ours)]
    print("{:.0f} M weights in the reference, {:.0f} M in ours".format(*counts))
    for name in args.what:
        pairs = globals()[name](theirs, ours, args)
        compare(name, pairs, args.rounds, args.device)
        if args.device.startswith("cuda"):
            print(f"{torch.cuda.max_memory_allocated() / 2**30:.1f} GiB at most on the GPU")


def forward(theirs: ReferenceDiT, ours: DiT, args) -> dict[str, Callable[[], object]]:
    x, t, speech, mask = noise(1, args.frames, args.device)
    given, steps = ours.conditions(x, mask, speech), ours.modulations(t, None)
    return {
        "reference": lambda: theirs(x, t, x, mask, speech),
        "ours": lambda: ours.velocity(x, steps, given),
        "ours, all of it": lambda: ours(x, t, x, mask, speech),
    }


def bf16(theirs: ReferenceDiT, ours: DiT, args) -> dict[str, Callable[[], object]]:
    x, t, speech, mask = noise(1, args.frames, args.device)
    half = DiT(ours.config)
    half.load_state_dict(ours.state_dict())
    half.to(args.device).eval().bfloat16()
    given, steps = ours.conditions(x, mask, speech), ours.modulations(t, None)
    halved, half_steps = half.conditions(x, mask, speech), half.modulations(t, None)
    apart = half.velocity(x, half_steps, halved) - ours.velocity(x, steps, given)
    print(f"bf16: off by {apart.norm() / ours.velocity(x, steps, given).norm():.1e} of the norm")
    return {
        "fp32": lambda: ours.velocity(x, steps, given),
        "bf16": lambda: half.velocity(x, half_steps, halved),
    }


def draw(theirs: ReferenceDiT, ours: DiT, args) -> dict[str, Callable[[], object]]:
    frames = 250
    x, _, speech, mask = noise(1, frames, args.device)
    whole = [Window(np.arange(frames), np.ones(frames, np.float32))]
    model = model_of(ours)

    def drawn() -> torch.Tensor:
        field = windowed_field(model, whole, x, mask, speech, DEFAULTS)
        return euler(field, x, mask, x, DEFAULTS)

    return {"reference": lambda: theirs.draw(x, x, mask, speech), "ours": drawn}


def short(theirs: ReferenceDiT, ours: DiT, args) -> dict[str, Callable[[], object]]:
    return infilled(theirs, ours, WINDOW, args.device)


def infilled(
    theirs: ReferenceDiT, ours: DiT, window: int, device: str
) -> dict[str, Callable[[], object]]:
    x, _, speech, mask = noise(1, 250, device)
    model = replace(model_of(ours), window=window)
    given = (x[0].cpu().numpy(), mask[0].cpu().numpy(), speech[0].cpu().numpy())
    return {
        "reference": lambda: theirs.draw(x, x, mask, speech),
        "ours": lambda: infill_motion(model, *given, seed=0, settings=DEFAULTS),
    }


def infill(theirs: ReferenceDiT, ours: DiT, args) -> dict[str, Callable[[], object]]:
    window = read_config(Path("paper-exact")).data.window
    return infilled(theirs, ours, window, args.device)


def train(theirs: ReferenceDiT, ours: DiT, args) -> dict[str, Callable[[], object]]:
    x, _, speech, mask = noise(args.clips, args.frames, "cpu")
    t, valid = torch.rand(len(x)), torch.ones(x.shape[:2], dtype=torch.bool)
    task = FlowTask(x, torch.randn_like(x), t, mask, speech, valid, torch.rand(len(x)) < 0.2)
    weights = torch.ones(DIMS, device=args.device)
    steps = {}
    for name, net in (("reference", theirs), ("ours", ours)):
        net.train()
        optimiser = torch.optim.AdamW(net.parameters(), lr=1e-9, fused=True)

        def step(net: nn.Module = net, optimiser: torch.optim.Optimizer = optimiser) -> None:
            with torch.inference_mode(False), torch.enable_grad():
                optimiser.zero_grad(set_to_none=True)
                task_loss(net, task, weights, 0.5, bf16=False).total.backward()
                torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
                optimiser.step()

        steps[name] = step
    return steps


def compare(what: str, pairs: dict[str, Callable[[], object]], rounds: int, device: str) -> None:
    """Let all take turns, after one round that does not count, and print what they took."""
    took: dict[str, list[float]] = {name: [] for name in pairs}
    for number in range(rounds + 1):
        for name, work in pairs.items():
            begun = now(device)
            with torch.no_grad():
                work()
            if number:
                took[name].append(now(device) - begun)
    first = next(iter(took))
    for name, values in took.items():
        ratios = sorted(a / b for a, b in zip(values, took[first], strict=True))
        print(
            f"{what:8} {name:16} {median(values):7.3f} s (least {min(values):.3f}), "
            f"{median(ratios):.3f} of {first} ({ratios[0]:.3f} to {ratios[-1]:.3f}), "
            f"by the least {min(values) / min(took[first]):.3f}",
            flush=True,
        )


def now(device: str) -> float:
    """Return seconds of CPU, or of the clock once a GPU has done what it was told."""
    if device == "cpu":
        return time.process_time()
    torch.accelerator.synchronize()
    return time.perf_counter()


def awake(net: nn.Module) -> nn.Module:
    """Give a network weights that are nowhere zero, for evaluation."""
    with torch.no_grad():
        for weights in net.parameters():
            weights.normal_(0.0, 0.02)
    return net.eval()


def noise(clips: int, frames: int, device: str):
    x, speech = torch.randn(clips, frames, DIMS), torch.randn(clips, frames, SPEECH)
    given = x, torch.full((clips,), 0.4), speech, torch.ones(x.shape, dtype=torch.bool)
    return tuple(one.to(device) for one in given)


def model_of(net: DiT) -> MotionModel:
    projection = SpeechProjection(np.eye(SPEECH, dtype=np.float32), np.zeros(SPEECH, np.float32))
    names = tuple(f"lips_{dim:02}" for dim in range(DIMS))
    return MotionModel(net, projection, np.ones(DIMS, np.float32), "none", "liveportrait", names)


if __name__ == "__main__":
    main()
