import itertools
import json
import os
import signal
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from motion_corpus import mesh_corpus, motion_of, speech_of, write_config, write_corpus
from safetensors.torch import load_file, save_file

from facedit.dataset.masks import KINDS
from facedit.dataset.prepared import read_clip
from facedit.errors import BadWeights, OutputExists, UsageError
from facedit.model.checkpoint import load_model
from facedit.model.config import preset
from facedit.model.dit import DiT
from facedit.model.infill import infill
from facedit.training.distributed import Processes
from facedit.training.engine import Trainer, stop_signals
from facedit.training.motion.motion_config import MotionOptimConfig
from facedit.training.motion.motion_task import motion_task
from facedit.training.motion.validate import SPAN
from facedit.training.start import read_config
from facedit.training.start import start as train
from facedit.training.state import STATE, Ema, load_state, save_state
from facedit.weights.fetch import sha256_of


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    return write_corpus(tmp_path_factory.mktemp("corpus") / "prepared")


def test_a_resumed_run_equals_an_unbroken_one_bit_for_bit(corpus, tmp_path, monkeypatch, device):
    whole = write_config(tmp_path / "whole.toml", corpus, tmp_path / "whole", steps=4)
    train(whole, device=device)
    # The broken run is stopped by SIGTERM in the middle of its first half, then goes on.
    broken = write_config(tmp_path / "broken.toml", corpus, tmp_path / "broken", steps=4)
    calls = []
    original = Trainer.step

    def step(self, number):
        calls.append(number)
        if number == 1 and len(calls) == 2:
            os.kill(os.getpid(), signal.SIGTERM)
        return original(self, number)

    monkeypatch.setattr(Trainer, "step", step)
    assert train(broken, device=device).steps == 2
    assert train(broken, resume=True, device=device).steps == 4
    assert calls == list(range(4))
    ours = load_file(tmp_path / "whole" / STATE)
    theirs = load_file(tmp_path / "broken" / STATE)
    assert ours.keys() == theirs.keys()
    assert any(name.startswith("optimiser.") and name.endswith(".exp_avg_sq") for name in ours)
    for name, value in ours.items():
        assert torch.equal(value, theirs[name]), name


def test_a_run_is_not_overwritten_nor_resumed_from_nothing(corpus, tmp_path):
    config = write_config(tmp_path / "c.toml", corpus, tmp_path / "run", steps=1)
    with pytest.raises(UsageError, match="no run"):
        train(config, resume=True)
    train(config)
    with pytest.raises(OutputExists):
        train(config)


def test_a_run_begins_with_given_weights(corpus, tmp_path):
    first = write_config(tmp_path / "a.toml", corpus, tmp_path / "a", steps=3)
    begun = train(first).weights
    second = write_config(tmp_path / "b.toml", corpus, tmp_path / "b", steps=1)
    text = second.read_text().replace("[run]", f'[run]\ninit = "{begun}"')
    second.write_text(text.replace("ema = 0.9", "ema = 0.9\nlr = 1e-30"))
    before, after = load_model(begun), load_model(train(second).weights)
    assert after.notes["init"] == sha256_of(begun)
    np.testing.assert_array_equal(before.projection.matrix, after.projection.matrix)
    for name, value in before.net.state_dict().items():
        assert torch.equal(value, after.net.state_dict()[name]), name


def test_weights_of_another_size_are_refused_to_begin_with(corpus, tmp_path):
    begun = train(write_config(tmp_path / "a.toml", corpus, tmp_path / "a", steps=1)).weights
    second = write_config(tmp_path / "b.toml", corpus, tmp_path / "b", steps=1)
    text = second.read_text().replace("[run]", f'[run]\ninit = "{begun}"')
    second.write_text(text.replace('preset = "tiny"', 'preset = "tiny"\nlayers = 3'))
    with pytest.raises(UsageError, match="another size"):
        train(second)


def test_weights_are_drawn_with_in_windows_as_long_as_they_learnt(corpus, tmp_path):
    config = read_config(write_config(tmp_path / "c.toml", corpus, tmp_path / "run", steps=1))
    one, two = config.data.pools
    for longest, drawn in ((48, 100), (240, 240), (10_000, 750)):
        pools = (one, replace(two, window=longest))
        data = replace(config.data, pools=pools)
        task = motion_task(replace(config, data=data), Processes("cpu"))
        assert task.model.window == drawn


@pytest.mark.parametrize(
    "device", ["cpu", pytest.param("standin", marks=pytest.mark.full)], indirect=True
)
def test_a_run_judges_and_shows_what_it_held_out(tmp_path, device):
    corpus = mesh_corpus(tmp_path / "prepared")
    path = write_config(tmp_path / "c.toml", corpus, tmp_path / "run", steps=2)
    text = path.read_text().replace("validate_every = 0", "validate_every = 1")
    path.write_text(
        text.replace("[[data.pools]]", 'hold_out_speakers = ["s1"]\n\n[[data.pools]]', 1)
    )
    done = train(path, device=device)
    assert {"loss_short", "loss_still", "one_opening_r", "one_jump"} <= done.figures.keys()
    assert all(np.isfinite(value) for value in done.figures.values())
    assert f"one_jump {done.figures['one_jump']:.3f}" in str(done)
    rows = (tmp_path / "run" / "validation.csv").read_text().splitlines()
    assert [row.split(",")[0] for row in rows] == ["step", "1", "2"]
    # s1 has two clips: of each the truth and what is drawn, a kept frame to each side of the span.
    lips = cv2.imread(str(tmp_path / "run" / "lips.png")).reshape(2, 2, 96, SPAN + 2, 96, 3)
    same = (lips[:, 0] == lips[:, 1]).all(axis=(1, 3, 4))
    assert same[:, [0, -1]].all()
    assert not same[:, 1:-1].all(axis=1).any()
    assert (lips.max(axis=(2, 4)) > 200).any(axis=-1).all()  # every tile shows lips


def test_a_validation_sees_clips_as_they_are(corpus, tmp_path):
    config = read_config(write_config(tmp_path / "c.toml", corpus, tmp_path / "run", steps=1))
    run = replace(config.run, validate_every=1, validate_clips=1)
    data = replace(config.data, hold_out_speakers=("s1", "s2"))
    varied = replace(
        data, mirror=1.0, amplitude=0.5, people=0.5, stretch=0.3, foreign=1.0, speech_noise=1.0
    )
    plain, other = (
        motion_task(replace(config, run=run, data=one), Processes("cpu")).validator
        for one in (data, varied)
    )
    assert {batch.kinds[0] for batch in plain.batches} == set(KINDS)
    for ours, theirs in zip(plain.batches, other.batches, strict=True):
        np.testing.assert_array_equal(ours.motion, theirs.motion)
        np.testing.assert_array_equal(ours.speech, theirs.speech)
    assert {name: len(clips) for name, clips in plain.clips.items()} == {"one": 1, "two": 1}


def test_a_run_leaves_logs_weights_and_its_configuration(corpus, tmp_path):
    config = write_config(tmp_path / "c.toml", corpus, tmp_path / "run", steps=10)
    trained = train(config)
    rows = (tmp_path / "run" / "train.csv").read_text().splitlines()
    assert rows[0].startswith("step,velocity")
    assert [row.split(",")[0] for row in rows[1:]] == ["5", "10"]
    assert json.loads((tmp_path / "run" / "config.json").read_text())["optim"]["steps"] == 10
    model = load_model(trained.weights)
    assert model.notes["steps"] == 10
    assert model.encoder == "whisper-base/4+energy+vad"


def test_a_tiny_model_learns_motion_that_is_a_function_of_speech(tmp_path):
    folder = write_corpus(tmp_path / "prepared", clips=2, frames=60)
    path = write_config(tmp_path / "c.toml", folder, tmp_path / "run", steps=200)
    text = path.read_text()
    text = text.replace("dropout = 0.1", "dropout = 0.0\ncross_attention = false")
    text = text.replace("frames_per_step = 200", "frames_per_step = 300\nlr = 5e-3")
    plain = "speech_dims = 8\nmirror = 0.0\namplitude = 0.0\nspeech_noise = 0.0"
    path.write_text(text.replace("speech_dims = 6", plain) + SPANS_ONLY)
    model = load_model(train(path).weights)

    def correlation(speech, heard):
        motion = motion_of(speech)
        hidden = np.zeros(motion.shape, bool)
        hidden[15:35] = True
        seen = np.where(hidden, np.nan, motion)
        drawn = infill(
            model, seen, hidden, heard, seed=0, settings=model.sampler.at_temperature(0)
        )[0]
        return np.corrcoef(drawn[hidden], motion[hidden])[0, 1]

    known = read_clip(folder, f"{0:064x}").speech
    assert correlation(known, known) > 0.95
    unheard, other = (speech_of(np.random.default_rng(seed), 50) for seed in (77, 5))
    assert correlation(unheard, unheard) > 0.7
    assert correlation(unheard, other) < 0.4


SPANS_ONLY = """
[masks]
short = 1.0
long = 1.0
several = 0.0
bridge = 0.0
whole = 0.0
prompt = 0.0
still = 0.0
"""


def test_ema_of_constant_weights_is_the_weights_and_forgets_its_start():
    net = torch.nn.Linear(2, 1)
    ema = Ema(net, 0.5)
    with torch.no_grad():
        net.weight.fill_(3.0)
    for step in range(60):
        ema.update(net, step)
    torch.testing.assert_close(ema.state_dict()["weight"], torch.full((1, 2), 3.0))


def test_ema_decay_is_reached_gradually():
    net = torch.nn.Linear(1, 1)
    with torch.no_grad():
        net.weight.fill_(0.0)
    ema = Ema(net, 0.999)
    with torch.no_grad():
        net.weight.fill_(1.0)
    ema.update(net, 0)
    assert ema.state_dict()["weight"].item() == pytest.approx(1 - 1 / 10)
    ema.update(net, 1)
    assert ema.state_dict()["weight"].item() == pytest.approx(1 - 1 / 10 * 2 / 11)


def parts(motion_dims):
    net = DiT(preset("tiny", motion_dims=motion_dims, speech_dims=5))
    return {"net": net, "ema": Ema(net, 0.9), "optimiser": torch.optim.AdamW(net.parameters())}


def test_state_of_another_network_is_refused(tmp_path):
    save_state(tmp_path / "s", parts(7), 3, "{}")
    assert load_state(tmp_path / "s", parts(7)) == 3
    with pytest.raises(BadWeights, match="another network"):
        load_state(tmp_path / "s", parts(6))
    save_file({"a": torch.zeros(1)}, tmp_path / "s", {"format": "facedit-training-1"})
    with pytest.raises(BadWeights, match=r"this version.*begin anew"):
        load_state(tmp_path / "s", parts(7))
    (tmp_path / "s").write_bytes(b"not a state")
    with pytest.raises(BadWeights):
        load_state(tmp_path / "s", parts(7))


def test_learning_rate_warms_up_stays_and_falls_to_nothing():
    config = MotionOptimConfig(steps=100, lr=1.0, warmup=10, decay_from=60)
    rates = [config.rate(step) for step in range(101)]
    assert rates[0] == pytest.approx(0.1)
    assert rates[9:61] == [1.0] * 52
    assert rates[80] == pytest.approx(0.5)
    assert rates[100] == pytest.approx(0)
    assert all(a >= b for a, b in itertools.pairwise(rates[10:]))


def test_signals_are_collected_and_handlers_restored():
    before = signal.getsignal(signal.SIGTERM)
    with stop_signals() as stopped:
        assert not stopped
        os.kill(os.getpid(), signal.SIGTERM)
        assert stopped == [signal.SIGTERM]
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("seed = 3", "sead = 3"), r"run: unknown sead \(did you mean seed\?\)"),
        (("steps = 5", 'steps = "5"'), "steps"),
        (("steps = 5", "steps = true"), "steps"),
        (("steps = 5", ""), "missing steps"),
        (("share = 0.5", "share = 0.0"), "share"),
        (('corpora = ["one"]', 'corpora = "one"'), "list"),
        (("[model]", "[masks]\nshort = -1.0\n[model]"), "mask freq"),
        (("[run]", "[run"), "TOML"),
        (("window = 32", "window = 32.5"), "window"),
    ],
)
def test_a_wrong_configuration_is_refused_by_name(tmp_path, change, message):
    path = write_config(tmp_path / "c.toml", tmp_path, tmp_path, steps=5)
    path.write_text(path.read_text().replace(*change))
    with pytest.raises(UsageError, match=message):
        read_config(path)


def test_shipped_configurations_are_valid():
    for name in ("debug", "base", "more", "grid", "paper"):
        config = read_config(Path(name))
        size = dict(config.model)
        preset(size.pop("preset"), motion_dims=42, speech_dims=130, **size)
