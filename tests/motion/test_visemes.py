"""VRM's presets of mouths that are made by ARKit's weights, through the map that ships."""

import numpy as np
import pytest

from facedit.motion.curve_map import curve_map
from facedit.motion.live_link import WEIGHTS
from facedit.motion.mesh_space import MeshSpace
from facedit.motion.visemes import VISEMES, presets


def mouth(space: MeshSpace, **weights: float) -> np.ndarray:
    """What weights add to the motion of the lips, shape (L,)."""
    added = sum(one * curve_map().slope[WEIGHTS.index(name)] for name, one in weights.items())
    return np.asarray(added, np.float32)[space.groups["lips"]]


@pytest.mark.parametrize(
    ("name", "weights"),
    [
        ("aa", {"JawOpen": 0.4}),
        ("ou", {"MouthPucker": 0.9, "JawOpen": 0.3}),
        ("oh", {"MouthFunnel": 0.5, "JawOpen": 0.3}),
        ("ee", {"MouthSmileLeft": 0.12, "MouthSmileRight": 0.12, "JawOpen": 0.35}),
        ("ih", {"MouthSmileLeft": 0.25, "MouthSmileRight": 0.25, "JawOpen": 0.1}),
    ],
)
def test_a_mouth_is_mostly_the_preset_that_it_looks_like(
    space: MeshSpace, name: str, weights: dict[str, float]
) -> None:
    shares = dict(zip(VISEMES, presets(space, mouth(space, **weights)[None])[0], strict=True))
    assert max(shares, key=shares.__getitem__) == name, shares
    assert shares[name] > 0.5


def test_closed_lips_are_none_however_wide(space: MeshSpace) -> None:
    wide = mouth(space, MouthSmileLeft=0.25, MouthSmileRight=0.25)
    shut = [mouth(space, JawOpen=0.0), mouth(space, MouthPucker=0.9), mouth(space, JawOpen=-0.1)]
    assert presets(space, np.stack(shut)).max() < 0.02
    assert presets(space, wide[None] + mouth(space, JawOpen=-0.15)).max() < 0.02


def test_presets_are_shares_and_follow_the_lips_without_jumps(space: MeshSpace) -> None:
    stops = [
        mouth(space, **one)
        for one in (
            {"JawOpen": 0.0}, {"JawOpen": 0.8}, {"MouthPucker": 1.0},
            {"MouthSmileLeft": 0.6, "JawOpen": 0.3},
        )
    ]  # fmt: skip
    way = np.arange(0, 3.0005, 0.002)
    path = np.stack([np.interp(way, range(4), column) for column in np.array(stops).T], axis=1)
    shares = presets(space, path.astype(np.float32))
    assert shares.min() >= 0
    assert shares.sum(axis=1).max() <= 1 + 1e-9
    assert np.abs(np.diff(shares, axis=0)).max() < 0.05
