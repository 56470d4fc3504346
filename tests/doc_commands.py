"""Fenced blocks of a Markdown page, and the commands in them, to be run as a reader would."""

from __future__ import annotations

import io
import re
import shlex
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

from facedit.cli.main import main

_FENCE = re.compile(r"^```(?P<info>[^\n`]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_COMMENT = re.compile(r"(^|\s)#(\s.*)?$")


@dataclass(frozen=True)
class Block:
    """A fenced block.

    Attributes:
        line: Line of the page on which its text begins.
        language: First word behind the fence, "" if there is none: then it holds commands.
        file: Second word: the file whose content is shown; "" for none.
        text: What it holds.
    """

    line: int
    language: str
    file: str
    text: str


@dataclass(frozen=True)
class Answer:
    """What a command did.

    Attributes:
        status: Exit status.
        out: Standard output.
        err: Standard error.
    """

    status: int
    out: str
    err: str


def blocks_of(page: Path) -> list[Block]:
    """Read the fenced blocks of a page, in order."""
    text = page.read_text(encoding="utf-8")
    found = []
    for match in _FENCE.finditer(text):
        language, file, *_ = [*match["info"].split(), "", ""]
        line = text.count("\n", 0, match.start()) + 2
        found.append(Block(line, language, file, match["text"]))
    return found


def commands_of(block: Block) -> list[list[str]]:
    """Split a block's commands into words; comments are dropped and broken lines joined.

    (``# `` inside a quoted word would be taken for a comment.)
    """
    lines = (_COMMENT.sub("", line) for line in block.text.replace("\\\n", " ").splitlines())
    return [words for line in lines if (words := shlex.split(line))]


def run(command: list[str]) -> Answer:
    """Run a ``facedit`` command in this process, in the working folder."""
    assert command[0] == "facedit", command
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        try:
            status = main(command[1:])
        except SystemExit as stop:  # argparse ends like this
            status = int(stop.code or 0)
    return Answer(status, out.getvalue(), err.getvalue())
