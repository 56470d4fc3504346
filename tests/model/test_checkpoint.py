import json
import pickle
from dataclasses import replace

import numpy as np
import pytest
import torch
from motion_models import CHANNELS, DIMS
from safetensors.torch import load_file, save_file

from facedit.errors import AssetMissing, BadWeights
from facedit.model.checkpoint import FORMAT, load_model, save_model
from facedit.model.infill import infill
from facedit.model.sample import SamplerSettings


def drawn(model):
    rng = np.random.default_rng(0)
    motion = rng.standard_normal((15, DIMS)).astype(np.float32)
    mask = np.zeros((15, DIMS), bool)
    mask[4:10] = True
    speech = rng.standard_normal((15, CHANNELS)).astype(np.float32)
    return infill(model, motion, mask, speech, seed=0, temperature=1.0)


def rewrite(path, target, change=None, **header):
    tensors = load_file(path)
    if change:
        change(tensors)
    with path.open("rb") as file:
        size = int.from_bytes(file.read(8), "little")
        metadata = json.loads(file.read(size))["__metadata__"]
    save_file(tensors, target, metadata | header)
    return target


@pytest.fixture
def saved(tiny, tmp_path):
    path = tmp_path / "m.safetensors"
    save_model(tiny, path, torch.float32)
    return path


def test_round_trip_draws_the_same(tiny, saved):
    np.testing.assert_allclose(drawn(load_model(saved)), drawn(tiny), atol=1e-5)


def test_half_precision_storage_draws_nearly_the_same(tiny, tmp_path):
    path = tmp_path / "half.safetensors"
    save_model(tiny, path)
    np.testing.assert_allclose(drawn(load_model(path)), drawn(tiny), atol=0.05)


def test_everything_about_the_model_survives(tiny, tmp_path):
    model = replace(tiny, sampler=SamplerSettings(steps=7, temperature=0.4), notes={"steps": 12})
    save_model(model, tmp_path / "m.safetensors")
    loaded = load_model(tmp_path / "m.safetensors")
    assert loaded.sampler == model.sampler
    assert loaded.notes == {"steps": 12}
    assert loaded.net.config == model.net.config
    assert (loaded.encoder, loaded.space, loaded.dim_names) == (
        model.encoder, model.space, model.dim_names,
    )  # fmt: skip


def test_a_pickle_with_the_right_name_is_refused(tmp_path):
    path = tmp_path / "evil.safetensors"
    path.write_bytes(pickle.dumps({"a": 1}))
    with pytest.raises(BadWeights, match="not a whole safetensors file"):
        load_model(path)


def test_a_truncated_file_is_refused(saved, tmp_path):
    short = tmp_path / "short.safetensors"
    short.write_bytes(saved.read_bytes()[:-100])
    with pytest.raises(BadWeights):
        load_model(short)


def test_an_empty_file_is_refused(tmp_path):
    path = tmp_path / "empty.safetensors"
    path.touch()
    with pytest.raises(BadWeights):
        load_model(path)


def test_foreign_tensors_are_refused(tmp_path):
    path = tmp_path / "other.safetensors"
    save_file({"a": torch.zeros(2)}, path)
    with pytest.raises(BadWeights, match=FORMAT):
        load_model(path)


def test_a_missing_tensor_is_refused(saved, tmp_path):
    def drop(tensors):
        del tensors["net.out.weight"]

    with pytest.raises(BadWeights, match=r"out\.weight"):
        load_model(rewrite(saved, tmp_path / "x.safetensors", drop))


def test_weights_that_are_not_finite_are_refused(saved, tmp_path):
    def spoil(tensors):
        tensors["net.out.bias"][0] = float("nan")

    with pytest.raises(BadWeights, match="finite"):
        load_model(rewrite(saved, tmp_path / "x.safetensors", spoil))


@pytest.mark.parametrize(
    "header",
    [
        {"config": '{"layers": 2}'},
        {"config": '{"layers": "many"}'},
        {"config": "[]"},
        {"config": "{"},
        {"sampler": '{"steps": 0}'},
        {"sampler": '{"speed": 1}'},
        {"dim_names": '["a"]'},
        {"format": "facedit-motion-0"},
    ],
)
def test_a_garbled_header_is_refused(saved, tmp_path, header):
    with pytest.raises(BadWeights):
        load_model(rewrite(saved, tmp_path / "x.safetensors", **header))


def test_a_forged_giant_is_refused_without_being_allocated(saved, tmp_path):
    with saved.open("rb") as file:
        size = int.from_bytes(file.read(8), "little")
        config = json.loads(json.loads(file.read(size))["__metadata__"]["config"])
    giant = json.dumps(config | {"width": 1 << 20, "heads": 16})
    with pytest.raises(BadWeights, match="do not fit"):
        load_model(rewrite(saved, tmp_path / "x.safetensors", config=giant))


def test_unknown_names_are_refused(tmp_path):
    with pytest.raises(AssetMissing, match="no-such"):
        load_model("no-such")
