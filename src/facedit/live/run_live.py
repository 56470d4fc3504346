"""Plays a live face: motion in one thread, pictures in another, fewer pictures if time runs out."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from threading import Event, Thread

import numpy as np

from facedit.device import cpu_threads
from facedit.live.live_face import LiveFace, LiveFrame
from facedit.live.live_motion import Chunk
from facedit.types import Float32, Int64
from facedit.units import MOTION_FPS, SPEECH_RATE, frame_time

LATE_S = 0.1
"""A frame is late that is shown so much later than chunk and look-ahead make it."""

SPARING = ((5 * LATE_S, 8), (3 * LATE_S, 4), (2 * LATE_S, 2))
"""How late the frames are, and the every so manieth picture that is then drawn."""

HURRY = ((7 * LATE_S, 4), (3 * LATE_S, 2))
"""How late motion is, and how many chunks of it are then drawn as one, which costs less: their
sound has come by then."""

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
    chunks: queue.Queue[Chunk | BaseException | None] = queue.Queue(2)
    ended = Event()

    def put(one: Chunk | BaseException | None) -> bool:
        while not ended.is_set():
            try:
                chunks.put(one, timeout=0.2)
                return True
            except queue.Full:
                pass
        return False

    @cpu_threads(1)
    def draw() -> None:
        try:
            for block in times.timed(source):
                many = _step(times.delay_s(face.motion.done) - usual_s, HURRY)
                if not all(put(chunk) for chunk in face.motion.push(block, many)):
                    return
            for chunk in face.motion.finish():
                put(chunk)
            put(None)
        except BaseException as error:
            put(error)

    Thread(target=draw, daemon=True).start()
    try:
        with cpu_threads(1):
            while (chunk := chunks.get()) is not None:
                if isinstance(chunk, BaseException):
                    raise chunk
                every = _step(times.delay_s(chunk.first) - usual_s, SPARING)
                for frame in face.pictures.show(chunk, every):
                    show(frame)
                    delay_s = times.delay_s(frame.index)
                    tally.add(frame, delay_s, delay_s > usual_s + LATE_S)
    except (KeyboardInterrupt, NobodyLooks):  # the usual end: what was shown is whole
        pass
    finally:
        ended.set()
    return tally


def _step(late_s: float, steps: tuple[tuple[float, int], ...]) -> int:
    """Return the number that goes with such lateness; 1 if it is below all."""
    return next((number for by_s, number in steps if late_s > by_s), 1)
