"""What the report says of a take: seed, manner, place, how far from the best, lips that close."""

from __future__ import annotations

from collections.abc import Sequence

from facedit.compose.frames.canvas import Canvas
from facedit.compose.takes.lip_closures import Closures
from facedit.model.manner import distance, manner_of
from facedit.report.run_report import Figure
from facedit.types import Float32


def take_figures(
    seeds: Sequence[int],
    canvases: Sequence[Canvas],
    infilled: Sequence[Float32],
    number: int,
    closures: Sequence[Closures],
) -> dict[str, Figure]:
    """Return the figures of a take by name.

    ``seeds``: of its spans, each once;
    ``infilled``: motion of all takes on each canvas, the best first, shape (takes, T, D);
    ``number``: the take, from 0; ``closures``: its lips on m, b and p, per canvas.
    """
    manners = dict.fromkeys(manner_of(seed).name for seed in seeds)
    seed: Figure = seeds[0] if len(seeds) == 1 else ", ".join(map(str, seeds))
    figures: dict[str, Figure] = {"seed": seed, "manner": ", ".join(manners)}
    takes = len(infilled[0]) if infilled else 1
    if takes > 1:
        figures["place by lips closed, seams and sync"] = f"{number + 1} of {takes}"
    if number:
        first, other = ([motion[take] for motion in infilled] for take in (0, number))
        apart = distance(first, other, [canvas.mask for canvas in canvases])
        figures["distance to the best take, in its own variation"] = round(apart, 2)
    if (total := sum(closures, Closures())).spoken:
        figures["m, b, p spoken"] = total.spoken
        figures["with lips closed as drawn"] = total.drawn
        figures["with lips closed as shown"] = total.shown
    return figures
