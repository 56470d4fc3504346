"""Outputs come into being whole or not at all, and never over something else by accident."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Protocol

from facedit.errors import DiskFull, FaceditError, OutputExists, OutputNotWritable
from facedit.scratch import scratch_file, scratch_folder

_FULL = (errno.ENOSPC, errno.EDQUOT)
_NO_ROOM = (*_FULL, errno.EFBIG, errno.EROFS)


class Seal(Protocol):
    """What is done to a finished file before it gets its name."""

    @property
    def rewrites(self) -> bool:
        """Whether another file is made of it."""

    def seal(self, finished: Path, sealed: Path) -> None:
        """Do it: to the file itself, or into another one."""


def check_output(path: Path | str, force: bool = False, inputs: Iterable[Path | str] = ()) -> Path:
    """Check before any work that an output can be written.

    ``force``: whether it may replace a file that is there. Raises OutputExists if it is there and
    ``force`` is not given, or if it is one of the inputs (whatever ``force`` says),
    OutputNotWritable if its folder is missing or cannot be written, or it is no ordinary file.
    """
    path = Path(path)
    target = path.absolute()
    for source in inputs:
        if _same_file(Path(source), target):
            raise OutputExists(f"{path}: is the input itself; give another output.")
    if os.path.isdir(target):
        raise OutputNotWritable(f"{path}: is a folder; give a file name.")
    if os.path.exists(target) and not os.path.isfile(target):
        # Replacing it would take a device from the whole system.
        raise OutputNotWritable(f"{path}: is a device or a pipe; give a file name.")
    folder = target.parent
    if not os.path.isdir(folder):
        raise OutputNotWritable(f"{path}: the folder {folder} does not exist.")
    if os.path.lexists(target) and not force:
        raise OutputExists(f"{path}: exists already; --force replaces it.")
    try:
        # The temporary name is short: a name that is too long would fail only in the end.
        with suppress(FileNotFoundError):
            os.lstat(target)
        with scratch_file(folder):
            pass
    except OSError as error:
        raise unwritable(path, error) from None
    return target


def make_folder(folder: Path, *, force: bool = False) -> None:
    """Make the folder that is to hold a run's files.

    ``folder``: where; folders above it are made too. Raises OutputExists if it holds files and
    ``force`` is off, OutputNotWritable if it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        filled = any(folder.iterdir())
    except OSError as error:
        raise unwritable(folder, error) from error
    if filled and not force:
        raise OutputExists(f"{folder} is not empty: choose another -o, or add --force.")


@contextmanager
def whole_or_nothing(
    path: Path | str, force: bool = False, seal: Seal | None = None
) -> Iterator[Path]:
    """Write a file under a hidden temporary name and rename it when all went well.

    ``force``: whether it may replace a file that is there; ``seal``: what is done to the file once
    the block has ended well, before the output appears. Yields the temporary path beside the
    output: an empty file to be written. Raises OutputNotWritable if the folder cannot be written or
    the disk is full, OutputExists if the output is there already or came into being meanwhile and
    ``force`` is not given; what else the block raises passes through.
    """
    target = check_output(path, force)
    with ExitStack() as stack:
        try:
            temporary = stack.enter_context(scratch_file(target.parent))
        except OSError as error:
            raise unwritable(path, error) from None
        try:
            with ExitStack() as inner:
                written = temporary
                if seal is not None and seal.rewrites:
                    written = inner.enter_context(scratch_file(target.parent))
                yield written
                if seal is not None:
                    seal.seal(written, temporary)
        except OSError as error:
            if isinstance(error, FaceditError) or error.errno not in _NO_ROOM:
                raise
            raise unwritable(path, error) from error
        _move(temporary, target, force)


def check_folder(folder: Path, *, force: bool = False) -> Path:
    """Check before any work that ``whole_folder`` can make a folder; raises what that does."""
    target = folder.absolute()
    try:
        if os.path.lexists(target) and not target.is_dir():
            raise OutputNotWritable(f"{folder}: is a file; give a folder.")
        if not target.parent.is_dir():
            raise OutputNotWritable(f"{folder}: the folder {folder.parent} does not exist.")
        if target.is_dir() and any(target.iterdir()) and not force:
            raise OutputExists(f"{folder}: is not empty; choose another folder, or add --force.")
        with scratch_file(target.parent):
            pass
    except OSError as error:
        if isinstance(error, FaceditError):
            raise
        raise unwritable(folder, error) from None
    return target


@contextmanager
def whole_folder(
    folder: Path, *, force: bool = False, inputs: Iterable[Path] = ()
) -> Iterator[Path]:
    """Fill a folder under a hidden temporary name and rename it when all went well.

    ``folder``: new or empty; with ``force`` files of the same names are replaced in one that holds
    some, and others stay. Yields the temporary folder beside it, to be filled. OutputExists if it
    holds files and ``force`` is off, or a file of it is one of the inputs, OutputNotWritable if it
    cannot be made.
    """
    try:
        target = check_folder(folder, force=force)
        with scratch_folder(target.parent) as scratch:
            made = scratch / "made"
            made.mkdir()
            yield made
            _put_in_place(made, target, list(inputs))
    except OSError as error:
        if isinstance(error, FaceditError):
            raise
        raise unwritable(folder, error) from error


def _put_in_place(made: Path, target: Path, inputs: list[Path]) -> None:
    """Rename a folder, or move its files into one that is there."""
    files = [path for path in sorted(made.rglob("*")) if path.is_file()]
    for file in files:
        there = target / file.relative_to(made)
        if any(_same_file(one, there) for one in inputs):
            raise OutputExists(f"{there}: is the input itself; choose another folder.")
    if target.is_dir() and not any(target.iterdir()):
        target.rmdir()
    if not target.exists():
        made.rename(target)
        return
    for file in files:
        there = target / file.relative_to(made)
        there.parent.mkdir(parents=True, exist_ok=True)
        file.replace(there)


@contextmanager
def none_left_behind(paths: Iterable[Path]) -> Iterator[None]:
    """Take back what was made of files that belong together if the last one is not reached.

    ``paths``: files, and behind them the folders that hold them: what of these is not there yet is
    removed when the block fails, Ctrl-C included, folders only if they are empty then.
    """
    new = [path for path in paths if not os.path.lexists(path)]
    try:
        yield
    except BaseException:
        for path in new:
            with suppress(OSError):
                if path.is_dir() and not path.is_symlink():
                    path.rmdir()
                else:
                    path.unlink()
        raise


def unwritable(path: Path | str, error: OSError) -> OutputNotWritable:
    """Return the error of an output that the system does not take."""
    kind = DiskFull if error.errno in _FULL else OutputNotWritable
    return kind(f"{path}: cannot be written ({error.strerror}).")


def _same_file(first: Path, second: Path) -> bool:
    """Tell whether two names mean one file, through links too."""
    try:
        return os.path.samefile(first, second)
    except OSError:
        return False


def _move(temporary: Path, target: Path, force: bool) -> None:
    """Put the finished file in its place, on the disk and not only in the cache."""
    try:
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        if force or not _link(temporary, target):
            temporary.replace(target)
    except FileExistsError:
        raise OutputExists(f"{target}: came into being meanwhile; --force replaces it.") from None
    except OSError as error:
        raise unwritable(target, error) from None


def _link(temporary: Path, target: Path) -> bool:
    """Give the file its name unless somebody else took it; False where links are unknown."""
    try:
        os.link(temporary, target)
    except FileExistsError:
        raise
    except OSError:
        if os.path.lexists(target):
            raise FileExistsError from None
        return False
    return True
