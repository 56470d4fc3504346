"""``facedit live``: a face that speaks while it is spoken to."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from facedit.cli.common_options import Verb, Verbs, add_progress
from facedit.cli.dataclass_options import add_options, from_options
from facedit.errors import AssetMissing
from facedit.live.live_options import LiveOptions
from facedit.options import Run

if TYPE_CHECKING:
    from facedit.live.open_live import Live

_NOT_LIVE = (
    "on_no_face", "on_covered", "adapt", "takes", "steps", "report", "render", "codec",
    "provenance", "allow_truncated",
)  # fmt: skip
"""Options of what is made of a whole clip."""


def add_live(verbs: Verbs, verb: Verb) -> None:
    """Add ``live``."""
    parser = verb(verbs, "live", "A face that speaks while it is spoken to.", _live)
    parser.add_argument(
        "input", type=Path, nargs="?", metavar="FACE",
        help="a picture or a video of a person; needless with --to vmc",
    )  # fmt: skip
    add_options(parser, LiveOptions)
    add_options(parser, Run, leave_out=_NOT_LIVE)
    add_progress(parser)


def _live(args: argparse.Namespace) -> None:
    options = from_options(LiveOptions, args)
    del args.steps  # the run's own field, said by the live options
    run = from_options(Run, args, steps=options.steps)
    from facedit.live.open_live import open_live, play

    def tell(line: str) -> None:
        sys.stderr.write(f"facedit: {line}\n")
        sys.stderr.flush()

    live = open_live(args.input, options, run, tell, args.on_progress)
    try:
        if options.sink == "page":
            _serve(live, tell)
        else:
            tell(str(play(live, tell)))
    except KeyboardInterrupt:
        return


def _serve(live: Live, tell: Callable[[str], None]) -> None:
    try:
        from facedit.live.serve_live import serve_live
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("starlette", "uvicorn", "websockets"):
            raise
        raise AssetMissing(
            "the page needs starlette, uvicorn and websockets: run 'pip install facedit[live]'."
        ) from error
    serve_live(live, lambda address: tell(f"live: {address} (Ctrl-C ends it)"), tell)
