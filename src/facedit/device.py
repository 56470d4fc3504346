"""Where networks compute: the one place that chooses it, and how a network says where it is.

``--device`` is for the networks in PyTorch that work on every frame: the motion model, the mouth
network, Whisper's encoder, the sync network and those that measure. A network is put on the device
when it is loaded; whoever runs it asks it (``device_of``), hands its inputs over there and takes
plain arrays back, so nothing else knows of devices. Random numbers are drawn on the CPU and handed
over, so that a seed means the same everywhere.

What is small, or runs in a library that knows no Apple device, stays on the CPU on every machine,
with the same result: face tracking (LiteRT), recognition (CTranslate2, 8 bit), alignment, voices
(ONNX) and the speaker embedding.

How a sum is rounded depends on how many threads share it out. So every network computes within
``inference``, on one CPU thread whatever the process has: the same seed gives the same bits.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

from facedit.errors import UsageError

if TYPE_CHECKING:
    import torch

AUTO = "auto"
"""The accelerator that torch finds, else the CPU."""

CORES = "FACEDIT_CORES"
"""Variable of the environment: the cores that a process may use; each worker is told its share."""


def cores() -> int:
    """Return how many cores this process may use: as it was told, else those of its job."""
    if (told := os.environ.get(CORES, "")).isdecimal() and int(told):
        return int(told)
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def choose_device(name: str = AUTO) -> torch.device:
    """Resolve ``auto``, ``cpu``, or an accelerator that torch knows, such as ``cuda:1`` or ``mps``.

    UsageError is raised if that device is not there.
    """
    import torch

    counts = {"cpu": 1}
    found = torch.accelerator.current_accelerator()
    if found is not None and torch.accelerator.is_available():
        counts[found.type] = torch.accelerator.device_count()
    if name == AUTO:
        return torch.device(list(counts)[-1])
    kind, _, number = name.partition(":")
    if kind not in counts or (number and number not in map(str, range(counts[kind]))):
        raise UsageError(f"--device {name}: is not there; choose auto or {' or '.join(counts)}.")
    return torch.device(name)


def device_of(network: torch.nn.Module) -> torch.device:
    """Return where a network's weights are, and hence where its inputs must be."""
    return next(network.parameters()).device


def half_is_quick() -> bool:
    """Tell whether the CPU multiplies bfloat16 numbers itself: networks in them then cost less."""
    import torch

    known = getattr(torch.cpu, "_is_avx512_bf16_supported", None)  # public in no version yet
    return known is not None and bool(known())


@contextmanager
def inference(*, large: bool = False) -> Iterator[None]:
    """Compute with networks, without gradients, on one CPU thread; ``large`` ones on all."""
    import torch

    with nullcontext() if large else cpu_threads(1), torch.inference_mode():
        yield


@contextmanager
def cpu_threads(count: int) -> Iterator[None]:
    """Let PyTorch share out this thread's work among so many CPU threads, then as many as before.

    More than one gain little for networks as small as ours, and on a busy machine they wait for
    each other (measured: 0.3 s became 5 s).
    """
    import torch

    before = torch.get_num_threads()
    if before != count:
        torch.set_num_threads(count)
    try:
        yield
    finally:
        if torch.get_num_threads() != before:
            torch.set_num_threads(before)
