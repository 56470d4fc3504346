"""The loader for the real SyncNet: shapes with random weights, the formula, the MFCC."""

import numpy as np
import pytest
import torch

from facedit.bench.external.mfcc import mel_filters, mfcc
from facedit.bench.external.syncnet import SyncNet, load_syncnet, lse, lse_of
from facedit.errors import AssetMissing, BadWeights, UsageError


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("syncnet") / "syncnet.model"
    torch.save(SyncNet().state_dict(), path)
    return path


def test_random_weights_give_embeddings_and_a_score(weights):
    net = load_syncnet(weights)
    assert net.embed_sound(torch.zeros(2, 1, 13, 20)).shape == (2, 1024)
    rng = np.random.default_rng(0)
    crops = rng.integers(0, 256, (7, 224, 224, 3)).astype(np.uint8)
    found = lse(net, crops, rng.standard_normal(7 * 640).astype(np.float32) / 10)
    assert found.distance > 0
    assert found.confidence >= 0
    with pytest.raises(UsageError, match="224 x 224"):
        lse(net, crops[:, :100, :100], np.zeros(7 * 640, np.float32))
    with pytest.raises(UsageError, match="six pictures"):
        lse(net, crops, np.zeros(5 * 640, np.float32))


def test_a_file_that_is_something_else_is_refused_in_one_line(weights, tmp_path):
    with pytest.raises(AssetMissing):
        load_syncnet(tmp_path / "missing.model")
    other = tmp_path / "other.model"
    torch.save({"weight": torch.zeros(3)}, other)
    with pytest.raises(BadWeights, match="does not fit SyncNet"):
        load_syncnet(other)
    other.write_bytes(b"no pickle at all")
    with pytest.raises(BadWeights):
        load_syncnet(other)


def test_distance_and_confidence_of_known_embeddings():
    # Orthonormal embeddings, the sound three pictures early: 37 of 40 pairs meet at that shift,
    # the others meet the zero vectors at the end (distance 1).
    pictures = torch.eye(40)
    sounds = torch.cat([pictures[3:], torch.zeros(3, 40)])
    found = lse_of(pictures, sounds)
    assert found.offset == 3
    assert found.distance == pytest.approx(3 / 40, abs=1e-4)
    # At the other shifts s, 40 - |s| pairs are sqrt(2) apart unless the sound is zero (distance 1).
    far = sorted(
        (sum(1.0 if not 0 <= t + s < 37 else 2**0.5 for t in range(40)) / 40)
        for s in range(-15, 16)
        if s != -3
    )
    median = sorted([*far, 3 / 40])[15]
    assert found.confidence == pytest.approx(median - 3 / 40, abs=1e-4)


def test_mfcc_of_a_tone_peaks_where_the_tone_is():
    time_s = np.arange(16000) / 16000
    tone = 1000 * np.sin(2 * np.pi * 1000 * time_s)
    found = mfcc(tone)
    assert found.shape == (1 + -(-(16000 - 400) // 160), 13)
    # The first coefficient is the log energy: doubling the sound adds log 4.
    louder = mfcc(2 * tone)
    np.testing.assert_allclose(louder[:, 0] - found[:, 0], np.log(4), atol=1e-6)
    np.testing.assert_allclose(louder[:-1, 1:], found[:-1, 1:], atol=1e-6)
    filters = mel_filters()
    assert filters.shape == (26, 257)
    assert filters.max() == 1.0
    assert abs(filters[:, 32].argmax() - 9) <= 1  # 1000 Hz is bin 32, mel 1000 of 2840
