"""Fine-tuning the mouth network to a clip: it helps or is dropped, and is made once."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

import facedit.training.adapt.mouth_cache as mouth_cache
from facedit.cli.main import build_parser
from facedit.face.regions import INNER_LIPS
from facedit.options import Run
from facedit.progress import StageClock
from facedit.render.bank import ReferenceBank
from facedit.render.mouths import Mouths
from facedit.render.network import MouthNetwork, MouthNetworkConfig
from facedit.training.adapt.adapting import adapted_models
from facedit.training.adapt.mouth_cache import adaptation_key, cached_adaptation
from facedit.training.adapt.mouth_footage import EVERY, MARGIN, clip_of, footage_of, kept_apart
from facedit.training.adapt.mouth_tune import AdaptSettings, adapt_mouth, is_better
from faces import canonical_landmarks

TINY = MouthNetworkConfig(channels=(8, 8, 8), detail=8)
FEW = AdaptSettings(steps=5, batch=2, learning_rate=3e-2, least_frames=16, least_apart=4)


pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def bank() -> ReferenceBank:
    """Sixty frames of one picture whose mouth opens and shuts, bright where the base is dark."""
    made = ReferenceBank()
    noise = np.random.default_rng(0).integers(0, 60, (256, 256, 3)).astype(np.uint8)
    for number in range(60):
        face = canonical_landmarks() * np.float32(8.0) + np.array([128, 110, 0], np.float32)
        opening = 4.0 + 4.0 * np.sin(0.5 * number)
        face[list(INNER_LIPS[1:10]), 1] += opening
        picture = noise.copy()
        inner = np.rint(face[list(INNER_LIPS), :2]).astype(np.int32)
        cv2.fillPoly(picture, [inner], (int(60 + 20 * opening),) * 3)
        made.add(picture, face.astype(np.float32), number / 25)
    return made


@pytest.fixture(scope="module")
def wrong() -> MouthNetwork:
    """A network that copies the base alone, which shows the mouth of another moment."""
    torch.manual_seed(1)
    network = MouthNetwork(TINY).eval()
    with torch.no_grad():
        network.head.bias[0] = 6.0
    return network


def test_blocks_are_kept_apart_with_a_margin(bank: ReferenceBank) -> None:
    apart = kept_apart(bank.times_s)
    assert apart.sum() == 10  # 2.4 s: one block of 0.4 s in five
    assert abs(apart.mean() - 1 / EVERY) < 0.05
    footage = footage_of([bank], 96)
    assert len(footage.apart) == 10
    assert footage.frames == 60 - 10 - 2 * MARGIN
    learnt = footage.learnt[0].times_s
    for time_s in bank.times_s[apart]:
        assert np.abs(learnt - time_s).min() > (MARGIN + 0.5) / 25
    assert np.array_equal(clip_of(bank).crops[0], bank.frames[0].source.crop)


def test_it_improves_frames_kept_apart_and_leaves_the_network_alone(
    bank: ReferenceBank, wrong: MouthNetwork, device: str
) -> None:
    wrong = deepcopy(wrong).to(device)
    before = {key: value.clone() for key, value in wrong.state_dict().items()}
    ticks: list[int] = []
    found = adapt_mouth(wrong, [bank], FEW, ticks.append)
    assert found.used
    assert found.after < 0.99 * found.before
    assert ticks == list(range(1, 6))
    assert all(torch.equal(value, wrong.state_dict()[key]) for key, value in before.items())
    changed = {
        key.split(".")[0]
        for key, value in found.network.state_dict().items()
        if not torch.equal(value, before[key])
    }
    assert changed <= set(FEW.layers)
    assert "head" in changed
    again = adapt_mouth(wrong, [bank], FEW)
    for key, value in again.network.state_dict().items():
        assert torch.equal(value, found.network.state_dict()[key]), key


def test_it_is_dropped_where_it_does_not_help(bank: ReferenceBank, wrong: MouthNetwork) -> None:
    ruined = adapt_mouth(wrong, [bank], replace(FEW, steps=1, learning_rate=1e-30))
    assert not ruined.used
    assert ruined.network is wrong
    assert "dropped" in ruined.outcome


def test_too_little_footage_is_left_alone(bank: ReferenceBank, wrong: MouthNetwork) -> None:
    short = ReferenceBank()
    short.frames = bank.frames[:30]
    for banks in ([], [ReferenceBank()], [short]):
        found = adapt_mouth(wrong, banks, AdaptSettings())
        assert found.network is wrong
        assert found.steps == 0
        assert not found.used


def test_the_rule_needs_both_the_mean_and_most_frames() -> None:
    before = np.ones(10)
    one_large = np.array([0.1] + [1.01] * 9)
    many_tiny = np.full(10, 0.995)
    assert is_better(before, np.full(10, 0.98), FEW)
    assert not is_better(before, one_large, FEW)
    assert not is_better(before, many_tiny, FEW)
    assert not is_better(before, np.full(10, np.nan), FEW)


def test_a_second_time_comes_from_the_cache(
    bank: ReferenceBank, wrong: MouthNetwork, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setenv("FACEDIT_CACHE", str(tmp_path))
    first = cached_adaptation(wrong, [bank], FEW)
    with monkeypatch.context() as patch:
        patch.setattr(mouth_cache, "adapt_mouth", lambda *_: pytest.fail("made twice"))
        second = cached_adaptation(wrong, [bank], FEW)
    assert second.outcome == first.outcome
    assert second.used
    for key, value in second.network.state_dict().items():
        assert torch.equal(value, first.network.state_dict()[key]), key
    entry = next((tmp_path / "clips" / "mouths").iterdir())
    entry.write_bytes(entry.read_bytes()[:40])
    third = cached_adaptation(wrong, [bank], FEW)
    assert third.after == first.after


def test_the_key_knows_pictures_weights_and_settings(
    bank: ReferenceBank, wrong: MouthNetwork
) -> None:
    short = ReferenceBank()
    short.frames = bank.frames[:59]
    torch.manual_seed(2)
    keys = {
        adaptation_key(wrong, [bank], FEW),
        adaptation_key(wrong, [short], FEW),
        adaptation_key(wrong, [bank], replace(FEW, steps=6)),
        adaptation_key(MouthNetwork(TINY), [bank], FEW),
    }
    assert len(keys) == 4


def test_unless_asked_for_the_models_stay_as_they_are(wrong: MouthNetwork) -> None:
    from facedit.compose.source.models import Models

    models = Models(None, None, Mouths(wrong))  # type: ignore[arg-type]
    clock = StageClock()
    kept, figures = adapted_models(models, (), Run(adapt=False), clock)
    assert kept is models
    assert clock.seconds == {}
    assert figures == {"mouth adapted": False}


@pytest.mark.parametrize(
    "inputs", [("edit", "a.mp4"), ("sync", "a.mp4", "s.wav"), ("generate", "a.mp4")]
)
def test_every_verb_that_makes_a_video_can_be_asked_for_it(inputs) -> None:
    parser, line = build_parser(), [*inputs, "-o", "out.mp4"]
    assert parser.parse_args(line).adapt is Run().adapt
    assert parser.parse_args([*line, "--adapt"]).adapt is True
    assert parser.parse_args([*line, "--adapt", "--no-adapt"]).adapt is False
