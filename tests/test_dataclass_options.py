"""Options of the command line that a dataclass describes."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest

from facedit.bench.bench_options import CheckOptions, FolderOptions, RunOptions
from facedit.bench.make_items.build_options import BuildOptions
from facedit.cli.dataclass_options import add_options, attribute_docs, from_options
from facedit.cli.doctor_demo import DemoOptions, DoctorOptions
from facedit.cli.prepare_train_evaluate import TrainOptions
from facedit.dataset.prepare_options import PrepareOptions
from facedit.evaluation.evaluate_options import EvaluateOptions
from facedit.options import EditRequest, GenerateRequest, MotionOptions, Run, TranscribeOptions
from facedit.studio.studio_options import StudioOptions
from facedit.training.adapt.tune_options import AdaptOptions, TuneOptions


def numbers(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split(",")))


@dataclass(frozen=True, slots=True)
class Everything:
    """One field of each kind.

    Attributes:
        loud: Whether it is loud,
            at 100 %.
        bars: Bars.
        many: How many.
        rate: How fast.
        name: Whose.
        file: Where.
        way: Which way.
        words: Which.
        pairs: What for what.
        sides: On which sides.
        sizes: How large.
        inner: Not an option.
    """

    loud: bool = False
    bars: bool = True
    many: int = 3
    rate: float | None = None
    name: str = field(default="me", metadata={"metavar": "WHO"})
    file: Path | None = None
    way: Literal["up", "down"] | None = None
    words: tuple[str, ...] = ()
    pairs: tuple[tuple[str, str], ...] = field(default=(), metadata={"metavar": ("A", "B")})
    sides: tuple[Literal["left", "right"], ...] = ()
    sizes: Sequence[int] = field(
        default=(1, 2), metadata={"flag": "--size", "metavar": "A,B", "parse": numbers}
    )
    inner: int = 7


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="x", exit_on_error=False)
    add_options(made, Everything, leave_out=("inner",))
    return made


def parse(*line: str) -> Everything:
    made: Everything = from_options(Everything, parser().parse_args(line), inner=8)
    return made


def test_nothing_typed_is_the_bare_dataclass() -> None:
    assert parse() == Everything(inner=8)


def test_each_kind_arrives_as_its_field_says() -> None:
    line = "--loud --no-bars --many 5 --rate 2.5 --name you --file a/b --way down"
    repeated = "--words a --words b --pairs a b --pairs c d --sides right left --size 3,4"
    pairs = (("a", "b"), ("c", "d"))
    assert parse(*line.split(), *repeated.split()) == Everything(
        True, False, 5, 2.5, "you", Path("a/b"), "down", ("a", "b"), pairs, ("right", "left"),
        (3, 4), 8,
    )  # fmt: skip


@pytest.mark.parametrize(
    "line",
    ["--many 1.5", "--many " + "9" * 5000, "--rate x", "--way left", "--pairs a", "--sides up"],
)
def test_what_is_no_such_value_is_refused(line: str) -> None:
    with pytest.raises(argparse.ArgumentError):
        parse(*line.split())


def test_the_help_is_the_docstring_with_the_default() -> None:
    text = " ".join(parser().format_help().split())
    for line in (
        "--loud, --no-loud whether it is loud, at 100 %",
        "--bars, --no-bars bars (yes)",
        "--many N how many (3)",
        "--rate S how fast",
        "--name WHO whose (me)",
        "--file FILE where",
        "--way {up,down} which way",
        "--words TEXT which",
        "--pairs A B what for what",
        "--sides {left,right} [{left,right} ...] on which sides",
        "--size A,B how large (1,2)",
    ):
        assert line in text
    assert "inner" not in text


KINDS = (
    Run, EditRequest, GenerateRequest, TranscribeOptions, MotionOptions, AdaptOptions, TuneOptions,
    PrepareOptions, EvaluateOptions, TrainOptions, DoctorOptions, DemoOptions, StudioOptions,
    BuildOptions, RunOptions, CheckOptions, FolderOptions,
)  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_is_described(kind: type) -> None:
    assert set(attribute_docs(kind)) == {field.name for field in dataclasses.fields(kind)}


def test_what_several_verbs_have_is_said_in_the_same_words() -> None:
    for name in ("device", "workers"):
        said = {attribute_docs(kind).get(name) for kind in KINDS} - {None}
        assert len(said) == 1
