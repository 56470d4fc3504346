"""``facedit transcribe`` and ``motion``: what is said in a clip, and how the face moves."""

from __future__ import annotations

import argparse
from pathlib import Path

from facedit.cli.common_options import Verb, Verbs, add_output, add_progress
from facedit.cli.dataclass_options import add_options, from_options
from facedit.options import MotionOptions, TranscribeOptions


def add_transcribe_motion(verbs: Verbs, verb: Verb) -> None:
    """Add ``transcribe`` and ``motion``."""
    words = verb(verbs, "transcribe", "The words of a video or sound, with times.", _transcribe)
    words.add_argument("input", type=Path, metavar="IN", help="the video or sound")
    add_output(words, "JSON, SRT, VTT or TextGrid file", required=False)
    add_options(words, TranscribeOptions)
    add_progress(words)
    motion = verb(verbs, "motion", "Export the facial motion of a video.", _motion)
    motion.add_argument("input", type=Path, metavar="IN", help="the video, or a .pkl")
    add_output(
        motion,
        "a .csv (as Live Link Face records), .glb (an animated mesh), .npz or LivePortrait's .pkl",
    )
    add_options(motion, MotionOptions)
    add_progress(motion)


def _transcribe(args: argparse.Namespace) -> object:
    from facedit import api

    options = from_options(TranscribeOptions, args)
    return api.transcribe(args.input, args.output, options, on_progress=args.on_progress)


def _motion(args: argparse.Namespace) -> object:
    from facedit import api

    options = from_options(MotionOptions, args)
    return api.export_motion(args.input, args.output, options, on_progress=args.on_progress)
