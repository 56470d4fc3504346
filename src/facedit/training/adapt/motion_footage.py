"""A speaker's clips: found, tracked and heard as ``facedit prepare`` does it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from facedit.dataset.footage_list import Source, list_sources
from facedit.dataset.prepare import make_preparer
from facedit.dataset.prepare_options import PrepareOptions
from facedit.dataset.prepared import KEPT, PreparedClip, read_clip
from facedit.device import device_of
from facedit.errors import BadMedia, NoFace
from facedit.model.checkpoint import MotionModel
from facedit.speech.encoders.encoders import encoder_of

UNLIKE = 0.035
"""Root mean square distance, in outer-eye distances, from which a clip's neutral face is unlike
the others'. Of pairs of clips of one person (GRID, LRW-AR) 99 in 100 lie under 0.030, of two people
half lie over 0.027: only people who differ clearly are found."""


@dataclass(frozen=True, slots=True)
class Footage:
    """Clips of one speaker.

    Attributes:
        names: Their names.
        clips: What training reads of them.
        skipped: Per clip that is not used: its name and why.
        unlike: Clips whose face is unlike the others'.
    """

    names: tuple[str, ...]
    clips: tuple[PreparedClip, ...]
    skipped: tuple[str, ...]
    unlike: tuple[str, ...]


def find_footage(footage: Sequence[Path]) -> list[Source]:
    """List the clips of videos and folders, each once, by name; BadMedia if one is not there."""
    found: dict[Path, Source] = {}
    for place in footage:
        if place.is_dir():
            sources = list_sources(place)
        elif place.is_file():
            sources = [Source(place, place.name, "train", "", "")]
        else:
            raise BadMedia(f"{place}: no such file or folder of footage.")
        for source in sources:
            found.setdefault(source.path.resolve(), source)
    return sorted(found.values(), key=lambda source: str(source.path))


def read_footage(
    sources: Sequence[Source],
    work: Path,
    model: MotionModel,
    on_clip: Callable[[int], None] = lambda done: None,
) -> Footage:
    """Track and hear clips as the base needs it; ``work`` keeps and holds tracks and features.

    Raises NoFace if no clip shows a face, BadMedia if none can be used for other reasons.
    """
    encoder = encoder_of(model.encoder).name
    for name in ("clips", "tracks", "speech"):
        (work / name).mkdir(parents=True, exist_ok=True)
    device = str(device_of(model.net))
    options = PrepareOptions(space=model.space, encoder=encoder, device=device)
    prepare = make_preparer(work, options)
    names, clips, skipped = [], [], []
    for number, source in enumerate(sources, 1):
        row = prepare(source)
        if row["status"] == KEPT:
            names.append(source.file)
            clips.append(read_clip(work, row["sha256"]))
        else:
            skipped.append(f"{source.file}: {row['reason']}")
        on_clip(number)
    if not clips:
        why = f"none of {len(sources)} clips can be learnt from; {skipped[0]}"
        if all(": no face" in reason for reason in skipped):
            raise NoFace(why)
        raise BadMedia(why)
    return Footage(tuple(names), tuple(clips), tuple(skipped), unlike_faces(names, clips))


def unlike_faces(names: Sequence[str], clips: Sequence[PreparedClip]) -> tuple[str, ...]:
    """Name the clips whose neutral face is far from the middle one of all."""
    shapes = np.stack([clip.identity for clip in clips]).astype(np.float64)
    middle = np.median(shapes, axis=0)
    far = np.sqrt(((shapes - middle) ** 2).mean(axis=(1, 2)))
    return tuple(name for name, way in zip(names, far, strict=True) if way > UNLIKE)
