"""``facedit edit``, ``sync`` and ``generate``: the verbs that make a video."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from facedit.cli.common_options import Verb, Verbs, add_progress
from facedit.cli.dataclass_options import add_options, from_options
from facedit.options import EditRequest, Run

_VOICES = (
    "auto (the nearest to the video's speaker), default, or a name; 'facedit doctor' lists them"
)


def add_edit_sync_generate(verbs: Verbs, verb: Verb) -> None:
    """Add ``edit``, ``sync`` and ``generate``."""
    _add_edit(verbs, verb)
    _add_sync(verbs, verb)
    _add_generate(verbs, verb)


def _add_edit(verbs: Verbs, verb: Verb) -> None:
    parser = verb(verbs, "edit", "Change the words of a talking-face video.", _edit)
    parser.add_argument("input", type=Path, metavar="IN", help="the video")
    parser.add_argument("-o", "--output", type=Path, metavar="OUT", help="the edited video")
    add_options(parser, EditRequest)
    parser.add_argument(
        "--save-script", type=Path, metavar="JSON", help="save the edit to change and run again"
    )
    parser.add_argument("--plan", action="store_true", help="print what would change; write none")
    add_options(parser, Run)
    add_progress(parser)


def _edit(args: argparse.Namespace) -> Any:
    from facedit import api

    request, run = from_options(EditRequest, args), from_options(Run, args)
    if args.plan:
        return api.plan_edit(
            args.input,
            request,
            save_script=args.save_script,
            run=run,
            on_progress=args.on_progress,
        )
    return api.edit(
        args.input,
        args.output,
        request,
        save_script=args.save_script,
        run=run,
        on_progress=args.on_progress,
    )


def _add_sync(verbs: Verbs, verb: Verb) -> None:
    parser = verb(verbs, "sync", "New sound over the same pictures; the head as shot.", _sync)
    parser.add_argument("input", type=Path, metavar="IN", help="the video")
    parser.add_argument("speech", type=Path, metavar="SPEECH", help="the new sound")
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar="OUT", help="the new video"
    )
    add_options(parser, Run)
    add_progress(parser)


def _sync(args: argparse.Namespace) -> Any:
    from facedit import api

    return api.sync(
        args.input,
        args.speech,
        args.output,
        run=from_options(Run, args),
        on_progress=args.on_progress,
    )


def _add_generate(verbs: Verbs, verb: Verb) -> None:
    parser = verb(verbs, "generate", "A talking face from one picture and speech.", _generate)
    parser.add_argument(
        "input", type=Path, metavar="FACE",
        help="a picture, or a video of the person: its mouths and way of speaking are used too",
    )  # fmt: skip
    parser.add_argument("speech", type=Path, nargs="?", metavar="SPEECH", help="the speech")
    parser.add_argument("--text", help="the words, spoken by --voice, instead of SPEECH")
    parser.add_argument("--voice", default="auto", help=f"voice of --text: {_VOICES}")
    parser.add_argument(
        "--picture-only", action="store_true", help="use one picture of a video and nothing else"
    )
    parser.add_argument(
        "--footage", type=Path, metavar="VIDEO",
        help="a video of the same person: its mouths and way of speaking are used",
    )  # fmt: skip
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar="OUT", help="the new video"
    )
    add_options(parser, Run)
    add_progress(parser)


def _generate(args: argparse.Namespace) -> Any:
    from facedit import api

    return api.generate(
        args.input,
        args.output,
        speech=args.speech,
        text=args.text,
        voice=args.voice,
        picture_only=args.picture_only,
        footage=args.footage,
        run=from_options(Run, args),
        on_progress=args.on_progress,
    )
