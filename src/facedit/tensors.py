"""Reads files of tensors that people bring: whole, bounded, described by sound JSON, never run."""

from __future__ import annotations

import pickle
import zipfile
import zlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from facedit.errors import BadWeights, FaceditError
from facedit.inputs import check_input, parse_json

if TYPE_CHECKING:
    from torch import Tensor, nn

Network = TypeVar("Network", bound="nn.Module")

MOST_BYTES = 4 << 30
"""Largest file that is read; the paper-sized model is below 2 GiB."""

_DAMAGED = (
    OSError, ValueError, KeyError, TypeError, EOFError, SyntaxError, MemoryError, OverflowError,
    NotImplementedError, RuntimeError, zipfile.BadZipFile, zlib.error,
)  # fmt: skip
"""What NumPy and zipfile raise on damaged files: headers are parsed, members unpacked."""


def read_tensors(
    path: Path, framework: Literal["pt", "np"] = "pt", most_bytes: int = MOST_BYTES
) -> tuple[dict[str, str], dict[str, Any]]:
    """Read a file's metadata and its tensors by name, of PyTorch (``pt``) or NumPy (``np``).

    BadWeights is raised if it is no plain file, too large, or not whole.
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


def read_torch(path: Path, most_bytes: int = MOST_BYTES) -> dict[str, Any]:
    """Read a file of ``torch.save``: tensors (to the CPU) and plain values; nothing is executed.

    BadWeights is raised if it is no plain file, too large, damaged, no dict, or holds code.
    """
    import torch

    size = check_input(path, "weights", BadWeights)
    if size > most_bytes:
        raise BadWeights(f"{path} has {size} bytes, over the limit of {most_bytes}.")
    try:
        held = torch.load(path, map_location="cpu", weights_only=True)
    except (*_DAMAGED, pickle.UnpicklingError) as error:
        reason = str(error).partition("\n")[0]
        raise BadWeights(f"{path} is damaged, or no file of weights alone: {reason}") from error
    if not isinstance(held, dict):
        raise BadWeights(f"{path} holds no tensors by name.")
    return held


def read_official(path: Path) -> dict[str, Any]:
    """Read an official file by its suffix; errors of ``read_tensors`` and ``read_torch``."""
    return read_tensors(path)[1] if path.suffix == ".safetensors" else read_torch(path)


def open_onnx(
    path: Path, most_bytes: int = MOST_BYTES
) -> Callable[[NDArray[np.float32]], list[NDArray[np.float32]]]:
    """Open a network in ONNX's form that takes one array, to be called with it, on the CPU.

    BadWeights is raised if it is no plain file, too large, no such network, and when it is called
    with an array that it does not take.
    """
    import onnxruntime

    size = check_input(path, "weights", BadWeights)
    if size > most_bytes:
        raise BadWeights(f"{path} has {size} bytes, over the limit of {most_bytes}.")
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # what is wrong is said below, once
    providers = ["CPUExecutionProvider"]
    try:
        session = onnxruntime.InferenceSession(str(path), options, providers=providers)
        (name,) = (one.name for one in session.get_inputs())
    except Exception as error:  # onnxruntime's errors have no public base
        raise BadWeights(f"{path} is no network of one input that onnxruntime takes.") from error

    def run(values: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        try:
            return [np.asarray(one, np.float32) for one in session.run(None, {name: values})]
        except Exception as error:
            raise BadWeights(f"{path} takes no array of shape {values.shape}.") from error

    return run


def empty(kind: Callable[[], Network]) -> Network:
    """Make a network without memory for its tensors, to be ``filled``."""
    import torch

    with torch.device("meta"):
        return kind()


def filled(network: Network, state: Mapping[str, Tensor], path: Path) -> Network:
    """Fill a network, made on any device, with the tensors themselves, for inference.

    ``path`` is where they are from, for the message; BadWeights is raised if names or shapes are
    another network's.
    """
    try:
        network.load_state_dict(state, assign=True)
    except RuntimeError as error:
        reason = " ".join(str(error).split())[:300]
        raise BadWeights(f"{path} is no {type(network).__name__}: {reason}") from error
    return network.eval().requires_grad_(requires_grad=False)


def all_finite(tensors: Iterable[Tensor]) -> bool:
    """Tell whether no tensor holds NaN or infinity.

    The extremes tell, as NaN is one: ``torch.isfinite`` takes ten times as long of half precision.
    """
    import torch

    plain = (torch.float16, torch.bfloat16, torch.float32)
    return all(
        bool(torch.isfinite(torch.stack(torch.aminmax(value))).all())
        for value in (one if one.dtype in plain else one.float() for one in tensors)
        if value.numel()
    )


def read_metadata(path: Path) -> dict[str, str]:
    """Read the metadata of a file of tensors without them.

    BadWeights is raised if it is no plain file or its header is damaged.
    """
    check_input(path, "weights", BadWeights)
    try:
        with safe_open(path, framework="np") as file:
            return file.metadata() or {}
    except (SafetensorError, OSError, ValueError) as error:
        raise BadWeights(f"{path} is damaged, or not a whole safetensors file: {error}.") from error


def read_arrays(
    path: Path, names: Iterable[str], error: type[FaceditError]
) -> dict[str, NDArray[np.generic]]:
    """Read the named arrays of an npz file, without those that it lacks; nothing is unpickled.

    ``error`` is raised if it is no plain file, damaged, or unpacks to more than ``MOST_BYTES``.
    """
    check_input(path, "npz", error)
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(member.file_size for member in archive.infolist())
        if unpacked <= MOST_BYTES:
            with np.load(path, allow_pickle=False) as stored:
                return {name: stored[name] for name in names if name in stored}
    except _DAMAGED as fault:
        raise error(f"{path} is damaged, or no file of arrays: {fault}.") from fault
    raise error(f"{path} unpacks to {unpacked} bytes, over the limit of {MOST_BYTES}.")


def described(metadata: dict[str, str], key: str) -> Any:
    """Parse one entry of the metadata as JSON; BadWeights if it is missing or no JSON."""
    if key not in metadata:
        raise BadWeights(f"lacks '{key}'.")
    return parse_json(metadata[key], key, BadWeights)
