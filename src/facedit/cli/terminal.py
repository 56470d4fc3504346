"""How a run ends on a terminal: an exit status, and one line for whatever went wrong."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

from facedit.errors import FaceditError, one_line
from facedit.progress import OnProgress, Progress

INTERRUPTED = 130
"""Exit status after Ctrl-C, as shells have it: 128 + SIGINT."""

FAULT = 70
"""Exit status when the program itself is at fault (EX_SOFTWARE of sysexits.h)."""


class OneLineParser(argparse.ArgumentParser):
    """A parser that says what is wrong in one line, without the page of usage in front."""

    def error(self, message: str) -> NoReturn:
        """End the program with status 2."""
        self.exit(2, f"{self.prog}: {one_line(message)} ('{self.prog} --help' explains)\n")


@contextmanager
def progress_bars(*, wanted: bool) -> Iterator[OnProgress | None]:
    """Show on standard error how far each stage is; the last bar vanishes with the block.

    What a run tells of its progress is yielded; None if nothing is wanted.
    """
    bar: Any = None

    def show(progress: Progress) -> None:
        nonlocal bar
        from tqdm import tqdm  # noqa: TID251 - the one place that shows bars

        if bar is None or progress.done == 0:
            close()
            title, total = progress.stage or None, progress.total
            bar = tqdm(desc=title, total=total, file=sys.stderr, leave=False, dynamic_ncols=True)
        if progress.failed:
            bar.set_postfix(failed=progress.failed, refresh=False)
        bar.update(progress.done - bar.n)

    def close() -> None:
        if bar is not None:
            bar.close()

    try:
        yield show if wanted else None
    finally:
        close()


def ended(answer: Callable[[], str], *, verbose: bool) -> int:
    """Print an answer, or in one line why there is none; return the exit status.

    It is 0, the error's own, 130 on Ctrl-C, 70 if the program itself failed; ``verbose`` lets
    unexpected errors pass, with their traceback.
    """
    try:
        text = answer()
        # A file name may hold bytes that are no text.
        sys.stdout.write(text.encode("utf-8", "backslashreplace").decode())
        sys.stdout.flush()
    except FaceditError as error:
        return _failed(_told(error), error.exit_status)
    except KeyboardInterrupt as stop:
        return _failed(_told(stop, "stopped; no unfinished output was left."), INTERRUPTED)
    except BrokenPipeError:
        # The reader of our output went away; nothing may be flushed to it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except Exception as error:
        if verbose:
            raise
        reason = f"{type(error).__name__}: {error}"
        fault = f"unexpected fault, please report it ({reason}); -v shows more."
        return _failed(_told(error, fault), FAULT)
    return 0


def _told(error: BaseException, message: str | None = None) -> str:
    """Join an error's message, or another one, and the notes that it gathered on its way."""
    return " ".join([message or str(error), *getattr(error, "__notes__", ())])


def _failed(message: str, status: int) -> int:
    sys.stderr.write(f"facedit: {one_line(message)}\n")
    return status
