"""``facedit export``: an edit for other programs."""

from __future__ import annotations

import argparse
from pathlib import Path

from facedit.cli.common_options import Verb, Verbs, add_output, add_progress
from facedit.cli.dataclass_options import add_options, from_options
from facedit.interchange.export_options import ExportOptions
from facedit.options import EditRequest, Run

_NOT_HERE = ("takes", "report")
"""Options of a run that an export sets itself."""


def add_export(verbs: Verbs, verb: Verb) -> None:
    """Add ``export``."""
    parser = verb(
        verbs, "export", "Write an edit for Premiere, Resolve, Kdenlive and compositors.", _export
    )
    parser.add_argument("input", type=Path, metavar="IN", help="the video")
    add_output(parser, "the folder", "DIR")
    add_options(parser, ExportOptions)
    add_options(parser, EditRequest, leave_out=("audio",))
    add_options(parser, Run, leave_out=_NOT_HERE)
    add_progress(parser)


def _export(args: argparse.Namespace) -> object:
    from facedit import api

    request, options = from_options(EditRequest, args), from_options(ExportOptions, args)
    run = from_options(Run, args)
    return api.export(
        args.input, args.output, request, options, run=run, on_progress=args.on_progress
    )
