"""Options that several verbs have."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

Verbs = Any
"""Sub-parsers; argparse has no public type for them."""

Verb = Callable[[Verbs, str, str, Any], argparse.ArgumentParser]
"""Adds a verb: sub-parsers, name, summary, function."""


def add_output(
    parser: argparse.ArgumentParser, what: str, metavar: str = "OUT", *, required: bool = True
) -> None:
    """Add ``-o``; ``what`` says what the output is."""
    parser.add_argument("-o", "--output", type=Path, required=required, metavar=metavar, help=what)


def add_progress(parser: argparse.ArgumentParser) -> None:
    """Add ``--no-progress``."""
    parser.add_argument("--no-progress", action="store_true", help="no progress bars")
