"""A speaker's motion weights: what is held out, what is kept, what is refused."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from facedit.compose.source.weights import choose_weights
from facedit.dataset.prepare import describe_space
from facedit.dataset.prepared import PreparedClip
from facedit.errors import BadWeights, NoGain, UsageError
from facedit.model.checkpoint import MotionModel, load_model, save_model, weights_path
from facedit.model.config import preset
from facedit.model.dit import DiT
from facedit.model.normalise import SpeechProjection
from facedit.motion.mesh_space import MeshSpace
from facedit.options import Run
from facedit.training.adapt import motion
from facedit.training.adapt.motion import Judgement, adapt
from facedit.training.adapt.motion_footage import Footage, find_footage, unlike_faces
from facedit.training.adapt.motion_parts import MARGIN, pack, part_footage, pieces
from facedit.training.adapt.motion_tune import tune
from facedit.training.adapt.tune_options import AdaptOptions, TuneOptions
from facedit.weights.fetch import sha256_of

SPACE = MeshSpace.load()
META = describe_space("mesh", "whisper-base/4+energy+vad")


def clip(frames: int, seed: int = 0) -> PreparedClip:
    rng = np.random.default_rng(seed)
    values = rng.standard_normal((frames, SPACE.dims)).astype(np.float32)
    values[:, 0] = np.arange(frames)  # a frame says where it comes from
    return PreparedClip(
        values, -values, rng.standard_normal((frames, 4)).astype(np.float32), values[:, 0],
        SPACE.canonical, np.ones(frames, np.float32),
    )  # fmt: skip


@pytest.fixture(scope="module")
def model() -> MotionModel:
    torch.manual_seed(0)
    return MotionModel(
        net=DiT(preset("tiny", motion_dims=SPACE.dims, speech_dims=4)).eval(),
        projection=SpeechProjection(np.eye(4, dtype=np.float32), np.zeros(4, np.float32)),
        motion_scale=np.ones(SPACE.dims, np.float32),
        encoder=META.encoder,
        space="mesh",
        dim_names=SPACE.names,
    )


def test_of_one_clip_the_last_part_is_held_out_with_a_margin() -> None:
    parts = part_footage([clip(200)])
    learnt = np.concatenate([piece.motion[:, 0] for piece in parts.learn])
    held = np.concatenate([piece.motion[:, 0] for piece in parts.held])
    assert held[0] - learnt[-1] == MARGIN + 1
    assert held[-1] == 199


def test_of_several_clips_whole_ones_are_held_out() -> None:
    clips = [clip(40, seed) for seed in range(8)]
    parts = part_footage(clips)
    assert [id(one) for one in parts.learn] == [id(clips[k]) for k in (0, 1, 2, 4, 5, 6)]
    assert sum(len(one.motion) for one in parts.held) == 80


def test_pieces_are_the_whole_clip() -> None:
    joined = np.concatenate([piece.motion for piece in pieces(clip(103))])
    np.testing.assert_array_equal(joined, clip(103).motion)
    assert pieces(clip(21)) == []


@pytest.mark.parametrize("clips", [[clip(99)], [clip(40), clip(40), clip(40)]])
def test_too_little_footage_is_refused(clips: list[PreparedClip]) -> None:
    with pytest.raises(UsageError):
        part_footage(clips)


def test_tuning_repeats_itself_and_leaves_the_base(model: MotionModel, device: str) -> None:
    model = replace(model, net=deepcopy(model.net).to(device))
    before = {name: value.clone() for name, value in model.net.state_dict().items()}
    data = pack([clip(60)], model.projection)
    options = TuneOptions(steps=3, frames_per_step=64)
    first, second = (tune(model, data, META, options).model for _ in range(2))
    moved = 0.0
    for name, value in before.items():
        assert torch.equal(model.net.state_dict()[name], value)
        assert torch.equal(first.net.state_dict()[name], second.net.state_dict()[name])
        moved += float((first.net.state_dict()[name] - value).abs().sum())
    assert moved > 0
    assert first.projection is model.projection
    stayed = tune(model, data, META, replace(options, share=0.0)).model
    assert all(torch.equal(stayed.net.state_dict()[name], before[name]) for name in before)


def test_another_face_is_noticed() -> None:
    other = replace(clip(30), identity=SPACE.canonical * np.float32(1.2))
    names = ("a", "b", "c", "d")
    assert unlike_faces(names, [clip(30), clip(30), other, clip(30)]) == ("c",)


@pytest.fixture
def base(model: MotionModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Base weights, a clip's file, and footage that needs no tracking."""
    save_model(model, tmp_path / "base.safetensors")
    (tmp_path / "clip.mp4").write_bytes(b"x")
    found = Footage(("clip.mp4",), (clip(120),), ("b.mp4: no face: none",), ())
    monkeypatch.setattr(motion, "read_footage", lambda *_: found)
    return tmp_path / "base.safetensors"


@pytest.mark.parametrize("after", [0.5, 0.7])
def test_only_what_is_better_is_written(
    after: float, base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    verdict = Judgement(0.6, after, 0.6, after, 5)
    monkeypatch.setattr(motion, "judged", lambda *_: verdict)
    output = tmp_path / "anna.safetensors"
    tune = TuneOptions(steps=1, frames_per_step=64)
    options = AdaptOptions(weights=str(base), tune=tune)
    if after > 0.6:
        with pytest.raises(NoGain, match=r"0\.600 -> 0\.700"):
            adapt([tmp_path / "clip.mp4"], output, options)
        assert sorted(path.name for path in tmp_path.iterdir()) == ["base.safetensors", "clip.mp4"]
        return
    made = adapt([tmp_path / "clip.mp4"], output, options)
    assert "b.mp4: no face" in str(made)
    notes = load_model(output).notes
    assert notes["base_sha256"] == sha256_of(base)
    assert notes["held_out"]["opening_after"] == after
    assert choose_weights(Run(weights=str(base), speaker=output)).motion == output
    with pytest.raises(UsageError, match="adapt again"):
        choose_weights(Run(speaker=output))
    with pytest.raises(BadWeights, match="is a speaker"):
        adapt(
            [tmp_path / "clip.mp4"], tmp_path / "x.safetensors", AdaptOptions(weights=str(output))
        )


def test_footage_is_listed_once_and_in_order(tmp_path: Path) -> None:
    for name in ("b.mp4", "a.mp4", "notes.txt"):
        (tmp_path / name).write_bytes(b"x")
    found = find_footage([tmp_path / "b.mp4", tmp_path])
    assert [source.path.name for source in found] == ["a.mp4", "b.mp4"]


def test_shipped_weights_are_no_speaker() -> None:
    assert json.dumps(load_model(weights_path("default")).notes.get("kind")) == "null"
