"""Replace one mouth: a retrieved real one, corrected by what the network paints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from facedit.face.distances import mouth_width
from facedit.face.regions import INNER_LIPS, LIPS
from facedit.render import composite
from facedit.render.bank import BankFrame
from facedit.render.geometry import lip_descriptor
from facedit.render.interior import draw_interior
from facedit.render.mouth_inputs import MouthSource, apply_gain, canonical_source, skin_gain
from facedit.render.settings import RenderSettings
from facedit.render.warp import Rect, TargetMesh, bounding_rect, mesh_step, sample
from facedit.types import Float32, UInt8

if TYPE_CHECKING:
    from facedit.render.paint import MouthPainter, WarpedSource


@dataclass(frozen=True, slots=True)
class MouthTask:
    """What is to be drawn where.

    Attributes:
        base_rgb: The base picture, shape (H, W, 3).
        base: Its landmarks, shape (478, 3).
        target: Landmarks to reach, shape (478, 3).
        rect: Region of the picture to draw.
        warped: The base warped to the target in that region, shape (h, w, 3).
    """

    base_rgb: UInt8
    base: Float32
    target: Float32
    rect: Rect
    warped: UInt8


def mouth_region(target: Float32, width: int, height: int) -> Rect:
    """Return the region that a replaced mouth of a target (478, 3) can touch.

    It is empty if the mouth is outside the picture.
    """
    outline = np.concatenate([composite.mouth_outline(target), target[list(LIPS), :2]])
    return bounding_rect(outline, 0.2 * mouth_width(target) + 4.0, width, height)


def replace_mouth(
    task: MouthTask,
    references: Sequence[BankFrame],
    distance: float,
    painter: MouthPainter | None,
    settings: RenderSettings,
) -> Float32:
    """Draw the mouth: the region, grey levels 0 to 255 (not clipped), shape (h, w, 3).

    Detail comes from the first reference, tone from the network; the farther the reference's shape
    is from the target's (``distance``), the more the network stands alone. Without a network there
    are real pixels only; there may be no references.
    """
    target, rect = task.target, task.rect
    under = task.warped.astype(np.float32)
    mask = composite.mouth_mask(target, rect)
    # Where the base's lips are as the target's, they stay the base's own.
    moved = float(np.linalg.norm(lip_descriptor(target) - lip_descriptor(task.base)))
    mask = mask * min(moved / settings.own, 1.0)
    if float(mask.max()) <= 0.0:
        return under
    mesh = TargetMesh(target, rect, step=min(mesh_step(target), 2))
    natives = [
        sample(frame.mouth.rgb, mesh.source_map(frame.landmarks), frame.mouth.origin)
        for frame in references
    ]
    wide = mouth_width(target)
    retrieved = natives[0].astype(np.float32) if natives else under
    if natives:
        retrieved = retrieved + composite.seam_offset(under, retrieved, mask, 0.35 * wide)
    if painter is None:
        return composite.blend(under, retrieved, mask)
    shown = task.warped if natives else draw_interior(task.warped, target, rect)
    sources = _sources(task, references, [shown, *natives], settings.foreign)
    added = settings.added if natives and not settings.foreign else 1.0
    painted = painter.paint(target, rect, sources, added)
    if not natives:
        drawn = shown.astype(np.float32)
        mixed = drawn + np.float32(settings.invented) * (painted - drawn)
        return composite.blend(under, np.asarray(mixed, np.float32), mask)
    painted = painted + composite.seam_offset(under, painted, mask, 0.35 * wide)
    sigma = max(settings.detail * wide, 0.6)
    hybrid = retrieved + cv2.GaussianBlur(painted - retrieved, (0, 0), sigma)
    alone = np.clip((distance - settings.near) / (settings.far - settings.near), 0.0, 1.0)
    mixed = np.asarray(hybrid + np.float32(alone) * (painted - hybrid), np.float32)
    if not settings.foreign:
        opening = composite.fill_polygon(target[list(INNER_LIPS), :2], rect)
        mixed = composite.with_contrast(mixed, natives, opening)
    return composite.blend(under, mixed, mask)


def _sources(
    task: MouthTask, references: Sequence[BankFrame], natives: Sequence[UInt8], foreign: bool
) -> list[WarpedSource]:
    """Base and references for the network; another person's are toned to the base's skin.

    ``natives`` are their pictures warped to the target, the base's first.
    """
    from facedit.render.paint import WarpedSource

    own = canonical_source(task.base_rgb, task.base)
    sources = [WarpedSource(own, natives[0])]
    for frame, native in zip(references, natives[1:], strict=True):
        gain = skin_gain(frame.source, own) if foreign else np.ones(3, np.float32)
        source = MouthSource(apply_gain(frame.source.crop, gain), frame.source.landmarks)
        sources.append(WarpedSource(source, apply_gain(native, gain)))
    return sources
