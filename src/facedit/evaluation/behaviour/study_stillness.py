"""Draw the lips in silences, real and made, and see whether they rest."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np

from facedit.compose.picture_base import PROMPT_FRAMES
from facedit.evaluation.behaviour import stillness
from facedit.evaluation.behaviour.made_silence import KINDS, Silence, silenced
from facedit.evaluation.behaviour.stillness import MARGIN, around, still_sums
from facedit.evaluation.behaviour.study import Row, Study, rows_of
from facedit.evaluation.fills import Sounds
from facedit.evaluation.hidden_spans import EDGE, Gap, hide_span, middle_span
from facedit.evaluation.rows import silent, speaking
from facedit.runs import runs
from facedit.speech.encoders import encoder_of, is_made
from facedit.speech.sound_cache import cached_features
from facedit.types import Bool, Float32, Float64
from facedit.units import MOTION_FPS, frame_time

log = logging.getLogger(__name__)

METHODS = ("model", "ridge, own corpus")

MADE = MOTION_FPS
"""Frames of a made silence: 1 s."""

LEAST_AROUND = 20
"""Fewest frames of a clip besides a made silence."""

MOST = 24
"""Most clips of a group, for time's sake."""


def study_stillness(study: Study, seed: int = 0) -> list[Row]:
    """Measure stillness in the clips' own silences and in made ones: a row per task and method.

    ``study``: clips; silences are made where their sound is at hand.
    """
    own = [silent(voice_activity) for voice_activity in study.voice_activity]
    rows = []
    for task, gaps in _own_silences(study).items():
        sums: dict[str, dict[int, Float64]] = {}
        for name, drawn in study.drawn(gaps, _names(study)).items():
            by_clip = sums.setdefault(name, {})
            for gap, motion in zip(gaps, drawn, strict=True):
                counts = own[gap.number] & gap.hidden.any(axis=1)
                found = _sums(study, gap, motion, counts, counts)
                by_clip[gap.number] = by_clip.get(gap.number, 0.0) + found
        rows += rows_of({"task": task}, sums, stillness.FIGURES)
    for kind in KINDS if is_made(study.meta.encoder) else ():
        speech, gaps = _made_silences(study, kind, seed)
        sums = {}
        for name, drawn in study.drawn(gaps, _names(study), Sounds(speech)).items():
            for gap, motion in zip(gaps, drawn, strict=True):
                counts = np.zeros(len(motion), np.bool_)
                counts[gap.span[0] + MARGIN : gap.span[1] - MARGIN] = True
                found = _sums(study, gap, motion, counts, own[gap.number])
                sums.setdefault(name, {})[gap.number] = found
        rows += rows_of({"task": f"1 s of {kind}"}, sums, stillness.FIGURES)
    return rows


def _names(study: Study) -> list[str]:
    return [name for name in METHODS if name in study.fills]


def _sums(study: Study, gap: Gap, motion: Float32, counts: Bool, true_counts: Bool) -> Float64:
    """Sum up the drawn lips where they count, and the true lips in silence and in speech."""
    clip, opening, rest = (
        study.clips[gap.number],
        study.openings[gap.number],
        study.rest(gap.number),
    )
    true = study.meter.lips(clip.motion)
    return np.concatenate(
        [
            still_sums(study.meter.lips(motion), study.opening(gap, motion), counts, rest),
            still_sums(true, opening, true_counts, rest),
            still_sums(true, opening, speaking(study.voice_activity[gap.number]), rest),
        ]
    )


def _own_silences(study: Study) -> dict[str, list[Gap]]:
    """Hide what holds silence: a span around it, all lips, or everything but a prompt."""
    found: dict[str, list[Gap]] = {"span": [], "all lips": [], "all but a prompt": []}
    for number, clip in enumerate(study.clips):
        frames, motion = len(clip.motion), clip.motion
        quiet = runs(silent(study.voice_activity[number]))
        if not any(stop - start >= 2 for start, stop in quiet):
            continue
        if len(found["all lips"]) == MOST:
            break
        for run in runs(~speaking(study.voice_activity[number])):
            if (span := around(run, frames, EDGE)) is not None:
                found["span"].append(
                    hide_span(number, motion, span, study.meta, "lips", reverse_kept=True)
                )
        found["all lips"].append(hide_span(number, motion, (0, frames), study.meta, "lips"))
        found["all but a prompt"].append(
            hide_span(number, motion, (PROMPT_FRAMES, frames), study.meta, "all_dims")
        )
    return found


def _made_silences(study: Study, kind: Silence, seed: int) -> tuple[Sequence[Float32], list[Gap]]:
    """Put a silence into the middle of clips whose sound is at hand, and hide it."""
    speech = [clip.speech for clip in study.clips]
    encoder = encoder_of(study.meta.encoder, study.device)
    gaps: list[Gap] = []
    for number, (clip, heard) in enumerate(zip(study.clips, study.heard, strict=True)):
        frames = len(clip.motion)
        span = middle_span(frames, MADE)
        if heard is None or span is None or frames < MADE + LEAST_AROUND:
            continue
        if len(gaps) == MOST:
            break
        start_s, end_s = (frame_time(heard.start + frame) for frame in span)
        sound = silenced(heard.sound, start_s, end_s, kind, seed + number)
        whole = cached_features(sound, encoder=encoder).values
        speech[number] = whole[heard.start : heard.start + frames]
        gaps.append(hide_span(number, clip.motion, span, study.meta, "lips", reverse_kept=True))
    return speech, gaps
