"""facedit: edit and generate talking-face video by speech-conditional facial motion infilling.

The names below are the public interface; each is imported when it is first used.
"""

from __future__ import annotations

import importlib
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from facedit.api import edit, export, generate, open, plan_edit, sync, transcribe
    from facedit.interchange.export_options import ExportOptions
    from facedit.model.checkpoint import load_model
    from facedit.model.infill import infill
    from facedit.options import EditRequest, GenerateRequest, Run, TranscribeOptions

__version__ = "0.2.0"

__all__ = [
    "EditRequest",
    "ExportOptions",
    "GenerateRequest",
    "Run",
    "TranscribeOptions",
    "edit",
    "export",
    "generate",
    "infill",
    "load_model",
    "open",
    "plan_edit",
    "sync",
    "transcribe",
]

# ONNX Runtime's wheels report usage to their maker, with an id of the machine that they keep on
# disk. They read this variable once, while they load: it must stand before any module of ours can
# import them.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

_HOMES = {
    "EditRequest": "facedit.options",
    "ExportOptions": "facedit.interchange.export_options",
    "GenerateRequest": "facedit.options",
    "Run": "facedit.options",
    "TranscribeOptions": "facedit.options",
    "infill": "facedit.model.infill",
    "load_model": "facedit.model.checkpoint",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is asked for (PEP 562)."""
    if name not in __all__:
        raise AttributeError(f"module 'facedit' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES.get(name, "facedit.api")), name)
