"""Workers for the tests of ``facedit batch``; child processes import them by name."""

import threading

import numpy as np

from facedit.batch import work
from facedit.compose.session.results import Result


def make_troubled(limits):
    """Work as usual, but for items that hang, want too much memory, or only write their id."""

    def make(task, _):
        if task.job.id == "hangs":
            threading.Event().wait()
        if task.job.id == "hungry":
            np.ones(2**34, np.uint8)
        (task.folder / task.job.output).write_text(task.job.id)
        return Result((), None, "")

    work._made = make
    return work.make_worker(limits)
