"""Who speaks: the GE2E speaker embedding of Resemblyzer, rebuilt in PyTorch.

Three LSTM layers over 40 mel bands, a linear layer, rectified and normalised; an utterance is the
mean over windows of 1.6 s (Wan et al. 2018, "Generalized End-to-End Loss for Speaker
Verification"; weights of Resemblyzer 0.1.4, Apache-2.0).
"""

from __future__ import annotations

import functools

import numpy as np
import torch
from torch import Tensor, nn

from facedit.device import inference
from facedit.speech.encoders.activity import voice_activity
from facedit.speech.encoders.log_mel import mel_power
from facedit.speech.signal.low_energy import level_db
from facedit.speech.sound_ops import speech_samples
from facedit.types import Float32, Sound
from facedit.units import SPEECH_SAMPLES_PER_FRAME
from facedit.weights.fetch import asset_path

EMBEDDING_SIZE = 256
_MEL_BANDS = 40
_WINDOW_FRAMES = 160
_STEP_FRAMES = 77
_LEVEL_DB = -30.0
_ASSET = "resemblyzer.pt"


class SpeakerNet(nn.Module):
    """The embedding network."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(_MEL_BANDS, EMBEDDING_SIZE, 3, batch_first=True)
        self.linear = nn.Linear(EMBEDDING_SIZE, EMBEDDING_SIZE)

    def forward(self, mel: Tensor) -> Tensor:
        """Embed windows of mel power (windows, 100 Hz frames, 40): unit vectors (windows, 256)."""
        _, (hidden, _) = self.lstm(mel)
        return nn.functional.normalize(torch.relu(self.linear(hidden[-1])), dim=1)


def embed(sound: Sound) -> Float32:
    """Describe who speaks in a sound by a unit vector, shape (256,).

    The dot product of two is their similarity; only the parts with speech count. AssetMissing is
    raised if the weights are not installed, BadWeights if they are damaged.
    """
    samples = _spoken(speech_samples(sound))
    level = level_db(samples)
    if level < _LEVEL_DB:
        samples = samples * np.float32(10.0 ** ((_LEVEL_DB - max(level, -80.0)) / 20.0))
    mel = mel_power(samples, _MEL_BANDS).T.astype(np.float32)
    if len(mel) < _WINDOW_FRAMES:
        mel = np.pad(mel, ((0, _WINDOW_FRAMES - len(mel)), (0, 0)))
    starts = range(0, len(mel) - _WINDOW_FRAMES + 1, _STEP_FRAMES)
    windows = np.stack([mel[start : start + _WINDOW_FRAMES] for start in starts])
    with inference():
        mean = _net()(torch.from_numpy(windows)).mean(dim=0)
    return np.asarray(nn.functional.normalize(mean, dim=0).numpy(), dtype=np.float32)


def _spoken(samples: Float32) -> Float32:
    """Leave the pauses out; everything stays if there is hardly any speech."""
    frames = len(samples) // SPEECH_SAMPLES_PER_FRAME
    active = voice_activity(samples, frames) > 0.5
    if active.sum() < 10:
        return samples
    rows = samples[: frames * SPEECH_SAMPLES_PER_FRAME].reshape(frames, -1)
    return np.ascontiguousarray(rows[active].reshape(-1))


@functools.cache
def _net() -> SpeakerNet:
    """Load the network once, after checking that the file is the one we know."""
    path = asset_path(_ASSET)
    state = torch.load(path, map_location="cpu", weights_only=True)["model_state"]
    net = SpeakerNet()
    net.load_state_dict(
        {name: value for name, value in state.items() if not name.startswith("similarity")}
    )
    return net.eval().requires_grad_(False)
