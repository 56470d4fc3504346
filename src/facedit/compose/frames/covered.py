"""Where in the output something hides the mouth that is to speak: told, or refused."""

from __future__ import annotations

import numpy as np

from facedit.compose.frames.base import Base
from facedit.compose.frames.pictures import nearest
from facedit.compose.frames.spans import window_of
from facedit.errors import CoveredMouth
from facedit.render.covers import MOSTLY
from facedit.units import frame_time

Stretch = tuple[float, float]
"""Start and end in seconds of the output."""


def covered_stretches(base: Base) -> tuple[tuple[Stretch, bool], ...]:
    """Find the edited moments in which the mouth underneath is covered.

    Args:
        base: The pictures underneath.

    Returns:
        Each stretch, and whether the mouth is mostly covered somewhere in it.
    """
    rate, found = base.plan.frame_rate, []
    for span in base.plan.picture_spans():
        window = window_of(base.windows, base.plan, span)
        if window.covers is None or not window.covers.covered.any():
            continue
        first = int(np.ceil(span.output_start_s * float(rate) - 1e-6))
        last = int(np.ceil(span.output_end_s * float(rate) - 1e-6))
        output_s = np.array([frame_time(frame, rate) for frame in range(first, last)])
        times, known = base.paths.at(output_s), window.track.times_s
        shares = window.covers.shares_at(
            nearest(known, times.first_s), nearest(known, times.second_s), times.weight
        )
        edges = np.flatnonzero(np.diff(np.concatenate([[0], shares > 0, [0]])))
        for start, end in edges.reshape(-1, 2).tolist():
            stretch = (frame_time(first + start, rate), frame_time(first + end, rate))
            found.append((stretch, bool(shares[start:end].max() >= MOSTLY)))
    return tuple(found)


def refuse_covered_mouths(
    base: Base, on_covered: str
) -> tuple[tuple[Stretch, ...], tuple[str, ...]]:
    """Look for edited moments in which something hides the mouth.

    Args:
        base: The pictures underneath.
        on_covered: ``keep`` or ``fail``.

    Returns:
        The stretches, and a warning if there are any.

    Raises:
        CoveredMouth: If there are and ``on_covered`` is ``fail``.
    """
    found = covered_stretches(base)
    if not found:
        return (), ()
    place = ", ".join(f"{start:.2f}-{end:.2f} s" for (start, end), _ in found)
    if on_covered == "fail":
        raise CoveredMouth(
            f"the mouth is covered at {place} of the output: choose other words, or leave those "
            "pixels as shot with --on-covered keep."
        )
    mostly = " (where it is mostly hidden, the whole mouth was)" if any(m for _, m in found) else ""
    warning = f"mouth covered at {place} of the output: those pixels were left as shot{mostly}."
    return tuple(stretch for stretch, _ in found), (warning,)
