"""The judges of voices: their networks' shapes, and what they hear."""

import numpy as np
import pytest
import torch

from facedit.bench.nets import dnsmos
from facedit.bench.nets.campplus import ASSET, EMBEDDING_SIZE, Campplus, likeness
from facedit.bench.nets.filter_bank import BANDS, log_filter_bank
from facedit.speech.voices.hibari_voice import HibariVoice
from facedit.types import Sound
from facedit.weights.fetch import is_installed


def test_a_tone_is_heard_in_its_band() -> None:
    time_s = np.arange(16_000) / 16_000
    mel = np.linspace(1127 * np.log1p(20 / 700), 1127 * np.log1p(8000 / 700), BANDS + 2)
    for hertz in (200.0, 1000.0, 5000.0):
        bands = log_filter_bank(np.sin(2 * np.pi * hertz * time_s).astype(np.float32))
        assert bands.shape == (98, BANDS)
        wanted = np.abs(mel[1:-1] - 1127 * np.log1p(hertz / 700)).argmin()
        assert set(bands.argmax(axis=1)) == {wanted}


def test_the_network_is_the_published_one() -> None:
    net = Campplus()
    assert sum(value.numel() for value in net.parameters()) == 6_848_544
    torch.manual_seed(0)
    with torch.no_grad():
        found = net.eval()(torch.randn(2, BANDS, 150))
    assert found.shape == (2, EMBEDDING_SIZE)


@pytest.mark.skipif(not is_installed(ASSET), reason="facedit doctor --fetch likeness")
def test_a_voice_is_liker_itself_than_when_its_tract_is_shorter() -> None:
    first, second = (
        HibariVoice().speak(text, 1.0)
        for text in ("We should be home before it gets dark.", "Nobody minds the rain at all.")
    )
    shorter = Sound(second.samples, round(second.rate * 1.4))
    assert likeness(first, second) > 0.6 > likeness(first, shorter) + 0.15


def test_the_network_of_quality_is_the_published_one() -> None:
    net = dnsmos.Dnsmos()
    assert sum(value.numel() for value in net.parameters()) == 287_267
    with torch.no_grad():
        assert net.eval()(torch.zeros(2, 16_000)).shape == (2, 3)


@pytest.mark.skipif(not is_installed(dnsmos.ASSET), reason="facedit doctor --fetch likeness")
@pytest.mark.full
def test_noise_lowers_the_quality_of_what_is_beside_the_voice_most() -> None:
    clean = HibariVoice().speak("We should be home before it gets dark.", 1.0)
    noise = np.random.default_rng(0).normal(0, 0.02, clean.samples.shape).astype(np.float32)
    good, bad = dnsmos.quality(clean), dnsmos.quality(Sound(clean.samples + noise, clean.rate))
    lost = np.subtract(good, bad)
    assert good[2] > 3.0 > bad[2]
    assert lost[1] == lost.max()
