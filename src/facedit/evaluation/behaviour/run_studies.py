"""All studies of behaviour over the clips of an evaluation."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from facedit.dataset.encode_clip import speech_of
from facedit.dataset.footage_list import Source, list_sources
from facedit.dataset.prepared import ClipRow, Meta, PreparedClip
from facedit.dataset.transcripts import Given
from facedit.errors import FaceditError
from facedit.evaluation.behaviour.closures import study_closures
from facedit.evaluation.behaviour.drift import study_drift
from facedit.evaluation.behaviour.heard import Heard, hear
from facedit.evaluation.behaviour.stillness import study_stillness
from facedit.evaluation.behaviour.study import Row, Study
from facedit.evaluation.fills import Fill
from facedit.evaluation.hidden_spans import LipMeter
from facedit.speech.encoders import Encoder, encoder_of

log = logging.getLogger(__name__)

CLOSURES, STILLNESS, DRIFT = "closures", "stillness", "drift"
STUDIES = (CLOSURES, STILLNESS, DRIFT)


@dataclass(frozen=True, slots=True)
class Footage:
    """Where prepared clips came from.

    Attributes:
        sources: Their files by name.
        given: What is said in them.
    """

    sources: Mapping[str, Source]
    given: Given

    @classmethod
    def find(cls, clips: Path | None, transcripts: Path | None) -> Footage:
        """List the footage.

        ``clips``: the manifest or folder that was prepared; None if it is not at hand;
        ``transcripts``: table or folder of what is said; None for files beside the clips.
        Returns the footage. ``UsageError`` passes through if a path holds no such thing.
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
    """Find the sound and phones of prepared clips.

    ``data``: folder made by ``facedit prepare``.
    Returns what is heard in each; None where the file is missing or unreadable.
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


def run_studies(
    data: Path,
    rows: Sequence[ClipRow],
    clips: Sequence[PreparedClip],
    footage: Footage,
    fills: Mapping[str, Fill],
    meter: LipMeter,
    meta: Meta,
    wanted: Sequence[str] = STUDIES,
    device: torch.device | str = "cpu",
) -> dict[str, list[Row]]:
    """Study the behaviour of drawn lips.

    ``data``: folder made by ``facedit prepare``; ``footage``: where they came from; without it
    there are no closures and no made silences.
    """
    needs_sound = CLOSURES in wanted or STILLNESS in wanted
    heard: list[Heard | None] = [None] * len(clips)
    if needs_sound and footage.sources:
        heard = hear_clips(data, rows, clips, footage, encoder_of(meta.encoder, device))
    # A name of a speaker may be used by several corpora.
    speakers = [f"{row.corpus}/{row.speaker}" for row in rows]
    study = Study.of(clips, heard, speakers, fills, meter, meta, device)
    studies = {CLOSURES: study_closures, STILLNESS: study_stillness, DRIFT: study_drift}
    found = {}
    for name in STUDIES:
        if name in wanted:
            found[name] = studies[name](study)
            log.info("%s done", name)
    return found
