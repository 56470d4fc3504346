"""``facedit prepare``, ``train`` and ``evaluate``: from clips to judged weights."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field
from pathlib import Path

from facedit.cli.common_options import Verb, Verbs, add_output, add_progress
from facedit.cli.dataclass_options import add_options, from_options
from facedit.dataset.prepare_options import PrepareOptions
from facedit.evaluation.evaluate_options import INNER, EvaluateOptions


@dataclass(frozen=True, slots=True)
class TrainOptions:
    """What is said of a training beside its configuration.

    Attributes:
        changes: A field that differs from the file, e.g. optim.steps=100; may be given repeatedly.
        print_config: Print all fields, defaults too, and end.
        resume: Go on from the last checkpoint.
        device: Where networks compute: auto, cpu, cuda or mps.
    """

    changes: tuple[str, ...] = field(
        default=(), metadata={"flag": "--set", "metavar": "FIELD=VALUE"}
    )
    print_config: bool = False
    resume: bool = False
    device: str = field(default="auto", metadata={"metavar": "DEVICE"})


def add_prepare_train_evaluate(verbs: Verbs, verb: Verb) -> None:
    """Add ``prepare``, ``train`` and ``evaluate``."""
    prepare = verb(verbs, "prepare", "Turn clips into motion and speech features once.", _prepare)
    prepare.add_argument(
        "input", type=Path, metavar="CLIPS",
        help="a folder, or a manifest: CSV with the column file and, if known, split (train, dev), "
        "speaker, corpus; where nothing says the split, every fifth speaker or clip is dev",
    )  # fmt: skip
    add_output(prepare, "folder of features", "DIR")
    add_options(prepare, PrepareOptions)
    add_progress(prepare)
    train = verb(verbs, "train", "Train a model; the config file is the experiment.", _train)
    train.add_argument(
        "config", type=Path, metavar="CONFIG",
        help="a TOML file, or one that comes with facedit: base, debug, grid, more, mouth, "
        "mouth_grid, grid_people, paper, paper-exact, sync, people",
    )  # fmt: skip
    add_options(train, TrainOptions)
    evaluate = verb(verbs, "evaluate", "Infill real spans; compare with baselines.", _evaluate)
    evaluate.add_argument("input", type=Path, metavar="DATA", help="a folder made by prepare")
    add_output(evaluate, "folder of figures", "DIR")
    add_options(evaluate, EvaluateOptions, leave_out=INNER)


def _prepare(args: argparse.Namespace) -> object:
    from facedit.dataset.prepare import prepare

    options = from_options(PrepareOptions, args)
    return prepare(args.input, args.output, options, on_progress=args.on_progress)


def _train(args: argparse.Namespace) -> object:
    from facedit.training.start import read_config, start

    if args.print_config:
        return read_config(args.config, args.changes)
    return start(args.config, changes=args.changes, resume=args.resume, device=args.device)


def _evaluate(args: argparse.Namespace) -> object:
    from facedit.evaluation.evaluate import evaluate

    return evaluate(args.input, args.output, from_options(EvaluateOptions, args))
