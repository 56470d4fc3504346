"""Drawn faces as pictures: the lower face of some frames, truth above, drawn below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from facedit.face.regions import FACE_OVAL, INNER_LIPS, OUTER_LIPS
from facedit.report.drawing import label, number, rect
from facedit.types import Float32, Float64
from facedit.units import MOTION_FPS

FRAMES = 10
"""Most frames of a strip."""

AROUND = 2
"""Kept frames to each side of the hidden span that a strip begins and ends with."""

COLOURS = (("#efd5c3", "face"), ("#c2625e", "lips"), ("#4a1a1e", "mouth"))
"""What is drawn in which colour."""

_NOSE = (129, 98, 97, 2, 326, 327, 358)
_BRIDGE = 195
_WIDTH, _LEFT, _ROW, _AIR = 1080.0, 48.0, 100.0, 4.0


@dataclass(frozen=True, slots=True)
class FaceStrip:
    """Faces of some frames of a clip, without head pose.

    Attributes:
        frames: Their numbers, shape (K,).
        hidden: Whether the model had to draw the frame, shape (K,).
        truth: Landmarks in units of the outer-eye distance, shape (K, 478, 3).
        drawn: The same as drawn by the model.
    """

    frames: tuple[int, ...]
    hidden: tuple[bool, ...]
    truth: Float32
    drawn: Float32


def strip_frames(span: tuple[int, int], length: int, most: int = FRAMES) -> tuple[int, ...]:
    """Choose frames of a hidden span and of what surrounds it.

    Args:
        span: First and last-plus-one hidden frame.
        length: Frames of the clip.
        most: Most frames to choose.

    Returns:
        Frames from just before to just after the span, evenly spread, ascending.
    """
    first, last = max(span[0] - AROUND, 0), min(span[1] + AROUND, length) - 1
    count = min(most, last - first + 1)
    return tuple(int(frame) for frame in np.linspace(first, last, count).round())


def strip_svg(strip: FaceStrip) -> str:
    """Draw a strip.

    Args:
        strip: The faces; both rows are drawn to one scale, the true lips as a line over the drawn
            ones.

    Returns:
        An SVG element.
    """
    wide = (_WIDTH - _LEFT) / max(len(strip.frames), FRAMES)
    fit = _Fit.around(np.concatenate([strip.truth, strip.drawn]), wide - 2 * _AIR, _ROW - 2 * _AIR)
    height = 2 * _ROW + 22
    parts = [
        f'<svg viewBox="0 0 {number(_WIDTH)} {number(height)}" role="img" class="faces">',
        "<title>Lower faces: truth above, drawn below</title>",
    ]
    for row, name in enumerate(("truth", "drawn")):
        parts.append(label(0, (row + 0.5) * _ROW + 4, name, 'class="tick"'))
    for place, (frame, hidden) in enumerate(zip(strip.frames, strip.hidden, strict=True)):
        x = _LEFT + place * wide
        if hidden:
            parts.append(rect(x, 0, wide, 2 * _ROW, 'class="shade"'))
        truth, drawn = (
            fit.placed(faces[place], x + _AIR, row * _ROW + _AIR)
            for row, faces in enumerate((strip.truth, strip.drawn))
        )
        own = truth + np.array([0, _ROW])
        dim = "" if hidden else ' opacity=".45"'
        parts.append(f"<g{dim}>{_face(truth, fit)}{_face(drawn, fit)}{_lines(own)}</g>")
        at = 'class="tick" text-anchor="middle"'
        text = f"{frame / MOTION_FPS:.2f} s"
        parts.append(label(x + wide / 2, 2 * _ROW + 16, text, at))
    return "".join([*parts, "</svg>"])


@dataclass(frozen=True, slots=True)
class _Fit:
    """What part of a face is shown in a tile, and how large.

    Attributes:
        low: Left and upper edge in outer-eye distances, shape (2,).
        high: Right and lower edge, shape (2,).
        scale: Picture units per outer-eye distance.
    """

    low: Float64
    high: Float64
    scale: float

    @classmethod
    def around(cls, faces: Float32, width: float, height: float) -> _Fit:
        """Fit nose to chin of all faces into a tile; forehead and ears are cut off."""
        outline = faces[:, list(FACE_OVAL), :2].astype(np.float64).reshape(-1, 2)
        top, chin = float(faces[:, _BRIDGE, 1].mean()), float(outline[:, 1].max())
        scale = height / max(chin - top, 1e-6)
        middle = float(faces[:, list(OUTER_LIPS), 0].mean())
        half = width / (2 * scale)
        return cls(np.array([middle - half, top]), np.array([middle + half, chin]), scale)

    def placed(self, face: Float32, x: float, y: float) -> Float64:
        """Return a face's landmarks in the picture, its tile at (x, y); shape (478, 2)."""
        points = face[:, :2].astype(np.float64)
        oval = list(FACE_OVAL)
        points[oval] = points[oval].clip(self.low, self.high)
        placed: Float64 = (points - self.low) * self.scale + np.array([x, y])
        return placed


def _face(points: Float64, fit: _Fit) -> str:
    """Draw outline, nose, lips and the opening between them."""
    (skin, _), (lips, _), (mouth, _) = COLOURS
    pen = f'stroke="#8a6f62" stroke-width="{number(0.008 * fit.scale)}" fill="none"'
    return (
        _polygon(points, FACE_OVAL, f'fill="{skin}"')
        + f'<polyline points="{_points(points, _NOSE)}" {pen}/>'
        + _polygon(points, OUTER_LIPS, f'fill="{lips}"')
        + _polygon(points, INNER_LIPS, f'fill="{mouth}"')
    )


def _lines(points: Float64) -> str:
    """Draw the true lip lines over the drawn ones."""
    pen = 'fill="none" stroke="#1c2733" stroke-width=".8"'
    return _polygon(points, OUTER_LIPS, pen) + _polygon(points, INNER_LIPS, pen)


def _polygon(points: Float64, chosen: Sequence[int], attributes: str) -> str:
    return f'<polygon points="{_points(points, chosen)}" {attributes}/>'


def _points(points: Float64, chosen: Sequence[int]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points[list(chosen)])
