"""Batches as a pure function of (seed, step): nothing to save, nothing to lose on resume."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facedit.dataset.masks import Mask, MaskConfig, draw_mask, reverse_kept_dims
from facedit.dataset.prepared import Meta
from facedit.errors import UsageError
from facedit.model.normalise import kept_centre
from facedit.training.experiment import PoolConfig
from facedit.training.motion.data import Dataset
from facedit.training.motion.motion_config import MotionClipsConfig
from facedit.types import Bool, Float32

BLEND = 3
"""Frames over which a held still face turns into the real motion."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Windows of one length.

    Attributes:
        motion: Centred and scaled motion ``x_1``, 0 in padding, shape (B, T, D).
        mask: True where motion is to be drawn; False in padding, shape (B, T, D).
        speech: Projected speech, 0 in padding, shape (B, T, S).
        valid: True where a frame exists, shape (B, T).
        share: Share of this batch in the step's loss.
        kinds: Kind of mask of each window.
        sync: Speech as the sync network embeds it, 0 in padding, shape (B, T, E), and the centres
            that were taken from the motion, shape (B, D); None unless the loss asks for them.
    """

    motion: Float32
    mask: Bool
    speech: Float32
    valid: Bool
    share: float
    kinds: tuple[str, ...]
    sync: tuple[Float32, Float32] | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """One window of a batch.

    Attributes:
        motion: Centred and scaled motion, shape (T, D).
        speech: Projected speech, shape (T, S).
        mask: What is to be drawn.
        centre: What was taken from the motion before scaling, shape (D,).
        embedded: Speech as the sync network embeds it, shape (T, E); None unless it is asked for.
    """

    motion: Float32
    speech: Float32
    mask: Mask
    centre: Float32
    embedded: Float32 | None


@dataclass(frozen=True, slots=True)
class Pool:
    """Clips of a pool and the chance of each.

    Attributes:
        config: Corpora, share and window.
        clips: Indices into the dataset.
        chances: Chance of each clip, sum 1.
    """

    config: PoolConfig
    clips: NDArray[np.int64]
    chances: NDArray[np.float64]


class Sampler:
    """Draws the batches of a step.

    ``data``: clips to learn from; ``meta``: groups of the motion dims; ``scale``: factor per motion
    dim; ``config``: pools and augmentation; ``masks``: what is to be drawn; ``frames_per_step``:
    frames of a step, about; ``seed``: seed.
    """

    def __init__(
        self,
        data: Dataset,
        meta: Meta,
        scale: Float32,
        config: MotionClipsConfig,
        masks: MaskConfig,
        frames_per_step: int,
        seed: int,
    ) -> None:
        self._data, self._meta, self._scale = data, meta, scale
        self._config, self._masks = config, masks
        self._frames, self._seed = frames_per_step, seed
        self._pools = [make_pool(data, pool, config.balance) for pool in config.pools]

    def draw(self, step: int) -> list[Batch]:
        """Draw the batches of a step, one per pool, whatever was drawn before."""
        rng = np.random.default_rng([self._seed, step])
        total = sum(pool.config.share for pool in self._pools)
        batches = []
        for pool in self._pools:
            share = pool.config.share / total
            count = max(1, round(share * self._frames / pool.config.window))
            picked = rng.choice(len(pool.clips), size=count, p=pool.chances)
            windows = [self._window(rng, int(pool.clips[i]), pool.config.window) for i in picked]
            batches.append(_collate(windows, pool.config.window, share))
        return batches

    def _window(self, rng: np.random.Generator, index: int, longest: int) -> Window:
        """Cut, change and mask one window."""
        clip = self._data.clip(index)
        source = self._data.mirrored if rng.random() < self._config.mirror else self._data.motion
        motion, speech = source[clip], self._speech(rng)[clip]
        embedded = None if self._data.embedded is None else self._data.embedded[clip]
        closed = motion[int(self._data.opening[clip].argmin())]
        if self._config.stretch:
            factor = float(np.exp(rng.uniform(-1, 1) * np.log1p(self._config.stretch)))
            motion, speech = time_stretch(motion, factor), time_stretch(speech, factor)
            embedded = None if embedded is None else unit(time_stretch(embedded, factor))
        frames = min(len(motion), longest)
        start = int(rng.integers(0, len(motion) - frames + 1))
        motion, speech = motion[start : start + frames], speech[start : start + frames]
        embedded = None if embedded is None else embedded[start : start + frames]
        mask = draw_mask(rng, frames, motion.shape[1], self._meta.groups, self._masks)
        fixed = ~mask.entries.any(axis=0)
        if mask.held:
            motion = hold_picture(motion, closed, mask.held)
            motion[:, fixed] = closed[fixed]
        elif rng.random() < self._config.foreign:
            motion = reverse_kept_dims(motion, mask.entries)
        centre = kept_centre(motion, mask.entries)
        motion = (motion - centre) * self._scale
        if self._config.amplitude:
            factor = float(np.exp(rng.normal(0, self._config.amplitude)))
            for group in ("lips", "face"):
                motion[:, self._meta.groups[group]] *= factor
        if self._config.people:
            lips = self._meta.groups["lips"]
            motion[:, lips] @= speaker_perturbation(rng, self._scale[lips], self._config.people)
        noise = self._config.speech_noise * rng.standard_normal(speech.shape, dtype=np.float32)
        return Window(motion, speech + noise, mask, centre, embedded)

    def _speech(self, rng: np.random.Generator) -> Float32:
        """Choose the voice of a window's speech: all clips in it."""
        if self._config.voices and rng.random() < self._config.voices:
            return self._data.voices[int(rng.integers(len(self._data.voices)))]
        return self._data.speech


def make_pool(data: Dataset, config: PoolConfig, balance: float) -> Pool:
    """Collect a pool's clips, each by its frames, with chances that balance its speakers.

    ``balance`` is the exponent on a speaker's frames. Raises UsageError if there are no clips.
    """
    clips = [i for i, row in enumerate(data.rows) if row.corpus in config.corpora]
    if not clips:
        raise UsageError(f"There are no training clips of {', '.join(config.corpora)}.")
    frames: dict[str, int] = {}
    for i in clips:
        frames[data.rows[i].speaker] = frames.get(data.rows[i].speaker, 0) + data.rows[i].frames
    chances = np.array(
        [data.rows[i].frames * frames[data.rows[i].speaker] ** (balance - 1) for i in clips]
    )
    return Pool(config, np.array(clips, np.int64), chances / chances.sum())


def time_stretch(values: Float32, factor: float) -> Float32:
    """Resample rows in time by linear interpolation, shape (T, C); above 1 slows down."""
    frames = max(int((len(values) - 1) * factor) + 1, 1)
    position = np.minimum(np.arange(frames) / factor, len(values) - 1)
    low = np.minimum(position.astype(np.int64), max(len(values) - 2, 0))
    high = np.minimum(low + 1, len(values) - 1)
    weight = (position - low).astype(np.float32)[:, None]
    out: Float32 = (1 - weight) * values[low] + weight * values[high]
    return out


def speaker_perturbation(rng: np.random.Generator, spread: Float32, strength: float) -> Float32:
    """Draw a linear map from one person's lips to a made-up person's, shape (L, L), from the right.

    Each dim moves more or less (by the exponential of ``strength`` times a normal number), and a
    little of what the others do, by their ``spread``: people open, spread and round their lips
    together in different shares. New people are what there is least of; the kept frames show the
    map, so that it can be learnt from them (our addition).
    """
    dims = len(spread)
    mixed = rng.standard_normal((dims, dims)) * spread / np.linalg.norm(spread)
    np.fill_diagonal(mixed, 0.0)
    own = np.exp(strength * rng.standard_normal(dims))
    return (np.diag(own) + strength * mixed).astype(np.float32)


def hold_picture(motion: Float32, closed: Float32, held: int) -> Float32:
    """Let a motion, shape (T, D), begin with a still frame, held for a while and blended."""
    weight = np.clip((np.arange(len(motion)) - held + 1) / (BLEND + 1), 0, 1).astype(np.float32)
    blended: Float32 = closed + weight[:, None] * (motion - closed)
    return blended


def unit(values: Float32) -> Float32:
    """Bring rows to length 1."""
    out: Float32 = values / np.linalg.norm(values, axis=1, keepdims=True).clip(1e-8)
    return out


def _collate(windows: list[Window], frames: int, share: float) -> Batch:
    """Pad windows to one length."""
    first = windows[0]
    count, dims, channels = len(windows), first.motion.shape[1], first.speech.shape[1]
    motion = np.zeros((count, frames, dims), np.float32)
    speech = np.zeros((count, frames, channels), np.float32)
    mask = np.zeros((count, frames, dims), bool)
    valid = np.zeros((count, frames), bool)
    sync = None
    if first.embedded is not None:
        shape = (count, frames, first.embedded.shape[1])
        sync = (np.zeros(shape, np.float32), np.stack([window.centre for window in windows]))
    for i, window in enumerate(windows):
        size = len(window.motion)
        motion[i, :size], speech[i, :size] = window.motion, window.speech
        mask[i, :size], valid[i, :size] = window.mask.entries, True
        if sync is not None and window.embedded is not None:
            sync[0][i, :size] = window.embedded
    kinds = tuple(window.mask.kind for window in windows)
    return Batch(motion, mask, speech, valid, share, kinds, sync)
