import numpy as np
import pytest

from facedit.model.manner import MANNERS, articulate, distance, manner_of
from facedit.model.sampler_settings import SamplerSettings

NAMES = ("lips_00", "lips_01", "face_00")


def drawn(start, stop, frames=30):
    motion = np.random.default_rng(0).standard_normal((frames, 3)).astype(np.float32)
    mask = np.zeros((frames, 3), bool)
    mask[start:stop] = True
    return motion, mask


def test_lips_move_further_from_the_way_between_the_kept_ends():
    motion, mask = drawn(10, 20)
    more = articulate(motion, mask, NAMES, 1.5)
    assert np.array_equal(more[~mask], motion[~mask])
    assert np.array_equal(more[:, 2], motion[:, 2])
    ramp = np.arange(1, 11)[:, None] / 11
    line = motion[9, :2] + ramp * (motion[20, :2] - motion[9, :2])
    np.testing.assert_allclose(more[10:20, :2] - line, 1.5 * (motion[10:20, :2] - line), atol=1e-5)
    np.testing.assert_allclose(articulate(motion, mask, NAMES, 0.0)[10:20, :2], line, atol=1e-5)
    assert articulate(motion, mask, NAMES, 1.0) is motion


def test_behind_a_prompt_the_mouth_moves_from_where_it_was():
    motion, mask = drawn(6, 30)
    still = articulate(motion, mask, NAMES, 0.0)
    np.testing.assert_allclose(still[6:, :2], np.repeat(motion[5:6, :2], 24, axis=0), atol=1e-6)
    everything = np.ones_like(mask)
    assert np.array_equal(articulate(motion, everything, NAMES, 2.0), motion)


def test_seeds_go_through_the_manners_and_the_first_is_as_learnt():
    usual = SamplerSettings(temperature=0.3, speech_guidance=1.7)
    assert manner_of(0).settings(usual) == usual
    assert manner_of(0).articulation == 1
    assert [manner_of(seed).name for seed in range(5)] == [*(m.name for m in MANNERS), "as learnt"]
    for manner in MANNERS:
        manner.settings(SamplerSettings(temperature=2.0, speech_guidance=10.0))


def test_the_distance_is_in_the_first_takes_own_variation():
    motion, mask = drawn(10, 20)
    assert distance([motion], [motion], [mask]) == 0
    inside = motion[10:20].astype(np.float64)
    spread = np.sqrt(np.square(inside - inside.mean(axis=0)).sum(axis=1).mean())
    moved = motion.copy()
    moved[10:20, 0] += spread
    moved[0] += 100  # kept frames don't count
    assert distance([motion], [moved], [mask]) == pytest.approx(1, rel=1e-5)
