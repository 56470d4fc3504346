"""Tiny motion models for tests: random (not zero) weights, so that all paths carry signal."""

import numpy as np
import torch

from facedit.model.checkpoint import MotionModel
from facedit.model.config import preset
from facedit.model.dit import DiT
from facedit.model.normalise import SpeechProjection

DIMS, CHANNELS, SPEECH = 7, 12, 5


def randomised(net: DiT, seed: int = 0) -> DiT:
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.copy_(0.2 * torch.randn(parameter.shape, generator=generator))
    return net.eval()


def tiny_model() -> MotionModel:
    net = randomised(DiT(preset("tiny", motion_dims=DIMS, speech_dims=SPEECH)))
    rng = np.random.default_rng(0)
    return MotionModel(
        net=net,
        projection=SpeechProjection(
            rng.standard_normal((CHANNELS, SPEECH)).astype(np.float32), np.ones(SPEECH, np.float32)
        ),
        motion_scale=np.linspace(0.3, 1, DIMS, dtype=np.float32),
        encoder="whisper-base/4+energy+vad",
        space="mesh",
        dim_names=tuple(f"d{i}" for i in range(DIMS)),
    )
