"""The clip of an item as if a system had made it: what every measure must call right."""

from __future__ import annotations

from pathlib import Path

from facedit.bench.items import Item
from facedit.bench.prepared_item import build_case
from facedit.bench.reference import original_of
from facedit.bench.scene import Scene
from facedit.bench.scoring import truth_scene
from facedit.progress import StageClock
from facedit.speech.encoders import Encoder
from facedit.speech.whisper_base import WHISPER


def scene_of_truth(item: Item, clips: Path, encoder: Encoder = WHISPER) -> Scene:
    """Look at the clip of an item.

    Args:
        item: An item of a track with ground truth.
        clips: The clips' folder.
        encoder: What hears the sound.

    Returns:
        The scene. (``FaceditError`` if the clip is missing, another one, or not usable.)
    """
    # Nothing is written: no system answers, so nothing is withheld.
    clock = StageClock()
    case = build_case(item, clips, clips, clock, hide=False, encoder=encoder)
    return truth_scene(case, original_of(case))
