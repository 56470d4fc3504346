"""Whisper's audio encoder in PyTorch, with the weights read from a CTranslate2 file.

Only the encoder is rebuilt (two convolutions and pre-norm transformer layers with exact GELU), so
every hidden layer is at hand and the states can be taken of sounds of any length. Source of the
architecture: Radford et al. 2022, "Robust Speech Recognition via Large-Scale Weak Supervision",
and the file layout as CTranslate2 writes it (binary version 6).
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from facedit.errors import BadWeights
from facedit.tensors import empty, filled

HEAD_SIZE = 64
MAX_TICKS = 1500
"""Length of the position table: 30 s of 50 Hz states."""

_DTYPES = {0: "<f4", 1: "<i1", 2: "<i2", 3: "<i4", 4: "<f2"}
_VERSION = 6


class EncoderLayer(nn.Module):
    """One pre-norm transformer layer: self-attention and a feed-forward net, each with a residual.

    Its width is a multiple of 64, the size of a head.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.heads = width // HEAD_SIZE
        self.attention_norm = nn.LayerNorm(width)
        self.query_key_value = nn.Linear(width, 3 * width)
        self.attention_out = nn.Linear(width, width)
        self.feed_forward_norm = nn.LayerNorm(width)
        self.feed_forward_in = nn.Linear(width, 4 * width)
        self.feed_forward_out = nn.Linear(4 * width, width)

    def forward(self, states: Tensor) -> Tensor:
        """Transform states (batch, ticks, width)."""
        batch, ticks, width = states.shape
        mixed = self.query_key_value(self.attention_norm(states))
        query, key, value = mixed.view(batch, ticks, 3, self.heads, HEAD_SIZE).permute(
            2, 0, 3, 1, 4
        )
        attended = functional.scaled_dot_product_attention(query, key, value)
        states = states + self.attention_out(attended.transpose(1, 2).reshape(batch, ticks, width))
        hidden = functional.gelu(self.feed_forward_in(self.feed_forward_norm(states)))
        return states + torch.as_tensor(self.feed_forward_out(hidden))


class WhisperEncoder(nn.Module):
    """Whisper's encoder up to a chosen layer, without the final norm; 512 wide for ``base``."""

    def __init__(self, width: int, layers: int, mel_channels: int = 80) -> None:
        super().__init__()
        self.width = width
        self.conv1 = nn.Conv1d(mel_channels, width, 3, padding=1)
        self.conv2 = nn.Conv1d(width, width, 3, stride=2, padding=1)
        self.layers = nn.ModuleList(EncoderLayer(width) for _ in range(layers))
        self.positions: Tensor
        self.register_buffer("positions", torch.zeros(MAX_TICKS, width))

    def forward(self, log_mel: Tensor) -> Tensor:
        """Encode a log-mel spectrogram (batch, mel channels, frames at 100 Hz).

        Returns states of the last kept layer, shape (batch, ceil(frames / 2), width), 50 Hz.
        ValueError if there are more frames than the position table has, 3000.
        """
        states = functional.gelu(self.conv1(log_mel))
        states = functional.gelu(self.conv2(states)).transpose(1, 2)
        if states.shape[1] > MAX_TICKS:
            raise ValueError(f"{states.shape[1]} ticks are more than the table's {MAX_TICKS}.")
        states = states + self.positions[: states.shape[1]]
        for layer in self.layers:
            states = layer(states)
        return states


def load_whisper_encoder(path: Path, layers: int) -> WhisperEncoder:
    """Build the encoder from a CTranslate2 ``model.bin`` of a Whisper model, in float32.

    The file's hash was verified when the asset was installed; BadWeights is raised if it is not
    such a model or has fewer layers.
    """
    tensors = read_ctranslate2(path, prefix="encoder/")
    try:
        width = tensors["encoder/conv1/weight"].shape[0]
        channels = tensors["encoder/conv1/weight"].shape[1]
        encoder = empty(lambda: WhisperEncoder(width, layers, channels))
        state = {"positions": tensors["encoder/position_encodings/encodings"][:MAX_TICKS]}
        for conv in ("conv1", "conv2"):
            for kind in ("weight", "bias"):
                state[f"{conv}.{kind}"] = tensors[f"encoder/{conv}/{kind}"]
        for index in range(layers):
            source, target = f"encoder/layer_{index}", f"layers.{index}"
            for ours, theirs in (
                ("query_key_value", "self_attention/linear_0"),
                ("attention_out", "self_attention/linear_1"),
                ("feed_forward_in", "ffn/linear_0"),
                ("feed_forward_out", "ffn/linear_1"),
            ):
                for kind in ("weight", "bias"):
                    state[f"{target}.{ours}.{kind}"] = tensors[f"{source}/{theirs}/{kind}"]
            for ours, theirs in (
                ("attention_norm", "self_attention/layer_norm"),
                ("feed_forward_norm", "ffn/layer_norm"),
            ):
                state[f"{target}.{ours}.weight"] = tensors[f"{source}/{theirs}/gamma"]
                state[f"{target}.{ours}.bias"] = tensors[f"{source}/{theirs}/beta"]
    except (KeyError, IndexError) as error:
        raise BadWeights(
            f"{path.name} is no Whisper model with at least {layers} encoder layers: {error}"
        ) from error
    own = {name: torch.from_numpy(array.astype(np.float32)) for name, array in state.items()}
    return filled(encoder, own, path)


def read_ctranslate2(path: Path, prefix: str = "") -> dict[str, NDArray[np.generic]]:
    """Read tensors of a CTranslate2 model file by name, in the file's own number type.

    Those whose name does not start with the prefix are skipped over. BadWeights is raised if the
    layout is not that of version 6 or the file ends early.
    """
    tensors: dict[str, NDArray[np.generic]] = {}
    with path.open("rb") as file:
        try:
            (version,) = _unpack(file, "<I")
            if version != _VERSION:
                raise BadWeights(f"{path.name}: CTranslate2 version {version}, expected 6.")
            _read_string(file)  # the model's specification, e.g. WhisperSpec
            _, count = _unpack(file, "<II")
            for _ in range(count):
                name = _read_string(file)
                (rank,) = _unpack(file, "<B")
                shape = _unpack(file, f"<{rank}I")
                dtype, size = _unpack(file, "<BI")
                if not name.startswith(prefix):
                    file.seek(size, 1)
                    continue
                data = file.read(size)
                tensors[name] = np.frombuffer(data, dtype=_DTYPES[dtype]).reshape(shape)
        except (struct.error, KeyError, ValueError, UnicodeDecodeError) as error:
            raise BadWeights(f"{path.name} is not a whole CTranslate2 model: {error}") from error
    return tensors


def _unpack(file: BinaryIO, layout: str) -> tuple[int, ...]:
    return struct.unpack(layout, file.read(struct.calcsize(layout)))


def _read_string(file: BinaryIO) -> str:
    """Read a string: 16-bit length that counts the closing NUL, then the bytes."""
    (length,) = _unpack(file, "<H")
    return file.read(length).rstrip(b"\0").decode("utf-8")
