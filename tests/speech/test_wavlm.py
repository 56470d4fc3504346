"""Our WavLM against what unilm's own code computed on weights that a rule makes (tests/golden)."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from facedit.errors import BadWeights
from facedit.speech.encoders import wavlm
from facedit.speech.encoders.wavlm import WavLM, bucket_of, normalised
from facedit.speech.encoders.wavlm_file import load_wavlm
from golden.seeded import places
from wavlm_golden import GOLDEN, in_hub_form, in_unilm_form, official, sound

MODELS = ("tiny_base", "tiny_large")
TOLERANCE = 1e-5
ROOT = Path(__file__).parents[2]


def states_of(network: WavLM, count: int = 16000) -> tuple[torch.Tensor, list[torch.Tensor]]:
    wave = torch.from_numpy(sound(count))[None]
    if network.size.pre_norm:
        wave = normalised(wave)
    with torch.inference_mode():
        states = network(wave)
        last = network.norm(states[-1]) if network.size.pre_norm else states[-1]
        return network.local(wave), [*states, last]


def largest_difference(network: WavLM, model: str) -> float:
    conv, states = states_of(network)
    golden = np.load(GOLDEN / f"{model}.npz")
    names = [*(f"layer{k}" for k in range(len(states) - 1)), "last"]
    pairs = [("conv", conv), *zip(names, states, strict=True)]
    return max(float(np.abs(golden[name] - mine.numpy()).max()) for name, mine in pairs)


@pytest.mark.parametrize("model", MODELS)
def test_every_state_of_every_layer_is_the_official_one(model: str, tmp_path: Path) -> None:
    assert largest_difference(load_wavlm(in_unilm_form(model, tmp_path)), model) < TOLERANCE


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("new", [False, True])
def test_the_hub_s_forms_are_the_same_network(model: str, new: bool, tmp_path: Path) -> None:
    mine = load_wavlm(in_hub_form(model, tmp_path, new_weight_norm=new))
    theirs = load_wavlm(in_unilm_form(model, tmp_path))
    assert mine.state_dict().keys() == theirs.state_dict().keys()
    for name, tensor in theirs.state_dict().items():
        assert torch.equal(mine.state_dict()[name], tensor), name


def test_distances_far_apart_share_buckets_as_they_do_there() -> None:
    golden = np.load(GOLDEN / "tiny_large_long.npz")
    assert bucket_of(torch.arange(-1300, 1301)).tolist() == golden["buckets"].tolist()


def test_twenty_seconds_are_heard_as_they_are_there(tmp_path: Path) -> None:
    _, states = states_of(load_wavlm(in_unilm_form("tiny_large", tmp_path)), 320000)
    golden = np.load(GOLDEN / "tiny_large_long.npz")
    for name, state in (("layer0", states[0]), ("layer3", states[3])):
        assert tuple(state.shape) == tuple(golden[f"{name}@shape"])
        at = places(f"tiny_large_long/{name}", state.numel(), 4096)
        values = state.flatten().numpy()[at]
        assert np.abs(values - golden[f"{name}@values"]).max() < TOLERANCE


MUTANTS = {
    "an approximate GELU": lambda patch: patch.setattr(
        functional, "gelu", lambda x, real=functional.gelu: real(x, approximate="tanh")
    ),
    "buckets turned round": lambda patch: patch.setattr(
        wavlm, "bucket_of", lambda offset, real=bucket_of: real(-offset)
    ),
    "no normalised wave": lambda patch: patch.setitem(globals(), "normalised", lambda wave: wave),
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_network_with_a_fault_is_found(
    mutant: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = load_wavlm(in_unilm_form("tiny_large", tmp_path))
    MUTANTS[mutant](monkeypatch)
    assert largest_difference(network, "tiny_large") > 10 * TOLERANCE


@pytest.mark.parametrize("part", ["gate_scale", "position_bias", "conv_norms"])
def test_every_part_is_held(part: str, tmp_path: Path) -> None:
    network = load_wavlm(in_unilm_form("tiny_large", tmp_path))
    with torch.no_grad():
        for name, value in network.named_parameters():
            if part in name:
                value.mul_(1.01)
    assert largest_difference(network, "tiny_large") > 10 * TOLERANCE


def test_other_files_are_one_line(tmp_path: Path) -> None:
    state = official("tiny_base")
    state.pop("encoder.layers.1.fc1.bias")
    torch.save({"model": state}, tmp_path / "less.pt")
    torch.save(nn.Linear(2, 2).state_dict(), tmp_path / "other.pt")
    torch.save([1, 2], tmp_path / "list.pt")
    (tmp_path / "cut.pt").write_bytes(in_unilm_form("tiny_base", tmp_path).read_bytes()[:5000])
    (tmp_path / "bomb.pt").write_bytes(pickle.dumps({"model": print}))
    for name in ("less.pt", "other.pt", "list.pt", "cut.pt", "bomb.pt"):
        with pytest.raises(BadWeights, match=name) as error:
            load_wavlm(tmp_path / name)
        assert "\n" not in str(error.value)


@pytest.mark.full
def test_large_is_the_official_one_in_all_its_layers(tmp_path: Path) -> None:
    golden = ROOT.parent / "shared" / "golden" / "wavlm"
    if not golden.is_dir():
        pytest.skip("the numbers of the full network are not beside the checkout")
    conv, states = states_of(load_wavlm(in_unilm_form("large", tmp_path, golden)), 32000)
    stored = np.load(golden / "large.npz")
    names = [*(f"layer{k}" for k in range(25)), "last"]
    for name, state in [("conv", conv), *zip(names, states, strict=True)]:
        at = places(f"large/{name}", state.numel(), 256)
        difference = np.abs(state.flatten().numpy()[at] - stored[f"{name}@values"]).max()
        print(name, difference)
        assert difference < 1e-4, name
