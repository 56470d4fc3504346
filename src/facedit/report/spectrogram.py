"""What is heard, as a picture: a joint that can be seen here can be heard."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from facedit.types import Sound, UInt8

HIGHEST_HZ = 10_000.0

_WINDOW_S, _HOP_S = 0.025, 0.004
_RANGE_DB = 70.0
_HEIGHT = 200
_TICK = 8


def spectrogram(sound: Sound, marks_s: Sequence[float] = ()) -> UInt8:
    """Draw a sound's level over time and frequency, RGB, shape (200, T, 3), a column each 4 ms.

    Low frequencies are at the bottom, up to 10 kHz or half the rate; ``marks_s``: moments that
    ticks above and below mark, so that they hide nothing.
    """
    rate, wave = sound.rate, sound.samples.mean(axis=1, dtype=np.float64)
    size, hop = max(16, round(_WINDOW_S * rate)), max(1, round(_HOP_S * rate))
    padded = np.pad(wave, (size // 2, size))
    frames = np.lib.stride_tricks.sliding_window_view(padded, size)[: len(wave) + 1 : hop]
    power = np.abs(np.fft.rfft(frames * np.hanning(size), axis=1)) ** 2
    shown = power[:, : max(2, int(min(HIGHEST_HZ / (rate / 2), 1.0) * power.shape[1]))]
    level = 10.0 * np.log10(shown + 1e-12)
    top = float(level.max(initial=-120.0))
    grey = np.clip((level - (top - _RANGE_DB)) / _RANGE_DB, 0.0, 1.0)
    small = cv2.resize(
        np.asarray(255 * grey.T[::-1], np.uint8), (len(grey), _HEIGHT), interpolation=cv2.INTER_AREA
    )
    picture = cv2.cvtColor(cv2.applyColorMap(small, cv2.COLORMAP_MAGMA), cv2.COLOR_BGR2RGB)
    for mark_s in marks_s:
        column = min(max(round(mark_s * rate / hop), 0), picture.shape[1] - 1)
        picture[:_TICK, column : column + 2] = picture[-_TICK:, column : column + 2] = 255
    return np.asarray(picture, np.uint8)
