"""``compile = true`` must not end a run where nothing can compile."""

import logging

import pytest
import torch
from motion_corpus import write_config, write_corpus
from safetensors.torch import load_file

from facedit.training.motion import motion_task as module
from facedit.training.motion.motion_task import compiled
from facedit.training.start import start as train
from facedit.training.state import STATE


def broken(*_, **__):
    raise RuntimeError("no C++ compiler was found\nand a long story")


def test_without_a_compiler_the_network_stays_and_one_line_says_so(monkeypatch, caplog):
    monkeypatch.setattr(module.torch, "compile", broken)
    net = torch.nn.Linear(2, 2)
    with caplog.at_level(logging.WARNING):
        assert compiled(net, torch.device("cpu")) is net
    assert [record.getMessage() for record in caplog.records] == [
        "the network is not compiled: no C++ compiler was found"
    ]


@pytest.mark.parametrize(
    ("backend", "parts"),
    [
        ("missing", 1),
        # Tracing takes the compiler's front end 3 s, in parts 14 s.
        pytest.param("eager", 1, marks=pytest.mark.full),
        pytest.param("eager", 2, marks=pytest.mark.full),
    ],
)
def test_a_compiled_run_is_the_run(tmp_path, monkeypatch, backend, parts):
    # The compiler's front end alone: it traces the network, which is where code of ours can break.
    traced = torch.compile
    calls = []

    def front_end(function, **_):
        calls.append(function)
        return broken() if backend == "missing" else traced(function, backend="eager")

    monkeypatch.setattr(module.torch, "compile", front_end)
    corpus = write_corpus(tmp_path / "prepared")
    for name, change in {"plain": "", "compiled": "compile = true\n"}.items():
        path = write_config(tmp_path / f"{name}.toml", corpus, tmp_path / name, steps=2)
        text = path.read_text().replace("seed = 3\n", f"seed = 3\n{change}")
        path.write_text(text + f"accumulate = {parts}\n")
        train(path)
    plain, other = (load_file(tmp_path / name / STATE) for name in ("plain", "compiled"))
    assert calls
    assert plain.keys() == other.keys()
    for name, value in plain.items():
        torch.testing.assert_close(other[name], value, rtol=1e-5, atol=1e-7)
