"""The sound of the output: the source's own samples, and new sound in the fills."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from facedit.editing.plan import EditPlan
from facedit.editing.soundline import (
    SPEECH_FADE_S,
    SoundPiece,
    in_steps,
    mix_fill,
    output_sound,
    with_lead,
    with_rest,
)
from facedit.media.held_sound import HeldSound
from facedit.media.info import SoundInfo, VideoInfo
from facedit.media.pcm import layout_name, resample
from facedit.media.smart.kept import KeptSamples
from facedit.media.sound import BLOCK_SAMPLES
from facedit.speech.fit.snippet import BESIDE_S, Snippet
from facedit.speech.signal.background import Background, background_of, joined_background
from facedit.types import Float32, Sound
from facedit.units import sample_at

HELD_S = 30.0
"""Fills up to this long are mixed once: their edges alone, of old sound, are decoded from afar."""


@dataclass(frozen=True, slots=True)
class OutputSound:
    """Reads the output's sound, block by block and from anywhere.

    Attributes:
        source: The sound of the source video.
        info: What is known of it.
        pieces: Where each run of samples comes from.
        new: Per fill the new sound at the source's rate and channels; None for a deletion, or
            where the old sound goes on for as long as new words in another track take.
        early: Per fill how many samples of its new sound come before the words.
        backgrounds: Per fill what sounds under the old words and goes on under the new ones
            (``Background``), or None.
        whole: Whether channels in which the new sound is silent go on as they are.
    """

    source: HeldSound
    info: VideoInfo
    pieces: tuple[SoundPiece, ...]
    new: tuple[Float32 | None, ...]
    early: tuple[int, ...]
    backgrounds: tuple[Background | None, ...]
    whole: bool = False
    _filled: dict[SoundPiece, Float32] = field(
        init=False, default_factory=dict, compare=False, repr=False
    )

    @property
    def rate(self) -> int:
        """Samples per second."""
        return self.info.sound_rate

    @property
    def length(self) -> int:
        """Number of samples from the first picture on."""
        return self.pieces[-1].output_end

    @property
    def first(self) -> int:
        """Number of the first sample: negative where it sounds before the first picture."""
        return self.pieces[0].output_start

    @property
    def kept(self) -> tuple[KeptSamples, ...]:
        """Which samples are the source's own, in order."""
        return tuple(
            KeptSamples(piece.source_start, piece.source_end, piece.output_start)
            for piece in self.pieces
            if piece.kind == "source"
        )

    def in_steps(self, step: int) -> OutputSound:
        """Return the same sound with its kept runs moved by multiples of so many samples."""
        return replace(self, pieces=in_steps(self.pieces, step))

    def blocks(self, start: int | None = None, end: int | None = None) -> Iterator[Float32]:
        """Yield the samples of a range of the output.

        ``start``: first sample; that of the output if None; ``end``: sample after the last one; the
        end of the output if None. Yields samples, shape (N, channels); kept sound comes in bounded
        blocks.
        """
        start = self.first if start is None else start
        end = self.length if end is None else min(end, self.length)
        for piece in self.pieces:
            low, high = max(start, piece.output_start), min(end, piece.output_end)
            if low >= high:
                continue
            if piece.kind != "source":
                position = piece.output_start
                for part in self._parts(piece):
                    inside = part[max(low - position, 0) : max(high - position, 0)]
                    if len(inside):
                        yield inside
                    position += len(part)
                continue
            offset = piece.source_start - piece.output_start
            ends = (low + offset) / self.rate, (high + offset) / self.rate
            yield from (block.samples for block in self.source.blocks(*ends))

    def window(self, start_s: float, end_s: float) -> Sound:
        """Return a stretch of the output's sound, silence where it lies outside.

        ``start_s``: output time at which the stretch starts; may be negative. Returns the sound,
        exactly ``end_s - start_s`` long to the sample.
        """
        return padded(self.blocks, self.length, self.info.channels, self.rate, start_s, end_s)

    def _source(self, start: int, end: int) -> Float32:
        """Return source samples by their numbers, silence outside the source."""
        if end <= start:
            return np.zeros((0, self.info.channels), np.float32)
        return self.source.read(start / self.rate, end / self.rate).samples

    def _parts(self, piece: SoundPiece) -> Iterator[Float32]:
        """Yield the samples of a fill: a short one is mixed once, a long one as it is read."""
        if piece.length > HELD_S * self.rate:
            yield from self._fill(piece)
            return
        if piece not in self._filled:
            self._filled[piece] = np.concatenate(list(self._fill(piece)))
        yield self._filled[piece]

    def _fill(self, piece: SoundPiece) -> Iterator[Float32]:
        """Mix the samples of a fill, in bounded blocks where nothing sounds under new speech."""
        tail, head = self._source(*piece.tail), self._source(*piece.head)
        speech = self.new[piece.fill]
        if piece.kind == "join":
            yield mix_fill(piece, None, tail, head)
            return
        if speech is None:
            yield self._going_on(piece)
            return
        start = piece.lead_in - self.early[piece.fill]

        def said(low: int, high: int) -> Float32:
            return _between(speech, low - start, high - start)

        background = self.backgrounds[piece.fill]
        idle = ~speech.any(axis=0)
        idle &= self.whole and not idle.all()
        if background is None and not idle.any():
            first, last = piece.fade, piece.length - piece.fade
            ends = np.concatenate([said(0, first), said(last, piece.length)])
            mixed = mix_fill(replace(piece, length=2 * first), ends, tail, head)
            yield mixed[:first]
            for low in range(first, last, BLOCK_SAMPLES):
                yield said(low, min(low + BLOCK_SAMPLES, last))
            yield mixed[first:]
            return
        samples = said(0, piece.length)
        # The background runs through: only what is in front of it fades.
        under = np.zeros_like(samples)
        if background is not None:
            under = self._background(piece, background)
        if idle.any():
            under[:, idle] = self._going_on(piece)[:, idle]
        tail, head = tail - under[: piece.fade], head - under[len(under) - piece.fade :]
        yield mix_fill(piece, samples, tail, head) + under

    def _going_on(self, piece: SoundPiece) -> Float32:
        """Let old sound go on for as long as new words in other channels or tracks take."""
        starts = piece.source_start, piece.source_end - piece.length
        runs = [self._source(start, start + piece.length) for start in starts]
        return joined_background(runs[0], runs[1], self.rate)

    def _background(self, piece: SoundPiece, background: Background) -> Float32:
        """Let what sounds under the old words go on for as long as the new ones take."""
        context = self.rate // 5
        runs = []
        for start in (piece.source_start, piece.source_end - piece.length):
            around = self._source(start - context, start + piece.length + context)
            run = background_of(around, self.rate, background)
            runs.append(run[context : context + piece.length])
        return joined_background(runs[0], runs[1], self.rate)


def compose_sound(
    source: Path,
    info: VideoInfo,
    plan: EditPlan,
    new: Sequence[Sound | Snippet | None],
    crossfade_s: float = SPEECH_FADE_S,
    whole: bool = False,
) -> OutputSound:
    """Bring new sounds to the source's rate and channels and lay the output out.

    ``new``: per fill its new sound; None for a deletion. A snippet's pauses hold what was spoken
    beside its words, and its background goes on. ``crossfade_s``: length of the cross-fades between
    old and new sound; ``whole``: whether all that the new sound does not take the place of is kept:
    before the first picture, after the last one, in channels where the new sound is silent. Returns
    the output's sound, ready to be read.
    """
    backgrounds = [one.background if isinstance(one, Snippet) else None for one in new]
    beside = [one.beside if isinstance(one, Snippet) else None for one in new]
    alone = [one.sound if isinstance(one, Snippet) else one for one in new]
    sounds = [wider or sound for wider, sound in zip(beside, alone, strict=True)]
    fitted = tuple(
        None if sound is None else resample(sound, info.sound_rate, info.channels).samples
        for sound in sounds
    )
    early = tuple(0 if one is None else sample_at(BESIDE_S, info.sound_rate) for one in beside)
    pieces = output_sound(plan, info.sound_rate, crossfade_s)
    if whole and info.sound is not None:
        pieces = with_rest(pieces, sample_at(info.sound.end_s, info.sound_rate))
        pieces = with_lead(pieces, sample_at(info.sound.lead_s, info.sound_rate))
    held = HeldSound(source, info)
    return OutputSound(held, info, pieces, fitted, early, tuple(backgrounds), whole)


def _between(samples: Float32, low: int, high: int) -> Float32:
    """Return samples by their numbers, silence where there are none."""
    if low >= 0 and high <= len(samples):
        return samples[low:high]
    inside = samples[max(low, 0) : max(high, 0)]
    before = min(max(-low, 0), high - low)
    return np.pad(inside, ((before, high - low - before - len(inside)), (0, 0)))


def padded(
    read: Callable[[int, int], Iterable[Float32]],
    length: int,
    channels: int,
    rate: int,
    start_s: float,
    end_s: float,
) -> Sound:
    """Read a stretch of a sound, with silence where it lies outside.

    ``read``: gives the samples of a range that lies inside the sound, block by block;
    ``start_s``: start of the stretch; may be negative; ``end_s``: end of the stretch; may be beyond
    the sound.
    """
    first, last = sample_at(start_s, rate), sample_at(end_s, rate)
    samples = np.zeros((max(last - first, 0), channels), np.float32)
    low, high = max(first, 0), min(last, length)
    if high > low:
        for block in read(low, high):
            samples[low - first :][: len(block)] = block
            low += len(block)
    return Sound(samples, rate)


def stretches(sound: Sound) -> Callable[[float, float], Sound]:
    """Return a reader of stretches of a sound, with silence where they lie outside.

    Returns a function from start and end in seconds to the stretch, as ``OutputSound.window`` is.
    """
    length, channels = sound.samples.shape

    def window(start_s: float, end_s: float) -> Sound:
        return padded(
            lambda low, high: (sound.samples[low:high],),
            length,
            channels,
            sound.rate,
            start_s,
            end_s,
        )

    return window


def with_sound(info: VideoInfo, sound: Sound) -> VideoInfo:
    """Describe a silent video as it will be with a sound."""
    channels = sound.samples.shape[1]
    added = SoundInfo(sound.rate, channels, layout_name(channels), "aac", 0.0, sound.duration_s)
    return replace(info, sound=added)
