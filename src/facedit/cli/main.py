"""The command line: one verb runs, and its answer is printed.

Nothing heavy is imported before a verb runs, so that ``--help`` answers at once.
"""

from __future__ import annotations

import argparse
import atexit
import gc
import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Sequence
from dataclasses import asdict, is_dataclass

from facedit import __version__
from facedit.cli.adapt import add_adapt
from facedit.cli.batch import add_batch
from facedit.cli.bench import add_bench
from facedit.cli.common_options import Verbs
from facedit.cli.doctor_demo import add_doctor_demo
from facedit.cli.edit_sync_generate import add_edit_sync_generate
from facedit.cli.export_verb import add_export
from facedit.cli.live import add_live
from facedit.cli.mcp import add_mcp
from facedit.cli.prepare_train_evaluate import add_prepare_train_evaluate
from facedit.cli.provenance import add_provenance
from facedit.cli.studio import add_studio
from facedit.cli.terminal import OneLineParser, ended, progress_bars
from facedit.cli.transcribe_motion import add_transcribe_motion
from facedit.device import cores


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb, of the process's own command line by default; return its exit status."""
    parser = build_parser()
    args = parser.parse_args(arguments)
    # Small networks gain nothing from more, and on a busy machine threads that wait for each other
    # cost twenty times the work; read by the libraries when they are first imported.
    os.environ.setdefault("OMP_NUM_THREADS", str(max(cores() // 2, 1)))
    # NumPy's products are rounded otherwise by each number of threads: the same bytes need one.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # oneDNN keeps code for the shapes that it met. Mouths come in hundreds; for 1024, as it has it,
    # a live face's memory grew by 0.7 GB within ten minutes.
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "256")
    # What libraries and dictionaries bring stays, a million objects: to look through them for
    # garbage as often as Python does, and at the end, takes 7 % of a short edit's time.
    gc.set_threshold(10_000)
    atexit.register(gc.freeze)
    if threading.current_thread() is threading.main_thread():
        # Being asked to stop is like Ctrl-C: clean up first. (Training saves before it stops.)
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    logging.basicConfig(
        level=logging.INFO if args.verbose else logging.WARNING, format="facedit: %(message)s"
    )

    outcome = 0

    def answer() -> str:
        nonlocal outcome
        with progress_bars(wanted=not getattr(args, "no_progress", True)) as args.on_progress:
            found = args.run(args)
        outcome = getattr(found, "exit_status", 0)
        return _as_text(found, as_json=args.json)

    return ended(answer, verbose=args.verbose) or outcome


def build_parser() -> argparse.ArgumentParser:
    """Build the parser with every verb; the chosen verb's function is in ``args.run``."""
    parser = OneLineParser(
        prog="facedit",
        description="Edit and generate talking-face video. What you did not edit is exactly "
        "what you shot.",
        epilog="'facedit VERB --help' explains one verb.",
    )
    parser.add_argument("--version", action="version", version=f"facedit {__version__}")
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True)
    for add in (
        add_edit_sync_generate,
        add_export,
        add_batch,
        add_studio,
        add_mcp,
        add_live,
        add_transcribe_motion,
        add_prepare_train_evaluate,
        add_adapt,
        add_bench,
        add_provenance,
        add_doctor_demo,
    ):
        add(verbs, _verb)
    return parser


def _verb(verbs: Verbs, name: str, summary: str, run: object) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = verbs.add_parser(name, help=summary, description=summary)
    parser.set_defaults(run=run)
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.add_argument("-v", "--verbose", action="store_true", help="log what is being done")
    return parser


def _as_text(answer: object, *, as_json: bool) -> str:
    """Format a verb's answer: JSON for machines, its own words for people."""
    if answer is None:
        return ""
    if as_json:
        data = answer.to_dict() if hasattr(answer, "to_dict") else answer
        data = asdict(data) if is_dataclass(data) and not isinstance(data, type) else data
        if isinstance(data, dict):
            data = {"summary": getattr(answer, "summary", str(answer).partition("\n")[0])} | data
        return json.dumps(data, ensure_ascii=False, indent=2, default=str) + "\n"
    return f"{answer}\n"


if __name__ == "__main__":
    sys.exit(main())
