import struct

import numpy as np
import pytest
import torch

from facedit.errors import BadWeights
from facedit.speech.encoders.log_mel import log_mel
from facedit.speech.encoders.whisper_encoder import (
    MAX_TICKS,
    WhisperEncoder,
    load_whisper_encoder,
    read_ctranslate2,
)
from facedit.weights.fetch import asset_path


def _string(text: str) -> bytes:
    data = text.encode() + b"\0"
    return struct.pack("<H", len(data)) + data


def _model(tensors: dict[str, np.ndarray]) -> bytes:
    data = struct.pack("<I", 6) + _string("WhisperSpec") + struct.pack("<II", 3, len(tensors))
    for name, array in tensors.items():
        kind = {"f": {4: 0, 2: 4}, "i": {1: 1}}[array.dtype.kind][array.dtype.itemsize]
        data += _string(name) + struct.pack(f"<B{array.ndim}I", array.ndim, *array.shape)
        data += struct.pack("<BI", kind, array.nbytes) + array.tobytes()
    return data + struct.pack("<I", 0)


def test_tensors_come_back_as_written(tmp_path):
    wanted = {
        "encoder/a": np.arange(6, dtype="<f4").reshape(2, 3),
        "decoder/b": np.ones(5, dtype="<f2"),
        "encoder/c": np.array([-3, 4], dtype="<i1"),
    }
    path = tmp_path / "model.bin"
    path.write_bytes(_model(wanted))
    every = read_ctranslate2(path)
    assert list(every) == list(wanted)
    for name, array in wanted.items():
        np.testing.assert_array_equal(every[name], array)
    assert list(read_ctranslate2(path, "encoder/")) == ["encoder/a", "encoder/c"]


@pytest.mark.parametrize("damage", [lambda d: d[:40], lambda d: b"", lambda d: b"\x09" + d[1:]])
def test_damaged_file_is_refused(tmp_path, damage):
    path = tmp_path / "model.bin"
    path.write_bytes(damage(_model({"encoder/a": np.zeros(64, dtype="<f4")})))
    with pytest.raises(BadWeights, match=r"model\.bin"):
        read_ctranslate2(path)


def test_other_model_is_refused(tmp_path):
    path = tmp_path / "model.bin"
    path.write_bytes(_model({"encoder/a": np.zeros(3, dtype="<f4")}))
    with pytest.raises(BadWeights, match="no Whisper model"):
        load_whisper_encoder(path, 2)


def test_agrees_with_ctranslate2():
    """The whole encoder, final norm included, against the library that wrote the file."""
    import ctranslate2

    from facedit.speech.recognition.whisper_words import model_folder

    generator = np.random.default_rng(0)
    seconds = np.arange(128_000) / 16_000
    sound = np.sin(2 * np.pi * 220 * seconds) * np.sin(2 * np.pi * 3 * seconds) * 0.3
    sound += generator.normal(0, 0.01, len(sound))
    mel = log_mel(sound.astype(np.float32))
    theirs = ctranslate2.models.Whisper(str(model_folder()), compute_type="float32").encode(
        ctranslate2.StorageView.from_array(mel[None])
    )
    path = asset_path("whisper-base.bin")
    norm = read_ctranslate2(path, "encoder/layer_norm")
    gamma, beta = (
        torch.from_numpy(norm[f"encoder/layer_norm/{name}"].astype(np.float32))
        for name in ("gamma", "beta")
    )
    with torch.inference_mode():
        states = load_whisper_encoder(path, 6)(torch.from_numpy(mel)[None])
        ours = torch.nn.functional.layer_norm(states, (512,), gamma, beta)
    assert np.abs(ours.numpy() - np.array(theirs)).max() < 5e-3


def test_longer_than_the_position_table_is_an_error():
    encoder = WhisperEncoder(width=64, layers=1)
    with pytest.raises(ValueError, match=str(MAX_TICKS)):
        encoder(torch.zeros(1, 80, 2 * MAX_TICKS + 2))
