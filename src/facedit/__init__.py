"""facedit: edit and generate talking-face video by speech-conditional facial motion infilling."""

from __future__ import annotations

import os

__version__ = "0.1.0"

# ONNX Runtime's wheels report usage to their maker, with an id of the machine that they keep on
# disk. They read this variable once, while they load: it must stand before any module of ours can
# import them.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
