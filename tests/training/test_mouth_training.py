"""Training of the mouth network: samples by number, losses, exact resume, configuration."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
import torch

from facedit.errors import BadWeights, UsageError
from facedit.face.distances import lip_gap
from facedit.face.regions import INNER_LIPS, OUTER_LIPS
from facedit.render.geometry import lip_descriptor
from facedit.render.mouth_inputs import canonical_source
from facedit.render.network import MouthNetworkConfig, load_network
from facedit.training.engine import Trainer, train
from facedit.training.mouth import mouth_task as module
from facedit.training.mouth.mouth_bake import BakedClip, bake, bake_clip, load_baked
from facedit.training.mouth.mouth_config import (
    MouthClipsConfig,
    MouthExperiment,
    MouthOptimConfig,
    MouthRunConfig,
    SampleMix,
)
from facedit.training.mouth.mouth_data import MouthSampler
from facedit.training.mouth.mouth_loss import (
    FeatureTrunk,
    PatchCritic,
    feature_distance,
    weighted_l1,
)
from facedit.training.mouth.mouth_task import MouthTask, mouth_task, new_networks
from facedit.training.start import read_config
from facedit.training.state import load_state, save_state
from facedit.weights.fetch import sha256_of
from faces import canonical_landmarks

TINY = MouthNetworkConfig(channels=(8, 8, 8), detail=8)
MIX = SampleMix(corpora={"made": 1.0})


pytestmark = pytest.mark.usefixtures("one_thread")


def _face(mouth: float) -> np.ndarray:
    face = canonical_landmarks() * np.float32(8.0) + np.array([128, 110, 0], np.float32)
    below = np.clip((face[:, 1] - 145.0) / 4.0, 0, 1)
    below[list(INNER_LIPS[1:10])] = 1.0
    below[list(INNER_LIPS[10:])] = 0.0
    face[:, 1] += np.float32(8.0 * mouth) * below.astype(np.float32)
    return face.astype(np.float32)


def _clips() -> list[BakedClip]:
    from skimage import data

    picture = np.asarray(data.astronaut()[:256, 94:350], np.uint8)
    clips = []
    for speaker in range(2):
        faces = [_face(0.5 + 0.5 * float(np.sin(0.6 * k + speaker))) for k in range(20)]
        sources = []
        for number, face in enumerate(faces):
            shot = picture.copy()
            inner = np.rint(face[list(INNER_LIPS), :2]).astype(np.int32)
            cv2.fillPoly(shot, [inner], (20 + 5 * number, 10, 60 * speaker))
            sources.append(canonical_source(shot, face))
        clips.append(
            BakedClip(
                corpus="made",
                speaker=f"made/{speaker}",
                times_s=np.arange(20) / 25,
                crops=np.stack([one.crop for one in sources]),
                landmarks=np.stack([one.landmarks for one in sources]),
                descriptors=np.stack([lip_descriptor(one.landmarks) for one in sources]),
                gaps=np.array([lip_gap(one.landmarks) for one in sources], np.float32),
                turned=np.zeros(20, np.float32),
            )
        )
    return clips


@pytest.fixture(scope="module")
def sampler() -> MouthSampler:
    return MouthSampler(_clips(), MIX, 96, seed=5)


def test_samples_depend_on_their_numbers_alone(sampler: MouthSampler) -> None:
    first, again, other = sampler.draw(3, 1), sampler.draw(3, 1), sampler.draw(3, 2)
    assert np.array_equal(first.pictures, again.pictures)
    assert np.array_equal(first.truth, again.truth)
    assert not np.array_equal(first.truth, other.truth)


def test_sources_never_show_the_target_itself(sampler: MouthSampler) -> None:
    samples = [sampler.draw(0, item) for item in range(40)]
    for sample in samples:
        assert sample.pictures.shape == (4, 96, 96, 3)
        for picture in sample.pictures:
            assert not np.array_equal(picture, sample.truth)
    alone = sum(not sample.referenced for sample in samples)
    assert 5 <= alone <= 25
    for sample in samples:
        same = all(np.array_equal(sample.pictures[1], sample.pictures[k]) for k in (2, 3))
        if not sample.referenced:
            assert same  # the drawn mouth stands for all


def test_a_mix_without_baked_corpora_is_refused() -> None:
    with pytest.raises(UsageError, match="none of the corpora"):
        MouthSampler(_clips(), SampleMix(corpora={"other": 1.0}), 96, 0)


def test_l1_weighs_the_mouth() -> None:
    real = torch.zeros(1, 3, 96, 96)
    raster = torch.zeros(1, 3, 96, 96)
    raster[:, 1, 40:50, 40:50] = 1.0
    inside, outside = real.clone(), real.clone()
    inside[..., 44:46, 44:46] = 1.0
    outside[..., 4:6, 4:6] = 1.0
    five = torch.tensor([5.0])
    ratio = weighted_l1(inside, real, raster, five) / weighted_l1(outside, real, raster, five)
    assert float(ratio) == pytest.approx(5.0)


def test_laplacian_distance_is_zero_for_equals_and_sees_blur() -> None:
    noise = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    blurred = torch.nn.functional.avg_pool2d(noise, 3, 1, 1)
    assert feature_distance(None, noise, noise).abs().max() == 0
    assert (feature_distance(None, blurred, noise) > 0.1).all()


def test_a_missing_or_strange_file_of_features_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "vgg.pth"
    with pytest.raises(BadWeights, match=r"vgg\.pth: no such file"):
        FeatureTrunk.from_file(path)
    path.write_bytes(b"no pickle")
    with pytest.raises(BadWeights, match=r"vgg\.pth"):
        FeatureTrunk.from_file(path)
    torch.save({"net.slice1.0.weight": torch.zeros(1)}, path)
    with pytest.raises(BadWeights, match="holds no vgg_shift_tolerant weights"):
        FeatureTrunk.from_file(path)


def test_critic_judges_patches() -> None:
    verdict = PatchCritic(8)(torch.rand(2, 3, 64, 64), torch.rand(2, 3, 64, 64))
    assert verdict.shape == (2, 1, 8, 8)


def test_learning_rate_rises_holds_and_falls() -> None:
    config = MouthOptimConfig(steps=1000, warmup=100, decay_from=700, lr=1.0)
    rates = [config.rate(step) for step in range(1000)]
    assert rates[0] == pytest.approx(0.01)
    assert all(rate == 1.0 for rate in rates[100:700])
    assert rates[-1] == pytest.approx(1 / 300)
    assert config.rate(1000) == 0.0


OPTIM = MouthOptimConfig(steps=6, batch=2, adversarial_from=0.0, critic_ahead=1, warmup=1)


def _trainer(
    sampler: MouthSampler, optim: MouthOptimConfig = OPTIM, seed: int = 7, device: str = "cpu"
) -> Trainer:
    net, critic = new_networks(TINY, seed)
    task = MouthTask(net.to(device), critic, sampler, optim, seed)
    return Trainer(task, seed)


@pytest.mark.parametrize(
    "device", ["cpu", pytest.param("standin", marks=pytest.mark.full)], indirect=True
)
def test_an_interrupted_training_goes_on_exactly(
    tmp_path: Path, sampler: MouthSampler, device: str
) -> None:
    whole, first = (_trainer(sampler, device=device) for _ in range(2))
    for step in range(5):
        whole.step(step)
    for step in range(3):
        first.step(step)
    save_state(tmp_path / "state.safetensors", first.parts, 3, "{}")
    second = _trainer(sampler, seed=99, device=device)  # other weights, to be overwritten
    second.task.seed = 7
    for step in range(load_state(tmp_path / "state.safetensors", second.parts), 5):
        second.step(step)
    for name in ("net", "ema", "critic"):
        ours, theirs = (trainer.parts[name].state_dict() for trainer in (whole, second))
        for key, value in ours.items():
            assert torch.equal(value, theirs[key]), (name, key)


def test_training_lowers_the_loss(sampler: MouthSampler, monkeypatch) -> None:
    optim = replace(OPTIM, steps=60, adversarial=0.0, lr=3e-3)
    trainer = _trainer(sampler, optim)
    batch = [sampler.draw(0, item) for item in range(3)]
    monkeypatch.setattr(MouthTask, "samples", lambda self, step: batch)
    losses = [trainer.step(step)["l1"] for step in range(20)]
    assert losses[-1] < 0.8 * losses[0]


def _experiment(out: Path, **optim: float) -> MouthExperiment:
    return MouthExperiment(
        MouthRunConfig(str(out), seed=7, log_every=1),
        replace(OPTIM, **optim),
        MouthClipsConfig(baked=str(out.parent), corpora={"made": 1.0}, hold_out=("made/1",)),
        TINY,
    )


def test_a_run_leaves_log_state_weights_and_mouths(
    tmp_path: Path, monkeypatch, device: str
) -> None:
    (tmp_path / "clips.csv").touch()
    monkeypatch.setattr(module, "load_baked", lambda folder: _clips())
    folder = tmp_path / "run"
    done = train(
        _experiment(folder, steps=2), mouth_task, resume=False, device=torch.device(device)
    )
    assert load_network(done.weights).config == TINY
    rows = (folder / "train.csv").read_text().splitlines()
    assert rows[0].startswith("step,l1,l1_alone")
    assert [row.split(",")[0] for row in rows[1:]] == ["1", "2"]
    assert (folder / "state.safetensors").is_file()
    assert set(done.figures) == {"l1", "l1_alone"}
    mouths = cv2.imread(str(folder / "mouths.png"))
    assert mouths.shape == (4 * TINY.size, 8 * TINY.size, 3)  # one clip of the man held out


def test_shipped_configurations() -> None:
    mouth, grid = read_config(Path("mouth")), read_config(Path("mouth_grid"))
    assert sum(mouth.data.corpora.values()) == pytest.approx(1.0)
    assert mouth.optim.rate(127) == mouth.optim.lr > mouth.optim.rate(128)
    # The set grid starts from nothing and sees GRID alone.
    assert grid.run.init == ""
    assert grid.data.corpora == {"grid_s1": 1.0}


def _write(path: Path, pictures: list[np.ndarray], turned: int = 0) -> None:
    """Write a lossless clip whose pictures are stored with quarter turns that players undo."""
    with av.open(str(path), "w") as file:
        stream = file.add_stream("libx264", rate=25, options={"qp": "0"})
        stream.pix_fmt = "yuv444p"
        stored = [np.ascontiguousarray(np.rot90(picture, -turned)) for picture in pictures]
        stream.height, stream.width = stored[0].shape[:2]
        stream.set_display_rotation(90 * turned)
        for picture in stored:
            file.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        file.mux(stream.encode(None))


def test_baking_keeps_frames_with_a_face(tmp_path: Path) -> None:
    video, track, folder = (tmp_path / name for name in ("clip.mp4", "track.npz", "baked"))
    _write(video, [np.full((256, 256, 3), 20 + 10 * k, np.uint8) for k in range(6)])
    landmarks = np.stack([_face(0.1 * k) for k in range(6)])
    landmarks[2] = np.nan
    np.savez(track, landmarks=landmarks, times_s=np.arange(6) / 25)
    assert bake_clip(video, track, folder) == 5
    crops = np.load(folder / "crops.npy")
    assert crops.shape == (5, 128, 128, 3)
    np.testing.assert_allclose(crops[:, 64, 64, 0].astype(int), [20, 30, 50, 60, 70], atol=2)
    video.unlink()
    assert bake_clip(video, track, folder) == 5  # not baked twice


def test_baking_takes_the_training_clips_that_are_asked_for(tmp_path: Path) -> None:
    names = {"a": ("train", "made"), "b": ("dev", "made"), "c": ("train", "other"),
             "d": ("train", "made"), "e": ("train", "made")}  # fmt: skip
    (tmp_path / "tracks").mkdir()
    face = np.stack([_face(0.5)] * 9)
    for number, name in enumerate(names):
        video = tmp_path / f"{name}.mp4"
        _write(video, [np.full((256, 256, 3), 20 + 10 * number, np.uint8)] * 9)
        if name != "d":  # nobody was found in it
            track = tmp_path / "tracks" / f"{sha256_of(video)}.npz"
            np.savez(track, landmarks=face, times_s=np.arange(9) / 25)
    lines = [f"{name}.mp4,{split},{corpus},anna" for name, (split, corpus) in names.items()]
    (tmp_path / "manifest.csv").write_text("\n".join(["file,split,corpus,speaker", *lines]))
    found = bake(tmp_path, tmp_path / "tracks", tmp_path / "baked", {"made": 2}, {})
    clips = load_baked(tmp_path / "baked")
    assert found == len(clips) == 2
    assert {clip.speaker for clip in clips} == {"made/anna"}
    grey = [float(clip.crops[0, 64, 64, 0]) for clip in clips]
    assert grey == pytest.approx([20, 60], abs=2)  # a and e
    assert np.array_equal(clips[0].take(np.array([2, 4])).times_s, clips[0].times_s[[2, 4]])


@pytest.mark.parametrize("turned", [1, 2, 3])
def test_crops_of_a_turned_clip_fit_its_landmarks(tmp_path: Path, turned: int) -> None:
    face = _face(0.5)
    picture = np.full((288, 256, 3), 60, np.uint8)
    cv2.fillPoly(picture, [np.rint(face[list(OUTER_LIPS), :2]).astype(np.int32)], (220, 60, 60))
    _write(tmp_path / "clip.mp4", [picture] * 4, turned)
    track = tmp_path / "track.npz"
    np.savez(track, landmarks=np.stack([face] * 4), times_s=np.arange(4) / 25)
    assert bake_clip(tmp_path / "clip.mp4", track, tmp_path / "baked") == 4
    upright = canonical_source(picture, face).crop.astype(int)
    for crop in np.load(tmp_path / "baked" / "crops.npy"):
        assert np.abs(crop - upright).mean() < 3
