"""The page of a mouth training: who is shown, what is drawn, and that it stands alone."""

import re
from dataclasses import replace

import numpy as np
import pytest
import torch

from facedit.face.distances import lip_gap
from facedit.face.regions import INNER_LIPS
from facedit.render.geometry import lip_descriptor
from facedit.render.mouth_inputs import canonical_source
from facedit.render.network import MouthNetwork, MouthNetworkConfig
from facedit.training.dashboard import PAGE
from facedit.training.history import read_history
from facedit.training.mouth.mouth_bake import BakedClip
from facedit.training.mouth.mouth_config import MouthTrainingConfig
from facedit.training.mouth.mouth_data import SampleMix
from facedit.training.mouth.mouth_held import FRAMES, choose_strips, draw_strip
from facedit.training.mouth.mouth_loop import train_mouth
from facedit.training.mouth.mouth_page import HELD, MouthPage
from faces import canonical_landmarks

TINY = MouthNetworkConfig(channels=(8, 8, 8), detail=8)
MIX = SampleMix(hold_out=("made/a", "made/b"))


def clip(speaker, frames=24, seed=0):
    """A clip of noise whose mouth opens more and more."""
    picture = np.random.default_rng(seed).integers(60, 200, (256, 256, 3)).astype(np.uint8)
    sources = []
    for number in range(frames):
        face = canonical_landmarks() * np.float32(8.0) + np.array([128, 110, 0], np.float32)
        face[list(INNER_LIPS[1:10]), 1] += np.float32(0.2 * number)
        shot = np.clip(picture.astype(np.int16) + number, 0, 255).astype(np.uint8)
        sources.append(canonical_source(shot, face.astype(np.float32)))
    return BakedClip(
        corpus="made",
        speaker=f"made/{speaker}",
        times_s=np.arange(frames) / 25,
        crops=np.stack([one.crop for one in sources]),
        landmarks=np.stack([one.landmarks for one in sources]),
        descriptors=np.stack([lip_descriptor(one.landmarks) for one in sources]),
        gaps=np.array([lip_gap(one.landmarks) for one in sources], np.float32),
        turned=np.zeros(frames, np.float32),
    )


pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def clips():
    return [clip(speaker, seed=seed) for seed, speaker in enumerate("aacb")]


@pytest.fixture
def config(tmp_path):
    return MouthTrainingConfig(baked="", out=str(tmp_path), steps=10, network=TINY, mix=MIX)


def network():
    torch.manual_seed(0)
    return MouthNetwork(TINY)


def test_each_held_out_speaker_has_a_turn_before_any_has_two(clips, monkeypatch):
    strips = choose_strips(clips, MIX, TINY.size)
    assert [strip.speaker for strip in strips] == ["made/a", "made/b", "made/a"]
    monkeypatch.setattr("facedit.training.mouth.mouth_held.CLIPS", 2)
    assert len(choose_strips(clips, MIX, TINY.size)) == 2
    assert not choose_strips(clips, SampleMix(), TINY.size)
    away = replace(clips[0], turned=np.full(24, 1.0, np.float32))
    short = clip("a", frames=FRAMES * 2)  # nothing would be left to draw from
    assert not choose_strips([away, short], MIX, TINY.size)


def test_a_strip_is_drawn_from_other_frames_than_its_own(clips):
    strip = choose_strips(clips, MIX, TINY.size)[0]
    assert np.diff(strip.times_s) == pytest.approx(np.full(FRAMES - 1, 0.08))
    own = clips[0]
    margin = (own.crops.shape[1] - TINY.size) // 2
    for time_s, sample, alone in zip(strip.times_s, strip.samples, strip.alone, strict=True):
        frame = round(time_s * 25)
        real = own.crops[frame][margin : margin + TINY.size, margin : margin + TINY.size]
        assert np.array_equal(sample.truth, real)
        assert sample.referenced
        assert not alone.referenced
        assert all(np.array_equal(alone.pictures[k], alone.pictures[0]) for k in (1, 2, 3))
    # The base is the frame whose mouth is closed most, of those far enough away.
    assert strip.samples[0].gaps[0] == pytest.approx(own.gaps[0])


def test_drawing_depends_on_the_network_and_leaves_it_as_it_was(clips, config):
    strip = choose_strips(clips, MIX, TINY.size)[0]
    net = network()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    chance = torch.get_rng_state()
    drawn = draw_strip(net, strip, config)
    assert torch.equal(chance, torch.get_rng_state())
    assert net.training
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())
    assert drawn.drawn.shape == drawn.alone.shape == (FRAMES, TINY.size, TINY.size, 3)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.add_(0.2 * torch.randn_like(parameter))
    other = draw_strip(net, strip, config)
    assert not np.array_equal(other.drawn, drawn.drawn)
    assert other.l1 != drawn.l1


def test_the_page_shows_the_log_and_the_mouths_and_loads_nothing(clips, config, tmp_path):
    (tmp_path / "log.csv").write_text(
        "step,seconds,l1,l1_alone,features,features_alone,change,critic,rate\n"
        "0,0.1,0.5,nan,0.3,nan,0.0,0.0,0.001\n1,0.2,0.4,0.6,0.2,0.5,0.0,0.0,0.001\n"
    )
    page = MouthPage(config, clips)
    page.write(5, network())
    path = page.write(10, network())
    assert path == tmp_path / PAGE
    assert not list(tmp_path.glob("*.part"))
    text = path.read_text(encoding="utf-8")
    assert text.count("<img ") == 4 * 3  # base, truth, two ways to draw; three clips
    assert len(re.findall("src='data:image/jpeg;base64,", text)) == 12
    assert "http" not in text.replace("http-equiv", "")
    assert "<script" not in text
    assert text.count("<svg") == 2 + 3  # held out twice; L1, features, rate; no change, no critic
    assert "10 of 10" in text
    assert "To look at" not in text  # a kind of sample that was not drawn is no divergence
    assert len(text) < 2 << 20
    assert read_history(tmp_path, HELD)["l1"].steps == (5, 10)
    with (tmp_path / "log.csv").open("a") as file:
        file.write("2,0.2,nan,0.6,0.2,0.5,0.0,0.0,0.001\n")
    assert "l1 at step 2" in page.write(10, network()).read_text(encoding="utf-8")


def test_a_training_writes_its_page(clips, config, tmp_path, monkeypatch):
    monkeypatch.setattr("facedit.training.mouth.mouth_loop.load_baked", lambda folder: clips)
    mix = SampleMix(corpora=(("made", 1.0),), hold_out=("made/b",))
    train_mouth(replace(config, steps=3, batch=1, save_every=2, mix=mix, adversarial=0.0))
    text = (tmp_path / PAGE).read_text(encoding="utf-8")
    assert "3 of 3" in text
    assert text.count("<img ") == 4
    assert read_history(tmp_path, HELD)["l1_alone"].steps == (2, 3)


def test_with_nobody_held_out_the_page_says_so(clips, config, tmp_path):
    (tmp_path / "log.csv").write_text("step,seconds,l1,rate\n0,0.1,0.5,0.001\n")
    page = MouthPage(replace(config, mix=SampleMix()), clips)
    text = page.write(1, network()).read_text(encoding="utf-8")
    assert "Nobody is held out" in text
    assert "<img" not in text
    assert not (tmp_path / "held.csv").exists()
