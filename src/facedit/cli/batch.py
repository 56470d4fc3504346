"""``facedit batch``: many items by one list."""

from __future__ import annotations

import argparse
from pathlib import Path

from facedit.batch.batch_options import BatchOptions
from facedit.cli.common_options import Verb, Verbs, add_output, add_progress
from facedit.cli.dataclass_options import add_options, from_options


def add_batch(verbs: Verbs, verb: Verb) -> None:
    """Add the verb ``batch``."""
    parser = verb(verbs, "batch", "Edit, sync and generate by a list; resumable.", _batch)
    parser.add_argument(
        "jobs", type=Path, metavar="JOBS",
        help="JSON lines, or a CSV table: id, verb (edit, sync, generate), source, output (ID.mp4) "
        "and the verb's own options by their names; files are relative to the list",
    )  # fmt: skip
    add_output(parser, "folder of the videos, and of ID.result.json for each", "DIR")
    add_options(parser, BatchOptions)
    add_progress(parser)


def _batch(args: argparse.Namespace) -> object:
    from facedit.batch.run_batch import run_batch

    options = from_options(BatchOptions, args)
    return run_batch(args.jobs, args.output, options, on_progress=args.on_progress)
