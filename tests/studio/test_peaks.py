"""The shape of the sound that the page draws."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("starlette")

from facedit.studio.peaks import RATE_HZ, peaks
from facedit.studio.refused import Refused
from talking_clips import TalkingClips


def test_the_shape_is_the_sound_s_own(clips: TalkingClips) -> None:
    found = peaks(Path(clips["one.mp4"]), 0)
    sound = clips.sound.samples[:, 0]
    step = clips.sound.rate // RATE_HZ
    loud = np.abs(sound[: len(sound) // step * step].reshape(-1, step)).max(axis=1)
    shown = np.maximum(np.abs(found["min"]), np.abs(found["max"]))[: len(loud)] / 127
    assert np.corrcoef(shown, loud)[0, 1] > 0.97
    assert min(found["min"]) < 0 < max(found["max"])


@pytest.mark.parametrize(("file", "block"), [("one.mp4", 1), ("silent.mp4", 0)])
def test_where_there_is_no_sound_there_is_no_shape(
    clips: TalkingClips, file: str, block: int
) -> None:
    with pytest.raises(Refused):
        peaks(Path(clips[file]), block)
