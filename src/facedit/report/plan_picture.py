"""The plan as a picture: the source above, the output below, and what goes where."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from markupsafe import Markup

from facedit.editing.plan import EditPlan, Fill, Keep
from facedit.report.svg import Axes, Svg, points, time_ticks
from facedit.types import Transcript, Word

_WIDTH = 1080.0
_LEFT, _RIGHT = 64.0, 24.0
_SOURCE_Y, _OUTPUT_Y, _LANE = 62.0, 146.0, 24.0
_HEIGHT = 226.0
_WHOLE_S = 12.0
_AROUND_S = 1.5
_LETTER = 6.6
"""Width of a letter of the word labels, about."""

_HATCHING = Markup(
    '<pattern id="gone" width="6" height="6" patternUnits="userSpaceOnUse" '
    'patternTransform="rotate(45)"><rect width="6" height="6" class="gone-ground"/>'
    '<line x1="0" y1="0" x2="0" y2="6" class="gone-line"/></pattern>'
)
"""What was removed."""


def plan_pictures(
    plan: EditPlan, transcript: Transcript | None, output_words: Sequence[Word]
) -> list[Markup]:
    """Draw the plan: of a short clip whole; of a long one, a picture for every group of edits."""
    return [
        _panel(plan, transcript.words if transcript else (), output_words, window)
        for window in _windows(plan)
    ]


def _windows(plan: EditPlan) -> list[tuple[float, float]]:
    """Return the stretches of output time to draw."""
    if plan.output_duration_s <= _WHOLE_S or not plan.fills:
        return [(0.0, plan.output_duration_s)]
    windows: list[tuple[float, float]] = []
    for span in plan.picture_spans():
        start_s = max(span.output_start_s - _AROUND_S, 0.0)
        end_s = min(span.output_end_s + _AROUND_S, plan.output_duration_s)
        if windows and start_s <= windows[-1][1] and end_s - windows[-1][0] <= _WHOLE_S:
            windows[-1] = (windows[-1][0], end_s)
        else:
            windows.append((start_s, end_s))
    return windows


def _panel(
    plan: EditPlan, words: Sequence[Word], output_words: Sequence[Word], window: tuple[float, float]
) -> Markup:
    """Draw one stretch."""
    out0, out1 = window
    in0, in1 = _source_moment(plan, out0), _source_moment(plan, out1)
    long_s = max(out1 - out0, in1 - in0, 1e-6)
    lane = (_LEFT, _WIDTH - _RIGHT, 0.0, _HEIGHT - 23)
    source, output = Axes(lane, (in0, in0 + long_s)), Axes(lane, (out0, out0 + long_s))

    def x_in(time_s: float) -> float:
        return source.x(min(max(time_s, in0), in1))

    def x_out(time_s: float) -> float:
        return output.x(min(max(time_s, out0), out1))

    svg = Svg(_WIDTH, _HEIGHT, "What is kept, removed and made anew", "plan")
    svg.add("defs", _HATCHING)
    svg.text(_LEFT - 10, _SOURCE_Y + 16, "source", "lane", "end")
    svg.text(_LEFT - 10, _OUTPUT_Y + 16, "output", "lane", "end")
    for one in plan.segments:
        if one.output_end_s >= out0 and one.output_start_s <= out1:
            above = (x_in(one.source_start_s), x_in(one.source_end_s))
            below = (x_out(one.output_start_s), x_out(one.output_end_s))
            _draw_segment(svg, one, above, below)
    for span in plan.picture_spans():
        start_s, end_s = span.output_start_s, span.output_end_s
        if end_s > out0 and start_s < out1:
            x = x_out(start_s)
            svg.rect(x, _OUTPUT_Y + _LANE + 2, x_out(end_s) - x, 4, "span")
    _word_labels(svg, words, (in0, in1), x_in, _SOURCE_Y - 6, -14)
    _word_labels(svg, output_words, window, x_out, _OUTPUT_Y + _LANE + 20, 14)
    output.mark(svg, time_ticks(out0, out1))
    svg.line(_LEFT, _HEIGHT - 23, x_out(out1), _HEIGHT - 23, "axis")
    return svg.markup()


def _draw_segment(
    svg: Svg, segment: Keep | Fill, source: tuple[float, float], output: tuple[float, float]
) -> None:
    """Draw where a segment lies in the source and in the output, and what joins the two."""
    (a0, a1), (b0, b1) = source, output
    top, bottom = _SOURCE_Y + _LANE, _OUTPUT_Y
    corners = points([(a0, top), (a1, top), (b1, bottom), (b0, bottom)])
    if isinstance(segment, Keep):
        svg.add("polygon", points=corners, class_="kept-link")
        svg.rect(a0, _SOURCE_Y, a1 - a0, _LANE, "kept")
        svg.rect(b0, _OUTPUT_Y, b1 - b0, _LANE, "kept")
        return
    svg.add("polygon", points=corners, class_=f"fill-link {segment.kind}")
    svg.rect(a0, _SOURCE_Y, a1 - a0, _LANE, "gone")
    # An insertion removes nothing: a mark shows where it goes in.
    if a1 - a0 < 2:
        svg.line(a0, _SOURCE_Y - 4, a0, top + 4, "mark")
    svg.rect(b0, _OUTPUT_Y, max(b1 - b0, 2), _LANE, f"fill {segment.kind}")


def _source_moment(plan: EditPlan, output_s: float) -> float:
    """Return the source time at an output time; inside a fill, in proportion."""
    segment = plan.segment_at(output_s)
    length_s = segment.output_end_s - segment.output_start_s
    part = (output_s - segment.output_start_s) / length_s if length_s > 0 else 0.0
    removed_s = segment.source_end_s - segment.source_start_s
    return segment.source_start_s + min(max(part, 0.0), 1.0) * removed_s


def _word_labels(
    svg: Svg,
    words: Sequence[Word],
    window: tuple[float, float],
    x_of: Callable[[float], float],
    y: float,
    row_step: float,
) -> None:
    """Write words at their times, in up to three rows so that they don't overlap."""
    ends = [float("-inf")] * 3
    for word in words:
        middle_s = (word.start_s + word.end_s) / 2
        if not window[0] <= middle_s <= window[1]:
            continue
        text = word.text if len(word.text) <= 24 else word.text[:23] + "…"
        x, half = x_of(middle_s), len(text) * _LETTER / 2
        row = next((row for row, end in enumerate(ends) if x - half > end), None)
        if row is not None:
            ends[row] = x + half + 3
            svg.text(x, y + row * row_step, text, "word", "middle")
