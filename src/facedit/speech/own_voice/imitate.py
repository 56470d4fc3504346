"""Speech of a voice in a speaker's own: as near as every new word is still understood."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from facedit.speech.own_voice.beside import Beside, beside, lead, line
from facedit.speech.own_voice.imitated_speaker import Speaker
from facedit.speech.own_voice.melody import pitch_for
from facedit.speech.own_voice.recolour import in_colour_of, mixed, neighbours_mean
from facedit.speech.own_voice.sounds import VoiceSounds, joined, sounds_of
from facedit.speech.signal.levels import active_level_db
from facedit.speech.signal.low_energy import level_db
from facedit.speech.signal.match import limited, match_loudness_limited
from facedit.speech.signal.room import in_room
from facedit.speech.signal.world import HOP_S, Analysis, synthesised
from facedit.speech.sound_ops import cut, fit_length, from_mono, mono, resampled
from facedit.types import Float32, Float64, Sound, Word
from facedit.units import sample_at

WEIGHTS = (0.85, 0.7, 0.55, 0.4)
"""How much of the speaker's own moments is tried in a word, from the most alike to the clearest."""

MOST_LEAD_DB = 4.0

_LEAST_WORD_S = 0.05
_LED_FRAMES = 9


@dataclass(frozen=True, slots=True)
class Imitated:
    """Speech in a speaker's voice.

    Attributes:
        samples: Mono amplitudes at the rate of the speaker's sound, as long as the voice's speech.
        dry: The same before the room was laid over it.
        weight: How much of the new words are the speaker's own moments.
        unheard: How much of the new words a recogniser does not hear in it.
    """

    samples: Float32
    dry: Float32
    weight: float
    unheard: int


def imitate(
    spoken: Sound,
    words: Sequence[Word],
    new: slice,
    speaker: Speaker,
    sample: VoiceSounds,
    unheard: Callable[[Float32, Float32], Sequence[int]],
    hopeless: Callable[[], bool] = lambda: False,
) -> Imitated:
    """Say in a speaker's voice what a voice says.

    Words that are not heard get less of the speaker's own moments, until all are or none is left
    to try. ``spoken``: the voice's speech; ``words``: its words, and which of them are new. Pitch
    and level are led on from the words beside those. ``sample``: more of the voice, at the rate of
    the speaker's sounds, that its mean and spread be its own and not those of a few words;
    ``unheard``: tells which new ones are not heard in the samples, and in them without the room;
    ``hopeless``: whether clearer speech is not heard either, asked if half of them are not.
    AssetMissing is raised if Whisper is not installed.
    """
    rate = speaker.sounds.analysis.rate
    wave = resampled(mono(spoken), spoken.rate, rate)
    phrase = sounds_of(wave, rate, clean=True, mean=sample.mean)
    source, frames = joined(phrase, sample), len(phrase.active)
    around = beside(words, new, speaker.before, speaker.after)
    coloured = in_colour_of(source, speaker.sounds)
    coloured = replace(coloured, pitch_hz=pitch_for(source, speaker.sounds, around))
    drawn = neighbours_mean(source, speaker.sounds, coloured)
    length = sample_at(spoken.duration_s, speaker.sound.rate)
    shares = np.full(len(words), WEIGHTS[-1])  # words beside the new ones are not kept
    shares[new], count = WEIGHTS[0], len(words[new])
    tried: list[Imitated] = []
    for _ in WEIGHTS:
        weight = _over_time(shares, words, frames)
        of_sample = np.full((len(sample.active), 1), shares[new].mean())
        weight = np.concatenate([weight, of_sample])
        whole = mixed(source, speaker.sounds, coloured, drawn, weight)
        made = synthesised(_first(whole, frames))
        samples = fit_length(resampled(made, rate, speaker.sound.rate), length)
        dry = _levelled(samples, around, speaker)
        samples = in_room(dry, speaker.sound.rate, words, mono(speaker.sound), speaker.words)
        lost = unheard(samples, dry)
        tried.append(Imitated(samples, dry, float(shares[new].mean()), len(lost)))
        clearer = [n + new.start for n in set(lost) if shares[n + new.start] > WEIGHTS[-1]]
        if not clearer or (2 * len(lost) >= count and hopeless()):
            break
        shares[clearer] = [WEIGHTS[WEIGHTS.index(shares[number]) + 1] for number in clearer]
    return min(reversed(tried), key=lambda one: one.unheard)


def _first(analysis: Analysis, frames: int) -> Analysis:
    """Take the beginning of what was read."""
    pitch, envelope = analysis.pitch_hz[:frames], analysis.envelope[:frames]
    return Analysis(analysis.rate, pitch, envelope, analysis.aperiodicity[:frames])


def _over_time(shares: Float64, words: Sequence[Word], frames: int) -> Float64:
    """Lead the words' shares into each other, shape (T, 1): every pause has its nearest word's."""
    edges_s = [(left.end_s + right.start_s) / 2 for left, right in pairwise(words)]
    times_s = np.arange(frames) * HOP_S
    steps = shares[np.searchsorted(edges_s, times_s)]
    weights = np.hanning(_LED_FRAMES + 2)[1:-1]
    padded = np.pad(steps, _LED_FRAMES // 2, mode="edge")
    return np.asarray(np.convolve(padded, weights / weights.sum(), "valid"))[:, None]


def _levelled(samples: Float32, around: Beside, speaker: Speaker) -> Float32:
    """Make speech as loud as the speaker is, and as the words beside the new ones are said."""
    theirs, rate = speaker.sound, speaker.sound.rate
    levelled = match_loudness_limited(samples, rate, active_level_db(mono(theirs), rate))
    voice = from_mono(levelled, rate)

    def difference(spoken: Word, said: Word) -> float | None:
        if min(spoken.end_s - spoken.start_s, said.end_s - said.start_s) < _LEAST_WORD_S:
            return None
        old, new = cut(theirs, said.start_s, said.end_s), cut(voice, spoken.start_s, spoken.end_s)
        return level_db(old.samples) - level_db(new.samples)

    ends = lead(around, difference, MOST_LEAD_DB)
    gain_db = line(around, ends, np.arange(len(levelled)) / rate)
    return limited(np.asarray(levelled * 10.0 ** (gain_db / 20.0), np.float32), rate)
