"""Sound in, facial motion out, chunk by chunk: what was shown is kept, what comes is hidden."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from facedit.compose.frames.base import Hear
from facedit.compose.frames.output_sound import stretches
from facedit.compose.frames.person import Person
from facedit.compose.frames.picture_base import person_canvas
from facedit.compose.frames.spans import PADDING_S, speech_on
from facedit.compose.source.models import Models
from facedit.compose.takes.draw import SEEDS_A_SPAN
from facedit.live.live_expressions import LiveExpressions, live_wishes
from facedit.live.pace import Pace
from facedit.live.resting import rest_shares, silent_frames
from facedit.model.infill import Task, infill_batch
from facedit.model.manner import articulate, manner_of
from facedit.model.seams import limit_steps
from facedit.model.windows import WINDOW
from facedit.options import Run
from facedit.speech.encoders.encoders import Encoder
from facedit.speech.encoders.features import extract
from facedit.speech.encoders.whisper_base import WhisperBase
from facedit.types import Float32, Sound, SpeechFeatures
from facedit.units import SPEECH_RATE, SPEECH_SAMPLES_PER_FRAME, frame_at, frame_time

_PADDING = frame_at(PADDING_S)


@dataclass(frozen=True, slots=True)
class Chunk:
    """Frames that were drawn at once.

    Attributes:
        first: Number of the first, from the start of the sound.
        motion: Their motion, shape (frames, D).
        sound: What is heard meanwhile, 16 kHz, shape (frames, 640).
        ends: Whether nothing follows.
    """

    first: int
    motion: Float32
    sound: Float32
    ends: bool = False


class LiveMotion:
    """Draws the motion of a person who speaks a sound, of which more comes all the time.

    It is ``generate``'s road with another mask: one chunk that holds the whole sound gives what
    ``generate`` gives. Nothing that grows is held, and no array is changed that is: a shallow copy
    goes on by itself.

    Args:
        person: Who speaks.
        models: The learned parts.
        run: Options; seed, region, articulation, steps and expressions.
        pace: How it goes ahead.

    Attributes:
        pace: How it goes ahead.
        expressions: What it shows beside speaking.
        done: Frames drawn so far.
    """

    def __init__(self, person: Person, models: Models, run: Run, pace: Pace) -> None:
        canvas = person_canvas(models.space, person, 1, run.region_of("generate"))
        self._model, self._space, self._encoder = models.motion, models.space, _ears(models)
        self.pace, self._first_seed = pace, run.first_seed
        self.canvas = replace(canvas, values=canvas.values[:-1], mask=canvas.mask[:-1])
        """The prompt, which goes ahead of the sound."""
        self._row, self._hidden = canvas.values[-1:], canvas.mask[-1:]
        manner = manner_of(run.first_seed)
        self._settings = manner.settings(replace(models.motion.sampler, steps=run.steps))
        self._articulation = run.articulation * manner.articulation * pace.wider
        self.expressions = LiveExpressions(live_wishes(run), models.space, self.canvas)
        self._said = self._own_speech(person, models.encoder)
        self._kept = canvas.values[:0]
        self._sound, self._sound_from = np.zeros(0, np.float32), 0
        self._rest = 1.0
        self.done = self._chunks = 0

    @property
    def heard(self) -> int:
        """Whole frames of sound that were heard so far."""
        return self._sound_from + len(self._sound) // SPEECH_SAMPLES_PER_FRAME

    def push(self, samples: Float32, many: int = 1) -> Iterator[Chunk]:
        """Hear more.

        Args:
            samples: 16 kHz mono amplitudes, any number of them, shape (N,).
            many: How many chunks to draw as one.

        Yields:
            What can be shown now: mostly nothing, else a chunk or more.
        """
        self._sound = np.concatenate([self._sound, samples.astype(np.float32)])
        count = many * self.pace.chunk
        while self.heard - self.done >= count + self.pace.ahead:
            yield self._draw(count, self.pace.ahead)

    def finish(self) -> Iterator[Chunk]:
        """Draw what is left: nothing more will be heard."""
        yield from self.push(np.zeros(-len(self._sound) % SPEECH_SAMPLES_PER_FRAME, np.float32))
        while left := self.heard - self.done:
            count = min(left, self.pace.chunk)
            chunk = self._draw(count, min(left - count, self.pace.ahead), _PADDING)
            yield replace(chunk, ends=count == left)

    def _draw(self, count: int, ahead: int, beyond: int = 0) -> Chunk:
        """Draw the next frames, having heard so many more, and so many frames of silence."""
        prompt, space = self.canvas.values, self._space
        if self.done:
            room = WINDOW - len(self._kept) - count - ahead
            prompt = prompt[-max(min(room, self.pace.prompt), 1) :]
        heard = self._heard(count + ahead, beyond)
        new = np.repeat(self._row, count + ahead, axis=0)
        pinned = min(len(self._kept), self.pace.pinned)
        mask = np.zeros((len(prompt) + len(self._kept) + len(new), len(space.names)), np.bool_)
        mask[len(prompt) :] = self._hidden
        mask[-len(new) - pinned : -len(new)] = False
        task = Task(
            np.concatenate([prompt, self._kept, new]),
            mask,
            np.concatenate([self._said[-len(prompt) :], heard.values]),
            self._first_seed + SEEDS_A_SPAN * self._chunks,
        )
        (motion,) = infill_batch(self._model, [task], self._settings)
        drawn = motion[-len(new) :][:count]
        if self.pace.gate:
            silent, lips = silent_frames(heard)[-len(new) :], space.groups["lips"]
            shares = rest_shares(silent, count, self._rest)[:, None]
            self._rest = float(shares[-1, 0])
            drawn[:, lips] += shares * (self.canvas.values[-1, lips] - drawn[:, lips])
        first, begin = self.done, self.done - self._sound_from
        sound = self._sound[: (begin + count) * SPEECH_SAMPLES_PER_FRAME]
        sound = sound.reshape(-1, SPEECH_SAMPLES_PER_FRAME)[begin:]
        self.done, self._chunks = first + count, self._chunks + 1
        self._kept = np.concatenate([self._kept, drawn])[-self.pace.kept :]
        self._forget()
        shown = self.expressions.on(self._articulated(drawn, not first), first)
        return Chunk(first, shown, sound)

    def _articulated(self, drawn: Float32, first: bool) -> Float32:
        """Let the lips move further or less far from where they rest."""
        if self._articulation == 1:
            return drawn
        joined = np.concatenate([self.canvas.values, drawn])
        mask = np.arange(len(joined))[:, None] >= len(self.canvas.values)
        mask = mask & self._hidden
        moved = articulate(joined, mask, self._model.dim_names, self._articulation)
        moved = limit_steps(moved, mask) if first else moved
        return moved[-len(drawn) :]

    def _heard(self, new: int, beyond: int) -> SpeechFeatures:
        """Compute what is heard on the kept frames and the new ones; at first on the prompt too."""
        own = self.canvas.first_frame if not self.done and not len(self._said) else 0
        before = len(self._kept) - own
        first, frames = self.done - before, before + new
        start_s = frame_time(first - _PADDING - self._sound_from)
        end_s = frame_time(first + frames + beyond - self._sound_from)
        hear = stretches(Sound(self._sound[:, None], SPEECH_RATE))
        encoder = _unended(self._encoder) if self.done else self._encoder
        features = extract(hear(start_s, end_s), _PADDING + frames + beyond, encoder)
        # As the offline road has them from its cache.
        values = features.values.astype(np.float16).astype(np.float32)[_PADDING:][:frames]
        if own:
            self._said, values = values[:-own], values[-own:]
        return SpeechFeatures.from_values(values, features.encoder)

    @staticmethod
    def _own_speech(person: Person, encoder: Encoder) -> Float32:
        """Compute what is heard on a video's prompt; of a picture it is the silence ahead."""
        if person.prompt is None:
            return np.zeros((0, 0), np.float32)
        hear: Hear = person.prompt.sound
        frames = len(person.prompt.landmarks)
        return speech_on(hear, person.prompt.first_frame, frames, encoder)

    def _forget(self) -> None:
        """Forget the sound that no chunk will hear again."""
        first = max(self.done - self.pace.kept - _PADDING, 0)
        self._sound = self._sound[(first - self._sound_from) * SPEECH_SAMPLES_PER_FRAME :]
        self._sound_from = first


def _ears(models: Models) -> Encoder:
    """Return what the model hears through, in numbers such as it computes with itself."""
    encoder = models.encoder
    if not isinstance(encoder, WhisperBase):
        return encoder
    return replace(encoder, dtype=next(models.motion.net.parameters()).dtype)


def _unended(encoder: Encoder) -> Encoder:
    """Return ears that hear no silence after what is heard: it costs a sixth, and tells nothing."""
    if not isinstance(encoder, WhisperBase):
        return encoder
    return replace(encoder, padding=(encoder.padding[0], 0))
