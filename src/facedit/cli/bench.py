"""``facedit bench …``: options to functions, no logic, nothing heavy before a verb runs."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from facedit.cli.common_options import Verb, Verbs, add_device, add_progress, seed

TRACKS = ("reconstruct", "edit", "generate")


def add_bench(verbs: Verbs, verb: Verb) -> None:
    """Add the verb ``bench`` with its own verbs."""
    about = "Measure editing and generation: FacEDiTBench."
    parser = verbs.add_parser("bench", help=about, description=about)
    inner = parser.add_subparsers(title="verbs", metavar="VERB", required=True)
    _add_build(inner, verb)
    _add_run(inner, verb)
    _add_score(inner, verb)
    _add_selfcheck(inner, verb)
    export = verb(inner, "export", "Write the items for another system to work on.", _export)
    export.add_argument("bench", type=Path, metavar="BENCH")
    _add_clips(export)
    _add_output(export, "a folder with a folder per item")
    material = verb(inner, "material", "Make talking clips of no one's footage.", _material)
    _add_output(material, "folder of clips with transcripts")


def _add_output(parser: argparse.ArgumentParser, what: str) -> None:
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="DIR", help=what)
    parser.add_argument("--force", action="store_true", help="replace what is there")


def _add_clips(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--clips", type=Path, metavar="DIR", help="the clips' folder (where the benchmark says)"
    )


def _add_running(parser: argparse.ArgumentParser) -> None:
    from facedit.scale.workers import HELP

    add_device(parser)
    parser.add_argument("--workers", default="1", metavar="N|ray", help=HELP)
    add_progress(parser)


def _add_build(inner: Verbs, verb: Verb) -> None:
    build = verb(inner, "build", "Make a benchmark of clips: edits that read as sentences.", _build)
    build.add_argument("input", type=Path, metavar="CLIPS", help="a folder or a manifest (CSV)")
    _add_output(build, "the benchmark's folder")
    build.add_argument("--name", help="name of the benchmark (the folder's)")
    build.add_argument("--data-version", default="1", metavar="V", help="version of the data (1)")
    build.add_argument("--seed", type=seed, default=0, help="same seed, same benchmark (0)")
    build.add_argument("--split", help="only clips of this split of the manifest")
    build.add_argument("--reconstruct", type=int, metavar="N", help="reconstruct items wanted")
    build.add_argument("--edit", type=int, metavar="N", help="edit items wanted")
    build.add_argument("--generate", type=int, metavar="N", help="generate items wanted")
    build.add_argument("--texts", type=Path, metavar="FILE", help="edits written by hand (CSV)")
    build.add_argument("--transcripts", type=Path, metavar="FILE", help="what is said (CSV)")
    build.add_argument("--tracks", type=Path, metavar="DIR", help="face tracks made by prepare")
    build.add_argument("--voice", help="voice of new words (default)")


def _add_run(inner: Verbs, verb: Verb) -> None:
    run = verb(inner, "run", "Put every item through every system; resumable; report.", _run)
    run.add_argument("bench", type=Path, metavar="BENCH")
    _add_clips(run)
    _add_output(run, "folder of results")
    run.add_argument(
        "--systems", metavar="A,B,…",
        help="names by comma; NAME=ours:FIELD=VALUE and NAME=videos:DIR make further ones",
    )  # fmt: skip
    run.add_argument("--reference", default="ours", help="what others are compared with (ours)")
    run.add_argument("--tracks", nargs="+", choices=TRACKS, default=(), help="only these")
    run.add_argument("--limit", metavar="N|TRACK=N,…", help="at most N items per track")
    run.add_argument("--takes", type=int, default=3, help="takes, for diversity (3)")
    run.add_argument("--selfcheck-items", type=int, default=24, metavar="N", help="(24)")
    _add_running(run)


def _add_score(inner: Verbs, verb: Verb) -> None:
    score = verb(inner, "score", "Score videos that another system made, ITEM.mp4 each.", _score)
    score.add_argument("bench", type=Path, metavar="BENCH")
    score.add_argument("videos", type=Path, metavar="VIDEOS", help="a video per item")
    _add_clips(score)
    _add_output(score, "folder of results")
    score.add_argument("--name", help="name of the system (the folder's)")
    score.add_argument("--tracks", nargs="+", choices=TRACKS, default=(), help="only these")
    score.add_argument("--selfcheck-items", type=int, default=24, metavar="N", help="(24)")
    _add_running(score)


def _add_selfcheck(inner: Verbs, verb: Verb) -> None:
    check = verb(inner, "selfcheck", "Prove that the measures measure what they say.", _selfcheck)
    check.add_argument("bench", type=Path, metavar="BENCH")
    _add_clips(check)
    _add_output(check, "folder of its page and figures")
    check.add_argument("--items", type=int, default=24, help="items to prove it on (24)")
    check.add_argument("--seed", type=seed, default=0)
    _add_running(check)


def _build(args: argparse.Namespace) -> Any:
    from facedit.bench.make_items.build import build
    from facedit.bench.make_items.build_options import BuildOptions

    given = {
        "name": args.name or args.output.resolve().name,
        "version": args.data_version,
        "seed": args.seed,
        "split": args.split,
        "reconstruct": args.reconstruct,
        "edit": args.edit,
        "generate": args.generate,
        "texts": args.texts,
        "transcripts": args.transcripts,
        "tracks": args.tracks,
        "voice": args.voice,
        "force": args.force,
    }
    options = BuildOptions(**{name: value for name, value in given.items() if value is not None})
    return build(args.input, args.output, options=options)


def _run(args: argparse.Namespace) -> Any:
    from facedit.bench.run_benchmark import RunOptions, run
    from facedit.bench.selection import parse_limit
    from facedit.scale.workers import Workers

    options = {"systems": args.systems} if args.systems else {}
    return run(
        args.bench,
        args.output,
        RunOptions(
            clips=args.clips,
            workers=Workers.parse(args.workers),
            takes=args.takes,
            reference=args.reference,
            tracks=tuple(args.tracks),
            limits=parse_limit(args.limit) if args.limit else {},
            selfcheck_items=args.selfcheck_items,
            force=args.force,
            on_progress=args.on_progress,
            device=args.device,
            command=_command(),
            **options,
        ),
    )


def _score(args: argparse.Namespace) -> Any:
    from facedit.bench.run_benchmark import RunOptions, run
    from facedit.scale.workers import Workers

    name = args.name or args.videos.resolve().name
    return run(
        args.bench,
        args.output,
        RunOptions(
            systems=f"truth,{name}=videos:{args.videos}",
            clips=args.clips,
            workers=Workers.parse(args.workers),
            reference=name,
            tracks=tuple(args.tracks),
            selfcheck_items=args.selfcheck_items,
            force=args.force,
            on_progress=args.on_progress,
            device=args.device,
            command=_command(),
        ),
    )


def _selfcheck(args: argparse.Namespace) -> Any:
    from facedit.bench.items import read_bench
    from facedit.bench.selection import clips_folder
    from facedit.bench.selfcheck import CheckOptions, require, selfcheck
    from facedit.scale.workers import Workers

    bench = read_bench(args.bench)
    checked = selfcheck(
        bench,
        clips_folder(args.bench, bench, args.clips),
        args.output,
        CheckOptions(
            args.items, args.seed, Workers.parse(args.workers), args.device, args.on_progress
        ),
    )
    require(checked)
    return checked


def _export(args: argparse.Namespace) -> Any:
    from facedit.bench.export_items import export

    return export(args.bench, args.output, clips=args.clips, force=args.force)


def _material(args: argparse.Namespace) -> Any:
    from facedit.bench.material import make_material

    return make_material(args.output)


def _command() -> str:
    """Return the command line as it was typed, without the program's folder."""
    return " ".join([Path(sys.argv[0]).name, *sys.argv[1:]])
