import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facedit.speech.signal.low_energy import SILENCE_DB, envelope_db, level_db, low_energy_point

RATE = 16_000


def test_level_of_a_sine_is_3_db_below_its_peak():
    wave = np.sin(2 * np.pi * 100 * np.arange(RATE) / RATE).astype(np.float32)
    assert level_db(wave) == pytest.approx(-3.01, abs=0.01)
    assert level_db(wave * 0.1) == pytest.approx(-23.01, abs=0.01)
    assert level_db(np.zeros(5, np.float32)) == SILENCE_DB
    assert level_db(np.zeros(0, np.float32)) == SILENCE_DB


def test_envelope_follows_the_level():
    wave = np.concatenate([np.full(1000, 0.1), np.full(1000, 0.5)]).astype(np.float32)
    envelope = envelope_db(wave, RATE)
    assert envelope.shape == (2000,)
    assert envelope[500] == pytest.approx(-20, abs=0.01)
    assert envelope[1500] == pytest.approx(-6.02, abs=0.01)


def test_cut_is_in_the_gap():
    generator = np.random.default_rng(0)
    wave = generator.normal(0, 0.2, RATE).astype(np.float32)
    wave[7_900:8_300] *= 0.001
    point = low_energy_point(wave, RATE, 0.48, 0.05)
    assert 7_900 / RATE <= point <= 8_300 / RATE


def test_flat_sound_is_cut_where_asked():
    wave = np.full((RATE, 2), 0.1, np.float32)
    assert low_energy_point(wave, RATE, 0.5, 0.1) == pytest.approx(0.5, abs=0.001)
    assert low_energy_point(np.zeros((RATE, 2), np.float32), RATE, 0.5, 0.1) == pytest.approx(0.5)


def test_cut_is_on_a_zero_crossing():
    wave = np.sin(2 * np.pi * 200 * (np.arange(RATE) + 0.5) / RATE).astype(np.float32)
    index = round(low_energy_point(wave, RATE, 0.503, 0.02) * RATE)
    assert np.sign(wave[index - 1]) != np.sign(wave[index])


@given(st.integers(0, 400), st.floats(-1, 3), st.floats(0, 0.5))
def test_cut_stays_in_the_window_and_the_sound(length, around, window):
    wave = np.random.default_rng(length).normal(0, 1, length).astype(np.float32)
    point = low_energy_point(wave, 200, around, window)
    assert 0 <= point <= length / 200
    inside = min(max(around, 0.0), length / 200)
    assert abs(point - inside) <= window + 1.01 / 200
