"""facedit: edit and generate talking-face video by speech-conditional facial motion infilling."""

from __future__ import annotations

__version__ = "0.1.0"
