"""``dashboard.html`` of a mouth training: losses over the steps, held-out mouths as drawn."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from facedit.media.output import whole_or_nothing
from facedit.render.network import MouthNetwork
from facedit.report.document import document
from facedit.report.drawing import escape
from facedit.report.run_report import Picture
from facedit.report.strips import data_uri
from facedit.training.dashboard import CHARTS_STYLE, PAGE, chart_section
from facedit.training.history import Series, read_history
from facedit.training.logs import RunLog
from facedit.training.mouth.mouth_bake import BakedClip
from facedit.training.mouth.mouth_config import MouthTrainingConfig
from facedit.training.mouth.mouth_held import DrawnStrip, MouthStrip, choose_strips, draw_strip
from facedit.training.step_chart import step_chart
from facedit.types import UInt8

HELD = "held"
"""Table of the figures on held-out clips."""

_STYLE = """
.mouths { border-collapse: collapse; width: auto; margin-top: 8px; } .mouths td, .mouths th
  { border: 0; padding: 0 10px 3px 0; vertical-align: middle; white-space: nowrap; }
.mouths img { display: block; height: 104px; width: auto; border-radius: 3px; }
"""

_CHARTS = (
    ("l1", "Difference to the truth, the mouth weighing more", ("l1", "l1_alone")),
    ("features", "Difference of features", ("features", "features_alone")),
    ("change", "Error of the change from frame to frame", ("change",)),
    ("critic", "Loss of the critic", ("critic",)),
    ("rate", "Learning rate", ("rate",)),
)
"""Column that must not be 0 throughout, title, columns."""

_NAMES = {
    "l1": "all", "l1_alone": "from one picture", "features": "all",
    "features_alone": "from one picture",
}  # fmt: skip

_POINTS = 60
"""Points of a line: single steps are too noisy to read."""


class MouthPage:
    """Writes the page of a run.

    Args:
        config: The experiment.
        clips: All baked clips; those of speakers held out are shown.
    """

    def __init__(self, config: MouthTrainingConfig, clips: Sequence[BakedClip]) -> None:
        self._config = config
        self._folder = Path(config.out)
        self._strips = choose_strips(clips, config.mix, config.network.size)

    def write(self, step: int, network: MouthNetwork) -> Path:
        """Draw the held-out mouths and write the page anew, whole or not at all.

        Args:
            step: Steps done.
            network: The network to show.

        Returns:
            The page.
        """
        drawn = [draw_strip(network, strip, self._config) for strip in self._strips]
        if drawn:
            log = RunLog(self._folder)
            figures = {
                "l1": float(np.mean([one.l1 for one in drawn])),
                "l1_alone": float(np.mean([one.l1_alone for one in drawn])),
            }
            log.write(HELD, step, figures)
            log.close()
        html = mouth_html(
            self._folder.name, step, self._config.steps,
            read_history(self._folder, "log"), read_history(self._folder, HELD),
            list(zip(self._strips, drawn, strict=True)),
        )  # fmt: skip
        page = self._folder / PAGE
        with whole_or_nothing(page, force=True) as part:
            part.write_text(html, encoding="utf-8")
        return page


def mouth_html(
    name: str,
    step: int,
    steps: int,
    train: Mapping[str, Series],
    held: Mapping[str, Series],
    strips: Sequence[tuple[MouthStrip, DrawnStrip]],
) -> str:
    """Write the page.

    Args:
        name: Name of the run.
        step: Steps done.
        steps: Steps asked for.
        train: Figures of the steps by name.
        held: Figures on held-out clips by name.
        strips: What was drawn.

    Returns:
        A whole HTML document.
    """
    people = len({strip.speaker for strip, _ in strips})
    tiles = [(f"{step:,} of {steps:,}", "steps"), (str(people), "held-out people shown")]
    shown = "".join(f"<div class='tile'><b>{a}</b><span>{b}</span></div>" for a, b in tiles)
    body = [
        f"<h1>{escape(name)}</h1><div class='tiles'>{shown}</div>",
        _strange(train),
        chart_section(
            "Held-out people",
            "Mean difference to the truth in grey levels, the mouth weighing as in training; "
            "averaged weights.",
            _held(held),
        ),
        chart_section("Learnt from", "Means over neighbouring steps.", _charts(train)),
        _drawn(strips, step),
    ]
    return document(f"Training: {name}", "".join(body), CHARTS_STYLE + _STYLE)


def _strange(train: Mapping[str, Series]) -> str:
    """Say if the run diverged; columns of single kinds of samples are empty now and then."""
    losses = {name: train[name] for name in ("l1", "features", "change") if name in train}
    bad = [f"{name} at step {one.strange[0]:,}" for name, one in losses.items() if one.strange]
    if not bad:
        return ""
    text = f"No finite number: {', '.join(bad)}. The run diverged, or a clip is broken."
    return f"<section class='warnings'><h2>To look at</h2><p>{escape(text)}</p></section>"


def _charts(train: Mapping[str, Series]) -> Iterable[str]:
    for needed, title, columns in _CHARTS:
        if needed in train and any(train[needed].finite().values):
            lines = {
                _NAMES.get(name, name): train[name].finite().thinned(_POINTS)
                for name in columns
                if name in train
            }
            yield step_chart(title, lines, from_share=0.05)


def _held(held: Mapping[str, Series]) -> Iterable[str]:
    for name, title in (("l1", "With references"), ("l1_alone", "From one picture")):
        if name in held:
            yield step_chart(title, {"difference": held[name]}, "lower is better")


def _drawn(strips: Sequence[tuple[MouthStrip, DrawnStrip]], step: int) -> str:
    if not strips:
        return "<section><p>Nobody is held out ([mix] hold_out): no mouths are shown.</p></section>"
    items = "".join(_item(strip, drawn) for strip, drawn in strips)
    return (
        f"<section><h2>Mouths as drawn at step {step:,}</h2><p class='soft small'>The same frames "
        "of people never learnt from, each time. The base is one picture with a closed mouth, "
        "warped to the landmarks of the frame to draw. With references: three other frames of the "
        f"person are given too. Times below each strip.</p>{items}</section>"
    )


def _item(strip: MouthStrip, drawn: DrawnStrip) -> str:
    truth = np.stack([one.truth for one in strip.samples])
    base = np.stack([one.pictures[0] for one in strip.samples])
    rows = (
        ("base, warped", base),
        ("truth", truth),
        ("drawn, with references", drawn.drawn),
        ("drawn, from one picture", drawn.alone),
    )
    shown = "".join(f"<tr><th>{name}</th><td>{_row(name, faces)}</td></tr>" for name, faces in rows)
    times = ", ".join(f"{time_s:.2f}" for time_s in strip.times_s)
    return (
        f"<div class='item'><h3>{escape(strip.speaker)}</h3><div class='jumps'>"
        f"<span>difference {drawn.l1:.1f} with references</span>"
        f"<span>{drawn.l1_alone:.1f} from one picture</span></div>"
        f"<table class='mouths'>{shown}</table><p class='soft small'>{times} s</p></div>"
    )


def _row(name: str, faces: UInt8) -> str:
    """Put faces side by side into one picture."""
    pixels = np.ascontiguousarray(np.concatenate(list(faces), axis=1))
    return f"<img src='{data_uri(Picture(pixels, 0.0, 'kept'))}' alt='{name}'>"
