import numpy as np
import pytest

from facedit.evaluation.behaviour.stillness import (
    FIGURES,
    QUIET_S,
    around,
    like_noise,
    quietest,
    silenced,
    still_sums,
)
from facedit.types import Sound

RATE = 16_000
STILL = np.zeros(5)


def test_a_steady_movement_is_measured_per_frame_and_only_where_it_counts():
    frames = np.arange(40, dtype=np.float32)
    lips = np.stack([3 * frames, 4 * frames], axis=1)  # steps of length 5
    rows = np.zeros(40, bool)
    rows[10:15] = rows[20:24] = True
    lips[30:] = 1e6  # outside: must not count
    sums = np.concatenate([still_sums(lips, 2 * frames, rows, 1.0), STILL, STILL])
    assert FIGURES["steps"](sums) == 4 + 3
    assert FIGURES["lips"](sums) == pytest.approx(5)
    assert FIGURES["opening"](sums) == pytest.approx(2)
    assert FIGURES["parted"](sums) == pytest.approx(2 * frames[rows].mean() - 1)


def test_restlessness_is_told_from_the_truths_own():
    rng = np.random.default_rng(0)
    noise = rng.standard_normal((200, 3)).astype(np.float32)
    rows = np.ones(200, bool)
    truth = still_sums(noise, noise[:, 0], rows, 0.0)
    for factor in (0.0, 0.5, 3.0):
        drawn = still_sums(factor * noise, factor * noise[:, 0], rows, 0.0)
        found = FIGURES["over_truth"](np.concatenate([drawn, truth, truth]))
        assert found == pytest.approx(factor, abs=1e-5)


def test_a_span_around_a_silence_reaches_into_speech_and_keeps_the_edges():
    assert around((30, 40), 75, 4) == (25, 45)
    assert around((0, 12), 75, 4) == (4, 17)
    assert around((70, 75), 75, 4) is None or around((70, 75), 75, 4) == (65, 71)
    assert around((0, 5), 75, 4) is None  # one silent frame would be hidden: no step


@pytest.fixture
def noisy():
    """A second of loud high tone, one of a quiet low tone, one of loud high tone again."""
    time = np.arange(3 * RATE) / RATE
    loud = 0.5 * np.sin(2 * np.pi * 3000 * time)
    low = 0.01 * np.sin(2 * np.pi * 200 * time)
    quiet = (time > 1) & (time < 2)
    return Sound(np.where(quiet, low, loud).astype(np.float32)[:, None], RATE)


def test_digital_silence_is_nothing_and_only_there(noisy):
    out = silenced(noisy, 0.25, 0.75, "digital", 0)
    low, high = RATE // 4, 3 * RATE // 4
    assert not out.samples[low:high].any()
    np.testing.assert_array_equal(out.samples[:low], noisy.samples[:low])
    np.testing.assert_array_equal(out.samples[high:], noisy.samples[high:])


def test_room_tone_is_as_loud_and_as_coloured_as_the_quietest_stretch(noisy):
    assert np.abs(quietest(noisy.samples, RATE)).max() == pytest.approx(0.01, rel=0.01)
    out = silenced(noisy, 0.0, 1.0, "room tone", 1)
    made = out.samples[:RATE, 0]
    assert np.sqrt((made**2).mean()) == pytest.approx(0.01 / np.sqrt(2), rel=0.02)
    power = np.abs(np.fft.rfft(made)) ** 2  # 1 Hz a bin
    assert power[180:220].sum() > 0.95 * power.sum()
    np.testing.assert_array_equal(out.samples[RATE:], noisy.samples[RATE:])
    other = silenced(noisy, 0.0, 1.0, "room tone", 2)
    assert not np.array_equal(out.samples, other.samples)


def test_digital_room_tone_of_a_digital_silence_is_silent():
    assert not like_noise(np.zeros((round(QUIET_S * RATE), 2), np.float32), 500, 0).any()
