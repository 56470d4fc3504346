"""``facedit adapt``: options to a function, no logic, nothing heavy before it runs."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from facedit.cli.common_options import Verb, Verbs, add_device, add_progress
from facedit.cli.dataclass_options import add_options, from_options
from facedit.training.adapt.tune_options import TuneOptions

INNER = ("share", "lr", "pull", "frames_per_step", "ema", "mirror", "amplitude")
"""Fields of ``TuneOptions`` that were chosen once for all speakers."""


def add_adapt(verbs: Verbs, verb: Verb) -> None:
    """Add the verb ``adapt``."""
    parser = verb(verbs, "adapt", "Fine-tune the motion model to one speaker.", _adapt)
    parser.add_argument(
        "footage", type=Path, nargs="+", metavar="FOOTAGE", help="clips or folders of one speaker"
    )
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar="OUT",
        help="the speaker's weights (.safetensors), for --speaker of edit, sync and generate",
    )  # fmt: skip
    parser.add_argument("--force", action="store_true", help="replace an output that exists")
    parser.add_argument(
        "--weights", default="default", metavar="NAME|FILE",
        help="what to begin with: default, grid, or a file of motion weights",
    )  # fmt: skip
    add_options(parser, TuneOptions, leave_out=INNER)
    add_device(parser)
    parser.add_argument(
        "--work", type=Path, metavar="DIR", help="keep tracks and features here for a further run"
    )
    add_progress(parser)


def _adapt(args: argparse.Namespace) -> Any:
    from facedit.training.adapt.motion import adapt

    return adapt(
        args.footage,
        args.output,
        weights=args.weights,
        device=args.device,
        options=from_options(TuneOptions, args),
        work=args.work,
        force=args.force,
        on_progress=args.on_progress,
    )
