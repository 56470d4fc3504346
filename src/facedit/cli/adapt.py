"""``facedit adapt``: options to a function, no logic, nothing heavy before it runs."""

from __future__ import annotations

import argparse
from pathlib import Path

from facedit.cli.common_options import Verb, Verbs, add_output, add_progress
from facedit.cli.dataclass_options import add_options, from_options
from facedit.training.adapt.tune_options import AdaptOptions, TuneOptions

INNER = ("share", "lr", "pull", "frames_per_step", "ema", "mirror", "amplitude")
"""Fields of ``TuneOptions`` that were chosen once for all speakers."""


def add_adapt(verbs: Verbs, verb: Verb) -> None:
    """Add the verb ``adapt``."""
    parser = verb(verbs, "adapt", "Fine-tune the motion model to one speaker.", _adapt)
    parser.add_argument(
        "footage", type=Path, nargs="+", metavar="FOOTAGE", help="clips or folders of one speaker"
    )
    add_output(
        parser, "the speaker's weights (.safetensors), for --speaker of edit, sync and generate"
    )
    add_options(parser, AdaptOptions, leave_out=("tune",))
    add_options(parser, TuneOptions, leave_out=INNER)
    add_progress(parser)


def _adapt(args: argparse.Namespace) -> object:
    from facedit.training.adapt.motion import adapt

    options = from_options(AdaptOptions, args, tune=from_options(TuneOptions, args))
    return adapt(args.footage, args.output, options, on_progress=args.on_progress)
