"""``facedit transcribe`` and ``motion``: what is said in a clip, and how the face moves."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

from facedit.batch.batch_options import BatchOptions
from facedit.cli.common_options import Verb, Verbs, add_output, add_progress
from facedit.cli.dataclass_options import add_options, from_options
from facedit.errors import UsageError
from facedit.options import MotionOptions, TranscribeOptions

_NOT_OFFERED = ("shard", "dry_run", "force")
"""Options of a batch that these verbs leave to lists, or have themselves."""


def add_transcribe_motion(verbs: Verbs, verb: Verb) -> None:
    """Add ``transcribe`` and ``motion``."""
    words = verb(verbs, "transcribe", "The words of a video or sound, with times.", _transcribe)
    words.add_argument(
        "inputs", type=Path, nargs="+", metavar="IN",
        help="the video or sound; or several, or a folder of them",
    )  # fmt: skip
    add_output(words, "JSON, SRT, VTT or TextGrid file; a folder for several", required=False)
    add_options(words, TranscribeOptions)
    add_options(words, BatchOptions, _NOT_OFFERED)
    add_progress(words)
    motion = verb(verbs, "motion", "Export the facial motion of a video.", _motion)
    motion.add_argument(
        "inputs", type=Path, nargs="+", metavar="IN",
        help="the video, or a .pkl; or several videos, or a folder of them",
    )  # fmt: skip
    add_output(
        motion,
        "a .csv (as Live Link Face records), .glb (an animated mesh), .npz or LivePortrait's .pkl; "
        "a folder of .csv for several",
    )
    add_options(motion, MotionOptions)
    add_options(motion, BatchOptions, _NOT_OFFERED)
    add_progress(motion)


def _transcribe(args: argparse.Namespace) -> object:
    from facedit import api

    options = from_options(TranscribeOptions, args)
    if _several(args.inputs):
        return _many("transcribe", options, args)
    return api.transcribe(args.inputs[0], args.output, options, on_progress=args.on_progress)


def _motion(args: argparse.Namespace) -> object:
    from facedit import api

    options = from_options(MotionOptions, args)
    if _several(args.inputs):
        return _many("motion", options, args)
    return api.export_motion(args.inputs[0], args.output, options, on_progress=args.on_progress)


def _several(inputs: Sequence[Path]) -> bool:
    return len(inputs) > 1 or inputs[0].is_dir()


def _many(
    verb: Literal["transcribe", "motion"],
    options: TranscribeOptions | MotionOptions,
    args: argparse.Namespace,
) -> object:
    """Do the same to every clip, as a batch."""
    from facedit.batch.jobs import jobs_of
    from facedit.batch.run_batch import run_jobs

    if args.output is None:
        raise UsageError("say which folder the words of several clips go into (-o DIR).")
    jobs = jobs_of(verb, replace(options, force=False), args.inputs)
    how = from_options(BatchOptions, args)
    return run_jobs(jobs, args.output, how, on_progress=args.on_progress)
