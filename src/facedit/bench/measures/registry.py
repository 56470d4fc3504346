"""All measures together: of a video, and of motion as it was drawn before anything was rendered."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import torch

from facedit.bench.judges.judge_files import JudgeFiles
from facedit.bench.judges.judges import Judges, judged_sums, load_judges
from facedit.bench.measures import (
    av_sync,
    continuity,
    diversity,
    face_identity,
    frechet,
    head,
    landmarks,
    lips,
    pass_through,
    phone_sync,
    picture,
    sharpness,
    silence,
    spectra,
)
from facedit.bench.measures.picture import PictureDistance
from facedit.bench.nets.face_embedding import FaceEmbedding, load_face_embedding
from facedit.bench.nets.feature_distance import FeatureDistance
from facedit.bench.nets.mobilenet import PictureFeatures, load_picture_features
from facedit.bench.nets.stlpips import load_stlpips
from facedit.bench.scene import Scene
from facedit.evaluation.measure import DRAWN, Measure
from facedit.lip_sync.sync_weights import SyncModel, load_sync

ALL = (
    lips, landmarks, spectra, head, av_sync, phone_sync, silence, continuity, picture, sharpness,
    face_identity, frechet, pass_through, diversity,
)  # fmt: skip
"""The modules, in the order of the tables."""

EARS = (lips, silence, phone_sync, pass_through, diversity, av_sync)
"""Those that hear, or need no pictures: quickly measured."""

OF_MOTION = (lips, spectra, av_sync, silence, continuity, diversity)
"""Those that need no pictures, and no landmarks of the drawn mouth either."""

OF_PICTURES = ("seam_picture", "seam_flow", "worst_picture", "drawn_", "source_")
"""What names of measures begin with that drawn motion alone has no answer to."""

Sums = dict[str, tuple[float, ...]]


@dataclass(frozen=True, slots=True)
class Nets:
    """The networks that measures look through; ``stlpips`` and ``judges`` may be None."""

    sync: SyncModel
    face: FaceEmbedding
    stlpips: FeatureDistance | None
    features: PictureFeatures
    judges: Judges | None = None

    @property
    def distances(self) -> dict[str, PictureDistance]:
        """The perceptual distances, by how the names of their measures begin."""
        found: dict[str, PictureDistance] = (
            {} if self.stlpips is None else {"stlpips": self.stlpips}
        )
        if self.judges is not None:
            found |= {f"lpips_{trunk}": net for trunk, net in self.judges.lpips.items()}
        return found


def load_nets(device: torch.device | str = "cpu", files: JudgeFiles | None = None) -> Nets:
    """Load the networks, a user's judges too (``load_judges``'s errors).

    ``AssetMissing`` is raised if one is not installed (``doctor --fetch bench``).
    """
    return Nets(
        load_sync(device=device), load_face_embedding(device), load_stlpips(device),
        load_picture_features(device), None if files is None else load_judges(files, device),
    )  # fmt: skip


Needs = Literal["ears", "eyes", "all"]
"""How much is measured, because looking is slow: ``EARS``, all but ST-LPIPS, or all."""


def measure_scene(scene: Scene, nets: Nets, needs: Needs = "all") -> Sums:
    """Measure a video: sums by key."""
    found: dict[str, list[float]] = {}
    for part in (lips, phone_sync, silence, pass_through):
        found |= part.sums(scene)
    found |= av_sync.sums(scene, nets.sync)
    if needs != "ears":
        for part in (landmarks, spectra, head, continuity, sharpness):
            found |= part.sums(scene)
        found |= picture.sums(scene, nets.distances if needs == "all" else {})
        found |= face_identity.sums(scene, nets.face)
        found |= frechet.sums(scene, nets.features)
        if nets.judges is not None:
            found |= judged_sums(scene, nets.judges)
    return {key: tuple(values) for key, values in found.items()}


def measure_drawn(scene: Scene, nets: Nets) -> Sums:
    """Measure motion as it was drawn (``scoring.drawn_scene``); the keys begin with ``DRAWN``."""
    bare = replace(scene, output=replace(scene.output, frames=()))
    found: dict[str, list[float]] = {}
    for part in (lips, spectra, phone_sync, silence, continuity, diversity):
        found |= part.sums(bare)
    found |= av_sync.sums(bare, nets.sync)
    return {f"{DRAWN}{key}": tuple(values) for key, values in found.items()}


def proven_measures() -> dict[str, Measure]:
    """Return the measures that must prove themselves: those of videos, and the diversity of takes.

    Those of motion as drawn are the same functions on another motion.
    """
    of_video = [one for one in MEASURES if not one.name.startswith(DRAWN)]
    return {one.name: one for one in (*of_video, *diversity.MEASURES)}


def _drawn(measure: Measure) -> Measure:
    """Return the measure of drawn motion that goes with one of a video."""
    return replace(
        measure,
        name=f"{DRAWN}{measure.name}",
        title=f"{measure.title}, as drawn",
        sums=f"{DRAWN}{measure.sums}",
        group=f"drawn {measure.group}",
    )


_OF_VIDEO = tuple(m for part in ALL if part is not diversity for m in part.MEASURES)
_OF_DRAWN = tuple(
    _drawn(m) for part in OF_MOTION for m in part.MEASURES if not m.name.startswith(OF_PICTURES)
)

MEASURES: tuple[Measure, ...] = (*_OF_VIDEO, *_OF_DRAWN)
"""Every measure of the tables."""
