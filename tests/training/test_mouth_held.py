"""What a mouth training shows of people it does not learn from."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from facedit.face.distances import lip_gap
from facedit.face.regions import INNER_LIPS
from facedit.render.geometry import lip_descriptor
from facedit.render.mouth_inputs import canonical_source
from facedit.render.network import MouthNetwork, MouthNetworkConfig
from facedit.training.mouth.mouth_bake import BakedClip
from facedit.training.mouth.mouth_config import MouthOptimConfig, SampleMix
from facedit.training.mouth.mouth_held import EVERY, FRAMES, choose_strips, draw_strips
from faces import canonical_landmarks

TINY = MouthNetworkConfig(channels=(8, 8, 8), detail=8)
MIX = SampleMix(hold_out=("made/a", "made/b"))
OPTIM = MouthOptimConfig(steps=10)


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
    own = clips[0]
    margin = (own.crops.shape[1] - TINY.size) // 2
    start = (len(own.gaps) - FRAMES * EVERY) // 2
    for place, (sample, alone) in enumerate(zip(strip.samples, strip.alone, strict=True)):
        frame = start + EVERY * place
        real = own.crops[frame][margin : margin + TINY.size, margin : margin + TINY.size]
        assert np.array_equal(sample.truth, real)
        assert sample.referenced
        assert not alone.referenced
        assert all(np.array_equal(alone.pictures[k], alone.pictures[0]) for k in (1, 2, 3))
    # The base is the frame whose mouth is closed most, of those far enough away.
    assert strip.samples[0].gaps[0] == pytest.approx(own.gaps[0])


def test_drawing_depends_on_the_network_and_leaves_it_as_it_was(clips):
    strips = choose_strips(clips, MIX, TINY.size)
    torch.manual_seed(0)
    net = MouthNetwork(TINY)
    before = {name: value.clone() for name, value in net.state_dict().items()}
    chance = torch.get_rng_state()
    drawn = draw_strips(net, strips, OPTIM)
    assert torch.equal(chance, torch.get_rng_state())
    assert net.training
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.add_(0.2 * torch.randn_like(parameter))
    other = draw_strips(net, strips, OPTIM)
    assert other.figures["l1"] != drawn.figures["l1"]
    rows, (ours, theirs) = (
        range(4 * len(strips)),
        (one.pictures["mouths"].reshape(4 * len(strips), TINY.size, -1) for one in (drawn, other)),
    )
    changed = [row % 4 for row in rows if not np.array_equal(ours[row], theirs[row])]
    assert changed == [2, 3] * len(strips)  # base and truth stay
    truth = np.concatenate([one.truth for one in strips[0].samples], axis=1)
    assert np.array_equal(ours[1], truth.reshape(TINY.size, -1))


def test_a_better_network_has_smaller_differences(clips):
    """Grey levels; the mouth weighs as in training."""
    strip = choose_strips(clips, MIX, TINY.size)[0]
    net = MouthNetwork(TINY)  # the residual is 0 at first, and what is copied is a mean
    plain = draw_strips(net, [strip], OPTIM).figures
    own = [replace(one, pictures=np.stack([one.truth] * 4)) for one in strip.samples]
    perfect = draw_strips(net, [replace(strip, samples=tuple(own))], OPTIM).figures
    assert perfect["l1"] < 1 < plain["l1"]
    assert perfect["l1_alone"] == plain["l1_alone"]
