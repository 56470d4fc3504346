"""Fits the learned parts to the clip before its pictures are made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from facedit.compose.frames.base import TrackedWindow
from facedit.compose.source.models import Models
from facedit.options import Run
from facedit.progress import StageClock
from facedit.render.mouths import Mouths
from facedit.report.run_report import Figure


def adapted_models(
    models: Models, windows: Sequence[TrackedWindow], run: Run, clock: StageClock
) -> tuple[Models, dict[str, Figure]]:
    """Fine-tune the mouth network to the clip's own mouths, where ``run`` asks for it and it helps.

    Returns the parts to render with, and figures for the report.
    """
    drawn_by = models.renderer
    if not run.adapt or not isinstance(drawn_by, Mouths) or drawn_by.network is None:
        return models, {"mouth adapted": False}
    from facedit.training.adapt.mouth_cache import cached_adaptation
    from facedit.training.adapt.mouth_tune import AdaptSettings

    settings = AdaptSettings()
    with clock.stage("adapting the mouth", settings.steps) as tick:
        network, banks = drawn_by.network, [window.bank for window in windows]
        found = clock.apart(lambda: cached_adaptation(network, banks, settings, tick))
    figures: dict[str, Figure] = {
        "mouth adapted": found.used,
        "mouth adaptation": found.outcome,
        "mouth adaptation steps": found.steps,
    }
    if found.steps:
        figures["mouth error before"] = found.before
        figures["mouth error after"] = found.after
    return replace(models, renderer=replace(drawn_by, network=found.network)), figures
