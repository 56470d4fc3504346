"""Keeps a C++ library from chatting on standard error."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quiet_stderr() -> Iterator[None]:
    """Drop what native code writes to standard error inside the block.

    LiteRT 2.3 announces its CPU delegate there and offers neither a log level nor an environment
    variable for it. Keep the block to the call that chats: what other threads write is lost too.
    """
    try:
        kept = os.dup(2)
    except OSError:  # standard error is closed: nothing to keep quiet
        yield
        return
    try:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 2)
        os.close(null)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
