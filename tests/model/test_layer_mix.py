"""Several layers of a speech encoder side by side: mapped alike, mixed by learnt shares."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from motion_models import DIMS, SPEECH, randomised, tiny_model

from facedit.errors import BadWeights
from facedit.model.checkpoint import load_model, save_model
from facedit.model.config import preset
from facedit.model.dit import DiT
from facedit.model.infill import infill
from facedit.model.normalise import BESIDE, SpeechProjection
from facedit.speech.encoders.encoders import layers_in
from facedit.training.motion.scaling import fit_projection

LAYERS, STATES, FRAMES = 3, 4, 9
NAME = "wavlm-large/0-2+energy+vad"


def features(frames=FRAMES, seed=0):
    """Layers of states, then what lies beside them."""
    rng = np.random.default_rng(seed)
    return rng.standard_normal((frames, LAYERS * STATES + BESIDE)).astype(np.float32)


def layer_of(values, layer):
    return np.hstack([values[:, layer * STATES : (layer + 1) * STATES], values[:, -BESIDE:]])


def projection(layers=LAYERS):
    rng = np.random.default_rng(1)
    matrix = rng.standard_normal((STATES + BESIDE, SPEECH)).astype(np.float32)
    return SpeechProjection(matrix, np.ones(SPEECH, np.float32), layers)


def model():
    sizes = {"motion_dims": DIMS, "speech_dims": SPEECH, "speech_layers": LAYERS}
    return replace(
        tiny_model(), net=randomised(DiT(preset("tiny", **sizes))), projection=projection(),
        encoder=NAME,
    )  # fmt: skip


def test_the_name_tells_how_many_layers_there_are():
    assert layers_in(NAME) == 3
    assert layers_in("wavlm-large/18+energy+vad") == layers_in("whisper-base/4+energy+vad") == 1


def test_each_layer_is_mapped_alike():
    values, alone = features(), projection(1)
    each = [alone(layer_of(values, layer)) for layer in range(LAYERS)]
    assert (projection().channels, projection().width) == (values.shape[1], LAYERS * SPEECH)
    np.testing.assert_allclose(projection()(values), np.hstack(each), rtol=1e-5, atol=1e-6)
    mean = projection().mean(values)
    np.testing.assert_allclose(mean, np.mean(each, axis=0), rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(alone.mean(layer_of(values, 1)), each[1])


def test_the_map_is_fitted_to_the_mean_of_the_layers():
    values = features(300)
    mean = sum(layer_of(values, layer) for layer in range(LAYERS)) / LAYERS
    ours = fit_projection([values], NAME, 2, 0.5, LAYERS)
    theirs = fit_projection([mean], NAME, 2, 0.5)
    np.testing.assert_allclose(ours.matrix, theirs.matrix, atol=1e-5)
    np.testing.assert_allclose(ours.mean(values), theirs(mean), atol=1e-4)
    assert ours.layers == LAYERS


def test_shares_are_a_softmax_and_learnt():
    net = model().net.train()
    single = DiT(replace(net.config, speech_layers=1))
    single.load_state_dict({k: v for k, v in net.state_dict().items() if k != "mix"})
    torch.manual_seed(0)
    x, t = torch.randn(2, FRAMES, DIMS), torch.full((2,), 0.4)
    mask = torch.ones(x.shape, dtype=torch.bool)
    speech = torch.randn(2, FRAMES, LAYERS, SPEECH)
    shares = torch.tensor([0.5, 0.2, 0.3])
    with torch.no_grad():
        net.mix.copy_(shares.log() + 7)
    mixed = (speech * shares[:, None]).sum(2)
    found = net(x, t, x, mask, speech.flatten(2))
    torch.testing.assert_close(found, single(x, t, x, mask, mixed), rtol=1e-4, atol=1e-5)
    found.square().sum().backward()
    assert net.mix.grad.abs().min() > 0
    # Dropped speech is the same whatever the layers say.
    dropped = [
        net(x, t, x, mask, some, drop_speech=torch.tensor([True, True]))
        for some in (speech.flatten(2), 2 * speech.flatten(2))
    ]
    torch.testing.assert_close(*dropped)


def test_weights_with_a_mix_draw_the_same_after_a_round_trip(tmp_path):
    given, path = model(), tmp_path / "mix.safetensors"
    save_model(given, path, torch.float32)
    back = load_model(path)
    assert back.projection.layers == LAYERS
    motion = np.zeros((FRAMES, DIMS), np.float32)
    hidden = np.ones(motion.shape, bool)
    drawn = [infill(one, motion, hidden, features(), seed=1) for one in (given, back)]
    np.testing.assert_array_equal(*drawn)
    with pytest.raises(BadWeights, match="do not fit"):
        infill(back, motion, hidden, features()[:, :-1], seed=1)
