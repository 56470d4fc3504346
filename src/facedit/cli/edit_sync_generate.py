"""``facedit edit``, ``sync`` and ``generate``: the verbs that make a video."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from facedit.cli.common_options import Verb, Verbs, add_device, add_output, seed
from facedit.options import REGIONS, USUAL_REGION, EditRequest, Making, Run

_VOICES = (
    "auto (the nearest to the video's speaker), default, or a name; 'facedit doctor' lists them"
)


def add_making(verbs: Verbs, verb: Verb) -> None:
    """Add ``edit``, ``sync`` and ``generate``.

    Args:
        verbs: The program's sub-parsers.
        verb: Adds a verb to sub-parsers.
    """
    _add_edit(verbs, verb)
    _add_sync(verbs, verb)
    _add_generate(verbs, verb)


def _add_edit(verbs: Verbs, verb: Verb) -> None:
    parser = verb(verbs, "edit", "Change the words of a talking-face video.", _edit)
    parser.add_argument("input", type=Path, metavar="IN", help="the video")
    parser.add_argument("-o", "--output", type=Path, metavar="OUT", help="the edited video")
    parser.add_argument("--force", action="store_true", help="replace an output that exists")
    parser.add_argument("--say", metavar="TEXT", help="the whole new sentence; the diff decides")
    parser.add_argument(
        "--replace", nargs=2, action="append", default=[], metavar=("OLD", "NEW"),
        help="repeatable; OLD is a word or several, perhaps with #2 (the second occurrence) or "
        "@3.1s (the one spoken at 3.1 s) behind",
    )  # fmt: skip
    parser.add_argument("--delete", action="append", default=[], metavar="WORDS", help="repeatable")
    parser.add_argument(
        "--insert-before", nargs=2, action="append", default=[], metavar=("WORD", "TEXT"),
        help="repeatable; in front of the first word it is a new beginning",
    )  # fmt: skip
    parser.add_argument(
        "--insert-after", nargs=2, action="append", default=[], metavar=("WORD", "TEXT"),
        help="repeatable; behind the last word it is a new end",
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
    parser.add_argument("--voice", help=f"voice of new words: {_VOICES}")
    parser.add_argument("--plan", action="store_true", help="print what would change; write none")
    _add_run_options(parser, "edit")


def _edit(args: argparse.Namespace) -> Any:
    from facedit import api

    request = EditRequest(
        say=args.say,
        replace=tuple((old, new) for old, new in args.replace),
        delete=tuple(args.delete),
        insert_after=tuple((word, text) for word, text in args.insert_after),
        insert_before=tuple((word, text) for word, text in args.insert_before),
        script=args.script,
        speech=args.speech,
        transcript=args.transcript,
        language=args.language,
        voice=args.voice,
    )
    if args.plan:
        return api.plan_edit(
            args.input,
            request,
            save_script=args.save_script,
            run=_run_options(args),
            on_progress=args.on_progress,
        )
    return api.edit(
        args.input,
        args.output,
        request,
        save_script=args.save_script,
        run=_run_options(args),
        on_progress=args.on_progress,
    )


def _add_sync(verbs: Verbs, verb: Verb) -> None:
    parser = verb(verbs, "sync", "New sound over the same pictures; the head as shot.", _sync)
    parser.add_argument("input", type=Path, metavar="IN", help="the video")
    parser.add_argument("speech", type=Path, metavar="SPEECH", help="the new sound")
    add_output(parser, "the new video")
    _add_run_options(parser, "sync")


def _sync(args: argparse.Namespace) -> Any:
    from facedit import api

    return api.sync(
        args.input, args.speech, args.output, run=_run_options(args), on_progress=args.on_progress
    )


def _add_generate(verbs: Verbs, verb: Verb) -> None:
    parser = verb(verbs, "generate", "A talking face from one picture and speech.", _generate)
    parser.add_argument(
        "input", type=Path, metavar="FACE",
        help="a picture, or a video of the person: its mouths and way of speaking are used too",
    )  # fmt: skip
    parser.add_argument("speech", type=Path, nargs="?", metavar="SPEECH", help="the speech")
    parser.add_argument("--text", help="the words, spoken by --voice, instead of SPEECH")
    parser.add_argument("--voice", default="auto", help=f"voice of --text: {_VOICES}")
    parser.add_argument(
        "--picture-only", action="store_true", help="use one picture of a video and nothing else"
    )
    parser.add_argument(
        "--footage", type=Path, metavar="VIDEO",
        help="a video of the same person: its mouths and way of speaking are used",
    )  # fmt: skip
    add_output(parser, "the new video")
    _add_run_options(parser, "generate")


def _generate(args: argparse.Namespace) -> Any:
    from facedit import api

    return api.generate(
        args.input,
        args.output,
        speech=args.speech,
        text=args.text,
        voice=args.voice,
        picture_only=args.picture_only,
        footage=args.footage,
        run=_run_options(args),
        on_progress=args.on_progress,
    )


def _add_run_options(parser: argparse.ArgumentParser, verb: Making) -> None:
    parser.add_argument("--seed", type=seed, help="same seed, same result (0)")
    add_device(parser)
    parser.add_argument(
        "--region",
        choices=tuple(REGIONS),
        help="what new speech may move: lips and jaw, the whole face, or also the head "
        f"({USUAL_REGION[verb]})",
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
    parser.add_argument(
        "--adapt", action=argparse.BooleanOptionalAction, default=False,
        help="fine-tune the mouth network to this clip first (6 to 20 s); kept only where "
        "frames kept apart get better (--no-adapt)",
    )  # fmt: skip
    parser.add_argument(
        "--takes", type=int, default=1, metavar="N",
        help="draw N versions of the motion: OUT, OUT-take2, ... (1)",
    )  # fmt: skip
    parser.add_argument("--steps", type=int, default=10, help="Euler steps of the sampler (10)")
    parser.add_argument("--report", type=Path, metavar="DIR", help="report folder (OUT.report)")
    parser.add_argument("--no-progress", action="store_true", help="no progress bars")
    parser.add_argument(
        "--consent", metavar="TEXT", help="statement of consent, kept in the report and the file"
    )


def _run_options(args: argparse.Namespace) -> Run:
    return Run(
        seed=args.seed,
        device=args.device,
        region=args.region,
        face=args.face,
        on_no_face=args.on_no_face,
        weights=args.weights,
        speaker=args.speaker,
        adapt=args.adapt,
        takes=args.takes,
        steps=args.steps,
        report=args.report,
        consent=args.consent,
        force=args.force,
        allow_truncated=args.allow_truncated,
    )
