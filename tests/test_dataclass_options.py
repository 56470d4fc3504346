"""Options of the command line that a dataclass describes."""

from __future__ import annotations

import argparse
import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest

from facedit.cli.dataclass_options import add_options, attribute_docs, from_options
from facedit.options import EditRequest, Run


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
    repeated = "--words a --words b --pairs a b --pairs c d"
    assert parse(*line.split(), *repeated.split()) == Everything(
        True, False, 5, 2.5, "you", Path("a/b"), "down", ("a", "b"), (("a", "b"), ("c", "d")), 8
    )


@pytest.mark.parametrize(
    "line", ["--many 1.5", "--many " + "9" * 5000, "--rate x", "--way left", "--pairs a"]
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
    ):
        assert line in text
    assert "inner" not in text


@pytest.mark.parametrize("kind", [Run, EditRequest])
def test_every_field_is_described(kind: type) -> None:
    assert set(attribute_docs(kind)) == {field.name for field in dataclasses.fields(kind)}
