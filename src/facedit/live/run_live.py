"""Plays a live face: motion in one thread, pictures in another, fewer pictures if time runs out."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from threading import Event, Thread

import numpy as np

from facedit.device import cpu_threads
from facedit.live.live_face import LiveFace, LiveFrame
from facedit.live.live_motion import Chunk
from facedit.live.motion_process import DistantPictures
from facedit.types import Float32, Int64
from facedit.units import MOTION_FPS, SPEECH_RATE, frame_time

LATE_S = 0.1
"""A frame is late that is shown so much later than chunk and look-ahead make it."""

SPARING = ((5 * LATE_S, 8), (3 * LATE_S, 4), (2 * LATE_S, 2))
"""How late the frames are, and the every so manieth picture that is then drawn."""

HURRY = ((7 * LATE_S, 4), (3 * LATE_S, 2))
"""How late motion is, and how many chunks of it are then drawn as one, which costs less: their
sound has come by then."""

_Helped = tuple[Chunk, DistantPictures | None]

_BINS_S, _BINS = 0.01, 1000
_WAITED_S = 0.002


class NobodyLooks(Exception):
    """Ends a run as the end of its sound does; raised by what shows the frames."""


class SoundClock:
    """Knows when the sound of each frame was heard.

    Sound that had to be waited for has just come; what comes at once has waited itself, since the
    sound before it.

    Args:
        clock: Tells the time in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._start_s = np.inf
        self._heard = 0

    def timed(self, source: Iterable[Float32]) -> Iterable[Float32]:
        """Pass blocks of sound on, noting when they came."""
        asked_s = self._clock()
        for block in source:
            now_s = self._clock()
            self._heard += len(block)
            if now_s - asked_s > _WAITED_S or np.isinf(self._start_s):
                self._start_s = now_s - self._heard / SPEECH_RATE
            yield block
            asked_s = self._clock()

    def delay_s(self, frame: int) -> float:
        """Return how long ago the sound of a frame began to be heard."""
        return self._clock() - self._start_s - frame_time(frame)


@dataclass
class Tally:
    """What was shown, in figures of bounded size.

    Attributes:
        frames: How many frames.
        repeated: How many of them repeated the picture before.
        late: How many were late.
        delays: How many were shown so many hundredths of a second after their sound.
    """

    frames: int = 0
    repeated: int = 0
    late: int = 0
    delays: Int64 = field(default_factory=lambda: np.zeros(_BINS, np.int64))

    def add(self, frame: LiveFrame, delay_s: float, late: bool) -> None:
        """Count a frame."""
        self.frames += 1
        self.repeated += frame.repeated
        self.late += late
        self.delays[int(np.clip(delay_s / _BINS_S, 0, _BINS - 1))] += 1

    def delay_s(self, share: float) -> float:
        """Return the delay that such a share of the frames does not exceed."""
        total = np.cumsum(self.delays)
        return float(np.searchsorted(total, share * total[-1])) * _BINS_S

    def __str__(self) -> str:
        """One line."""
        if not self.frames:
            return "0 frames."
        return (
            f"{self.frames} frames ({self.frames / MOTION_FPS:.1f} s); from sound to picture "
            f"{self.delay_s(0.5):.2f} s, 99 of 100 within {self.delay_s(0.99):.2f} s; "
            f"{self.late} late, {self.repeated} pictures repeated."
        )


def run_live(
    face: LiveFace,
    source: Iterable[Float32],
    show: Callable[[LiveFrame], object],
    clock: Callable[[], float] = time.monotonic,
) -> Tally:
    """Let a new face say a sound as it comes, and return what was shown until its end, or Ctrl-C.

    ``source``: blocks of sound; ``show``: shows a frame; ``clock``: tells the time in seconds. What
    source and ``show`` raise passes through.
    """
    times, tally = SoundClock(clock), Tally()
    usual_s = frame_time(face.pace.chunk + face.pace.ahead)
    coming = _Coming(face, times.timed(source), lambda frame: times.delay_s(frame) - usual_s)
    Thread(target=coming.draw, daemon=True).start()
    try:
        with cpu_threads(1):
            for chunk, helper in coming.chunks():
                every = _step(coming.late_s(chunk.first), SPARING)
                coming.helped = every == 1
                for frame in face.pictures.show(chunk, every, helper):
                    show(frame)
                    delay_s = times.delay_s(frame.index)
                    tally.add(frame, delay_s, delay_s > usual_s + LATE_S)
    except (KeyboardInterrupt, NobodyLooks):  # the usual end: what was shown is whole
        pass
    finally:
        coming.ended.set()
    return tally


class _Coming:
    """Chunks of motion, drawn in another thread while those before are shown.

    Args:
        face: The face.
        source: What it says.
        late_s: Says how late a frame is.

    Attributes:
        late_s: Says how late a frame is.
        helped: Whether whatever draws the motion shall draw some of the pictures too.
        ended: Set when nobody wants more.
    """

    def __init__(
        self, face: LiveFace, source: Iterable[Float32], late_s: Callable[[int], float]
    ) -> None:
        self._face, self._source, self.late_s = face, source, late_s
        self.helped, self.ended = True, Event()
        self._came: queue.Queue[_Helped | BaseException | None] = queue.Queue(2)

    def chunks(self) -> Iterator[_Helped]:
        """Yield them as they come, each with what draws some of its pictures meanwhile."""
        while (came := self._came.get()) is not None:
            if isinstance(came, BaseException):
                raise came
            yield came

    @cpu_threads(1)
    def draw(self) -> None:
        """Draw motion until the source ends."""
        try:
            for block in self._source:
                many = _step(self.late_s(self._face.motion.done), HURRY)
                for chunk in self._face.motion.push(block, many):
                    helper = self._face.helper(chunk) if self.helped else None
                    if not self._put((chunk, helper)):
                        return
                    if helper is not None:
                        helper.fetch()
            for chunk in self._face.motion.finish():
                self._put((chunk, None))
            self._put(None)
        except BaseException as error:
            self._put(error)

    def _put(self, one: _Helped | BaseException | None) -> bool:
        while not self.ended.is_set():
            try:
                self._came.put(one, timeout=0.2)
                return True
            except queue.Full:
                pass
        return False


def _step(late_s: float, steps: tuple[tuple[float, int], ...]) -> int:
    """Return the number that goes with such lateness; 1 if it is below all."""
    return next((number for by_s, number in steps if late_s > by_s), 1)
