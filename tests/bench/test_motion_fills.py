"""What is put under a clip as the wrong sound, and what a perfect method would draw of it."""

import numpy as np
import pytest

from facedit.dataset.prepared import PreparedClip
from facedit.evaluation.fills import Sounds, elsewhere, of_another_clip
from facedit.evaluation.hidden_spans import Gap


def clip(number, frames):
    """A clip whose motion counts its frames from a level of its own; its speech names it."""
    motion = (100 * number + np.arange(frames, dtype=np.float32))[:, None].repeat(2, axis=1)
    speech = np.full((frames, 3), number, np.float32)
    one = np.ones(frames, np.float32)
    return PreparedClip(motion, motion, speech, one, np.zeros((478, 3), np.float32), one)


@pytest.mark.parametrize("count", [2, 3, 8, 9])
def test_the_wrong_sound_is_never_ones_own_nor_the_neighbours(count):
    others = [elsewhere(number, [10] * count)[0] for number in range(count)]
    assert sorted(others) == list(range(count))  # each sound is the wrong one once
    apart = [(other - number) % count for number, other in enumerate(others)]
    assert set(apart) == {max(count // 2, 1)}


def test_a_longer_clip_gives_its_middle_and_a_shorter_one_is_repeated():
    assert elsewhere(0, [4, 10])[1].tolist() == [3, 4, 5, 6]
    assert elsewhere(0, [7, 3])[1].tolist() == [0, 1, 2, 0, 1, 2, 0]


def test_one_clip_alone_has_but_its_own_sound():
    assert elsewhere(0, [5])[0] == 0


def test_sound_and_lips_are_of_the_same_other_clip():
    clips = [clip(number, frames) for number, frames in enumerate((12, 20, 16))]
    hidden = np.zeros((12, 2), bool)
    hidden[4:8, 0] = True
    gap = Gap(0, np.where(hidden, np.float32(np.nan), clips[0].motion), hidden, (4, 8))
    sounds = Sounds.of_clips(clips)
    np.testing.assert_array_equal(sounds.of(gap, wrong=False), clips[0].speech)
    np.testing.assert_array_equal(sounds.of(gap, wrong=True), clips[1].speech[:12])
    (drawn,) = of_another_clip(clips)(sounds, [gap])
    np.testing.assert_array_equal(drawn[~hidden], clips[0].motion[~hidden])
    # The middle of 20 frames starts at 4; its level is exchanged for that of the kept frames.
    kept = clips[0].motion[~hidden[:, 0], 0].mean()
    wanted = clips[1].motion[8:12, 0] - clips[1].motion[:, 0].mean() + kept
    np.testing.assert_allclose(drawn[4:8, 0], wanted, atol=1e-4)
