"""Do drawn lips rest while nobody speaks? Sums per clip, pooled like all figures of an evaluation.

Counted are steps between neighbouring motion frames in silence, as the benchmark's silence measures
take them: voice activity below 0.5, two frames off both ends of each silence. In a silence that was
made, of which the ends are known, ``MARGIN`` frames are taken off: lips come to rest, and part
ahead of the next sound.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np

from facedit.compose.frames.picture_base import PROMPT_FRAMES
from facedit.evaluation.behaviour.study import Row, Study
from facedit.evaluation.fills import Sounds
from facedit.evaluation.hidden_spans import EDGE, Gap, middle_span
from facedit.evaluation.measure import share
from facedit.evaluation.rows import silent, speaking, step_lengths, steps_within
from facedit.runs import runs
from facedit.speech.encoders.encoders import encoder_of, is_made
from facedit.speech.recognition.sound_cache import cached_features
from facedit.types import Bool, Float32, Float64, Sound
from facedit.units import MOTION_FPS, frame_time

MARGIN = 5
"""Motion frames (0.2 s) at both ends of a made silence that do not count."""

REACH = 5
"""Frames of speech hidden on either side of a silence."""


def around(run: tuple[int, int], frames: int, edge: int) -> tuple[int, int] | None:
    """Place a hidden span over a silence and ``REACH`` frames around it, as far as the clip goes.

    None if fewer than two of its frames would be hidden.
    """
    start, stop = max(run[0] - REACH, edge), min(run[1] + REACH, frames - edge)
    return (start, stop) if min(stop, run[1]) - max(start, run[0]) >= 2 else None


def still_sums(lips: Float32, opening: Float32, rows: Bool, rest: float) -> Float64:
    """Sum up how the lips move in the rows that count, shape (5,).

    Summed lengths of the steps of the lips (T, L), summed changes of the opening (T,), number of
    steps; summed opening above rest, number of frames.
    """
    steps = steps_within(rows)
    moved = (step_lengths(one)[steps].sum() for one in (lips, opening))
    return np.array([*moved, steps.sum(), (opening[rows] - rest).sum(), rows.sum()], np.float64)


_TRUTH, _SPEAKING = 5, 10
"""Where the sums of the true lips begin, in silence and in speech."""

FIGURES: dict[str, Callable[[Float64], Float64]] = {
    "steps": lambda total: total[..., 2],
    "lips": share(0, 2),
    "lips_truth": share(_TRUTH, _TRUTH + 2),
    "lips_speaking": share(_SPEAKING, _SPEAKING + 2),
    "over_truth": lambda total: share(0, 2)(total) / share(_TRUTH, _TRUTH + 2)(total),
    "opening": share(1, 2),
    "opening_truth": share(_TRUTH + 1, _TRUTH + 2),
    "parted": share(3, 4),
    "parted_truth": share(_TRUTH + 3, _TRUTH + 4),
}
"""Figures from the sums of the drawn lips, of the true lips in silence and of the true lips in
speech, end to end. ``lips``: mean step of the lip dims per frame, in spreads of the widest;
``over_truth``: that over the true one in silence; ``opening``: mean change of the opening per
frame, ``parted``: mean opening above the speaker's closed lips, per cent of the outer-eye
distance."""


Silence = Literal["digital", "room tone"]
KINDS: tuple[Silence, ...] = ("digital", "room tone")

QUIET_S = 0.2
"""Length of the stretch that a room's tone is learnt from."""


def silenced(sound: Sound, start_s: float, end_s: float, kind: Silence, seed: int) -> Sound:
    """Replace a stretch of a sound by silence.

    ``kind``: zeros, or noise with the spectrum and level of the quietest ``QUIET_S`` outside it.
    """
    low, high = round(start_s * sound.rate), round(end_s * sound.rate)
    samples = sound.samples.copy()
    if kind == "digital":
        samples[low:high] = 0
    else:
        quiet = quietest(np.concatenate([samples[:low], samples[high:]]), sound.rate)
        samples[low:high] = like_noise(quiet, high - low, seed)
    return Sound(samples, sound.rate)


def quietest(samples: Float32, rate: int) -> Float32:
    """Return the ``QUIET_S`` of a sound with the least power; all if there is less."""
    length = round(QUIET_S * rate)
    if len(samples) <= length:
        return samples
    power = np.concatenate([[0.0], np.cumsum((samples.astype(np.float64) ** 2).sum(axis=1))])
    start = int(np.argmin(power[length:] - power[:-length]))
    return samples[start : start + length]


def like_noise(sample: Float32, length: int, seed: int) -> Float32:
    """Make noise with the spectrum and the RMS per channel of a short sample.

    ``seed``: seed of the phases, which are alike in all channels.
    """
    window = np.hanning(len(sample))[:, None]
    size = np.abs(np.fft.rfft(sample * window, axis=0))
    bins = length // 2 + 1
    at = np.linspace(0, len(size) - 1, bins)
    size = np.stack([np.interp(at, np.arange(len(size)), one) for one in size.T], axis=1)
    phase = np.random.default_rng(seed).uniform(0, 2 * np.pi, bins)
    noise = np.fft.irfft(size * np.exp(1j * phase)[:, None], n=length, axis=0)
    level = np.sqrt((sample.astype(np.float64) ** 2).mean(axis=0))
    own = np.maximum(np.sqrt((noise**2).mean(axis=0)), 1e-30)
    out: Float32 = (noise * level / own).astype(np.float32)
    return out


METHODS = ("model", "ridge, own corpus")

MADE = MOTION_FPS
"""Frames of a made silence: 1 s."""

LEAST_AROUND = 20
"""Fewest frames of a clip besides a made silence."""

MOST = 24
"""Most clips of a group, for time's sake."""


def study_stillness(study: Study, seed: int = 0) -> list[Row]:
    """Measure stillness in the clips' own silences and in made ones: a row per task and method."""
    own = [silent(voice_activity) for voice_activity in study.voice_activity]

    def of_own(number: int, gap: Gap, motion: Float32) -> Float64:
        counts = own[gap.number] & gap.hidden.any(axis=1)
        return _sums(study, gap, motion, counts, counts)

    def of_made(number: int, gap: Gap, motion: Float32) -> Float64:
        counts = np.zeros(len(motion), np.bool_)
        counts[gap.span[0] + MARGIN : gap.span[1] - MARGIN] = True
        return _sums(study, gap, motion, counts, own[gap.number])

    rows = []
    for task, gaps in _own_silences(study).items():
        rows += study.rows({"task": task}, METHODS, gaps, of_own, FIGURES)
    for kind in KINDS if is_made(study.meta.encoder) else ():
        speech, gaps = _made_silences(study, kind, seed)
        where = {"task": f"1 s of {kind}"}
        rows += study.rows(where, METHODS, gaps, of_made, FIGURES, Sounds(speech))
    return rows


def _sums(study: Study, gap: Gap, motion: Float32, counts: Bool, true_counts: Bool) -> Float64:
    """Sum up the drawn lips where they count, and the true lips in silence and in speech."""
    number = gap.number
    opening, rest = study.openings[number], study.rest(number)
    drawn, true = (study.meter.lips(one) for one in (motion, study.clips[number].motion))
    spoken = speaking(study.voice_activity[number])
    return np.concatenate([
        still_sums(drawn, study.opening(gap, motion), counts, rest),
        still_sums(true, opening, true_counts, rest),
        still_sums(true, opening, spoken, rest),
    ])  # fmt: skip


def _own_silences(study: Study) -> dict[str, list[Gap]]:
    """Hide what holds silence: a span around it, all lips, or everything but a prompt."""
    found: dict[str, list[Gap]] = {"span": [], "all lips": [], "all but a prompt": []}
    for number, clip in enumerate(study.clips):
        frames = len(clip.motion)
        quiet = runs(silent(study.voice_activity[number]))
        if not any(stop - start >= 2 for start, stop in quiet):
            continue
        if len(found["all lips"]) == MOST:
            break
        for run in runs(~speaking(study.voice_activity[number])):
            if (span := around(run, frames, EDGE)) is not None:
                found["span"].append(study.hide(number, span, "lips", reverse_kept=True))
        found["all lips"].append(study.hide(number, (0, frames), "lips"))
        found["all but a prompt"].append(study.hide(number, (PROMPT_FRAMES, frames), "all_dims"))
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
        gaps.append(study.hide(number, span, "lips", reverse_kept=True))
    return speech, gaps
