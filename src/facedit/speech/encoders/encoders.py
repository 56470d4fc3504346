"""What a speech encoder is, and those there are, by name.

An encoder's name says which it is and, after a slash, which of its layers: ``whisper-base/4``. Its
features have energy and voice activity beside its states (``features``), and say so in their name,
which prepared data and weights record: ``whisper-base/4+energy+vad``. Several layers, such as
``wavlm-large/0-24``, lie side by side, and the motion model learns how to mix them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable
from typing import Protocol, runtime_checkable

import torch

from facedit.errors import FaceditError, UsageError
from facedit.plugins import Registry
from facedit.types import ENERGY_AND_VOICE, Float32, Float64

Spectrum = Callable[[Float32], Float64]
"""From 16 kHz samples, shape (N,), to the power in 80 mel bands, shape (80, N // 160)."""


@runtime_checkable
class Encoder(Hashable, Protocol):
    """Something that hears; its weights are read when something is encoded."""

    @property
    def name(self) -> str:
        """Name and layer, as a checkpoint records it."""

    @property
    def device(self) -> torch.device | str:
        """Where it computes."""

    @property
    def channels(self) -> int:
        """Channels per motion frame."""

    def encode(self, samples: Float32) -> Float32:
        """Encode whole motion frames of sound.

        Args:
            samples: 16 kHz mono amplitudes, a multiple of 640 of them.

        Returns:
            States, shape (len(samples) / 640, channels).
        """


@runtime_checkable
class HearsPower(Protocol):
    """An encoder that can be made to hear other voices: it hears the power in mel bands."""

    def through(self, spectrum: Spectrum) -> Encoder:
        """Return the same encoder behind another spectrum, e.g. one of ``speech.augment``."""


DEFAULT_ENCODER = "whisper-base/4"

ENCODERS = Registry[Encoder](
    "speech encoder",
    "facedit.encoders",
    Encoder,
    {
        "whisper-base": "facedit.speech.encoders.whisper_base:WhisperBase.of",
        "wavlm-large": "facedit.speech.encoders.wavlm_encoder:large",
        "wavlm-base-plus": "facedit.speech.encoders.wavlm_encoder:base_plus",
    },
)
"""All encoders; what makes one is called with a layer as its name says it, empty for the usual
one, and a device."""


def encoder_named(name: str = DEFAULT_ENCODER, device: torch.device | str = "cpu") -> Encoder:
    """Find an encoder by a name of ``ENCODERS``, perhaps with a layer of it after a slash.

    UsageError is raised if there is no such encoder or layer.
    """
    family, _, layer = name.partition("/")
    return ENCODERS.make(family, layer, device)


def features_name(encoder: str = DEFAULT_ENCODER) -> str:
    """Return the name of an encoder's features, for example ``whisper-base/4+energy+vad``."""
    return f"{encoder}{ENERGY_AND_VOICE}"


def encoder_of(features: str, device: torch.device | str = "cpu") -> Encoder:
    """Return what makes the features of a name that weights record: ``features_name`` turned round.

    UsageError is raised if nothing here makes such features.
    """
    name = features.removesuffix(ENERGY_AND_VOICE)
    try:
        if name != features and (found := encoder_named(name, device)).name == name:
            return found
        raise UsageError(f"such names end in {ENERGY_AND_VOICE}.")
    except UsageError as error:
        raise UsageError(
            f"speech features {features!r} are asked for, which nothing here makes: {error} "
            "Install what the weights came with, or train them again."
        ) from error


def layers_in(features: str) -> int:
    """Count the layers that lie side by side in features, by their name."""
    several = re.search(r"/(\d+)-(\d+)\+", features)
    return 1 if several is None else int(several[2]) - int(several[1]) + 1


def is_made(features: str) -> bool:
    """Tell whether ``encoder_of`` finds what makes the features of a name."""
    try:
        encoder_of(features)
    except FaceditError:
        return False
    return True
