"""The sync training: exact resume, batches from (seed, step) alone, and that it learns."""

import json
import os
import shutil
import signal
from pathlib import Path

import numpy as np
import pytest
import torch
from motion_corpus import write_corpus
from safetensors.torch import load_file

from facedit.dataset.prepared import META
from facedit.errors import OutputExists, UsageError
from facedit.lip_sync.sync_weights import load_sync
from facedit.training.distributed import Processes
from facedit.training.engine import Trainer
from facedit.training.start import read_config, start
from facedit.training.state import STATE
from facedit.training.sync.sync_data import smoothed
from facedit.training.sync.sync_loss import sync_loss
from facedit.training.sync.sync_task import sync_task

CONFIG = """
kind = "sync"
[run]
output = "{output}"
seed = 3
log_every = 5
save_every = 100
validate_every = {validate}
[data]
folder = "{folder}"
hold_out_speakers = ["s1"]
speech_dims = 6
{changes}
[[data.pools]]
corpora = ["one"]
share = 0.5
window = 32
[[data.pools]]
corpora = ["two"]
share = 0.5
window = 45
[network]
motion_width = 24
speech_width = 24
embedding = 8
dropout = 0.1
[optim]
steps = {steps}
frames_per_step = 200
warmup = 5
lr = {lr}
ema = 0.9
"""


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    return write_corpus(tmp_path_factory.mktemp("corpus") / "prepared", clips=12)


def write(path: Path, folder, *, steps=12, validate=0, changes="", lr=1e-3):
    path.write_text(
        CONFIG.format(
            output=path.with_suffix(""),
            folder=folder,
            steps=steps,
            validate=validate,
            changes=changes,
            lr=lr,
        )
    )
    return path


@pytest.mark.parametrize(
    "device", ["cpu", pytest.param("standin", marks=pytest.mark.full)], indirect=True
)
def test_a_resumed_run_equals_an_unbroken_one_bit_for_bit(corpus, tmp_path, monkeypatch, device):
    start(write(tmp_path / "whole.toml", corpus, validate=12), device=device)
    broken = write(tmp_path / "broken.toml", corpus, validate=12)
    calls = []
    original = Trainer.step

    def step(self, number):
        calls.append(number)
        if number == 6 and len(calls) == 7:
            os.kill(os.getpid(), signal.SIGTERM)
        return original(self, number)

    monkeypatch.setattr(Trainer, "step", step)
    assert start(broken, device=device).steps == 7
    assert start(broken, resume=True, device=device).steps == 12
    assert calls == list(range(12))
    for name in (STATE, "model.safetensors"):
        ours, theirs = (load_file(tmp_path / run / name) for run in ("whole", "broken"))
        assert ours.keys() == theirs.keys()
        for key, value in ours.items():
            assert torch.equal(value, theirs[key]), key
    with pytest.raises(OutputExists):
        start(broken)


def test_it_learns_lips_that_are_a_function_of_the_speech(corpus, tmp_path):
    plain = "mirror = 0.0\nmotion_offset = 0.0\nspeech_offset = 0.0\nmotion_noise = 0.05"
    trained = start(
        write(tmp_path / "run.toml", corpus, steps=120, validate=120, changes=plain, lr=5e-3)
    )
    figures = trained.figures
    assert figures["one/within_1"] == 1.0  # speaker s1, never learnt from
    assert figures["one/within_1_of_14"] == 1.0
    assert figures["one/distance"] < 0.7 * figures["one/distance_foreign"]
    model = load_sync(trained.weights)
    assert model.encoder == "whisper-base/4+energy+vad"
    assert model.lips == (0, 3)
    assert model.notes["steps"] == 120
    rows = (tmp_path / "run" / "train.csv").read_text().splitlines()
    assert rows[0].startswith("step,frames,windows")


def test_several_layers_of_speech_are_not_for_it(corpus, tmp_path):
    folder = shutil.copytree(corpus, tmp_path / "layers")
    meta = json.loads((folder / META).read_text()) | {"encoder": "wavlm-large/0-24+energy+vad"}
    (folder / META).write_text(json.dumps(meta))
    with pytest.raises(UsageError, match=r"several layers of speech .*--layer N"):
        sync_task(read_config(write(tmp_path / "a.toml", folder)), Processes("cpu"))


def test_windows_of_a_step_are_different_clips_and_depend_on_the_step_alone(corpus, tmp_path):
    config = read_config(write(tmp_path / "a.toml", corpus))
    one, other = (sync_task(config, Processes("cpu")).sampler for _ in range(2))
    other.draw(0)
    for first, second in zip(one.draw(5), other.draw(5), strict=True):
        np.testing.assert_array_equal(first.motion, second.motion)
        np.testing.assert_array_equal(first.speech, second.speech)
    batch = one.draw(5)[0]
    lengths = batch.stretches[:, 1] - batch.stretches[:, 0]
    assert (lengths >= 8).all()
    assert (batch.stretches[:, 1] <= batch.valid.sum(axis=1)).all()
    for a in range(len(batch.speech)):
        for b in range(a):
            assert not np.allclose(batch.speech[a], batch.speech[b], atol=0.5)


def test_the_loss_of_perfect_and_of_shifted_embeddings():
    rng = np.random.default_rng(0)
    values = torch.from_numpy(rng.standard_normal((3, 40, 16)).astype(np.float32))
    unit = torch.nn.functional.normalize(values, dim=-1)
    valid = torch.ones(3, 40, dtype=torch.bool)
    stretches = torch.tensor([[10, 30], [5, 20], [12, 25]])
    scale = torch.tensor(50.0).log()
    right = sync_loss(unit, unit, valid, stretches, (scale, scale), 8)
    assert right.frame_right == right.window_right == 1.0
    assert float(right.windows) < 0.01
    late = sync_loss(unit, unit.roll(3, dims=1), valid, stretches, (scale, scale), 8)
    assert late.window_right == late.frame_right == 0.0
    # A stretch whose own shift 0 and three others are all alike: the loss is log of their number.
    alike = unit[:, :1].expand(-1, 40, -1)
    flat = sync_loss(alike, alike, valid, stretches, (scale, scale), 8)
    assert float(flat.windows) == pytest.approx(np.log(17), abs=0.01)


def test_padding_is_no_answer():
    """What lies behind a clip's end must change nothing."""
    torch.manual_seed(0)
    unit = torch.nn.functional.normalize(torch.randn(2, 30, 8), dim=-1)
    valid = torch.ones(2, 30, dtype=torch.bool)
    valid[1, 20:] = False
    stretches = torch.tensor([[5, 25], [2, 18]])
    scale = torch.tensor(10.0).log()
    other = unit.clone()
    other[1, 20:] = unit[0, 20:]
    first = sync_loss(unit, unit, valid, stretches, (scale, scale), 6)
    second = sync_loss(other, other, valid, stretches, (scale, scale), 6)
    assert float(first.frames) == pytest.approx(float(second.frames), abs=1e-6)
    assert float(first.windows) == pytest.approx(float(second.windows), abs=1e-6)


def test_smoothing_keeps_constants_and_takes_jitter():
    steady = np.full((6, 2), 3.0, np.float32)
    np.testing.assert_allclose(smoothed(steady, 0.2), steady)
    jitter = np.array([[1.0], [-1.0]] * 4, np.float32)
    np.testing.assert_allclose(smoothed(jitter, 0.25)[1:-1], 0, atol=1e-7)


def test_unknown_fields_are_named(corpus, tmp_path):
    path = write(tmp_path / "a.toml", corpus, changes="amplitud = 0.1")
    with pytest.raises(UsageError, match="amplitud"):
        start(path)
    path = write(tmp_path / "b.toml", corpus)
    path.write_text(path.read_text().replace("embedding = 8", "embeddings = 8"))
    with pytest.raises(UsageError, match=r"network: .*embeddings"):
        start(path)


def test_the_shipped_configuration_is_valid():
    config = read_config(Path("sync"))
    assert config.data.hold_out_speakers == ("anchor24", "anchor27", "anchor28")
