"""Files of arrays are read whole, without unpickling, or refused in one line."""

import zipfile
from contextlib import suppress

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from facedit import tensors
from facedit.errors import BadWeights
from facedit.tensors import all_finite, read_arrays, read_tensors


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    path = tmp_path_factory.mktemp("arrays") / "a.npz"
    np.savez_compressed(path, a=np.arange(12.0).reshape(3, 4), b=np.zeros(100))
    return path


def test_arrays_that_are_there_come_back(saved):
    found = read_arrays(saved, ("a", "c"), BadWeights)
    assert list(found) == ["a"]
    assert np.array_equal(found["a"], np.arange(12.0).reshape(3, 4))


def test_a_pickle_is_refused(tmp_path):
    np.savez(tmp_path / "a.npz", a=np.array([{"x": 1}], dtype=object))
    with pytest.raises(BadWeights, match=r"a\.npz"):
        read_arrays(tmp_path / "a.npz", "a", BadWeights)


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_one_number_that_is_not_finite_is_found(dtype, bad):
    good = [torch.ones(3, 5, dtype=dtype), torch.ones(0), torch.ones(2, dtype=torch.int64)]
    assert all_finite(good)
    good[0][1, 2] = bad
    assert not all_finite(good)


def test_what_unpacks_to_too_much_is_refused(saved, monkeypatch):
    monkeypatch.setattr(tensors, "MOST_BYTES", 1000)
    with pytest.raises(BadWeights, match="unpacks to"):
        read_arrays(saved, "a", BadWeights)


def test_a_header_that_claims_more_than_there_is(tmp_path):
    head = "{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999,), }"
    data = b"\x93NUMPY\x01\x00" + len(head).to_bytes(2, "little") + head.encode()
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("a.npy", data)
    with pytest.raises(BadWeights, match=r"a\.npz"):
        read_arrays(tmp_path / "a.npz", "a", BadWeights)


def test_no_pipe_is_waited_for(tmp_path):
    (tmp_path / "zero").symlink_to("/dev/zero")
    with pytest.raises(BadWeights, match="pipe or device"):
        read_arrays(tmp_path / "zero", "a", BadWeights)
    with pytest.raises(BadWeights, match="pipe or device"):
        read_tensors(tmp_path / "zero")


@settings(max_examples=3 * settings.default.max_examples, derandomize=True, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=4), st.floats(0.5, 1))
def test_damaged_files_are_read_or_refused(saved, flips, kept):
    data = bytearray(saved.read_bytes())
    for place, value in flips:
        data[round(place * (len(data) - 1))] = value
    damaged = saved.with_name("damaged.npz")
    damaged.write_bytes(data[: round(kept * len(data))])
    with suppress(BadWeights):
        read_arrays(damaged, ("a", "b"), BadWeights)
