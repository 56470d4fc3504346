"""``facedit studio``: the page that edits a clip as one edits text."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from facedit.cli.common_options import Verb, Verbs
from facedit.cli.dataclass_options import add_options, from_options
from facedit.errors import AssetMissing
from facedit.studio.studio_options import StudioOptions


def add_studio(verbs: Verbs, verb: Verb) -> None:
    """Add ``studio``."""
    parser = verb(
        verbs, "studio", "Edit a video in the browser, as text, on this machine alone.", _studio
    )
    parser.add_argument("file", type=Path, nargs="?", metavar="FILE", help="a video to open")
    add_options(parser, StudioOptions)


def _studio(args: argparse.Namespace) -> None:
    options = from_options(StudioOptions, args)
    try:
        from facedit.studio.serve import serve
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("starlette", "uvicorn"):
            raise
        raise AssetMissing(
            "the studio needs starlette and uvicorn: run 'pip install facedit[studio]'."
        ) from error

    def ready(address: str) -> None:
        sys.stdout.write(f"facedit studio: {address}\n(Ctrl-C ends it)\n")
        sys.stdout.flush()

    try:
        serve(args.file, options, ready)
    except KeyboardInterrupt:
        return
