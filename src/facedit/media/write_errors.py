"""What FFmpeg raises while writing, in one line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av

from facedit.errors import OutputNotWritable


@contextmanager
def one_line(path: Path) -> Iterator[None]:
    """Turn what FFmpeg raises while writing into one line."""
    try:
        yield
    except av.error.FFmpegError as error:
        raise OutputNotWritable(not_written(path, error)) from error


def not_written(path: Path, error: av.error.FFmpegError) -> str:
    """Say in one line what FFmpeg raised while writing."""
    reason = (error.strerror or type(error).__name__).strip()
    return f"{path}: cannot be written ({reason})."
