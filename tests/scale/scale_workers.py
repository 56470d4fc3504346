"""Tiny workers for the tests of ``facedit.scale``; children import them by name."""

import os
import signal
import threading


def make_square():
    """Square numbers; some mean trouble."""
    threads = os.environ.get("OMP_NUM_THREADS")
    state = {"handled": 0}

    def handle(item):
        state["handled"] += 1
        if item == 3:
            raise KeyError("no\nthree")
        if item == 5:
            os._exit(9)
        if item == 7:
            os.kill(os.getpid(), signal.SIGKILL)
        return item * item, os.getpid(), state["handled"], threads

    return handle


def make_plain():
    """Square numbers; three has none."""

    def handle(item):
        if item == 3:
            raise ValueError("three has\nno square")
        return item * item

    return handle


def make_missing():
    """A worker whose model is not there."""
    from facedit.errors import AssetMissing

    raise AssetMissing("no model here")


def make_stillborn():
    """A worker that dies while it loads."""
    os._exit(4)


def make_unpicklable():
    """A worker whose results cannot travel, but for even items."""
    return lambda item: item if item % 2 == 0 else (lambda: item)


def make_sleeper():
    """A worker that says in a pipe when it begins, and once more if it is left in peace."""

    def handle(fifo):
        with fifo.open("w", buffering=1) as pipe:
            pipe.write("begun ")
            pipe.flush()
            threading.Event().wait(30)
            pipe.write("woke ")

    return handle
