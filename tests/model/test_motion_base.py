"""The shipped weights fit the motion space and the speech features that ship with them."""

from pathlib import Path

import numpy as np
import pytest

import facedit
from facedit.model.checkpoint import load_model
from facedit.model.infill import infill
from facedit.motion.mesh_space import MeshSpace
from facedit.speech.encoders.encoders import features_name


@pytest.fixture(scope="module")
def base():
    return load_model()


def test_weights_fit_the_space_and_the_features(base):
    space = MeshSpace.load()
    assert base.dim_names == tuple(space.names)
    assert base.encoder == features_name()
    assert base.projection.matrix.shape[0] == 1026


def test_weights_say_where_they_come_from(base):
    card = (Path(facedit.__file__).parent / "weights" / "motion-base.md").read_text()
    assert "research use only (CC BY-NC 4.0)" in card
    assert base.notes["licence"] == "research use only (CC BY-NC 4.0)"
    named = {"grid_s1": "GRID", "lrw_ar": "LRW-AR", "lrs3": "LRS3", "voxceleb2": "VoxCeleb2",
             "hdtf": "HDTF", "celebvdub": "CelebV-Dub", "grid_more": "16 more speakers of GRID",
             "lrs": "LRS2", "studio": "TCD-TIMIT", "web": "web videos"}  # fmt: skip
    assert set(base.notes["corpora"]) == set(named)
    for corpus in base.notes["corpora"]:
        assert named[corpus] in card


def test_attention_is_biased_and_the_biases_were_learnt(base):
    config = base.net.config
    assert config.cross_attention
    assert config.alibi
    assert config.seam_window
    for block in base.net.blocks:
        assert block.relative.abs().max() > 0.1
        assert block.seam.abs().max() > 0.02
        assert block.slopes.abs().max() > 0.001


def test_drawn_motion_is_of_human_size_and_follows_the_sound(base):
    rng = np.random.default_rng(0)
    frames, dims = 60, len(base.dim_names)
    motion = np.zeros((frames, dims), np.float32)
    mask = np.zeros((frames, dims), bool)
    mask[20:40, :24] = True
    # Features of the spread that the projection was fitted to.
    spread = 1 / np.linalg.norm(base.projection.matrix, axis=1).clip(1e-3)
    sounds = rng.standard_normal((2, frames, len(spread))) * 0.1 * spread
    first, second = (
        infill(base, motion, mask, sound.astype(np.float32), seed=0)[0] for sound in sounds
    )
    assert np.abs(first).max() < 8  # standard deviations
    assert np.abs(first - second)[20:40, :24].max() > 0.05
    assert np.array_equal(first[~mask], motion[~mask])
