"""Which source picture lies under each frame of a filled span: head, body and background.

New words are rarely as long as the old ones. Where the lengths are alike the pictures are played a
little faster or slower; where much is inserted they run on, turn and come back; where much is taken
out, one run leaves the left joint, another arrives at the right one, and they are dissolved.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from facedit.types import Float64
from facedit.units import frame_at

SLOWEST, FASTEST = 0.5, 2.0
"""Ratios of source to output length between which the pictures are simply retimed."""

DISSOLVE_S = 0.32
"""Longest cross-dissolve of two runs in seconds (8 frames at 25 per second)."""


@dataclass(frozen=True, slots=True)
class BodyPath:
    """Source times of the frames of a filled span.

    Attributes:
        time_s: Source time of each output frame, shape (n,).
        second_s: Source time of a second picture, equal to the first where there is none, (n,).
        weight: Share of the second picture in [0, 1], never falling, shape (n,).
    """

    time_s: Float64
    second_s: Float64
    weight: Float64


def body_path(
    removed: tuple[float, float],
    duration_s: float,
    clip_start_s: float,
    clip_end_s: float,
    fps: float,
    cuts: Sequence[float] = (),
) -> BodyPath:
    """Find the source time of every frame of a filled span, ``round(duration_s * fps)`` of them.

    Output frame k stands ``k / fps`` after the span's beginning; the path is at the beginning of
    the removed part at 0 and at its end at ``duration_s``, with the clip's own speed at both ends
    wherever there is room. ``removed`` is the source part that the span replaces, its ends equal
    for an insertion (ValueError if it is reversed or not inside the clip); ``clip_start_s`` and
    ``clip_end_s`` bound what is usable of the source; excursions do not cross its ``cuts``. All
    times are in seconds.
    """
    a, b = removed
    if not clip_start_s <= a <= b <= clip_end_s:
        raise ValueError(
            f"The removed part {a:.3f}-{b:.3f} s is not inside "
            f"{clip_start_s:.3f}-{clip_end_s:.3f} s."
        )
    frames = max(frame_at(duration_s, fps), 0)
    elapsed = np.arange(frames) / fps
    if frames == 0:
        return BodyPath(elapsed, elapsed.copy(), elapsed.copy())
    if any(a < cut < b for cut in cuts) or b - a > FASTEST * duration_s:
        return _two_runs(a, b, duration_s, elapsed, fps, cuts)
    ratio = (b - a) / duration_s
    if ratio >= SLOWEST:
        times = _retimed(a, b, duration_s, elapsed)
    else:
        low = max([clip_start_s, *(cut for cut in cuts if cut <= a)])
        high = min([clip_end_s, *(cut - 1.0 / fps for cut in cuts if cut > b)])
        times = _excursion(a, b, duration_s, elapsed, low, max(high, b))
    times = np.clip(times, clip_start_s, clip_end_s)
    return BodyPath(times, times.copy(), np.zeros(frames))


def _retimed(a: float, b: float, duration: float, elapsed: Float64) -> Float64:
    """Cubic from a to b with speed 1 at both ends (Hermite); monotone for ratios of 1/3 and up."""
    u = elapsed / duration
    rise = u**2 * (3.0 - 2.0 * u)
    ends = duration * (u * (1.0 - u) ** 2 - u**2 * (1.0 - u))
    return np.asarray(a + (b - a) * rise + ends, np.float64)


def _excursion(
    a: float, b: float, duration: float, elapsed: Float64, low: float, high: float
) -> Float64:
    """Run on, turn, come back past the end and arrive with speed 1; never faster than 1.

    The speed is ``r + (1 - r) cos(2 pi m u)``, so the ends join without a jump of speed and the
    swing is ``(1 - r) duration / (2 pi m)``; m is the fewest turns for which it stays inside.
    """
    u = elapsed / duration
    ratio = (b - a) / duration
    line = a + (b - a) * u
    fine = np.linspace(0.0, 1.0, 257)
    most = max(int(duration / 0.5), 1)
    for turns in range(1, most + 1):
        swing = (1.0 - ratio) * duration / (2.0 * np.pi * turns)
        path = a + (b - a) * fine + swing * np.sin(2.0 * np.pi * turns * fine)
        if path.min() >= low and path.max() <= high:
            return np.asarray(line + swing * np.sin(2.0 * np.pi * turns * u), np.float64)
    # No room on one side (the first or last words of a clip): swing to the other side only.
    ahead, behind = max(high - b, 0.0), max(a - low, 0.0)
    sign, room = (1.0, ahead) if ahead >= behind else (-1.0, behind)
    swing = min(room, (1.0 - ratio) * duration / np.pi)
    return np.asarray(line + sign * swing * (1.0 - np.cos(2.0 * np.pi * u)) / 2.0, np.float64)


def _two_runs(
    a: float, b: float, duration: float, elapsed: Float64, fps: float, cuts: Sequence[float]
) -> BodyPath:
    """One run on from a, one up to b, at the clip's own speed, dissolved in the middle."""
    inside = [cut for cut in cuts if a < cut < b]
    first, second = a + elapsed, b - (duration - elapsed)
    first = np.minimum(first, max(min(inside) - 1.0 / fps, a) if inside else b)
    second = np.maximum(second, max(inside) if inside else a)
    if inside:
        weight = (elapsed >= duration / 2).astype(np.float64)
    else:
        length = min(duration, DISSOLVE_S)
        middle = elapsed + 0.5 / fps - duration / 2
        ramp = np.clip(middle / length + 0.5, 0.0, 1.0)
        weight = ramp**2 * (3.0 - 2.0 * ramp)
    return BodyPath(first, second, weight)
