"""The lips over time as a picture: source, target, what was rendered, and the loudness."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from facedit.report.drawing import label, line, number, rect, ticks
from facedit.report.run_report import LipCurve, SpanFacts
from facedit.types import Float32, Float64

_WIDTH, _HEIGHT = 1080.0, 220.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 48.0, 24.0, 10.0, 190.0


def lip_picture(span: SpanFacts, lips: LipCurve) -> str:
    """Draw the lip opening of a span and its surroundings.

    Args:
        span: The span; its stretch is shaded.
        lips: The curves.

    Returns:
        An SVG element.
    """
    times = np.asarray(lips.times_s, dtype=np.float64)
    if not len(times):
        return ""
    start_s, end_s = float(times[0]), max(float(times[-1]), float(times[0]) + 1e-3)
    curves = {"source": lips.source, "target": lips.target, "rendered": lips.rendered}
    shown = {name: curve for name, curve in curves.items() if curve is not None}
    known = np.concatenate([np.asarray(curve, dtype=np.float64) for curve in shown.values()])
    known = known[np.isfinite(known)]
    high = max(float(known.max()) * 1.1 if len(known) else 1.0, 1e-6)

    def x_of(time_s: float) -> float:
        return _LEFT + (time_s - start_s) / (end_s - start_s) * (_WIDTH - _LEFT - _RIGHT)

    def y_of(value: float) -> float:
        return _BOTTOM - min(max(value / high, 0.0), 1.0) * (_BOTTOM - _TOP)

    shade0 = x_of(min(max(span.output_start_s, start_s), end_s))
    shade1 = x_of(min(max(span.output_end_s, start_s), end_s))
    parts = [
        f'<svg viewBox="0 0 {number(_WIDTH)} {number(_HEIGHT)}" role="img" class="curve">',
        "<title>Lip opening and loudness over time</title>",
        rect(shade0, _TOP, shade1 - shade0, _BOTTOM - _TOP, 'class="shade"'),
        _energy(lips.energy, times, x_of),
    ]
    for value in ticks(0.0, high, most=5):
        y = y_of(value)
        parts.append(line(_LEFT, y, _WIDTH - _RIGHT, y, 'class="grid"'))
        parts.append(label(_LEFT - 8, y + 4, f"{value:g}", 'class="tick" text-anchor="end"'))
    for time_s in ticks(start_s, end_s):
        x = x_of(time_s)
        parts.append(line(x, _BOTTOM, x, _BOTTOM + 4, 'class="axis"'))
        parts.append(label(x, _BOTTOM + 20, f"{time_s:g} s", 'class="tick" text-anchor="middle"'))
    parts.append(line(_LEFT, _BOTTOM, _WIDTH - _RIGHT, _BOTTOM, 'class="axis"'))
    parts += [_path(curve, times, x_of, y_of, f"lips-{name}") for name, curve in shown.items()]
    return "".join([*parts, "</svg>"])


def _path(
    values: Float32,
    times: Float64,
    x_of: Callable[[float], float],
    y_of: Callable[[float], float],
    name: str,
) -> str:
    """Draw a curve, broken where it is not known."""
    steps = []
    pen_down = False
    for time_s, value in zip(times, values, strict=True):
        if not np.isfinite(value):
            pen_down = False
            continue
        command = "L" if pen_down else "M"
        steps.append(f"{command}{number(x_of(float(time_s)))} {number(y_of(float(value)))}")
        pen_down = True
    return f'<path d="{" ".join(steps)}" class="{name}"/>'


def _energy(values: Float32, times: Float64, x_of: Callable[[float], float]) -> str:
    """Draw the loudness as an area at the foot of the picture."""
    tall = (_BOTTOM - _TOP) * 0.45
    loud = np.clip(np.nan_to_num(np.asarray(values, dtype=np.float64)), 0, 1)
    points = [
        f"{number(x_of(float(time_s)))},{number(_BOTTOM - tall * float(value))}"
        for time_s, value in zip(times, loud, strict=True)
    ]
    foot0 = f"{number(x_of(float(times[0])))},{number(_BOTTOM)}"
    foot1 = f"{number(x_of(float(times[-1])))},{number(_BOTTOM)}"
    return f'<polygon points="{" ".join([foot0, *points, foot1])}" class="energy"/>'
