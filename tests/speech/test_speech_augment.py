import numpy as np
import pytest

from facedit.speech.encoders.augment import (
    Augmentation,
    augmented_power,
    draw_augmentation,
    noise_floor,
    room_tail,
)
from facedit.speech.encoders.log_mel import mel_centres, mel_power, warped


def tone(hz, seconds=1.0):
    return np.sin(2 * np.pi * hz * np.arange(int(16_000 * seconds)) / 16_000).astype(np.float32)


def rng():
    return np.random.default_rng(0)


def test_no_change_is_no_change():
    sound = rng().normal(0, 0.1, 8_000).astype(np.float32)
    np.testing.assert_array_equal(augmented_power(sound, Augmentation(), rng()), mel_power(sound))


@pytest.mark.parametrize("factor", [0.85, 1.0, 1.18])
def test_a_warped_tone_is_heard_at_the_factor_times_its_frequency(factor):
    heard = augmented_power(tone(1500), Augmentation(warp=factor), rng())[:, 50]
    band = int(np.abs(mel_centres() - 1500 * factor).argmin())
    assert abs(int(heard.argmax()) - band) <= 1


@pytest.mark.parametrize("factor", [0.85, 1.18])
def test_warping_is_monotone_and_keeps_the_ends(factor):
    hz = np.linspace(0, 8000, 801)
    out = warped(hz, factor)
    assert (out[0], out[-1]) == pytest.approx((0, 8000))
    assert (np.diff(out) > 0).all()
    assert out[100] == pytest.approx(1000 * factor)


def test_tilt_raises_an_octave_by_its_decibels():
    low = augmented_power(tone(1000), Augmentation(tilt_db=3.0), rng())[:, 50].max()
    high = augmented_power(tone(2000), Augmentation(tilt_db=3.0), rng())[:, 50].max()
    plain = [mel_power(tone(hz))[:, 50].max() for hz in (1000, 2000)]
    assert 10 * np.log10((high / plain[1]) / (low / plain[0])) == pytest.approx(3.0, abs=0.4)


def test_a_room_gives_back_its_share_and_falls_by_60_db_in_its_time():
    click = np.zeros((2, 400))
    click[:, 10] = 1.0
    tail = room_tail(click, decay_s=0.5, room_db=-6.0)
    assert not tail[:, :11].any()
    assert 10 * np.log10(tail[0].sum()) == pytest.approx(-6.0, abs=0.02)
    assert 10 * np.log10(tail[0, 61] / tail[0, 11]) == pytest.approx(-60.0, abs=1e-6)


def test_noise_lies_as_far_below_loud_speech_as_asked():
    power = np.full((80, 500), 4.0)
    floor = noise_floor(power, 20.0, rng())
    assert floor.mean() == pytest.approx(0.04, rel=0.03)
    assert floor.std() == pytest.approx(floor.mean(), rel=0.03)  # exponential law


def test_nothing_moves_in_time():
    sound = np.zeros(16_000, np.float32)
    sound[8_000:8_160] = rng().normal(0, 0.3, 160)
    augmentation = draw_augmentation(rng())
    quiet = Augmentation(augmentation.warp, augmentation.tilt_db)
    heard = augmented_power(sound, quiet, rng()).sum(axis=0)
    plain = mel_power(sound).sum(axis=0)
    assert set(np.flatnonzero(heard)) == set(np.flatnonzero(plain))


def test_the_same_seed_gives_the_same_disguise():
    assert draw_augmentation(rng()) == draw_augmentation(rng())
    assert draw_augmentation(rng()) != draw_augmentation(np.random.default_rng(1))
