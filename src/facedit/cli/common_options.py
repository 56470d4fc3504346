"""Options that several verbs have."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from facedit.inputs import MOST_SEED, check_seed

Verbs = Any
"""Sub-parsers; argparse has no public type for them."""

Verb = Callable[[Verbs, str, str, Any], argparse.ArgumentParser]
"""Adds a verb: sub-parsers, name, summary, function."""


def seed(text: str) -> int:
    """Read what stands behind ``--seed``: a whole number from 0 to ``MOST_SEED``."""
    try:
        return check_seed(int(text))
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text[:40]!r} is no whole number from 0 to {MOST_SEED}"
        ) from None


def add_output(parser: argparse.ArgumentParser, what: str) -> None:
    """Add ``-o`` and ``--force``; ``what`` says what the output is."""
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="OUT", help=what)
    parser.add_argument("--force", action="store_true", help="replace an output that exists")


def add_device(parser: argparse.ArgumentParser) -> None:
    """Add ``--device``."""
    parser.add_argument(
        "--device", default="auto", help="where networks compute: auto, cpu, cuda or mps (auto)"
    )


def add_progress(parser: argparse.ArgumentParser) -> None:
    """Add ``--no-progress``."""
    parser.add_argument("--no-progress", action="store_true", help="no progress bars")


def add_workers(parser: argparse.ArgumentParser) -> None:
    """Add ``--workers`` and ``--no-progress``."""
    from facedit.scale.workers import HELP

    parser.add_argument("--workers", default="1", metavar="N|ray|ray:ADDRESS", help=HELP)
    add_progress(parser)
