"""Which voice is nearest to a speaker: the voices' own speaker embeddings, computed once.

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
from facedit.speech.speaker import embed
from facedit.speech.voice import voice_named, voices
from facedit.types import Float32, Sound

_TEXT = (
    "The quick brown fox jumps over the lazy dog, and nobody minds. "
    "We should be home before it gets dark this evening."
)
_FILE = "voice_bank.safetensors"


def nearest_voice(reference: Sound, available: list[str]) -> tuple[str, float]:
    """Find the voice that sounds most like a speaker.

    Args:
        reference: The speaker; a few seconds of speech.
        available: Names to choose from.

    Returns:
        The name and the similarity (dot product of unit vectors).

    Raises:
        BadWeights: If the bank is damaged or knows none of the voices.
    """
    names, embeddings = load_bank()
    similarities = embeddings @ embed(reference)
    known = [index for index, name in enumerate(names) if name in available]
    if not known:
        raise BadWeights(f"{_FILE} knows none of the voices {available}.")
    best = nearest_of([names[index] for index in known], similarities[known])
    return names[known[best]], float(similarities[known[best]])


def nearest_of(names: list[str], similarities: Float32) -> int:
    """Choose among voices: first women or men as a whole, then the nearest one of them.

    The single nearest of 29 voices was of the other sex for 2 of 9 speakers of the dev split; the
    mean similarity to all women's and all men's voices told the 9 apart.

    Args:
        names: Voices; Kokoro's second letter says who speaks, others are women.
        similarities: How near each is to the speaker, shape (voices,).

    Returns:
        Index of the voice.
    """
    women = np.array([(name[1] if name[2:3] == "_" else "f") == "f" for name in names])
    groups = [group for group in (women, ~women) if group.any()]
    nearest = max(groups, key=lambda group: float(similarities[group].mean()))
    return int(np.argmax(np.where(nearest, similarities, -np.inf)))


def load_bank() -> tuple[list[str], Float32]:
    """Read the bank that lies in the package.

    Returns:
        Names, and unit vectors of shape (voices, 256).

    Raises:
        BadWeights: If it is missing or damaged.
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
    """Let every installed voice speak and store what it sounds like.

    Args:
        path: The file to write.
    """
    names = voices()
    embeddings = np.stack([embed(voice_named(name).speak(_TEXT, 1.0)) for name in names])
    metadata = {"names": json.dumps(names), "text": _TEXT, "encoder": "resemblyzer 0.1.4"}
    save_file({"embeddings": embeddings}, path, metadata=metadata)
