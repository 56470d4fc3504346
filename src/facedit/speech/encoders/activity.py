"""How much of each moment is speech: the Silero detector that ships inside faster-whisper.

The ONNX file lies in the faster-whisper wheel (MIT), so nothing is fetched; it is run by
onnxruntime directly, without importing faster-whisper.
"""

from __future__ import annotations

import functools
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from facedit.errors import AssetMissing
from facedit.types import Float32
from facedit.units import MOTION_FPS, SPEECH_RATE

_HOP = 512
_CONTEXT = 64
_STATE = (1, 1, 128)
_FILE = Path("assets") / "silero_vad_v6.onnx"
_BATCH = 4096


def voice_activity(samples: Float32, frames: int) -> Float32:
    """Estimate the probability of speech at the middles of motion frames, shape (frames,).

    Samples are 16 kHz mono amplitudes, shape (N,). AssetMissing is raised if the installed
    faster-whisper brings no detector.
    """
    hops = -(-len(samples) // _HOP)
    if not hops or not frames:
        return np.zeros(frames, dtype=np.float32)
    padded = np.pad(samples, (0, hops * _HOP - len(samples))).reshape(hops, _HOP)
    # Each hop is heard together with the last samples of the one before.
    context = np.vstack([np.zeros((1, _CONTEXT), dtype=np.float32), padded[:-1, -_CONTEXT:]])
    heard = np.hstack([context, padded]).astype(np.float32)
    hidden = np.zeros(_STATE, dtype=np.float32)
    cell = np.zeros(_STATE, dtype=np.float32)
    outputs = []
    for start in range(0, hops, _BATCH):
        output, hidden, cell = _session().run(
            None, {"input": heard[start : start + _BATCH], "h": hidden, "c": cell}
        )
        outputs.append(np.reshape(output, -1))
    centres = (np.arange(hops) + 0.5) * _HOP / SPEECH_RATE
    middles = (np.arange(frames) + 0.5) / MOTION_FPS
    activity = np.interp(middles, centres, np.concatenate(outputs))
    return np.asarray(np.clip(activity, 0.0, 1.0), dtype=np.float32)


@functools.cache
def _session() -> Any:
    """Open the detector once, on one thread (it is tiny; threads only cost)."""
    import onnxruntime

    spec = find_spec("faster_whisper")
    folder = Path(spec.origin).parent if spec and spec.origin else Path()
    if not (folder / _FILE).is_file():
        raise AssetMissing(f"The installed faster-whisper brings no {_FILE.name}: need >= 1.2.1.")
    options = onnxruntime.SessionOptions()
    options.inter_op_num_threads = options.intra_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(
        str(folder / _FILE), options, providers=["CPUExecutionProvider"]
    )
