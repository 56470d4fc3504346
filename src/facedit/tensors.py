"""Reads safetensors files that people bring: whole, bounded, and described by sound JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from safetensors import SafetensorError, safe_open

from facedit.errors import BadWeights
from facedit.inputs import check_input, parse_json

MOST_BYTES = 4 << 30
"""Largest file that is read; the paper-sized model is below 2 GiB."""


def read_tensors(
    path: Path, framework: Literal["pt", "np"] = "pt", most_bytes: int = MOST_BYTES
) -> tuple[dict[str, str], dict[str, Any]]:
    """Read a file of tensors.

    Args:
        path: The file.
        framework: What the tensors become: ``pt`` of PyTorch, ``np`` of NumPy.
        most_bytes: Largest file that is read.

    Returns:
        Its metadata, and its tensors by name.

    Raises:
        BadWeights: If it is no plain file, too large, or not whole.
    """
    size = check_input(path, "weights", BadWeights)
    if size > most_bytes:
        raise BadWeights(f"{path} has {size} bytes, over the limit of {most_bytes}.")
    try:
        with safe_open(path, framework=framework) as file:
            names = list(file.keys())
            return file.metadata() or {}, {name: file.get_tensor(name) for name in names}
    except (SafetensorError, OSError, ValueError, TypeError, KeyError) as error:
        raise BadWeights(f"{path} is damaged, or not a whole safetensors file: {error}.") from error


def read_metadata(path: Path) -> dict[str, str]:
    """Read the metadata of a file of tensors without them.

    Args:
        path: The file.

    Returns:
        The metadata.

    Raises:
        BadWeights: If it is no plain file or its header is damaged.
    """
    check_input(path, "weights", BadWeights)
    try:
        with safe_open(path, framework="np") as file:
            return file.metadata() or {}
    except (SafetensorError, OSError, ValueError) as error:
        raise BadWeights(f"{path} is damaged, or not a whole safetensors file: {error}.") from error


def described(metadata: dict[str, str], key: str) -> Any:
    """Parse one entry of the metadata as JSON.

    Args:
        metadata: The metadata.
        key: The entry.

    Returns:
        The document.

    Raises:
        BadWeights: If the entry is missing. (Also if it is no JSON.)
    """
    if key not in metadata:
        raise BadWeights(f"lacks '{key}'.")
    return parse_json(metadata[key], key, BadWeights)
