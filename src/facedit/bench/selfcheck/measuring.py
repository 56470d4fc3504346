"""Measures disturbed scenes, no more of each than its disturbance asks for."""

from __future__ import annotations

from collections.abc import Callable

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
from facedit.bench.measures.registry import MEASURES, Nets
from facedit.bench.scene import Scene
from facedit.bench.selfcheck.disturb import Disturbance
from facedit.evaluation.measure import DRAWN, Measure

_EARS = (lips, silence, phone_sync, pass_through, diversity)
_EYES = (landmarks, spectra, head, continuity, sharpness)


def measures() -> dict[str, Measure]:
    """Return the measures that must prove themselves, by name.

    Those of motion as drawn are the same functions on another motion and not listed again.

    Returns:
        Measures of videos, and the diversity of takes.
    """
    of_video = [one for one in MEASURES if not one.name.startswith(DRAWN)]
    return {one.name: one for one in (*of_video, *diversity.MEASURES)}


def measurer(nets: Nets) -> Callable[[Scene, Disturbance], dict[str, tuple[float, ...]]]:
    """Return the function that measures a disturbed scene.

    Args:
        nets: The networks.

    Returns:
        A function to sums by key.
    """

    def measure(scene: Scene, disturbance: Disturbance) -> dict[str, tuple[float, ...]]:
        found: dict[str, list[float]] = {}
        for part in _EARS:
            found |= part.sums(scene)
        found |= av_sync.sums(scene, nets.sync)
        if disturbance.needs != "ears":
            for part in _EYES:
                found |= part.sums(scene)
            found |= picture.sums(scene, nets.stlpips if disturbance.needs == "all" else None)
            found |= face_identity.sums(scene, nets.face)
            found |= frechet.sums(scene, nets.features)
        return {key: tuple(values) for key, values in found.items()}

    return measure
