"""Batches of lips and speech for the sync network, as a pure function of (seed, step)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facedit.training.motion.data import Dataset
from facedit.training.motion.sampler import Pool, make_pool, time_stretch
from facedit.training.sync.sync_config import SyncClipsConfig, SyncOptimConfig
from facedit.types import Bool, Float32


@dataclass(frozen=True, slots=True)
class SyncBatch:
    """Windows of one length.

    Attributes:
        motion: Scaled lip motion, the last frame repeated in padding, shape (B, T, D).
        speech: Projected speech, likewise, shape (B, T, S).
        valid: True where a frame exists, shape (B, T).
        stretches: First and last plus one frame of the stretch that is judged as a whole,
            shape (B, 2).
    """

    motion: Float32
    speech: Float32
    valid: Bool
    stretches: np.ndarray[tuple[int, int], np.dtype[np.int64]]


class SyncSampler:
    """Draws the batches of a step; ``lips``: motion dims seen, ``scale``: a factor of each."""

    def __init__(
        self,
        data: Dataset,
        lips: slice,
        scale: Float32,
        config: SyncClipsConfig,
        optim: SyncOptimConfig,
        seed: int,
    ) -> None:
        self._data, self._lips, self._scale, self._config = data, lips, scale, config
        self._frames, self._shortest, self._seed = optim.frames_per_step, optim.shortest, seed
        self._pools = [make_pool(data, pool, config.balance) for pool in config.pools]

    def draw(self, step: int) -> list[SyncBatch]:
        """Draw the batches of a step, one per pool, whatever was drawn before."""
        rng = np.random.default_rng([self._seed, step])
        total = sum(pool.config.share for pool in self._pools)
        return [self._batch(rng, pool, pool.config.share / total) for pool in self._pools]

    def _batch(self, rng: np.random.Generator, pool: Pool, share: float) -> SyncBatch:
        """Draw the windows of a pool; no clip twice, for it would be its own wrong answer."""
        window = pool.config.window
        most = int((pool.chances > 0).sum())
        count = min(max(2, round(share * self._frames / window)), most)
        picked = rng.choice(len(pool.clips), size=count, p=pool.chances, replace=False)
        motion, speech, valid, stretches = [], [], [], []
        for place in picked:
            lips, heard = self._window(rng, int(pool.clips[place]), window)
            frames = len(lips)
            fill = ((0, window - frames), (0, 0))
            motion.append(np.pad(lips, fill, mode="edge"))
            speech.append(np.pad(heard, fill, mode="edge"))
            valid.append(np.arange(window) < frames)
            length = int(rng.integers(min(self._shortest, frames), frames + 1))
            start = int(rng.integers(0, frames - length + 1))
            stretches.append((start, start + length))
        return SyncBatch(np.stack(motion), np.stack(speech), np.stack(valid), np.array(stretches))

    def _window(
        self, rng: np.random.Generator, index: int, longest: int
    ) -> tuple[Float32, Float32]:
        """Cut and change one window: lip motion (T, D) and speech (T, S)."""
        config = self._config
        clip = self._data.clip(index)
        source = self._data.mirrored if rng.random() < config.mirror else self._data.motion
        motion, speech = source[clip, self._lips] * self._scale, self._data.speech[clip]
        if config.stretch:
            factor = float(np.exp(rng.uniform(-1, 1) * np.log1p(config.stretch)))
            motion, speech = time_stretch(motion, factor), time_stretch(speech, factor)
        frames = min(len(motion), longest)
        start = int(rng.integers(0, len(motion) - frames + 1))
        motion, speech = motion[start : start + frames], speech[start : start + frames]
        if rng.random() < 0.5:
            motion = smoothed(motion, float(rng.uniform(0, config.smooth)))
        motion = motion * float(1 + config.amplitude * rng.uniform(-1, 1))
        return (
            _disturbed(rng, motion, config.motion_noise, config.motion_offset),
            _disturbed(rng, speech, config.speech_noise, config.speech_offset),
        )


def smoothed(values: Float32, weight: float) -> Float32:
    """Mix each row, shape (T, D), with its neighbours, each of a weight up to 1/3."""
    wide = np.pad(values, ((1, 1), (0, 0)), mode="edge")
    out: Float32 = (1 - 2 * weight) * values + weight * (wide[:-2] + wide[2:])
    return out.astype(np.float32)


def _disturbed(rng: np.random.Generator, values: Float32, noise: float, offset: float) -> Float32:
    """Add noise of a random strength up to ``noise``, and a constant per dim."""
    strength = noise * float(rng.random())
    jitter = strength * rng.standard_normal(values.shape, dtype=np.float32)
    rest = offset * rng.standard_normal(values.shape[1], dtype=np.float32)
    out: Float32 = (values + jitter + rest).astype(np.float32)
    return out
