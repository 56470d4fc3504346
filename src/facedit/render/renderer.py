"""The default renderer: real pixels first, warped by the mesh, corrected by the mouth network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from facedit.render import composite
from facedit.render.bank import BankFrame, Cutout, ReferenceBank
from facedit.render.eyes import render_eyes
from facedit.render.geometry import eye_descriptor, eye_distance, lip_descriptor, mouth_width
from facedit.render.mesh import LIPS
from facedit.render.mouth_inputs import (
    MouthSource,
    apply_gain,
    canonical_source,
    skin_gain,
)
from facedit.render.mouth_path import (
    PathCosts,
    best_path,
    distances,
    spread_references,
    transition_costs,
)
from facedit.render.types import Choice, MouthPath, Patch, Region
from facedit.render.warp import (
    Rect,
    TargetMesh,
    bounding_rect,
    moved_region,
    moved_rings,
    rings_of,
    sample,
)
from facedit.types import Float32, Float64, UInt8

if TYPE_CHECKING:
    from facedit.render.network import MouthNetwork
    from facedit.render.paint import MouthPainter, WarpedSource

Forbidden = Callable[[Float64], NDArray[np.bool_]]
"""Given the bank's times, says which of them must not be used."""


@dataclass(frozen=True, slots=True)
class RenderSettings:
    """Weights of retrieval and blending.

    Attributes:
        path: Weights of the search for mouths.
        eyes: Weights of the search for eyes, in per cent of the eye's width.
        blur: Cost of a frame for each halving of its sharpness below the bank's median.
        exposure: Cost per grey level of difference in brightness from the bank's median.
        references: References for the network, the shown mouth included.
        apart_s: Least time between two references in seconds.
        own: Descriptor distance below which the base's own mouth comes in (fully at 0).
        near: Descriptor distance up to which the retrieved mouth's detail is kept whole.
        far: Distance from which the network's picture stands alone.
        coarse_from: Eye distance in pixels from which the base's warp is drawn every other pixel.
        detail: Blur that separates detail from tone, as a share of the mouth's width.
        foreign: The bank shows another person, whose tone is fitted to the base's skin.
    """

    path: PathCosts = field(default_factory=PathCosts)
    eyes: PathCosts = field(default_factory=lambda: PathCosts(hold=0.0))
    blur: float = 0.5
    exposure: float = 0.02
    references: int = 3
    apart_s: float = 0.08
    own: float = 0.35
    near: float = 2.5
    far: float = 5.0
    coarse_from: float = 100.0
    detail: float = 0.025
    foreign: bool = False


class FaceRenderer:
    """Puts target landmarks into frames of a clip (implements ``Renderer``).

    Args:
        bank: Frames to copy from; may be empty, then only base and network are used.
        network: Mouth network; None for real pixels only.
        device: Torch device of the network.
        settings: Weights.

    Attributes:
        bank: Frames to copy from; may still grow between calls of ``plan``, not between a plan
            and the frames rendered by it.
        settings: Weights.
    """

    def __init__(
        self,
        bank: ReferenceBank,
        network: MouthNetwork | None = None,
        device: str = "cpu",
        settings: RenderSettings | None = None,
    ) -> None:
        self.bank = bank
        self.settings = settings or RenderSettings()
        self._painter: MouthPainter | None = None
        if network is not None:
            from facedit.render.paint import MouthPainter

            self._painter = MouthPainter(network, device)

    def plan(
        self,
        target_landmarks: Float32,
        base_landmarks: Float32,
        forbidden: Forbidden | None = None,
    ) -> MouthPath:
        """Choose real mouths and eyes for consecutive frames.

        Args:
            target_landmarks: Where the face is to be, shape (F, 478, 3).
            base_landmarks: Where it is in the base frames, shape (F, 478, 3).
            forbidden: Says which of the bank's times must not be used (for tests).

        Returns:
            The choices.

        Raises:
            ValueError: If the two disagree in length.
        """
        if len(target_landmarks) != len(base_landmarks):
            raise ValueError(
                f"{len(target_landmarks)} targets for {len(base_landmarks)} base frames."
            )
        if len(self.bank) == 0 or len(target_landmarks) == 0:
            return MouthPath((Choice(),) * len(target_landmarks))
        times = self.bank.times_s
        banned = np.zeros(len(times), bool) if forbidden is None else forbidden(times)
        if banned.all():
            return MouthPath((Choice(),) * len(target_landmarks))
        lips = np.stack([lip_descriptor(one) for one in target_landmarks])
        lip_distance = distances(lips, self.bank.lips)
        mouths = self._search(
            lip_distance + self._quality(), self.bank.lips, self.settings.path, banned
        )
        gazes = np.stack([eye_descriptor(one) for one in target_landmarks])
        eye_distance = distances(gazes, self.bank.gazes)
        eyes = self._search(eye_distance, self.bank.gazes, self.settings.eyes, banned)
        allowed = np.where(banned, np.inf, lip_distance)
        return MouthPath(
            tuple(
                Choice(
                    mouth=int(mouth),
                    distance=float(lip_distance[frame, mouth]),
                    references=spread_references(
                        allowed[frame],
                        times,
                        int(mouth),
                        self.settings.references,
                        self.settings.apart_s,
                    ),
                    eyes=int(eye),
                    eyes_distance=float(eye_distance[frame, eye]),
                )
                for frame, (mouth, eye) in enumerate(zip(mouths, eyes, strict=True))
            )
        )

    def _search(
        self, unary: Float64, descriptors: Float32, costs: PathCosts, banned: NDArray[np.bool_]
    ) -> NDArray[np.intp]:
        transition = transition_costs(descriptors, self.bank.times_s, costs.transition)
        return best_path(np.where(banned, np.inf, unary), transition, costs)

    def _quality(self) -> Float64:
        """What blur and unusual exposure of each bank frame cost, shape (n,)."""
        sharpness = np.array([frame.sharpness for frame in self.bank.frames])
        brightness = np.array([frame.brightness for frame in self.bank.frames])
        halvings = np.log2(max(float(np.median(sharpness)), 1e-3) / np.maximum(sharpness, 1e-3))
        off = np.abs(brightness - np.median(brightness))
        costs = self.settings.blur * np.maximum(halvings, 0.0) + self.settings.exposure * off
        return np.asarray(costs, np.float64)

    def render(
        self,
        base_rgb: UInt8,
        base_landmarks: Float32,
        target_landmarks: Float32,
        choice: Choice,
        *,
        weight: float = 1.0,
        region: Region = "lips",
    ) -> Patch:
        """Draw one frame.

        Args:
            base_rgb: Base frame, shape (H, W, 3); not changed.
            base_landmarks: Its landmarks in pixels, shape (478, 3).
            target_landmarks: Where they are to be, shape (478, 3).
            choice: Real pictures to use, from ``plan``.
            weight: 0 gives the base's pixels, 1 the rendered ones.
            region: ``lips`` replaces the mouth on the warped base; ``face`` the eyes too; ``head``
                likewise, for targets whose head stands elsewhere.

        Returns:
            The patch to paste into the base frame.
        """
        height, width = base_rgb.shape[:2]
        base = np.asarray(base_landmarks, np.float32)
        target = np.asarray(target_landmarks, np.float32)
        if weight <= 0.0:
            return Patch(np.zeros((0, 0, 3), np.uint8), 0, 0)
        mouth_rect = self._mouth_rect(target, width, height)
        rect = _union(moved_region(base, target, width, height), mouth_rect)
        if rect.width == 0:
            return Patch(np.zeros((0, 0, 3), np.uint8), 0, 0)
        # Coarse where the face is large: the map is smooth there at the scale of two pixels.
        step = 2 if eye_distance(target) >= self.settings.coarse_from else 1
        mesh = TargetMesh(target, rect, moved_rings(base, target), step)
        warped = sample(base_rgb, mesh.source_map(base, rings_of(base)))
        canvas = warped.astype(np.float32)
        if mouth_rect.width:
            inner = _within(mouth_rect, rect)
            canvas[inner] = self._mouth(base_rgb, base, target, choice, mouth_rect, warped[inner])
        if region != "lips":
            render_eyes(canvas, rect, self._frame(choice.eyes), base, target)
        under = base_rgb[rect.slices].astype(np.float32)
        canvas = np.clip(canvas, 0.0, 255.0)
        rendered = composite.to_picture(under + min(weight, 1.0) * (canvas - under))
        return Patch(composite.seal_border(rendered, base_rgb, rect), rect.x, rect.y)

    def _frame(self, index: int | None) -> BankFrame | None:
        return None if index is None else self.bank.frames[index]

    @staticmethod
    def _mouth_rect(target: Float32, width: int, height: int) -> Rect:
        """Region that a replaced mouth can touch."""
        outline = np.concatenate([composite.mouth_outline(target), target[list(LIPS), :2]])
        return bounding_rect(outline, 0.2 * mouth_width(target) + 4.0, width, height)

    def _mouth(
        self,
        base_rgb: UInt8,
        base: Float32,
        target: Float32,
        choice: Choice,
        rect: Rect,
        warped: UInt8,
    ) -> Float32:
        """Replace the mouth in a region of the warped base."""
        settings = self.settings
        under = warped.astype(np.float32)
        mask = composite.mouth_mask(target, rect)
        moved = float(np.linalg.norm(lip_descriptor(target) - lip_descriptor(base)))
        mask = mask * min(moved / settings.own, 1.0)
        if float(mask.max()) <= 0.0:
            return under
        mesh = TargetMesh(target, rect)
        references = [self.bank.frames[index] for index in choice.references]
        natives = [_warp_cutout(mesh, frame.mouth, frame.landmarks) for frame in references]
        wide = mouth_width(target)
        retrieved = natives[0].astype(np.float32) if natives else under
        if natives:
            retrieved = retrieved + composite.seam_offset(under, retrieved, mask, 0.35 * wide)
        if self._painter is None:
            return composite.blend(under, retrieved, mask)
        from facedit.render.paint import WarpedSource

        own = canonical_source(base_rgb, base)
        sources: list[WarpedSource] = [WarpedSource(own, warped)]
        for frame, native in zip(references, natives, strict=True):
            gain = skin_gain(frame.source, own) if settings.foreign else np.ones(3, np.float32)
            source = MouthSource(apply_gain(frame.source.crop, gain), frame.source.landmarks)
            sources.append(WarpedSource(source, apply_gain(native, gain)))
        painted = self._painter.paint(target, rect, sources)
        if not natives:
            return composite.blend(under, painted, mask)
        sigma = max(settings.detail * wide, 0.6)
        hybrid = retrieved + cv2.GaussianBlur(painted - retrieved, (0, 0), sigma)
        alone = np.clip(
            (choice.distance - settings.near) / (settings.far - settings.near), 0.0, 1.0
        )
        mixed = hybrid + np.float32(alone) * (painted - hybrid)
        return composite.blend(under, np.asarray(mixed, np.float32), mask)


def _warp_cutout(mesh: TargetMesh, cutout: Cutout, landmarks: Float32) -> UInt8:
    """Warp a bank frame's cutout to the mesh."""
    return sample(cutout.rgb, mesh.source_map(landmarks), cutout.origin)


def _union(a: Rect, b: Rect) -> Rect:
    """Smallest rectangle round two, of which either may be empty."""
    if a.width == 0 or b.width == 0:
        return b if a.width == 0 else a
    x, y = min(a.x, b.x), min(a.y, b.y)
    right = max(a.x + a.width, b.x + b.width)
    bottom = max(a.y + a.height, b.y + b.height)
    return Rect(x, y, right - x, bottom - y)


def _within(inner: Rect, outer: Rect) -> tuple[slice, slice]:
    """Rows and columns of a rectangle inside another."""
    x, y = inner.x - outer.x, inner.y - outer.y
    return slice(y, y + inner.height), slice(x, x + inner.width)
