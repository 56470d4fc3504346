"""Sync figures against how far the sound was moved: a curve per corpus, with intervals."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from facedit.bench.selfcheck.disturb import DISTURBANCES
from facedit.bench.selfcheck.figures import TRUTH, Figures
from facedit.evaluation.measure import Measure
from facedit.report.drawing import label, line, number, rect

_WIDTH, _HEIGHT = 520.0, 250.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 56.0, 14.0, 26.0, 206.0
ALL = "all corpora"
COLOURS = ("#2f6fdb", "#16876a", "#c0492f", "#7a4fc4", "#b07a00", "#00838f", "#a3377d", "#5b6876")
"""Colours of the corpora, in order; the last for all that follow."""

Curve = Sequence[tuple[int, float, float, float]]
"""Shift of the sound, figure, low and high end of its interval."""


def shift_curves(
    figures: Figures, measure: str, corpora: Sequence[str], *, seed: int = 0
) -> dict[str, Curve]:
    """Compute a sync figure against the shift of the sound.

    Args:
        figures: The figures of all items.
        measure: The measure.
        corpora: Corpus of each item.
        seed: Seed of the bootstrap.

    Returns:
        A curve for all items and one for each corpus.
    """
    ladder = sorted(
        (one.shift, one.name)
        for one in DISTURBANCES
        if (one.shift or one.name == TRUTH) and one.name in figures.readings
    )
    curves: dict[str, Curve] = {}
    for name in (ALL, *sorted(set(corpora))):
        picked = [i for i, corpus in enumerate(corpora) if name in (ALL, corpus)]
        readings = {key: [rows[i] for i in picked] for key, rows in figures.readings.items()}
        part = Figures(readings, {measure: figures.measures[measure]}, seed=seed)
        curves[name] = [(shift, *part.interval(key, measure)) for shift, key in ladder]
    return curves


def curve_picture(measure: Measure, curves: Mapping[str, Curve]) -> str:
    """Draw a figure against the shift of the sound.

    Args:
        measure: The measure.
        curves: What ``shift_curves`` returned.

    Returns:
        An SVG element; empty if nothing was measured.
    """
    drawn = {
        name: curve for name, curve in curves.items() if np.isfinite([p[1] for p in curve]).any()
    }
    if not drawn:
        return ""
    values = np.array([point[1:] for curve in drawn.values() for point in curve])
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    high = high if high > low else low + 1.0
    shifts = [point[0] for point in next(iter(drawn.values()))]
    first, last = min(shifts), max(shifts)

    def x_of(shift: float) -> float:
        return _LEFT + (shift - first) / max(last - first, 1) * (_WIDTH - _LEFT - _RIGHT)

    def y_of(value: float) -> float:
        return _BOTTOM - (value - low) / (high - low) * (_BOTTOM - _TOP)

    unit = f" ({measure.unit})" if measure.unit else ""
    parts = [
        f'<svg viewBox="0 0 {number(_WIDTH)} {number(_HEIGHT)}" role="img">',
        f"<title>{measure.name} against the shift of the sound</title>",
        label(_LEFT - 40, 14, f"{measure.title}{unit}", 'class="lane"'),
    ]
    for value in np.linspace(low, high, 4):
        y = y_of(float(value))
        parts.append(line(_LEFT, y, _WIDTH - _RIGHT, y, 'class="grid"'))
        parts.append(label(_LEFT - 6, y + 4, f"{value:.3g}", 'class="tick" text-anchor="end"'))
    for shift in shifts:
        parts.append(line(x_of(shift), _BOTTOM, x_of(shift), _BOTTOM + 4, 'class="axis"'))
        parts.append(
            label(x_of(shift), _BOTTOM + 18, f"{shift:+d}" if shift else "0",
                  'class="tick" text-anchor="middle"')
        )  # fmt: skip
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    said = "sound late by … frames of 40 ms"
    parts.append(label(middle, _BOTTOM + 36, said, 'class="tick" text-anchor="middle"'))
    parts.append(rect(x_of(0) - 0.5, _TOP, 1, _BOTTOM - _TOP, 'fill="#9aa7b4"'))
    for index, name in enumerate(sorted(set(drawn) - {ALL})):
        hue = COLOURS[min(index, len(COLOURS) - 1)]
        # Side by side, so that the intervals of the corpora can be told apart.
        aside = 2.2 * (index - (len(drawn) - 2) / 2)
        for shift, _, bottom, top in drawn[name]:
            if np.isfinite([bottom, top]).all():
                x = x_of(shift) + aside
                bar = f'stroke="{hue}" stroke-width="1.2" opacity=".45"'
                parts.append(line(x, y_of(bottom), x, y_of(top), bar))
        parts.append(_path(drawn[name], x_of, y_of, f'stroke="{hue}" stroke-width="1.4"'))
    if ALL in drawn:
        known = [point for point in drawn[ALL] if np.isfinite(point).all()]
        band = [(x_of(s), y_of(hi)) for s, _, _, hi in known]
        band += [(x_of(s), y_of(lo)) for s, _, lo, _ in reversed(known)]
        corners = " ".join(f"{number(x)},{number(y)}" for x, y in band)
        parts.append(f'<polygon points="{corners}" fill="#1c2733" opacity=".12"/>')
        parts.append(_path(drawn[ALL], x_of, y_of, 'stroke="#1c2733" stroke-width="2.6"'))
    return "".join([*parts, "</svg>"])


def _path(
    curve: Curve, x_of: Callable[[float], float], y_of: Callable[[float], float], look: str
) -> str:
    """Draw a curve through what is known of it."""
    points = " ".join(
        f"{number(x_of(shift))},{number(y_of(value))}"
        for shift, value, _, _ in curve
        if np.isfinite(value)
    )
    return f'<polyline points="{points}" fill="none" {look}/>'
