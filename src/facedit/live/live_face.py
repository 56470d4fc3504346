"""Sound in, pictures out: no clock, no threads; what was returned is never changed."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from facedit.compose.frames.base import Take
from facedit.compose.frames.canvas import Canvas
from facedit.compose.frames.person import Person
from facedit.compose.frames.picture_base import in_picture, picture_base
from facedit.compose.frames.pictures import SpanWork, render_span
from facedit.compose.source.models import Models
from facedit.compose.source.source_still import closed_mouth
from facedit.editing.timeline import OutputFrame
from facedit.live.live_motion import Chunk, LiveMotion
from facedit.live.motion_process import DistantMotion, DistantPictures
from facedit.live.pace import Pace
from facedit.media.frame import Frame
from facedit.media.pixels import frame_from_rgb
from facedit.options import Run
from facedit.progress import StageClock
from facedit.render.blink import Blink, closure_at, endless_blinks
from facedit.types import Float32, Sound, UInt8
from facedit.units import SPEECH_RATE, SPEECH_SAMPLES_PER_FRAME, frame_time


@dataclass(frozen=True, slots=True)
class LiveFrame:
    """A picture and what is heard while it is shown.

    Attributes:
        index: Its number from 0; it is shown ``index / 25`` s after the first.
        frame: The picture.
        sound: 16 kHz mono amplitudes, shape (640,).
        repeated: Whether it is the picture before, drawn for want of time no more.
        moved: How far the face has moved from where it rests, its lips closed: standardised motion,
            shape (D,).
        blink: How far the lids are down, 0 open to 1 shut.
    """

    index: int
    frame: Frame
    sound: Float32
    repeated: bool = False
    moved: Float32 | None = None
    blink: float = 0.0


class LivePictures:
    """Draws chunks of motion into the picture of a person.

    Args:
        person: Who speaks.
        models: The learned parts.
        run: Options; the seed is that of the blinks.
        motion: Draws the motion.
        drawn: Whether anybody looks at them; else all show the picture as it is.
    """

    def __init__(
        self, person: Person, models: Models, run: Run, motion: LiveMotion, drawn: bool = True
    ) -> None:
        one = Sound(np.zeros((SPEECH_SAMPLES_PER_FRAME, 1), np.float32), SPEECH_RATE)
        self._base = picture_base(person, one, "")
        self._canvas, self._space = motion.canvas, models.space
        self._expressions = motion.expressions
        self._frames = self._base.frames()
        still = (self._canvas.values,)
        take = Take((self._canvas,), still, models.space, models.renderer, run.first_seed)
        (self._work,) = self._base.works(take)
        self._blinks = endless_blinks(np.random.default_rng(run.first_seed))
        self._soon: list[Blink] = [next(self._blinks)]
        self._resting: Float32 | None = None
        self._drawn, self._last = drawn, self._frames.at(0.0)

    def show(
        self, chunk: Chunk, every: int = 1, helper: DistantPictures | None = None
    ) -> Iterator[LiveFrame]:
        """Draw a chunk.

        Args:
            chunk: The one after the last.
            every: Draw only every so manieth picture, as of the middle of the time that it is
                shown, and repeat it meanwhile.
            helper: Draws some of them where all are drawn; what it draws goes unused elsewhere.

        Yields:
            Its frames, in order.
        """
        count = len(chunk.motion)
        wanted = [k for k in range(count) if self._drawn and (chunk.first + k) % every == 0]
        helped = () if helper is None or every > 1 else helper.numbers
        mine = [n for n, k in enumerate(wanted) if k not in helped]
        middle = [chunk.first + min(k + (every - 1) // 2, count - 1) for k in wanted]
        work = self._work_on(chunk)
        moved = work.infilled[-count:] - self._rest(work.canvas, work.infilled[-count - 1])
        at_s = [frame_time(chunk.first + k) for k in range(count)]
        lids = closure_at(at_s, work.blinks)
        drawn = self._draw(work, middle, mine)
        for k in range(count):
            fresh = k in wanted
            if fresh and helper is not None and k in helped:
                self._last = frame_from_rgb(helper.take(), at_s[k], self._base.info)
            elif fresh:
                self._last = next(drawn)
            repeated = self._drawn and not fresh
            frame, lid = self._last.at(at_s[k]), float(lids[k])
            yield LiveFrame(chunk.first + k, frame, chunk.sound[k], repeated, moved[k], lid)

    def some(self, chunk: Chunk, numbers: Container[int]) -> Iterator[UInt8]:
        """Draw some pictures of a chunk, as ``show`` draws them where it draws all."""
        every = range(chunk.first, chunk.first + len(chunk.motion))
        mine = [k for k in range(len(every)) if k in numbers]
        for frame in self._draw(self._work_on(chunk), every, mine):
            yield frame.rgb()

    def _work_on(self, chunk: Chunk) -> SpanWork:
        """Bring a chunk's motion, blinks and eyes together, behind the prompt."""
        prompt = self._canvas.values
        joined = np.concatenate([prompt, chunk.motion])
        canvas, motion = in_picture(self._space, self._base.person, self._canvas, joined)
        canvas = replace(canvas, first_frame=chunk.first - len(prompt))
        blinks = self._blinks_until(frame_time(chunk.first), chunk)
        eyes = self._expressions.eyes(canvas.first_frame, len(motion))
        return replace(self._work, canvas=canvas, infilled=motion, blinks=blinks, eyes=eyes)

    def _draw(self, work: SpanWork, frames: Sequence[int], only: Container[int]) -> Iterator[Frame]:
        """Draw some of the pictures whose mouths are chosen together."""
        shown = [OutputFrame(frame_time(k), -1, np.nan, "fill", 0, 0) for k in frames]
        paths = self._base.paths
        for picture in render_span(self._frames, paths, work, shown, StageClock(), only):
            yield picture.frame

    def _rest(self, canvas: Canvas, before: Float32) -> Float32:
        """Return the motion of the face at rest: as at the prompt's end, the lips closed."""
        if self._resting is None:
            self._resting = closed_mouth(self._space, before, canvas.identity)
        return self._resting

    def _blinks_until(self, start_s: float, chunk: Chunk) -> tuple[Blink, ...]:
        """Return the blinks of a chunk; none begins that the end would cut short."""
        end_s = frame_time(chunk.first + len(chunk.motion))
        while self._soon[-1].start_s < end_s:
            self._soon.append(next(self._blinks))
        self._soon = [blink for blink in self._soon if blink.end_s > start_s]
        return tuple(
            blink
            for blink in self._soon
            if not (chunk.ends and blink.start_s >= start_s and blink.end_s > end_s)
        )


class LiveFace:
    """A person who says what is heard.

    The same sound, seed and pace give the same frames, however the sound is cut up, and a chunk as
    long as the sound gives what ``generate`` gives.

    Args:
        person: Who speaks.
        models: The learned parts.
        run: Options; seed, region, articulation, steps and expressions.
        pace: How it goes ahead.
        drawn: Whether anybody looks at its pictures.

    Attributes:
        pace: How it goes ahead.
        motion: Draws the motion; with ``pictures``, for whoever draws both at once in two threads.
        pictures: Draws the pictures.
    """

    def __init__(
        self,
        person: Person,
        models: Models,
        run: Run | None = None,
        pace: Pace | None = None,
        drawn: bool = True,
    ) -> None:
        run, self.pace = run or Run(), pace or Pace()
        motion = LiveMotion(person, models, run, self.pace)
        self.motion: LiveMotion | DistantMotion = motion
        self.pictures = LivePictures(person, models, run, motion, drawn)

    def push(self, samples: Float32, every: int = 1) -> list[LiveFrame]:
        """Hear more of the sound, and return the frames that can be shown now, mostly none.

        ``samples``: 16 kHz mono amplitudes, any number of them, shape (N,); ``every``: draw only
        every so manieth picture.
        """
        return [
            frame
            for chunk in self.motion.push(samples)
            for frame in self.pictures.show(chunk, every)
        ]

    def finish(self, every: int = 1) -> list[LiveFrame]:
        """Return the frames that are left: nothing more will be heard."""
        return [
            frame for chunk in self.motion.finish() for frame in self.pictures.show(chunk, every)
        ]

    def helper(self, chunk: Chunk) -> DistantPictures | None:
        """Return what draws some pictures of the chunk that came last beside ``pictures``."""
        return self.motion.helper(chunk) if isinstance(self.motion, DistantMotion) else None
