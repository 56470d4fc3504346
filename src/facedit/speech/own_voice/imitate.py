"""Speech of a voice in a speaker's own: as near as every new word is still understood."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from facedit.editing.spelling import spoken as units_of
from facedit.speech.levels import active_level_db
from facedit.speech.low_energy import level_db
from facedit.speech.match import add_room, limited, match_loudness_limited
from facedit.speech.own_voice.beside import Beside, beside, lead, line
from facedit.speech.own_voice.imitated_speaker import Speaker
from facedit.speech.own_voice.melody import pitch_for
from facedit.speech.own_voice.recolour import in_colour_of, mixed, neighbours_mean
from facedit.speech.own_voice.sounds import sounds_of
from facedit.speech.own_voice.world import HOP_S, synthesised
from facedit.speech.room import in_room
from facedit.speech.sound_ops import cut, fit_length, from_mono, mono, resampled
from facedit.speech.whisper_words import heard_words, recognise
from facedit.types import Float32, Float64, Sound, Word
from facedit.units import SPEECH_RATE, sample_at

WEIGHTS = (0.85, 0.7, 0.55, 0.4)
"""How much of the speaker's own moments is tried in a word, from the most alike to the clearest."""

MOST_LEAD_DB = 4.0

_LEAST_WORD_S = 0.05
_LED_FRAMES = 9
_HEARINGS_S = (0.0, 0.13, 0.22)


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


def imitate(spoken: Sound, words: Sequence[Word], new: slice, speaker: Speaker) -> Imitated:
    """Say in a speaker's voice what a voice says.

    Words that are not heard get less of the speaker's own moments, until all are or none is left
    to try. ``spoken``: the voice's speech; ``words``: its words, and which of them are new. Pitch
    and level are led on from the words beside those. AssetMissing is raised if Whisper is not
    installed.
    """
    rate = speaker.sounds.analysis.rate
    source = sounds_of(resampled(mono(spoken), spoken.rate, rate), rate, clean=True)
    around = beside(words, new, speaker.before, speaker.after)
    coloured = in_colour_of(source, speaker.sounds)
    coloured = replace(coloured, pitch_hz=pitch_for(source, speaker.sounds, around))
    drawn = neighbours_mean(source, speaker.sounds, coloured)
    length = sample_at(spoken.duration_s, speaker.sound.rate)
    texts = [word.text for word in words]
    shares = np.full(len(words), WEIGHTS[-1])  # words beside the new ones are only heard with them
    shares[new] = WEIGHTS[0]
    tried: list[Imitated] = []
    for _ in WEIGHTS:
        weight = _over_time(shares, words, len(drawn.pitch_hz))
        made = synthesised(mixed(source, speaker.sounds, coloured, drawn, weight))
        samples = fit_length(resampled(made, rate, speaker.sound.rate), length)
        dry = _levelled(samples, around, speaker)
        samples = in_room(dry, speaker.sound.rate, words, mono(speaker.sound), speaker.words)
        lost = _unheard_in_room(samples, speaker, texts, new)
        tried.append(Imitated(samples, dry, float(shares[new].mean()), len(lost)))
        clearer = [number for number in set(lost) if shares[number] > WEIGHTS[-1]]
        if not clearer:
            break
        shares[clearer] = [WEIGHTS[WEIGHTS.index(shares[number]) + 1] for number in clearer]
    return min(tried, key=lambda one: one.unheard)


def _over_time(shares: Float64, words: Sequence[Word], frames: int) -> Float64:
    """Lead the words' shares into each other, shape (T, 1): every pause has its nearest word's."""
    edges_s = [(left.end_s + right.start_s) / 2 for left, right in pairwise(words)]
    times_s = np.arange(frames) * HOP_S
    steps = shares[np.searchsorted(edges_s, times_s)]
    weights = np.hanning(_LED_FRAMES + 2)[1:-1]
    padded = np.pad(steps, _LED_FRAMES // 2, mode="edge")
    return np.asarray(np.convolve(padded, weights / weights.sum(), "valid"))[:, None]


def _unheard_in_room(
    samples: Float32, speaker: Speaker, texts: Sequence[str], new: slice
) -> tuple[int, ...]:
    """Tell which new words are not heard over the noise of the speaker's room.

    What is heard once may be a near thing: every further time it begins a little later, over other
    noise.
    """
    rate = speaker.sound.rate
    for seed, late_s in enumerate(_HEARINGS_S):
        later = np.pad(samples, (sample_at(late_s, rate), 0))
        sound = add_room(from_mono(later, rate), speaker.sound, np.random.default_rng(seed))
        if lost := unheard(mono(sound), rate, texts, new):
            return lost
    return ()


def unheard(samples: Float32, rate: int, words: Sequence[str], new: slice) -> tuple[int, ...]:
    """Tell which new ones of the words of a sound, mono (N,), a recogniser does not hear.

    In a short window it may stop early: what it does not hear there it is asked for again.
    """
    heard = resampled(samples, rate, SPEECH_RATE)
    if not missed(words, new, heard_words(heard, "en")):
        return ()
    return missed(words, new, [word.text for word in recognise(heard, "en").words])


def missed(words: Sequence[str], new: slice, heard: Sequence[str]) -> tuple[int, ...]:
    """Tell of which new ones of some words something is spoken that is not heard in its place.

    A number in digits counts as what is spoken of it, so that both spellings agree. Returns the
    word's number, once for each thing that is not heard.
    """
    wanted = [
        (unit, number) for number, units in enumerate(units_of(list(words), "en")) for unit in units
    ]
    found = [unit for units in units_of(list(heard), "en") for unit in units]
    matcher = difflib.SequenceMatcher(None, [unit for unit, _ in wanted], found, autojunk=False)
    matched = {
        block.a + offset for block in matcher.get_matching_blocks() for offset in range(block.size)
    }
    return tuple(
        number
        for place, (_, number) in enumerate(wanted)
        if new.start <= number < new.stop and place not in matched
    )


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
