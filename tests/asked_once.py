"""What networks say of the same picture or sound, found once a process: the tests' are few."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import pytest
import torch
from torch import Tensor

from facedit.face.landmarker import _Network
from facedit.speech.encoders import whisper_base
from facedit.speech.recognition import whisper_words
from facedit.types import Float32

SOUNDS = 200
"""Sounds of which the speech encoder's states are kept, a megabyte each at most as a rule."""


@contextmanager
def asked_once() -> Iterator[None]:
    """Remember what the face networks and Whisper's encoders answered to which bytes."""
    with pytest.MonkeyPatch.context() as patch:
        _remember_faces(patch)
        _remember_sounds(patch)
        patch.setattr(whisper_words, "KEPT", 20)
        yield


def _remember_faces(patch: pytest.MonkeyPatch) -> None:
    known: dict[tuple[object, ...], dict[str, Float32]] = {}
    begin, ask = _Network.__init__, _Network.__call__

    def begun(network: _Network, model: bytes, num_threads: int) -> None:
        begin(network, model, num_threads)
        network.which = hash(model), num_threads  # type: ignore[attr-defined]

    def asked(network: _Network, value: Float32) -> dict[str, Float32]:
        key = (*network.which, hashlib.sha1(value).digest())  # type: ignore[attr-defined]
        if key not in known:
            known[key] = ask(network, value)
        return {name: answer.copy() for name, answer in known[key].items()}

    patch.setattr(_Network, "__init__", begun)
    patch.setattr(_Network, "__call__", asked)


def _remember_sounds(patch: pytest.MonkeyPatch) -> None:
    load = whisper_base._loaded

    class Remembering:
        """An encoder on the CPU."""

        def __init__(self, net: Any) -> None:
            self.net, self.width = net, net.width
            self.known: dict[bytes, Tensor] = {}

        def __call__(self, mel: Tensor) -> Tensor:
            key = hashlib.sha1(mel.numpy()).digest()
            if key not in self.known:
                if len(self.known) == SOUNDS:
                    del self.known[next(iter(self.known))]
                self.known[key] = self.net(mel)
            return self.known[key].clone()

    @lru_cache(maxsize=2)
    def loaded(layer: int, device: str, dtype: torch.dtype = torch.float32) -> Any:
        net = load(layer, device, dtype)
        return Remembering(net) if (device, dtype) == ("cpu", torch.float32) else net

    patch.setattr(whisper_base, "_loaded", loaded)
