"""The clip of an item as if a system had made it: what every measure must call right."""

from __future__ import annotations

from pathlib import Path

from facedit.bench.case import build_case
from facedit.bench.items import Item
from facedit.bench.original import original_of
from facedit.bench.scene import Scene
from facedit.bench.scoring import truth_scene
from facedit.compose.clock import StageClock


def scene_of_truth(item: Item, clips: Path) -> Scene:
    """Look at the clip of an item.

    Args:
        item: An item of a track with ground truth.
        clips: The clips' folder.

    Returns:
        The scene. (``FaceditError`` if the clip is missing, another one, or not usable.)
    """
    # Nothing is written: no system answers, so nothing is withheld.
    case = build_case(item, clips, clips, StageClock(progress=False), hide=False)
    return truth_scene(case, original_of(case))
