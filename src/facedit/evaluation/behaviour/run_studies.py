"""All studies of behaviour over the clips of an evaluation."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from facedit.dataset.encode_clip import speech_of
from facedit.dataset.footage_list import Source, list_sources
from facedit.dataset.prepared import ClipRow, PreparedClip
from facedit.dataset.transcripts import Given
from facedit.errors import FaceditError
from facedit.evaluation.behaviour.closures import study_closures
from facedit.evaluation.behaviour.drift import study_drift
from facedit.evaluation.behaviour.heard import Heard, hear
from facedit.evaluation.behaviour.rounding import study_rounding
from facedit.evaluation.behaviour.stillness import study_stillness
from facedit.evaluation.behaviour.study import Row, Study
from facedit.evaluation.evaluate_options import CLOSURES, DRIFT, ROUNDING, STILLNESS, STUDIES
from facedit.speech.encoders.encoders import Encoder

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Footage:
    """Where prepared clips came from, by file, and what is said in them."""

    sources: Mapping[str, Source]
    given: Given

    @classmethod
    def find(cls, clips: Path | None, transcripts: Path | None) -> Footage:
        """List the footage in the manifest or folder that was prepared, if it is at hand.

        ``transcripts``: table or folder of what is said; None for files beside the clips.
        """
        listed = [] if clips is None else list_sources(clips)
        return cls({source.file: source for source in listed}, Given.read(transcripts))


def hear_clips(
    data: Path,
    rows: Sequence[ClipRow],
    clips: Sequence[PreparedClip],
    footage: Footage,
    encoder: Encoder,
) -> list[Heard | None]:
    """Find the sound and phones of the prepared clips in the folder ``data``.

    None where a clip's file is not among the footage, or unreadable.
    """
    found: list[Heard | None] = []
    for row, clip in zip(rows, clips, strict=True):
        source = footage.sources.get(row.file)
        one = None
        if source is not None:
            try:
                whole = speech_of(source.path, data / "speech" / f"{row.sha256}.npz", encoder)
                one = hear(source, clip.speech, whole.values, footage.given)
            except (FaceditError, OSError) as error:
                log.warning("%s is left out of closures: %s", row.file, error)
        found.append(one)
    return found


def run_studies(study: Study, wanted: Sequence[str]) -> dict[str, list[Row]]:
    """Make some of ``STUDIES`` of the behaviour of drawn lips: rows by study."""
    studies = {
        CLOSURES: study_closures,
        ROUNDING: study_rounding,
        STILLNESS: study_stillness,
        DRIFT: study_drift,
    }
    found = {}
    for name in STUDIES:
        if name in wanted:
            found[name] = studies[name](study)
            log.info("%s done", name)
    return found
