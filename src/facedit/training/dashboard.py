"""``dashboard.html``: how a training goes, for a person to see it go well or wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from facedit.media.output import whole_or_nothing
from facedit.report.document import document
from facedit.report.drawing import escape
from facedit.report.strips import legend
from facedit.training.face_strip import COLOURS as FACE_COLOURS
from facedit.training.history import Series, read_history
from facedit.training.motion.samples import COLOURS, Sample, sample_html
from facedit.training.step_chart import step_chart

PAGE = "dashboard.html"

CHARTS_STYLE = """
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(440px, 1fr));
  gap: 18px 26px; margin-top: 10px; }
.charts figure { margin: 0; } .charts figcaption { font-weight: 600; font-size: 14px; }
"""
"""CSS of charts side by side."""

_BY_CORPUS = (
    ("opening_r", "Lip opening: correlation", "higher is better", None),
    (
        "opening_rel",
        "Lip opening: error over the truth's standard deviation",
        "lower is better",
        None,
    ),
    ("width_r", "Lip width: correlation", "higher is better", None),
    ("width_rel", "Lip width: error over the truth's standard deviation", "lower is better", None),
    ("speed", "Speed of the lips inside the span", "1 is real (dashed)", 1.0),
    ("jump", "Jump of the lips at the seams", "1 is real (dashed)", 1.0),
)
"""Ending of a figure's name, title, note and level."""

_LOSS = "loss_"
_RISEN = 1.02
"""A held-out loss this much above its least is worth a word."""
_BEGINNING = 0.1
"""Share of a run in which its loss falls so fast that nothing could be seen beside it."""


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What the page says about a run beside its logs.

    Attributes:
        name: Name of the run.
        step: Steps done.
        steps: Steps asked for.
        clips: Clips learnt from.
        held: Clips held out.
        weights: Numbers in the network.
        processes: Processes that train.
        clip: Largest norm of the gradient; longer ones are cut to it.
    """

    name: str
    step: int
    steps: int
    clips: int
    held: int
    weights: int
    processes: int
    clip: float


def write_dashboard(folder: Path, facts: RunFacts, samples: Sequence[Sample]) -> Path:
    """Write the page of a run anew, whole or not at all.

    Args:
        folder: Folder of the run, with the tables that ``RunLog`` wrote.
        facts: About the run.
        samples: From the newest validation.

    Returns:
        The page.
    """
    page = folder / PAGE
    html = dashboard_html(
        facts, read_history(folder, "train"), read_history(folder, "validation"), samples
    )
    with whole_or_nothing(page, force=True) as part:
        part.write_text(html, encoding="utf-8")
    return page


def dashboard_html(
    facts: RunFacts,
    train: Mapping[str, Series],
    validation: Mapping[str, Series],
    samples: Sequence[Sample],
) -> str:
    """Write the page.

    Args:
        facts: About the run.
        train: Figures of the steps by name.
        validation: Figures of the validations by name.
        samples: From the newest validation.

    Returns:
        A whole HTML document.
    """
    body = [
        f"<h1>{escape(facts.name)}</h1>",
        _tiles(facts, train),
        _warnings(train, validation),
        chart_section("Loss", "", _losses(train, validation)),
        chart_section(
            "Held-out clips",
            "Lips over a hidden span of 14 frames, face and head as in an edit (run backwards), "
            "temperature 0, averaged weights; by corpus, newest value in the legend.",
            _lips(validation),
        ),
        _samples(samples, facts.step),
        chart_section("The optimiser", "", _optimiser(facts, train)),
    ]
    return document(f"Training: {facts.name}", "".join(body), CHARTS_STYLE)


def _tiles(facts: RunFacts, train: Mapping[str, Series]) -> str:
    tiles = [
        (f"{facts.step:,} of {facts.steps:,}", "steps"),
        (f"{facts.weights / 1e6:.1f} M", "weights"),
        (f"{facts.clips:,}", "clips learnt from"),
        (f"{facts.held:,}", "clips held out"),
    ]
    if facts.processes > 1:
        tiles.append((str(facts.processes), "processes"))
    speed = train.get("steps_per_s")
    if speed and speed.values[-1] > 0:
        tiles.append((f"{speed.values[-1]:.2f}", "steps a second"))
        if facts.step < facts.steps:
            left = (facts.steps - facts.step) / speed.values[-1]
            tiles.append((_duration(left), "left at this speed"))
    shown = (f"<div class='tile'><b>{escape(a)}</b><span>{b}</span></div>" for a, b in tiles)
    return f"<div class='tiles'>{''.join(shown)}</div>"


def _warnings(train: Mapping[str, Series], validation: Mapping[str, Series]) -> str:
    """Say what is wrong or may be, where the numbers alone show it."""
    found = []
    for name, series in (*train.items(), *validation.items()):
        if strange := series.strange:
            found.append(
                f"{name} is no finite number at {len(strange)} of {len(series.steps)} steps, "
                f"first at {strange[0]:,}: the run diverged, or a clip is broken."
            )
    for name, series in validation.items():
        if name.startswith(_LOSS) and (known := series.finite()).steps:
            least = min(known.values)
            if known.values[-1] > _RISEN * least:
                step = known.steps[known.values.index(least)]
                found.append(
                    f"The held-out loss on {name.removeprefix(_LOSS)} masks was least at step "
                    f"{step:,} and is {100 * (known.values[-1] / least - 1):.0f} % above that now."
                )
    if not found:
        return ""
    items = "".join(f"<li>{escape(text)}</li>" for text in found)
    return f"<section class='warnings'><h2>To look at</h2><ul>{items}</ul></section>"


def _losses(train: Mapping[str, Series], validation: Mapping[str, Series]) -> Iterable[str]:
    yield step_chart(
        "Loss on what is learnt from",
        _named(train, velocity="velocity"),
        "lower is better; a steep beginning is cut off",
        from_share=_BEGINNING,
    )
    kinds = {
        name.removeprefix(_LOSS): series
        for name, series in validation.items()
        if name.startswith(_LOSS)
    }
    yield step_chart(
        "Loss on held-out clips, by kind of mask",
        kinds,
        "rising while the other falls: overfitting",
    )
    yield step_chart(
        "Smoothness loss, before its factor",
        _named(train, smoothness="smoothness"),
        "likewise",
        from_share=_BEGINNING,
    )
    yield step_chart(
        "Sync term, before its factor", _named(train, sync="sync"),
        "nats; 0 before it counts; by the network that the sync measure uses",
    )  # fmt: skip


def _lips(validation: Mapping[str, Series]) -> Iterable[str]:
    for ending, title, note, level in _BY_CORPUS:
        corpora = {
            name.removesuffix(f"_{ending}"): series
            for name, series in validation.items()
            if name.endswith(f"_{ending}")
        }
        yield step_chart(title, corpora, note, level=level)


def _optimiser(facts: RunFacts, train: Mapping[str, Series]) -> Iterable[str]:
    yield step_chart("Learning rate", _named(train, lr="rate"))
    yield step_chart(
        "Norm of the gradient", _named(train, grad_norm="norm"),
        f"cut to {facts.clip:g} (dashed)",
        level=facts.clip,
    )  # fmt: skip
    yield step_chart("Steps a second", _named(train, steps_per_s="steps a second"))


def _samples(samples: Sequence[Sample], step: int) -> str:
    if not samples:
        return ""
    items = "".join(sample_html(sample) for sample in samples)
    return (
        f"<section><h2>Lips as drawn at step {step:,}</h2><p class='soft small'>The same held-out "
        "clips each time. Opening in % of the outer-eye distance. Faces are shown from the front, "
        "true lips as a thin line over the drawn ones.</p>"
        f"{legend((*COLOURS, *FACE_COLOURS))}{items}</section>"
    )


def chart_section(title: str, note: str, charts: Iterable[str]) -> str:
    """Put charts side by side under a heading.

    Args:
        title: The heading.
        note: What to know about all of them.
        charts: Charts as HTML; empty ones take no place.

    Returns:
        HTML; empty if no chart has anything to show.
    """
    shown = "".join(charts)
    if not shown:
        return ""
    return (
        f"<section><h2>{escape(title)}</h2><p class='soft small'>{escape(note)}</p>"
        f"<div class='charts'>{shown}</div></section>"
    )


def _named(table: Mapping[str, Series], **names: str) -> dict[str, Series]:
    """Pick figures of a table and name them for people."""
    return {shown: table[name] for name, shown in names.items() if name in table}


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
