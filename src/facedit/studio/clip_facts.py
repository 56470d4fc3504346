"""What is told of a clip when it is opened."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from facedit.errors import BadMedia
from facedit.media.image import is_image, read_image
from facedit.media.probe import probe
from facedit.studio.studio_options import LONGEST_S
from facedit.units import MOTION_FPS


def facts_of(source: Path) -> dict[str, Any]:
    """Look at a video with sound, or at a picture that may be made to speak.

    Args:
        source: The file.

    Returns:
        Its facts for JSON; a picture has the frame rate that is made of it.

    Raises:
        BadMedia: If a video is too long. (Also if it is none, or has no sound.)
    """
    if is_image(source):
        height, width = read_image(source).shape[:2]
        size = {"width": width, "height": height, "frame_rate": float(MOTION_FPS)}
        return {"still": True, "duration_s": 0.0, **size}
    info = probe(source, need_sound=True)
    if info.duration_s > LONGEST_S:
        raise BadMedia(
            f"{source.name} lasts {info.duration_s / 60:.0f} minutes; the studio takes "
            f"{LONGEST_S / 60:.0f}: cut it, or use facedit edit."
        )
    return {
        "still": False,
        "duration_s": info.duration_s,
        "width": info.width,
        "height": info.height,
        "frame_rate": float(info.frame_rate),
        "codec": info.codec,
    }
