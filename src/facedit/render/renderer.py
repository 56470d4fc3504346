"""The default renderer: real pixels first, warped by the mesh, corrected by the mouth network."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from facedit.face.distances import eye_distance, lip_gap
from facedit.render import composite
from facedit.render.bank import EYE_POINTS, BankFrame, ReferenceBank
from facedit.render.eyes import draw_lids, render_eyes
from facedit.render.geometry import EYE_DISTANCE, INNER_PART, eye_descriptor, lip_descriptor
from facedit.render.mouth_path import (
    PathCosts,
    best_path,
    distances,
    spread_references,
    transition_costs,
)
from facedit.render.renderer_interface import Choice, FrameTask, MouthPath, Patch
from facedit.render.replace_mouth import MouthTask, mouth_region, replace_mouth
from facedit.render.settings import RenderSettings
from facedit.render.warp import (
    Rect,
    TargetMesh,
    bounding_rect,
    mesh_step,
    moved_region,
    moved_rings,
    rings_of,
)
from facedit.types import Float32, Float64

if TYPE_CHECKING:
    from facedit.render.network import MouthNetwork
    from facedit.render.paint import MouthPainter

GAP_SLACK = 0.5
"""Difference of lip opening in canonical pixels that costs nothing: the tracker's own noise."""

Forbidden = Callable[[Float64], NDArray[np.bool_]]
"""Given the bank's times, says which of them must not be used."""


class FaceRenderer:
    """Puts target landmarks into frames of a clip (implements ``ClipRenderer``).

    Args:
        bank: Frames to copy from; may be empty, then only base and network are used.
        network: Mouth network; None for real pixels only.
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
        settings: RenderSettings | None = None,
    ) -> None:
        self.bank = bank
        self.settings = settings or RenderSettings()
        self._known: _Shapes | None = None
        self._painter: MouthPainter | None = None
        if network is not None:
            from facedit.render.paint import MouthPainter

            self._painter = MouthPainter(network)

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
        bank, settings = self._shapes(), self.settings
        times = bank.times_s
        banned = np.zeros(len(times), bool) if forbidden is None else forbidden(times)
        if banned.all():
            return MouthPath((Choice(),) * len(target_landmarks))
        lips = np.stack([lip_descriptor(one) for one in target_landmarks])
        lip_distance = distances(lips, bank.lips)
        weights = np.ones(lips.shape[1], np.float32)
        weights[INNER_PART] = settings.inner
        unlike = distances(weights * lips, weights * bank.lips)
        cost = unlike + bank.quality + self._gap_costs(target_landmarks, bank.gaps)
        mouths = _search(cost, bank.lip_steps, settings.path, banned)
        gazes = np.stack([eye_descriptor(one) for one in target_landmarks])
        unlike = distances(gazes, bank.gazes)
        eyes = _search(unlike, bank.gaze_steps, settings.eyes, banned)
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
                )
                for frame, (mouth, eye) in enumerate(zip(mouths, eyes, strict=True))
            )
        )

    def _shapes(self) -> _Shapes:
        """Return what the search looks at in the bank, worked out anew where that has grown."""
        frames, known = self.bank.frames, self._known
        same = known is not None and len(known.frames) == len(frames)
        if known is None or not same or any(map(operator.is_not, known.frames, frames)):
            known = self._known = _shapes_of(self.bank, self.settings)
        return known

    def _gap_costs(self, targets: Float32, there: Float64) -> Float64:
        """What it costs to show mouths open further or less than the targets', shape (F, n)."""
        wanted = EYE_DISTANCE * lip_gap(targets)
        more = there[None] - wanted[:, None]
        over = self.settings.gap_over * np.maximum(more - GAP_SLACK, 0.0)
        under = self.settings.gap_under * np.maximum(-more - GAP_SLACK, 0.0)
        return np.asarray(over + under, np.float64)

    def render(self, task: FrameTask) -> Patch:
        """Draw one frame."""
        unchanged = base_rgb = task.base_rgb
        height, width = base_rgb.shape[:2]
        own = base = np.asarray(task.base, np.float32)
        target, choice = np.asarray(task.target, np.float32), task.choice
        if task.weight <= 0.0:
            return Patch(np.zeros((0, 0, 3), np.uint8), 0, 0)
        if task.region != "lips":
            base_rgb, base = draw_lids(base_rgb, base, target, self._frame(choice.eyes))
        mouth_rect = mouth_region(target, width, height)
        rect = _union(moved_region(base, target, width, height), mouth_rect)
        if base_rgb is not unchanged:
            eyes = own[list(EYE_POINTS), :2]
            rect = _union(
                rect, bounding_rect(eyes, 0.2 * float(eye_distance(target)), width, height)
            )
        if rect.width == 0:
            return Patch(np.zeros((0, 0, 3), np.uint8), 0, 0)
        mesh = TargetMesh(target, rect, moved_rings(base, target), mesh_step(target))
        canvas = mesh.warped(base_rgb, base, rings_of(base))
        if mouth_rect.width:
            inner = _within(mouth_rect, rect)
            references = [self.bank.frames[index] for index in choice.references]
            mouth = replace_mouth(
                MouthTask(base_rgb, base, target, mouth_rect, canvas[inner]),
                references,
                choice.distance,
                self._painter,
                self.settings,
            )
            canvas[inner] = composite.to_picture(mouth)
        if task.region != "lips":
            render_eyes(canvas, rect, self._frame(choice.eyes), base, target)
        if task.weight < 1.0:
            canvas = composite.cross_fade(unchanged[rect.slices], canvas, task.weight)
        return Patch(composite.seal_border(canvas, unchanged, rect), rect.x, rect.y)

    def _frame(self, index: int | None) -> BankFrame | None:
        return None if index is None else self.bank.frames[index]


@dataclass(frozen=True, slots=True)
class _Shapes:
    """What the search looks at in a bank of n frames.

    Attributes:
        frames: The frames.
        times_s: Their times, shape (n,).
        lips: Lip descriptors, shape (n, 85).
        gazes: Eye descriptors, shape (n, 8).
        gaps: Openings of the lips in canonical pixels, shape (n,).
        quality: What blur and unusual exposure of each cost, shape (n,).
        lip_steps: What it costs to go from each mouth to each other, shape (n, n).
        gaze_steps: The same of eyes.
    """

    frames: tuple[BankFrame, ...]
    times_s: Float64
    lips: Float32
    gazes: Float32
    gaps: Float64
    quality: Float64
    lip_steps: Float64
    gaze_steps: Float64


def _shapes_of(bank: ReferenceBank, settings: RenderSettings) -> _Shapes:
    times, lips, gazes = bank.times_s, bank.lips, bank.gazes
    sharpness = np.array([frame.sharpness for frame in bank.frames])
    brightness = np.array([frame.brightness for frame in bank.frames])
    halvings = np.log2(max(float(np.median(sharpness)), 1e-3) / np.maximum(sharpness, 1e-3))
    off = np.abs(brightness - np.median(brightness))
    quality = settings.blur * np.maximum(halvings, 0.0) + settings.exposure * off
    gaps = EYE_DISTANCE * np.array([lip_gap(frame.landmarks) for frame in bank.frames])
    return _Shapes(
        tuple(bank.frames),
        times,
        lips,
        gazes,
        gaps,
        np.asarray(quality, np.float64),
        transition_costs(lips, times, settings.path.transition),
        transition_costs(gazes, times, settings.eyes.transition),
    )


def _search(
    unary: Float64, transition: Float64, costs: PathCosts, banned: NDArray[np.bool_]
) -> NDArray[np.intp]:
    return best_path(np.where(banned, np.inf, unary), transition, costs)


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
