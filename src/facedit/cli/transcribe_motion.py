"""``facedit transcribe`` and ``motion``: what is said in a clip, and how the face moves."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from facedit.cli.common_options import Verb, Verbs, add_output, add_progress


def add_transcribe_motion(verbs: Verbs, verb: Verb) -> None:
    """Add ``transcribe`` and ``motion``."""
    _add_transcribe(verbs, verb)
    _add_motion(verbs, verb)


def _add_transcribe(verbs: Verbs, verb: Verb) -> None:
    parser = verb(verbs, "transcribe", "The words of a video or sound, with times.", _transcribe)
    parser.add_argument("input", type=Path, metavar="IN")
    parser.add_argument(
        "-o", "--output", type=Path, metavar="OUT", help="JSON, SRT, VTT or TextGrid file"
    )
    parser.add_argument("--force", action="store_true", help="replace an output that exists")
    parser.add_argument("--language", metavar="CODE", help="language of the speech (recognised)")
    parser.add_argument("--text", type=Path, metavar="FILE", help="known words: only align them")
    parser.add_argument(
        "--model", type=Path, metavar="FOLDER", help="a larger recogniser: a faster-whisper folder"
    )
    parser.add_argument("--hotwords", metavar="WORDS", help="names and terms likely to be said")
    add_progress(parser)


def _transcribe(args: argparse.Namespace) -> Any:
    from facedit import api

    return api.transcribe(
        args.input,
        args.output,
        language=args.language,
        text=args.text,
        model=args.model,
        hotwords=args.hotwords,
        force=args.force,
        on_progress=args.on_progress,
    )


def _add_motion(verbs: Verbs, verb: Verb) -> None:
    parser = verb(verbs, "motion", "Export the facial motion of a video.", _motion)
    parser.add_argument("input", type=Path, metavar="IN")
    add_output(parser, "a .csv (with the 52 ARKit weights) or .npz file")
    parser.add_argument("--face", metavar="largest|N|x,y,w,h", help="which face")
    add_progress(parser)


def _motion(args: argparse.Namespace) -> Any:
    from facedit import api

    return api.export_motion(
        args.input, args.output, face=args.face, force=args.force, on_progress=args.on_progress
    )
