"""``facedit edit``, ``sync`` and ``generate``: the verbs that make a video."""

from __future__ import annotations

import argparse
from pathlib import Path

from facedit.cli.common_options import Verb, Verbs, add_output, add_progress
from facedit.cli.dataclass_options import add_options, from_options
from facedit.options import MOTION_SUFFIXES, EditRequest, GenerateRequest, Run


def add_edit_sync_generate(verbs: Verbs, verb: Verb) -> None:
    """Add ``edit``, ``sync`` and ``generate``."""
    _add_edit(verbs, verb)
    _add_sync(verbs, verb)
    _add_generate(verbs, verb)


def _add_edit(verbs: Verbs, verb: Verb) -> None:
    parser = verb(verbs, "edit", "Change the words of a talking-face video.", _edit)
    parser.add_argument(
        "input", type=Path, metavar="IN", help="the video, or a .csv take of Live Link Face"
    )
    add_output(parser, "the edited video, or take", required=False)
    add_options(parser, EditRequest)
    parser.add_argument(
        "--save-script", type=Path, metavar="JSON", help="save the edit to change and run again"
    )
    parser.add_argument("--plan", action="store_true", help="print what would change; write none")
    add_options(parser, Run)
    add_progress(parser)


def _edit(args: argparse.Namespace) -> object:
    from facedit import api

    request, run = from_options(EditRequest, args), from_options(Run, args)
    script, progress = args.save_script, args.on_progress
    if args.plan:
        return api.plan_edit(args.input, request, save_script=script, run=run, on_progress=progress)
    return api.edit(
        args.input, args.output, request, save_script=script, run=run, on_progress=progress
    )


def _add_sync(verbs: Verbs, verb: Verb) -> None:
    parser = verb(verbs, "sync", "New sound over the same pictures; the head as shot.", _sync)
    parser.add_argument("input", type=Path, metavar="IN", help="the video")
    parser.add_argument("speech", type=Path, metavar="SPEECH", help="the new sound")
    add_output(parser, "the new video")
    add_options(parser, Run)
    add_progress(parser)


def _sync(args: argparse.Namespace) -> object:
    from facedit import api

    run = from_options(Run, args)
    return api.sync(args.input, args.speech, args.output, run=run, on_progress=args.on_progress)


def _add_generate(verbs: Verbs, verb: Verb) -> None:
    parser = verb(verbs, "generate", "A talking face from one picture and speech.", _generate)
    parser.add_argument(
        "input", type=Path, nargs="?", metavar="FACE",
        help="a picture, or a video of the person: its mouths and way of speaking are used too; "
        "needless where OUT holds motion alone",
    )  # fmt: skip
    parser.add_argument("speech", type=Path, nargs="?", metavar="SPEECH", help="the speech")
    add_output(parser, "the new video; or motion for a character (.csv, .glb, .npz)")
    add_options(parser, GenerateRequest, leave_out=("speech",))
    add_options(parser, Run)
    add_progress(parser)


def _generate(args: argparse.Namespace) -> object:
    from facedit import api

    if args.output.suffix.lower() in MOTION_SUFFIXES and not (args.speech or args.text):
        args.input, args.speech = None, args.input
    request, run = from_options(GenerateRequest, args), from_options(Run, args)
    return api.generate(args.input, args.output, request, run=run, on_progress=args.on_progress)
