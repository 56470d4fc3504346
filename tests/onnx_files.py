"""Writes small networks in ONNX's form, which is a protocol buffer, without its library."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

_FLOAT = 1


def _varint(number: int) -> bytes:
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def _int(field: int, number: int) -> bytes:
    return _varint(field << 3) + _varint(number)


def _bytes(field: int, data: bytes | str) -> bytes:
    raw = data.encode() if isinstance(data, str) else data
    return _varint(field << 3 | 2) + _varint(len(raw)) + raw


def node(kind: str, inputs: Sequence[str], output: str) -> bytes:
    """An operator without attributes."""
    return b"".join(_bytes(1, one) for one in inputs) + _bytes(2, output) + _bytes(4, kind)


def _tensor(name: str, values: np.ndarray) -> bytes:
    dims = b"".join(_int(1, side) for side in values.shape)
    raw = values.astype("<f4").tobytes()
    return dims + _int(2, _FLOAT) + _bytes(8, name) + _bytes(9, raw)


def _value(name: str, shape: Sequence[int]) -> bytes:
    sides = b"".join(_bytes(1, _int(1, side)) for side in shape)
    return _bytes(1, name) + _bytes(2, _bytes(1, _int(1, _FLOAT) + _bytes(2, sides)))


def write_onnx(
    path: Path,
    nodes: Sequence[bytes],
    constants: Mapping[str, np.ndarray],
    inputs: Mapping[str, Sequence[int]],
    outputs: Mapping[str, Sequence[int]],
) -> Path:
    """Write a network of operators; ``inputs`` and ``outputs`` are shapes by name."""
    graph = b"".join(_bytes(1, one) for one in nodes) + _bytes(2, "network")
    graph += b"".join(_bytes(5, _tensor(name, one)) for name, one in constants.items())
    graph += b"".join(_bytes(11, _value(name, shape)) for name, shape in inputs.items())
    graph += b"".join(_bytes(12, _value(name, shape)) for name, shape in outputs.items())
    path.write_bytes(_int(1, 8) + _bytes(7, graph) + _bytes(8, _bytes(1, "") + _int(2, 13)))
    return path
