"""``facedit prepare``, ``train`` and ``evaluate``: from clips to judged weights."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from facedit.cli.common_options import Verb, Verbs, add_device, add_workers, seed


def add_prepare_train_evaluate(verbs: Verbs, verb: Verb) -> None:
    """Add ``prepare``, ``train`` and ``evaluate``."""
    _add_prepare(
        verb(verbs, "prepare", "Turn clips into motion and speech features once.", _prepare)
    )
    _add_train(verb(verbs, "train", "Train a model; the config file is the experiment.", _train))
    _add_evaluate(verb(verbs, "evaluate", "Infill real spans; compare with baselines.", _evaluate))


def _add_prepare(prepare: argparse.ArgumentParser) -> None:
    prepare.add_argument(
        "input", type=Path, metavar="CLIPS",
        help="a folder, or a manifest: CSV with the column file and, if known, split (train, dev), "
        "speaker, corpus; where nothing says the split, every fifth speaker or clip is dev",
    )  # fmt: skip
    prepare.add_argument("-o", "--output", type=Path, required=True, metavar="DIR")
    prepare.add_argument(
        "--voices", type=int, default=0, metavar="N",
        help="let each training clip be heard in N other voices and rooms too (default 0)",
    )  # fmt: skip
    prepare.add_argument(
        "--space", metavar="NAME",
        help="motion space: mesh (default), mesh-grid (fitted to GRID alone), or another package's",
    )  # fmt: skip
    prepare.add_argument(
        "--encoder", default="whisper-base", metavar="NAME",
        help="whose states describe the speech (default whisper-base)",
    )  # fmt: skip
    prepare.add_argument(
        "--layer", metavar="N", help="layer of it (of whisper-base 1 to 6; default 4)"
    )
    add_device(prepare)
    add_workers(prepare)


def _add_train(train: argparse.ArgumentParser) -> None:
    train.add_argument(
        "config", type=Path, metavar="CONFIG",
        help="a TOML file, or one that comes with facedit: base, debug, grid, more, mouth, "
        "mouth_grid, paper, paper-exact, sync",
    )  # fmt: skip
    train.add_argument(
        "--set", dest="changes", action="append", default=[], metavar="FIELD=VALUE",
        help="a field that differs from the file, e.g. optim.steps=100; may be given repeatedly",
    )  # fmt: skip
    train.add_argument(
        "--print-config",
        action="store_true",
        help="print all fields, defaults too, and end",
    )
    train.add_argument("--resume", action="store_true", help="go on from the last checkpoint")
    add_device(train)


def _add_evaluate(evaluate: argparse.ArgumentParser) -> None:
    evaluate.add_argument("input", type=Path, metavar="DATA", help="a folder made by prepare")
    evaluate.add_argument("-o", "--output", type=Path, required=True, metavar="DIR")
    evaluate.add_argument("--force", action="store_true", help="replace an output that exists")
    evaluate.add_argument("--weights", default="default", help="motion weights: name or file")
    evaluate.add_argument("--seed", type=seed, default=0)
    add_device(evaluate)
    evaluate.add_argument(
        "--split", default="dev", metavar="NAME", help="which clips are measured (default dev)"
    )
    evaluate.add_argument(
        "--footage", type=Path, metavar="CLIPS",
        help="what was prepared (folder or manifest): measure lips on m, b, p and in silence too",
    )  # fmt: skip
    evaluate.add_argument(
        "--transcripts", type=Path, metavar="TABLE|DIR", help="what is said in the footage"
    )
    evaluate.add_argument(
        "--parts", metavar="LIST", default="spans,closures,stillness,drift",
        help="what to measure (spans,closures,stillness,drift)",
    )  # fmt: skip
    evaluate.add_argument(
        "--spans-per-clip", type=int, metavar="N",
        help="hide up to N spans of each length, spread over a clip, one at a time (default 4); "
        "1 is the middle one",
    )  # fmt: skip


def _prepare(args: argparse.Namespace) -> Any:
    from facedit.dataset.prepare import prepare
    from facedit.motion.space import DEFAULT_SPACE
    from facedit.scale.workers import Workers

    workers = Workers.parse(args.workers)
    return prepare(
        args.input, args.output,
        voices=args.voices, space=DEFAULT_SPACE if args.space is None else args.space,
        encoder=args.encoder if args.layer is None else f"{args.encoder}/{args.layer}",
        device=args.device, workers=workers, on_progress=args.on_progress,
    )  # fmt: skip


def _train(args: argparse.Namespace) -> Any:
    from facedit.training.start import read_config, start

    if args.print_config:
        return read_config(args.config, args.changes)
    return start(args.config, changes=args.changes, resume=args.resume, device=args.device)


def _evaluate(args: argparse.Namespace) -> Any:
    from facedit.evaluation.evaluate import SPANS_PER_CLIP, EvaluateOptions, evaluate

    options = EvaluateOptions(
        weights=args.weights, device=args.device, seed=args.seed, force=args.force,
        split=args.split, parts=tuple(args.parts.split(",")), footage=args.footage,
        transcripts=args.transcripts,
        spans_per_clip=SPANS_PER_CLIP if args.spans_per_clip is None else args.spans_per_clip,
    )  # fmt: skip
    return evaluate(args.input, args.output, options)
