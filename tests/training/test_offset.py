from dataclasses import replace

import numpy as np
import pytest

from facedit.dataset.encode_clip import Unusable
from facedit.dataset.offset import moved, put_right
from facedit.dataset.prepared import PreparedClip
from facedit.lip_sync.distance import SyncScore

FRAMES = 30


def numbered_clip(late=0):
    """A clip whose arrays hold the number of their frame; the sound is late by some frames."""
    count = np.arange(FRAMES, dtype=np.float32)
    return PreparedClip(
        motion=count[:, None],
        mirrored=-count[:, None],
        speech=(count - late)[:, None],
        opening=count,
        identity=np.zeros((478, 3), np.float32),
        confidence=count,
        voices=np.stack([count - late, count - late])[..., None],
    )


@pytest.mark.parametrize("late", [3, -4])
def test_moving_the_sound_pairs_what_belongs_together(late):
    clip = moved(numbered_clip(late), late)
    assert len(clip.motion) == FRAMES - abs(late)
    other = clip.voices[1, :, 0]
    for values in (clip.motion[:, 0], -clip.mirrored[:, 0], clip.opening, clip.confidence, other):
        np.testing.assert_array_equal(values, clip.speech[:, 0])


def test_a_cut_takes_the_same_frames_of_everything():
    whole = numbered_clip()
    clip = whole.cut(4, 9)
    for values in (clip.motion, -clip.mirrored, clip.speech, *clip.voices):
        np.testing.assert_array_equal(values[:, 0], [4, 5, 6, 7, 8])
    for values in (clip.opening, clip.confidence):
        np.testing.assert_array_equal(values, [4, 5, 6, 7, 8])
    assert clip.identity is whole.identity
    assert replace(whole, voices=None).cut(0, 2).voices is None


@pytest.mark.parametrize("offset", [-1, 0, 1])
def test_a_frame_is_left_as_it_is_even_if_unsure(offset):
    clip = numbered_clip()
    assert put_right(clip, SyncScore(1.0, 0.21, offset, FRAMES)) is clip


def test_a_sure_offset_is_put_right():
    clip = put_right(numbered_clip(4), SyncScore(0.7, 0.5, 4, FRAMES))
    np.testing.assert_array_equal(clip.motion, clip.speech)


@pytest.mark.parametrize(
    ("confidence", "offset", "reason"),
    [
        (0.19, 0, "sound is not the lips'"),
        (0.34, 2, r"offset unsure: \+2 frames"),
        (0.6, -11, "face too short"),
    ],
)
def test_what_cannot_be_put_right_is_dropped(confidence, offset, reason):
    with pytest.raises(Unusable, match=reason):
        put_right(numbered_clip(offset), SyncScore(1.0, confidence, offset, FRAMES))
