"""How long LivePortrait takes for a picture of 512 pixels, network by network.

    FACEDIT_MODELS=models python benchmarks/liveportrait_speed.py --ways plain bf16
    python benchmarks/liveportrait_speed.py --device cuda --ways plain bf16 compiled --repeats 20

The weights do not matter: files of the official form do. Least seconds of the process on a CPU, of
the clock elsewhere, and the memory at most.
"""

import argparse
import resource
import time
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import torch

from facedit.render.liveportrait.networks import load_liveportrait

WAYS = ("plain", "bf16", "channels-last", "compiled")


def timed(call: Callable[[], Any], device: str, repeats: int) -> tuple[float, Any]:
    """Return the least seconds of a call, and what it gives."""
    on_cpu, least, found = device == "cpu", float("inf"), call()
    for _ in range(repeats):
        clock = time.process_time if on_cpu else time.perf_counter
        before = clock()
        found = call()
        if not on_cpu:
            torch.accelerator.synchronize()
        least = min(least, clock() - before)
    return least, found


def measure(device: str, way: str, repeats: int) -> None:
    """Print the seconds of each network, and how far pictures are from the plain ones."""
    nets = load_liveportrait(device)
    picture = torch.rand(1, 3, 256, 256, generator=torch.Generator().manual_seed(0)).to(device)
    with torch.inference_mode():
        volume, x_s = nets.appearance(picture), nets.motion.motion_of(picture).moved()
        x_d = x_s + 0.02 * torch.sin(torch.arange(63.0, device=device)).view(1, 21, 3)
        plain = nets.decoder(nets.warping(volume, x_s, x_d).features)
        warping: Any = nets.warping
        decoder: Any = nets.decoder
        if way == "channels-last":
            decoder.to(memory_format=torch.channels_last)
        if way == "compiled":
            warping, decoder = torch.compile(warping), torch.compile(decoder)
        half = torch.autocast(device.partition(":")[0], torch.bfloat16)
        with half if way == "bf16" else nullcontext():
            motion, _ = timed(lambda: nets.motion.motion_of(picture), device, repeats)
            appearance, _ = timed(lambda: nets.appearance(picture), device, repeats)
            warp, warped = timed(lambda: warping(volume, x_s, x_d), device, repeats)
            decode, drawn = timed(lambda: decoder(warped.features), device, repeats)
    apart = (drawn.float() - plain).abs()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    if device != "cpu":
        peak = torch.cuda.max_memory_allocated() / 1e9
    print(
        f"{way:14} motion {motion:.3f}  appearance {appearance:.3f}  warp {warp:.3f}  "
        f"decode {decode:.3f} s; {peak:.2f} GB; off by {255 * float(apart.mean()):.2f} levels, "
        f"at most {255 * float(apart.max()):.1f}"
    )


def main() -> None:
    """Measure each way."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=["plain"])
    parser.add_argument("--repeats", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    for way in args.ways:
        measure(args.device, way, args.repeats)


if __name__ == "__main__":
    main()
