"""The motion of a live face in a process of its own, and some pictures: it has time left.

In two threads motion and pictures hold Python's lock for much of their time. Motion takes about as
long as two pictures of a chunk of four; so that neither process waits long for the other, that of
the motion draws one of the four.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from copy import copy
from functools import partial
from queue import SimpleQueue
from threading import Event
from typing import TYPE_CHECKING

import numpy as np

from facedit.device import inference
from facedit.live.live_motion import Chunk, LiveMotion
from facedit.progress import OnProgress
from facedit.scale.task_process import Worker
from facedit.types import Float32, UInt8
from facedit.units import SPEECH_SAMPLES_PER_FRAME

if TYPE_CHECKING:
    from facedit.live.live_face import LivePictures

FIRST_HELPED, EVERY_HELPED = 1, 3
"""Pictures of a chunk that the motion's process draws: the second, and every third after it."""


class MotionDesk:
    """Draws motion in the other process; a new face begins as the first one did.

    Args:
        motion: It has heard nothing yet.
        pictures: Makes what draws pictures of it; None if nobody looks at any.
        on_progress: Told nothing.
        cancel: Not looked at.
    """

    def __init__(
        self,
        motion: LiveMotion,
        pictures: Callable[[LiveMotion], LivePictures] | None,
        on_progress: OnProgress,
        cancel: Event,
    ) -> None:
        del on_progress, cancel
        self._fresh, self._make = motion, pictures
        self.begin()
        # What the first chunk loads shall not make it late.
        frames = motion.pace.chunk + motion.pace.ahead
        for chunk in self.push(np.zeros(frames * SPEECH_SAMPLES_PER_FRAME, np.float32), 1):
            self.draw(chunk.first, range(1))
        self.begin()

    def begin(self) -> None:
        """Begin a new face."""
        self._motion = copy(self._fresh)
        self._pictures = self._make(self._fresh) if self._make else None
        self._chunks: dict[int, Chunk] = {}

    def push(self, samples: Float32, many: int) -> Sequence[Chunk]:
        """Do what ``LiveMotion.push`` does."""
        with inference():
            chunks = tuple(self._motion.push(samples, many))
        self._chunks = {chunk.first: chunk for chunk in chunks} or self._chunks
        return chunks

    def finish(self) -> Sequence[Chunk]:
        """Do what ``LiveMotion.finish`` does."""
        with inference():
            return tuple(self._motion.finish())

    def draw(self, first: int, numbers: Container[int]) -> list[UInt8]:
        """Draw some pictures of a chunk of the last ones, as ``LivePictures.some`` does."""
        if self._pictures is None:
            return []
        return list(self._pictures.some(self._chunks[first], numbers))


class MotionProcess:
    """A process that draws motion, for one face after the other.

    Args:
        motion: It has heard nothing yet; the faces to come are its person's.
        pictures: Makes what draws pictures of it, and can be pickled; None if nobody looks at any.
    """

    def __init__(
        self, motion: LiveMotion, pictures: Callable[[LiveMotion], LivePictures] | None = None
    ) -> None:
        self._worker, self._drawn = Worker(partial(MotionDesk, motion, pictures)), bool(pictures)
        self._worker.call("begin")  # and wait until it is ready: nobody's sound shall

    def begin(self) -> DistantMotion:
        """Begin a new face."""
        self._worker.call("begin")
        return DistantMotion(self._worker, self._drawn)

    def close(self) -> None:
        """End the process."""
        self._worker.close()


class DistantMotion:
    """The motion of one face, drawn by another process (as ``LiveMotion``).

    Args:
        worker: The process.
        drawn: Whether it draws pictures too.

    Attributes:
        done: Frames drawn so far.
    """

    def __init__(self, worker: Worker, drawn: bool) -> None:
        self._worker, self._draws = worker, drawn
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

    def helper(self, chunk: Chunk) -> DistantPictures | None:
        """Return what draws some pictures of the chunk that came last; None if nothing does."""
        numbers = range(FIRST_HELPED, len(chunk.motion), EVERY_HELPED)
        return DistantPictures(self._worker, chunk.first, numbers) if self._draws else None


class DistantPictures:
    """Some pictures of a chunk, drawn by another process.

    Args:
        worker: The process.
        first: The chunk's first frame.
        numbers: Which of its pictures.

    Attributes:
        numbers: Which of its pictures.
    """

    def __init__(self, worker: Worker, first: int, numbers: Container[int]) -> None:
        self._worker, self._first, self.numbers = worker, first, numbers
        self._came: SimpleQueue[UInt8 | BaseException] = SimpleQueue()

    def fetch(self) -> None:
        """Let the process draw, and wait for it (``WorkerEnded`` if it ended)."""
        try:
            for picture in self._worker.call("draw", self._first, self.numbers):
                self._came.put(picture)
        except BaseException as error:
            self._came.put(error)
            raise

    def take(self) -> UInt8:
        """Wait in another thread for the next picture; what ``fetch`` raised is raised."""
        if isinstance(came := self._came.get(), BaseException):
            raise came
        return came
