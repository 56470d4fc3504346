from pathlib import Path

import numpy as np
import pytest

from facedit.errors import BadWeights
from facedit.face.store import load_track, save_track
from facedit.types import FaceTrack


def test_a_track_comes_back_bit_for_bit(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    landmarks = rng.normal(size=(3, 478, 3)).astype(np.float32)
    landmarks[1] = np.nan
    track = FaceTrack(
        np.array([0.0, 0.04, 0.08]), landmarks, np.ones(3, np.float32), 64, 48, (0.04,)
    )
    save_track(tmp_path / "a.npz", track)
    back = load_track(tmp_path / "a.npz")
    np.testing.assert_array_equal(back.landmarks, landmarks)
    np.testing.assert_array_equal(back.times_s, track.times_s)
    assert (back.width, back.height, back.cuts) == (64, 48, (0.04,))
    assert [path.name for path in tmp_path.iterdir()] == ["a.npz"]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 torn", b"text"])
def test_a_damaged_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.npz"
    path.write_bytes(content)
    with pytest.raises(BadWeights, match=r"a\.npz"):
        load_track(path)
