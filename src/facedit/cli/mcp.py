"""``facedit mcp``: the verbs as tools of an assistant."""

from __future__ import annotations

import argparse
from pathlib import Path

from facedit.cli.common_options import Verb, Verbs
from facedit.errors import AssetMissing, UsageError


def add_mcp(verbs: Verbs, verb: Verb) -> None:
    """Add ``mcp``."""
    about = "Offer the verbs to an assistant (Model Context Protocol, standard input and output)."
    parser = verb(verbs, "mcp", about, _mcp)
    parser.add_argument(
        "folder", type=Path, nargs="?", default=Path(), metavar="DIR",
        help="where clips are and outputs go; nothing outside of it is touched (this folder)",
    )  # fmt: skip


def _mcp(args: argparse.Namespace) -> None:
    if not args.folder.is_dir():
        raise UsageError(f"{args.folder}: no such folder.")
    try:
        from facedit.mcp_server import make_server
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("mcp", "anyio"):
            raise
        raise AssetMissing("run 'pip install facedit[mcp]' for the protocol's library.") from error
    make_server(args.folder).run()
