"""``facedit bench …``: options to functions, no logic, nothing heavy before a verb runs."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from facedit.bench.bench_options import CheckOptions, FolderOptions, RunOptions
from facedit.bench.make_items.build_options import BuildOptions
from facedit.cli.common_options import Verb, Verbs, add_output, add_progress
from facedit.cli.dataclass_options import add_options, from_options


def add_bench(verbs: Verbs, verb: Verb) -> None:
    """Add the verb ``bench`` with its own verbs."""
    about = "Measure editing and generation: FacEDiTBench."
    parser = verbs.add_parser("bench", help=about, description=about)
    inner = parser.add_subparsers(title="verbs", metavar="VERB", required=True)

    build = verb(inner, "build", "Make a benchmark of clips: edits that read as sentences.", _build)
    build.add_argument("input", type=Path, metavar="CLIPS", help="a folder or a manifest (CSV)")
    add_output(build, "the benchmark's folder", "DIR")
    add_options(build, BuildOptions)

    run = verb(inner, "run", "Put every item through every system; resumable; report.", _run)
    _add_bench(run, "folder of results")
    add_options(run, RunOptions, leave_out=("on_progress", "command"))
    add_progress(run)

    score = verb(inner, "score", "Score videos that another system made, ITEM.mp4 each.", _score)
    _add_bench(score, "folder of results")
    score.add_argument("videos", type=Path, metavar="VIDEOS", help="a video per item")
    score.add_argument("--name", metavar="NAME", help="name of the system (the folder's)")
    apart = ("systems", "reference", "takes", "limits", "on_progress", "command")
    add_options(score, RunOptions, leave_out=apart)
    add_progress(score)

    check = verb(inner, "selfcheck", "Prove that the measures measure what they say.", _selfcheck)
    _add_bench(check, "folder of its page and figures")
    add_options(check, FolderOptions)
    add_options(check, CheckOptions, leave_out=("on_progress",))
    add_progress(check)

    export = verb(inner, "export", "Write the items for another system to work on.", _export)
    _add_bench(export, "a folder with a folder per item")
    add_options(export, FolderOptions)

    material = verb(inner, "material", "Make talking clips of no one's footage.", _material)
    add_output(material, "folder of clips with transcripts", "DIR")
    add_options(material, FolderOptions, leave_out=("clips",))


def _add_bench(parser: argparse.ArgumentParser, output: str) -> None:
    parser.add_argument("bench", type=Path, metavar="BENCH", help="the benchmark's folder")
    add_output(parser, output, "DIR")


def _build(args: argparse.Namespace) -> object:
    from facedit.bench.make_items.build import build

    return build(args.input, args.output, options=from_options(BuildOptions, args))


def _run(args: argparse.Namespace) -> object:
    from facedit.bench.run_benchmark import run

    return run(args.bench, args.output, from_options(RunOptions, args, command=_command()))


def _score(args: argparse.Namespace) -> object:
    from facedit.bench.run_benchmark import run

    name = args.name or args.videos.resolve().name
    systems = f"truth,{name}=videos:{args.videos}"
    options = from_options(RunOptions, args, systems=systems, reference=name, command=_command())
    return run(args.bench, args.output, options)


def _selfcheck(args: argparse.Namespace) -> object:
    from facedit.bench.items import read_bench
    from facedit.bench.selection import clips_folder
    from facedit.bench.selfcheck import require, selfcheck

    options = from_options(CheckOptions, args)
    bench = read_bench(args.bench)
    clips = clips_folder(args.bench, bench, args.clips)
    checked = selfcheck(bench, clips, args.output, options)
    require(checked)
    return checked


def _export(args: argparse.Namespace) -> object:
    from facedit.bench.export_items import export

    return export(args.bench, args.output, clips=args.clips, force=args.force)


def _material(args: argparse.Namespace) -> object:
    from facedit.bench.material import make_material

    return make_material(args.output, force=args.force)


def _command() -> str:
    """Return the command line as it was typed, without the program's folder."""
    return " ".join([Path(sys.argv[0]).name, *sys.argv[1:]])
