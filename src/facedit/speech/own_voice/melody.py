"""The pitch of new words: the speaker's register and range, led on from the words beside them."""

from __future__ import annotations

import numpy as np

from facedit.speech.own_voice.beside import Beside, lead, line
from facedit.speech.own_voice.sounds import VoiceSounds
from facedit.speech.signal.world import HOP_S
from facedit.types import Float64, Word

MOST_LEAD = 3.0 / 12.0 * float(np.log(2.0))
"""How far the words beside an edit move the pitch at most: 3 semitones, in natural logarithm."""

MOST_STEP = 4.0 / 12.0 * float(np.log(2.0))
"""How far the first and the last new word may lie from the words that they stand beside."""

_RANGE = (0.7, 1.4)
_LEAST_FRAMES = 6


def pitch_for(source: VoiceSounds, speaker: VoiceSounds, around: Beside) -> Float64:
    """Return a voice's pitch in a speaker's register, in Hz, 0 where there is none, shape (T,).

    Mean and spread become the speaker's. Then all is shifted by what the words before and after the
    new ones differ from how the speaker said them, and further where the pitch would still step by
    more than ``MOST_STEP`` at a joint; in between, the shift changes evenly.
    """
    pitch = source.analysis.pitch_hz.copy()
    ours, theirs = source.log_pitch(), speaker.log_pitch()
    if min(len(ours), len(theirs)) < _LEAST_FRAMES:
        return pitch
    gain = float(np.clip(theirs.std() / max(float(ours.std()), 1e-6), *_RANGE))

    def mapped(log_pitch: Float64) -> Float64:
        return np.asarray((log_pitch - ours.mean()) * gain + theirs.mean())

    def difference(spoken: Word, said: Word) -> float | None:
        new = source.log_pitch(spoken.start_s, spoken.end_s)
        old = speaker.log_pitch(said.start_s, said.end_s)
        if min(len(new), len(old)) < _LEAST_FRAMES:
            return None
        return float(np.median(old) - np.median(mapped(new)))

    def excess(new: Word, beside: Word, ends: tuple[float, float]) -> float:
        step = difference(new, beside)
        if step is None:
            return 0.0
        middle_s = np.array([(new.start_s + new.end_s) / 2])
        step -= float(line(around, ends, middle_s)[0])
        return step - float(np.clip(step, -MOST_STEP, MOST_STEP))

    times_s = np.arange(len(pitch), dtype=np.float64) * HOP_S
    ends = lead(around, difference, MOST_LEAD)
    sides = zip(around.ends, (around.before, around.after), strict=False)
    more = [excess(new, pairs[0][1], ends) if pairs else 0.0 for new, pairs in sides] or [0.0, 0.0]
    shift = line(around, (ends[0] + more[0], ends[1] + more[1]), times_s)
    voiced = source.analysis.voiced
    pitch[voiced] = np.exp(mapped(np.log(pitch[voiced])) + shift[voiced])
    return pitch
