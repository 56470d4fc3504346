"""Consecutive frames, given weights, and what of the residual counts in training the mouth."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open

from facedit.errors import UsageError
from facedit.face.regions import INNER_LIPS
from facedit.render.mouth_inputs import canonical_source
from facedit.render.network import (
    MouthNetwork,
    MouthNetworkConfig,
    load_network,
    save_network,
)
from facedit.training.engine import Trainer, train
from facedit.training.mouth import mouth_task as module
from facedit.training.mouth.mouth_bake import BakedClip
from facedit.training.mouth.mouth_batch import collate
from facedit.training.mouth.mouth_config import (
    MouthClipsConfig,
    MouthExperiment,
    MouthOptimConfig,
    MouthRunConfig,
    SampleMix,
)
from facedit.training.mouth.mouth_data import MouthSampler
from facedit.training.mouth.mouth_loss import change_error
from facedit.training.mouth.mouth_task import MouthTask, mouth_task, new_networks
from facedit.weights.fetch import sha256_of
from faces import canonical_landmarks

TINY = MouthNetworkConfig(channels=(8, 8, 8), detail=8)
MIX = SampleMix(no_reference=0.0, donor=0.0, random_reference=0.0, corpora={"made": 1.0})


pytestmark = pytest.mark.usefixtures("one_thread")


def _clip(speaker: str, frames: int = 16) -> BakedClip:
    """Grey pictures: the grey level is ten times the frame's number."""
    face = canonical_landmarks() * np.float32(8.0) + np.array([128, 110, 0], np.float32)
    sources = [
        canonical_source(np.full((256, 256, 3), 10 * k, np.uint8), face.astype(np.float32))
        for k in range(frames)
    ]
    return BakedClip(
        corpus="made",
        speaker=f"made/{speaker}",
        times_s=np.arange(frames) / 25,
        crops=np.stack([one.crop for one in sources]),
        landmarks=np.stack([one.landmarks for one in sources]),
        descriptors=np.arange(frames, dtype=np.float32)[:, None] * np.ones(85, np.float32),
        gaps=np.zeros(frames, np.float32),
        turned=np.zeros(frames, np.float32),
    )


def test_change_error_counts_flicker_and_nothing_constant() -> None:
    real = torch.rand(4, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    raster = torch.zeros(4, 3, 32, 32)
    lips = torch.full((4,), 5.0)
    shift = torch.tensor([0.1, 0.1, -0.2, -0.2])[:, None, None, None]
    assert change_error(real + shift, real, raster, lips).abs().max() < 1e-6
    flicker = torch.tensor([0.1, -0.1, 0.0, 0.3])[:, None, None, None]
    error = change_error(real + flicker, real, raster, lips)
    assert error.tolist() == pytest.approx([0.2, 0.3], abs=1e-5)


def test_change_error_weighs_the_mouths_of_both_frames() -> None:
    real, raster = torch.zeros(2, 3, 48, 48), torch.zeros(2, 3, 48, 48)
    raster[1, 1, 20:24, 20:24] = 1.0  # open in the second frame alone
    inside, outside = real.clone(), real.clone()
    inside[0, :, 21:23, 21:23] = 1.0
    outside[0, :, 2:4, 2:4] = 1.0
    lips = torch.full((2,), 5.0)
    ratio = change_error(inside, real, raster, lips) / change_error(outside, real, raster, lips)
    assert float(ratio) == pytest.approx(5.0)


def test_pairs_are_consecutive_and_look_alike() -> None:
    sampler = MouthSampler([_clip("a")], MIX, 96, seed=1)
    apart = []
    for item in range(30):
        first, second = sampler.draw_pair(0, item)
        assert np.array_equal(first.truth, sampler.draw_pair(0, item)[0].truth)
        assert np.array_equal(first.pictures[0], second.pictures[0])  # one base for both
        for sample in (first, second):
            for picture in sample.pictures:
                assert picture[48, 48, 0] != sample.truth[48, 48, 0]
        apart.append(int(second.truth[48, 48, 0]) > int(first.truth[48, 48, 0]))
    assert sum(apart) >= 25  # only the clip's last frame has no next


def test_speakers_held_out_are_never_drawn() -> None:
    mix = replace(MIX, hold_out=("made/b",))
    dark = replace(_clip("b"), crops=np.zeros_like(_clip("b").crops))
    sampler = MouthSampler([_clip("a"), dark], mix, 96, seed=1)
    assert all(sampler.draw(0, item).pictures.max() > 0 for item in range(12))
    with pytest.raises(UsageError, match="none of the corpora"):
        MouthSampler([dark], mix, 96, seed=1)


def test_without_its_share_the_residual_learns_nothing_from_own_mouths() -> None:
    sampler = MouthSampler([_clip("a")], MIX, 96, seed=1)
    assert collate([sampler.draw(0, item) for item in range(2)]).own.all()
    moved = []
    for share in (0.0, 1.0):
        optim = MouthOptimConfig(
            steps=6, batch=2, residual_own=share, adversarial=0.0, weight_decay=0.0, warmup=1
        )
        net, critic = new_networks(TINY, 7)
        before = net.head.weight.detach().clone()
        Trainer(MouthTask(net, critic, sampler, optim), 7).step(0)
        moved.append((net.head.weight.detach() - before).abs().amax(dim=(1, 2, 3)))
    assert float(moved[0][:4].min()) > 0
    assert float(moved[0][4:].max()) == 0
    assert float(moved[1][4:].min()) > 0


def test_training_starts_from_given_weights(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "clips.csv").touch()
    monkeypatch.setattr(module, "load_baked", lambda folder: [_clip("a"), _clip("b")])
    torch.manual_seed(5)
    given = MouthNetwork(TINY)
    torch.nn.init.normal_(given.head.weight)
    save_network(given, tmp_path / "given.safetensors")
    config = MouthExperiment(
        MouthRunConfig(str(tmp_path / "run"), init=str(tmp_path / "given.safetensors")),
        MouthOptimConfig(steps=1, batch=2, warmup=1, lr=1e-30, temporal=0.5),
        MouthClipsConfig(baked=str(tmp_path), corpora={"made": 1.0}),
        TINY,
    )

    def trained(config: MouthExperiment) -> Path:
        return train(config, mouth_task, resume=False, device=torch.device("cpu")).weights

    weights = trained(config)
    assert torch.equal(load_network(weights).head.weight, given.head.weight.half().float())
    with safe_open(str(weights), "pt") as file:
        assert file.metadata()["init_sha256"] == sha256_of(tmp_path / "given.safetensors")
    run = replace(config.run, output=str(tmp_path / "other"))
    with pytest.raises(UsageError, match="of another size"):
        trained(replace(config, run=run, network=replace(TINY, detail=16)))


def test_lips_of_the_mesh_are_where_samples_look() -> None:
    """The grey level is read at the canvas's middle: the mouth must lie there."""
    points = _clip("a").landmarks[0][list(INNER_LIPS), :2] - 16
    assert np.abs(points.mean(axis=0) - 48).max() < 12
