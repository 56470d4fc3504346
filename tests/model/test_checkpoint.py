import json
import pickle
from contextlib import suppress
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from motion_models import CHANNELS, DIMS, tiny_model
from safetensors.torch import load_file, save_file

from facedit.errors import AssetMissing, BadWeights
from facedit.model.checkpoint import FORMAT, load_model, save_model
from facedit.model.infill import infill
from facedit.model.sampler_settings import SamplerSettings


def drawn(model):
    rng = np.random.default_rng(0)
    motion = rng.standard_normal((15, DIMS)).astype(np.float32)
    mask = np.zeros((15, DIMS), bool)
    mask[4:10] = True
    speech = rng.standard_normal((15, CHANNELS)).astype(np.float32)
    return infill(model, motion, mask, speech, seed=0, settings=model.sampler.at_temperature(1.0))


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


@pytest.fixture(scope="module")
def saved_once(tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "m.safetensors"
    save_model(tiny_model(), path)
    with path.open("rb") as file:
        size = int.from_bytes(file.read(8), "little")
        return path, json.loads(file.read(size))["__metadata__"]


def test_round_trip_draws_the_same(tiny, saved):
    np.testing.assert_allclose(drawn(load_model(saved)), drawn(tiny), atol=1e-5)


def test_half_precision_storage_draws_nearly_the_same(tiny, tmp_path):
    path = tmp_path / "half.safetensors"
    save_model(tiny, path)
    np.testing.assert_allclose(drawn(load_model(path)), drawn(tiny), atol=0.05)


def test_everything_about_the_model_survives(tiny, tmp_path):
    settings = SamplerSettings(steps=7, temperature=0.4)
    model = replace(tiny, sampler=settings, notes={"steps": 12}, window=250)
    save_model(model, tmp_path / "m.safetensors")
    loaded = load_model(tmp_path / "m.safetensors")
    assert loaded.sampler == model.sampler
    assert loaded.notes == {"steps": 12}
    assert loaded.window == 250
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
        {"window": "99"},
        {"window": "1000000"},
        {"window": "-250"},
    ],
)
def test_a_garbled_header_is_refused(saved, tmp_path, header):
    with pytest.raises(BadWeights):
        load_model(rewrite(saved, tmp_path / "x.safetensors", **header))


def test_a_forged_giant_is_refused_without_being_allocated(saved, tmp_path):
    with saved.open("rb") as file:
        size = int.from_bytes(file.read(8), "little")
        config = json.loads(json.loads(file.read(size))["__metadata__"]["config"])
    for (name, value), said in {
        ("width", 1 << 20): "at most 16384",
        ("width", 1 << 70): "64 bits",
        ("layers", 100_000): "layers at most 512",
        ("layers", 500): "500 layers, its tensors have not",
        ("conv_kernel", (1 << 30) + 1): "at most 16384",
        ("width", 1 << 13): "do not fit",
    }.items():
        giant = json.dumps(config | {name: value, "heads": 2})
        with pytest.raises(BadWeights, match=said):
            load_model(rewrite(saved, tmp_path / "x.safetensors", config=giant))


_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
    | st.integers(-2, 64),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)  # fmt: skip


@settings(max_examples=2 * settings.default.max_examples, derandomize=True, deadline=None)
@given(st.data())
def test_any_header_is_taken_or_refused(saved_once, data):
    path, metadata = saved_once
    key = data.draw(st.sampled_from(("config", "sampler", "dim_names", "notes", "format")))
    document = data.draw(_values)
    fields = json.loads(metadata[key]) if key in ("config", "sampler") else {}
    if fields and data.draw(st.booleans()):
        document = fields | {data.draw(st.sampled_from(sorted(fields))): document}
    text = data.draw(st.just(json.dumps(document)) | st.text(max_size=20))
    with suppress(BadWeights):
        model = load_model(rewrite(path, path.with_name("x.safetensors"), **{key: text}))
        assert isinstance(model.notes, dict)
        assert len(model.dim_names) == DIMS


@settings(max_examples=2 * settings.default.max_examples, derandomize=True, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=4))
def test_flipped_bytes_are_taken_or_refused(saved_once, flips):
    path, _ = saved_once
    data = bytearray(path.read_bytes())
    head = int.from_bytes(data[:8], "little") + 8
    for place, value in flips:
        data[round(place * head)] = value
    damaged = path.with_name("flipped.safetensors")
    damaged.write_bytes(data)
    with suppress(BadWeights):
        load_model(damaged)


def test_unknown_names_are_refused(tmp_path):
    with pytest.raises(AssetMissing, match="no-such"):
        load_model("no-such")
