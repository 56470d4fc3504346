"""A spectrogram shows when what sounds, and marks a joint without hiding it."""

import numpy as np

from facedit.report.spectrogram import HIGHEST_HZ, spectrogram
from facedit.types import Sound

RATE = 24_000


def tone(hertz: float, seconds: float) -> np.ndarray:
    return 0.3 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * RATE)) / RATE)


def test_a_tone_is_drawn_where_it_sounds_and_a_joint_is_marked_at_the_edges() -> None:
    samples = np.concatenate([tone(1000, 0.4), tone(5000, 0.4)]).astype(np.float32)
    drawn = spectrogram(Sound(np.stack([samples, samples], axis=1), RATE), [0.4])
    assert drawn.dtype == np.uint8
    assert drawn.shape == (200, 201, 3)
    bright = drawn.astype(int).sum(axis=2)
    rows = [int(bright[10:-10, column].argmax()) + 10 for column in (50, 150)]
    np.testing.assert_allclose(rows, [199 - 200 * hz / HIGHEST_HZ for hz in (1000, 5000)], atol=3)
    assert (drawn[:8, 100:102] == 255).all()
    assert (drawn[-8:, 100:102] == 255).all()
    unmarked = spectrogram(Sound(samples[:, None], RATE))
    np.testing.assert_array_equal(unmarked[8:-8], drawn[8:-8])


def test_silence_and_next_to_nothing_are_drawn_too() -> None:
    assert spectrogram(Sound(np.zeros((2400, 1), np.float32), RATE)).shape[:2] == (200, 26)
    assert spectrogram(Sound(np.zeros((1, 1), np.float32), 8000), [5.0]).shape[0] == 200
