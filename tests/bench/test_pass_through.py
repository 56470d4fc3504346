import math

import numpy as np
import pytest

from bench.scenes import make_item, make_pictures, make_scene, make_sound
from facedit.bench.measures import pass_through
from facedit.bench.measures.pass_through import compare_run, lag_of
from facedit.types import Sound

RATE = 16_000
RUNS = ((0.0, 0.0, 0.8), (1.2, 1.2, 0.8))


def figures(scene):
    sums = pass_through.sums(scene)
    return {
        measure.name: float(measure.value(np.array(sums[measure.sums])))
        for measure in pass_through.MEASURES
        if measure.sums in sums
    }


def sounded(sound, source=None, runs=RUNS):
    source = make_sound() if source is None else source
    return figures(make_scene(sound=sound, source_sound=source, kept_sound=runs))


def delayed(sound, seconds):
    by = round(seconds * sound.rate)
    samples = np.roll(sound.samples, by, axis=0)
    return Sound(samples, sound.rate)


def test_untouched_is_clean():
    found = figures(make_scene(sound=make_sound(), source_sound=make_sound(), kept_sound=RUNS))
    assert found == {
        "kept_psnr": 100, "kept_psnr_worst": 100, "kept_clean": 100, "kept_in_place": 100,
        "kept_sound_snr": 100, "kept_sound_lag": 0, "kept_sound_in_place": 100,
        "kept_sound_same_rate": 100,
    }  # fmt: skip
    assert found.keys() == {measure.name for measure in pass_through.MEASURES}


def test_psnr_of_noise_of_known_size():
    # Grey noise of +-2 levels has a mean square of 4: 10 log10(255^2 / 4) = 42.11 dB.
    rng = np.random.default_rng(0)
    true = make_pictures()
    noise = [rng.choice([-2, 2], (*p.shape[:2], 1)).astype(np.int8).astype(np.uint8) for p in true]
    shown = [p + one for p, one in zip(true, noise, strict=True)]
    found = figures(make_scene(pictures=shown, true_pictures=true))
    assert found["kept_psnr"] == pytest.approx(42.11, abs=0.01)
    assert found["kept_clean"] == 0
    assert found["kept_in_place"] == 100


def test_one_bad_picture_is_the_worst_and_made_anew_ones_do_not_count():
    true = make_pictures()
    shown = list(true)
    shown[5] = 255 - true[5]
    shown[20:30] = make_pictures(10, seed=9, noise=60)
    found = figures(make_scene(pictures=shown, true_pictures=true))
    assert found["kept_psnr_worst"] < 20
    assert found["kept_clean"] == pytest.approx(100 * 39 / 40)
    assert found["kept_psnr"] > 95


def test_pictures_that_slip_by_one_are_found_out():
    true = make_pictures()
    shown = [true[max(k - 1, 0)] if k >= 30 else true[k] for k in range(50)]
    found = figures(make_scene(pictures=shown, true_pictures=true))
    assert found["kept_in_place"] == pytest.approx(100 * 20 / 40)


def test_a_still_clip_is_in_its_place():
    true = make_pictures(1) * 50
    assert figures(make_scene(pictures=true, true_pictures=true))["kept_in_place"] == 100


def test_an_order_that_skips_is_not_in_place():
    true = make_pictures(12)
    index = np.array([0, 1, 3, 4, -1, 9])
    shown = [true[k] for k in index]
    right = pass_through.in_place(tuple(shown), true, index)
    assert right.tolist() == [True, True, False, True, True]


def test_kept_sound_that_is_3_ms_late():
    found = sounded(delayed(make_sound(), 0.003))
    assert found["kept_sound_lag"] == pytest.approx(3)
    assert found["kept_sound_in_place"] == 0
    # Nothing is searched for: noise against itself elsewhere is 3 dB louder than either.
    assert found["kept_sound_snr"] == pytest.approx(-3.0, abs=0.2)


@pytest.mark.parametrize("by", [-800, -1, 0, 7, 800])
def test_lag_has_a_sign_and_finds_every_place(by):
    around = make_sound().samples[:, 0].astype(float)
    run = around[800 - by : -800 - by or None]
    assert lag_of(run, around) == by


def test_lag_ignores_level_and_noise():
    around = make_sound().samples[:, 0].astype(float)
    noise = 0.05 * np.random.default_rng(5).standard_normal(len(around) - 1600)
    assert lag_of(0.2 * around[790:-810] + 0.2 * noise, around) == 10


def test_snr_of_noise_of_known_size():
    source = make_sound()
    noise = np.random.default_rng(3).standard_normal(source.samples.shape)
    sound = Sound((source.samples + 0.001 * noise).astype(np.float32), RATE)
    assert sounded(sound)["kept_sound_snr"] == pytest.approx(40, abs=0.1)


def test_another_sound_is_in_no_place():
    found = sounded(make_sound(seed=8))
    assert math.isnan(found["kept_sound_lag"])
    assert found["kept_sound_in_place"] == 0
    assert found["kept_sound_snr"] == pytest.approx(-3, abs=0.2)


def test_runs_lie_where_the_plan_put_them():
    # The clip's second half comes 0.5 s later in the output.
    source = make_sound()
    new = make_sound(0.5, seed=4).samples
    sound = Sound(np.concatenate([source.samples[:RATE], new, source.samples[RATE:]]), RATE)
    found = sounded(sound, runs=((0.0, 0.0, 1.0), (1.5, 1.0, 1.0)))
    assert found["kept_sound_snr"] == 100
    assert sounded(sound, runs=((0.0, 0.0, 1.0), (1.48, 1.0, 1.0)))["kept_sound_lag"] == 10


def test_sound_that_stops_early_is_missing():
    source = make_sound()
    short = Sound(source.samples[: 3 * RATE // 2], RATE)
    assert sounded(short, runs=((0.0, 0.0, 2.0),))["kept_sound_snr"] == pytest.approx(6, abs=0.3)


def test_another_rate_is_counted_and_not_compared():
    found = sounded(make_sound(rate=8_000))
    assert found["kept_sound_same_rate"] == 0
    assert not {"kept_sound_snr", "kept_sound_lag"} & found.keys()


def test_silence_and_short_runs_say_nothing():
    source = make_sound()
    still = Sound(np.zeros_like(source.samples), RATE)
    assert compare_run(source, still, 0.0, 0.0, 1.0) is None
    assert compare_run(source, source, 0.0, 0.0, 0.05) is None
    assert compare_run(source, source, 1.99, 1.99, 1.0) is None


def test_without_kept_pictures_or_sound_there_is_nothing_to_say():
    assert pass_through.sums(make_scene(item=make_item("generate"), hidden=(0, 50))) == {}
