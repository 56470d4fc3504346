"""What a run refuses before any work: options, outputs and inputs that cannot end well."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from facedit.compose.source.models import check_models
from facedit.compose.takes.job import report_folder
from facedit.device import choose_device
from facedit.face.choice import FaceChoice
from facedit.media.encode import container_of
from facedit.media.output import check_output
from facedit.options import OWN_VOICE, Run
from facedit.provenance.library import sidecar_of
from facedit.provenance.signing import choose_signing
from facedit.report.report_files import check_report
from facedit.speech.voices.voice import voice_named
from facedit.speech.voices.voice_interface import Engine
from facedit.weights.fetch import require


def check_run(
    run: Run,
    outputs: Sequence[Path],
    inputs: Sequence[Path | None],
    *,
    script: Path | None = None,
    voice: str | Engine | None = None,
) -> None:
    """Refuse before any work what cannot end well.

    ``script``: the edit script to be saved, if any; ``voice``: who shall speak, if anybody.
    (``FaceditError`` if an option or an output is no good, or weights are missing.).
    """
    given = [file for file in inputs if file is not None]
    FaceChoice.parse(run.face)
    choose_device(run.device)
    check_models(run)
    require("core")
    if isinstance(voice, str) and voice not in ("auto", OWN_VOICE):
        voice_named(voice)
    for take, output in enumerate(outputs):
        check_output(output, run.force, given)
        container_of(output)
        check_report(report_folder(output, run, take), force=run.force)
        if (manifest := sidecar_of(output)) is not None:
            check_output(manifest, run.force, given)
    if script is not None:
        check_output(script, run.force, given)
    if outputs:
        choose_signing(run.provenance)
