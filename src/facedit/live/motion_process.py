"""The motion of a live face in a process of its own: pictures and motion wait for each other less.

In two threads both hold Python's lock for much of their time.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from functools import partial
from threading import Event

import numpy as np

from facedit.device import inference
from facedit.live.live_motion import Chunk, LiveMotion
from facedit.progress import OnProgress
from facedit.studio.job_process import Worker
from facedit.types import Float32
from facedit.units import SPEECH_SAMPLES_PER_FRAME


class MotionDesk:
    """Draws motion in the other process; a new face begins as the first one did.

    Args:
        motion: It has heard nothing yet.
        on_progress: Told nothing.
        cancel: Not looked at.
    """

    def __init__(self, motion: LiveMotion, on_progress: OnProgress, cancel: Event) -> None:
        del on_progress, cancel
        self._fresh = motion
        self.begin()
        # What the first chunk loads shall not make it late.
        frames = motion.pace.chunk + motion.pace.ahead
        self.push(np.zeros(frames * SPEECH_SAMPLES_PER_FRAME, np.float32), 1)
        self.begin()

    def begin(self) -> None:
        """Begin a new face."""
        self._motion = copy(self._fresh)

    def push(self, samples: Float32, many: int) -> Sequence[Chunk]:
        """Do what ``LiveMotion.push`` does."""
        with inference():
            return tuple(self._motion.push(samples, many))

    def finish(self) -> Sequence[Chunk]:
        """Do what ``LiveMotion.finish`` does."""
        with inference():
            return tuple(self._motion.finish())


class MotionProcess:
    """A process that draws motion, for one face after the other.

    Args:
        motion: It has heard nothing yet; the faces to come are its person's.
    """

    def __init__(self, motion: LiveMotion) -> None:
        self._worker = Worker(partial(MotionDesk, motion))
        self._worker.call("begin")  # and wait until it is ready: nobody's sound shall

    def begin(self) -> DistantMotion:
        """Begin a new face."""
        self._worker.call("begin")
        return DistantMotion(self._worker)

    def close(self) -> None:
        """End the process."""
        self._worker.close()


class DistantMotion:
    """The motion of one face, drawn by another process (as ``LiveMotion``).

    Args:
        worker: The process.

    Attributes:
        done: Frames drawn so far.
    """

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self.done = 0

    def push(self, samples: Float32, many: int = 1) -> Sequence[Chunk]:
        """Hear more, and return what can be shown now (``WorkerEnded`` if the process ended)."""
        return self._drawn(self._worker.call("push", samples, many))

    def finish(self) -> Sequence[Chunk]:
        """Draw what is left (``WorkerEnded`` if the process ended)."""
        return self._drawn(self._worker.call("finish"))

    def _drawn(self, chunks: Sequence[Chunk]) -> Sequence[Chunk]:
        self.done += sum(len(chunk.motion) for chunk in chunks)
        return chunks
