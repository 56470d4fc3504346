"""WavLM where Whisper stands: named, found, folded to 25 frames a second."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from facedit.errors import AssetMissing, BadWeights, UsageError
from facedit.speech.encoders import wavlm_encoder
from facedit.speech.encoders.encoders import encoder_named, encoder_of, features_name
from facedit.speech.encoders.wavlm import normalised
from facedit.speech.encoders.wavlm_file import load_wavlm
from wavlm_golden import in_hub_form, in_unilm_form, sound


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's folder of models, with the tiny one under Large's name."""
    wavlm_encoder._loaded.cache_clear()
    folder = tmp_path / "models" / "mine"
    folder.mkdir(parents=True)
    monkeypatch.setenv("FACEDIT_MODELS", str(tmp_path / "models"))
    in_unilm_form("tiny_large", folder).rename(folder / "WavLM-Large.pt")
    return folder


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """Large is as small as the fixtures' network."""
    small = replace(wavlm_encoder.LARGE, layers=3, width=48)
    monkeypatch.setattr(wavlm_encoder, "LARGE", small)


@pytest.mark.usefixtures("models", "tiny")
def test_a_frame_is_the_two_ticks_within_it() -> None:
    encoder = encoder_named("wavlm-large/2")
    assert encoder.name == "wavlm-large/2"
    samples = sound(640 * 25)
    states = encoder.encode(samples)
    assert states.shape == (25, encoder.channels) == (25, 96)
    # Tick j is centred on samples 320 j to 320 (j + 1): a click in frame 7's second half is loudest
    # in the second half of the channels of frame 7, seen where only convolutions have looked.
    network = wavlm_encoder._loaded(wavlm_encoder.LARGE, "cpu")
    click = np.zeros(640 * 25, np.float32)
    click[640 * 7 + 480] = 1.0
    silent = np.zeros_like(click)
    padded = [np.pad(one, wavlm_encoder.PADDING) for one in (click, silent)]
    heard, nothing = network.local(torch.from_numpy(np.stack(padded)))
    assert int((heard - nothing).abs().sum(0).argmax()) == 15


@pytest.mark.usefixtures("models", "tiny")
def test_all_layers_lie_side_by_side_unless_one_is_asked_for() -> None:
    every, samples = encoder_named("wavlm-large"), sound(640 * 10)
    assert every.name == "wavlm-large/0-3"
    states = every.encode(samples)
    assert states.shape == (10, every.channels) == (10, 4 * 96)
    for layer in (1, 2, 3):
        one = encoder_named(f"wavlm-large/{layer}").encode(samples)
        np.testing.assert_array_equal(states[:, 96 * layer : 96 * (layer + 1)], one)
    some = encoder_named("wavlm-large/1-2").encode(samples)
    np.testing.assert_array_equal(some, states[:, 96 : 3 * 96])


@pytest.mark.usefixtures("models", "tiny")
def test_a_long_sound_s_pieces_agree_with_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    encoder, samples = encoder_named("wavlm-large/3"), sound(640 * 300)
    whole = encoder.encode(samples)
    monkeypatch.setattr(wavlm_encoder, "PIECE_FRAMES", 200)
    pieces = encoder.encode(samples)
    assert not np.array_equal(pieces, whole)
    # The weights are random, so attention looks everywhere: near is all that can be asked for.
    moved = np.abs(whole[1:] - whole[:-1]).mean()
    assert np.abs(pieces - whole).mean() < 0.2 * moved
    assert np.array_equal(np.isfinite(pieces), np.ones_like(pieces, bool))


def test_the_hub_s_folder_is_found_by_its_name(
    models: Path, tiny: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = encoder_named("wavlm-large").encode(sound(6400))
    (models / "WavLM-Large.pt").unlink()
    wavlm_encoder._loaded.cache_clear()
    (models / "wavlm-large").mkdir()
    in_hub_form("tiny_large", models / "wavlm-large", new_weight_norm=True)
    assert np.array_equal(encoder_named("wavlm-large").encode(sound(6400)), before)


def test_what_is_missing_or_another_network_is_one_line(models: Path) -> None:
    with pytest.raises(BadWeights, match="3 layers of 48 channels: it is not wavlm-large"):
        encoder_named("wavlm-large").encode(sound(6400))
    with pytest.raises(AssetMissing, match=r"wavlm-base-plus is not there: get WavLM-Base\+\.pt"):
        encoder_named("wavlm-base-plus").encode(sound(6400))
    for layers in ("25", "0", "3-2", "0-25", "-", "4-", "x"):
        with pytest.raises(UsageError, match=f"layers 1 to 24, or .*, not {layers}"):
            encoder_named(f"wavlm-large/{layers}")


def test_weights_trained_with_it_name_it() -> None:
    for layers in ("18", "0-24"):
        name = features_name(f"wavlm-large/{layers}")
        assert encoder_of(name).name == f"wavlm-large/{layers}"


def test_large_hears_a_wave_of_unit_variance(tmp_path: Path) -> None:
    network = load_wavlm(in_unilm_form("tiny_large", tmp_path))
    assert network.size.pre_norm
    loud = normalised(torch.from_numpy(5 * sound(6400) + 0.3)[None])
    assert torch.allclose(loud, normalised(torch.from_numpy(sound(6400))[None]), atol=1e-3)
