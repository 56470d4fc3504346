"""What the voices sound like: their own speaker embeddings, computed once.

``weights/voice_bank.safetensors`` holds them, made by ``build_bank`` from what each voice says
here; it is 30 kB and derives only from hibari, Kokoro and Resemblyzer (all Apache-2.0).
"""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from facedit.errors import BadWeights
from facedit.speech.voices.speaker import embed
from facedit.speech.voices.voice import VOICES, synthesise, voice_named, voices
from facedit.speech.voices.voice_interface import language_of
from facedit.types import Float32

TEXT = (
    "The quick brown fox jumps over the lazy dog, and nobody minds. "
    "We should be home before it gets dark this evening."
)
_FILE = "voice_bank.safetensors"


def load_bank() -> tuple[list[str], Float32]:
    """Read the bank in the package: names, and unit vectors (voices, 256).

    BadWeights is raised if it is missing or damaged.
    """
    path = Path(str(files("facedit") / "weights" / _FILE))
    try:
        with safe_open(path, framework="np") as bank:
            names = json.loads(bank.metadata()["names"])
            embeddings = np.asarray(bank.get_tensor("embeddings"), dtype=np.float32)
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise BadWeights(f"{path} is missing or damaged: {error}") from error
    return names, embeddings


def build_bank(path: Path) -> None:
    """Let every installed voice of our own speak and store what it sounds like."""
    names = [
        name
        for name in voices()
        if name in VOICES.built_in and language_of(voice_named(name)) == "en"
    ]
    embeddings = np.stack([embed(synthesise(TEXT, name)[0]) for name in names])
    metadata = {"names": json.dumps(names), "text": TEXT, "encoder": "resemblyzer 0.1.4"}
    save_file({"embeddings": embeddings}, path, metadata=metadata)
