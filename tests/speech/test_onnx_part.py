"""A part of a network gives what it gives in the whole, and needs nothing of the rest."""

from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from facedit.errors import BadWeights
from facedit.speech.voices.onnx_part import part_of
from onnx_files import node, write_onnx


@pytest.fixture
def whole(tmp_path: Path) -> bytes:
    """Twice x plus one, which is squared, and times a thousand numbers besides."""
    nodes = [
        node("Mul", ["x", "two"], "twice"),
        node("Add", ["twice", "one"], "inner"),
        node("Mul", ["inner", "many"], "spread"),
        node("Mul", ["spread", "spread"], "y"),
    ]
    constants = {"two": np.array([2.0]), "one": np.array([1.0]), "many": np.ones(1000)}
    file = write_onnx(tmp_path / "net.onnx", nodes, constants, {"x": [1]}, {"y": [1000]})
    return file.read_bytes()


def test_an_inner_value_is_given_by_what_makes_it_alone(whole: bytes) -> None:
    part = part_of(whole, ["inner"])
    session = onnxruntime.InferenceSession(part)
    (found,) = session.run(None, {"x": np.array([3.0], np.float32)})
    assert found == [7.0]
    assert len(part) < 500 < 4000 < len(whole)


def test_what_is_no_value_or_no_network_is_refused(whole: bytes) -> None:
    for file, name in ((whole, "nothing"), (whole[:-9], "inner"), (b"not a network", "y")):
        with pytest.raises(BadWeights, match=f"gives no {name}"):
            part_of(file, [name])


def test_a_part_goes_on_from_values_that_another_gave(whole: bytes) -> None:
    first = onnxruntime.InferenceSession(part_of(whole, ["twice", "inner"]))
    twice, inner = first.run(["twice", "inner"], {"x": np.array([3.0], np.float32)})
    assert (twice, inner) == ([6.0], [7.0])
    rest = onnxruntime.InferenceSession(part_of(whole, ["y"], ["inner"]))
    assert [value.name for value in rest.get_inputs()] == ["inner"]
    (squares,) = rest.run(None, {"inner": inner})
    assert squares.tolist() == [49.0] * 1000
    with pytest.raises(BadWeights):
        part_of(whole, ["inner", "nothing"])
