"""The sound of an edit's new words: spoken in their sentence, cut out, and fitted to the clip.

A word said inside its sentence has the right melody and runs into its neighbours as it should;
said alone it sounds like a list. So the whole context is spoken and only the new words are kept.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from facedit.editing.words import tokenise
from facedit.errors import UsageError
from facedit.options import OWN_VOICE
from facedit.speech.fit.clip_reference import Reference, speaker_alone
from facedit.speech.fit.voice_choice import VoiceChoice, choose_voice
from facedit.speech.own_voice.elsewhere import PAUSE_S
from facedit.speech.own_voice.hearing import unheard_in_place
from facedit.speech.own_voice.imitated_speaker import Speaker
from facedit.speech.own_voice.say import Speech, say, say_elsewhere
from facedit.speech.signal.background import Background
from facedit.speech.signal.levels import active_level_db, median_pitch, syllable_rate
from facedit.speech.signal.low_energy import low_energy_point
from facedit.speech.signal.match import (
    MOST_SEMITONES,
    add_room,
    match_colour,
    match_loudness,
    shift_pitch,
)
from facedit.speech.signal.placement import placed, speech_gains, spoken_channel
from facedit.speech.signal.room import in_room
from facedit.speech.sound_ops import cut, cut_wider, from_mono, mono, resampled, speech_samples
from facedit.speech.voices.voice import check_speakable, synthesise
from facedit.speech.voices.voice_interface import Engine, InPart, Voice, language_of
from facedit.speech.voices.voice_pace import at_pace
from facedit.types import Float32, Sound, Transcript, Word
from facedit.units import SPEECH_RATE

_log = logging.getLogger(__name__)

MOST_CONTEXT = 6
"""Words of the sentence spoken before and after the new ones."""
NEAR = 2
"""Words on either side of which there is sound, if the voice can leave the others out."""
LONGEST_PAUSE_S = 0.06
"""Silence kept at either end of the snippet."""
BESIDE_S = 0.1
"""What is kept of what is spoken before and after the new words, for fades and pauses."""

_CUT_REACH_S = 0.03
_NOT_OWN = (
    "in the speaker's own voice the new words would not be understood: the nearest voice speaks."
)


@dataclass(frozen=True, slots=True)
class Snippet:
    """New words as sound.

    Attributes:
        sound: At the rate and channels of the clip.
        transcript: The new words, in seconds from the start of the snippet.
        voice: Who speaks.
        speed: The pace relative to the voice's own.
        semitones: How far the pitch was shifted.
        fit: What was measured of clip and voice, in plain numbers, for the report.
        choice: Why this voice speaks; None for a recording.
        background: What sounds under the edited words and goes on (``Background``), if anything.
        notes: What the user must know of a recording.
        beside: The same sound with ``BESIDE_S`` of what is spoken on either side, if known.
    """

    sound: Sound
    transcript: Transcript
    voice: str
    speed: float = 1.0
    semitones: float = 0.0
    fit: tuple[tuple[str, float], ...] = ()
    choice: VoiceChoice | None = None
    background: Background | None = field(default=None, compare=False, repr=False)
    notes: tuple[str, ...] = ()
    beside: Sound | None = field(default=None, compare=False, repr=False)


def speech_for_edit(
    before: Sequence[str],
    new_words: Sequence[str],
    after: Sequence[str],
    voice: str | VoiceChoice,
    reference: Reference,
    language: str = "en",
) -> Snippet:
    """Speak new words in the context of their sentence and fit them to a clip.

    ``before`` and ``after`` are the words of the sentence around the new ones; ``voice`` is a name
    as in ``choose_voice`` (whose errors pass through), or what that chose; it speaks ``language``,
    and nobody is imitated in another than English. Pace, pitch, loudness and spectrum become the
    clip's, and its room tone lies under the snippet unless a background takes that place. The new
    words alone come back, cut at low-energy points and in the channels where the clip's voice is;
    UsageError if there are none, or nothing of them can be spoken.
    """
    new = tokenise(" ".join(new_words))
    if not new:
        raise UsageError("There are no new words to speak.")
    front = tokenise(" ".join(before[-MOST_CONTEXT:]))
    back = tokenise(" ".join(after[:MOST_CONTEXT]))
    text = " ".join([*_phrased(front, new, reference), *back])
    check_speakable(text)
    choice = choose_voice(voice, reference.sound, language) if isinstance(voice, str) else voice
    chosen = choice.voice
    if isinstance(chosen, Engine):
        raise UsageError(f"{chosen.name} is an engine: it is shown the clip, and not only heard.")
    around = len(front), len(back)
    spoken, words, wanted, speed = _in_context(chosen, text, new, around, reference)
    rate, voiced = reference.sound.rate, reference.voiced()
    gains = speech_gains(voiced, reference.words)
    clip = spoken_channel(voiced, gains)
    theirs, ours = _pitch(from_mono(clip, rate)), _pitch(spoken)
    semitones = 12.0 * math.log2(theirs / ours) if theirs and ours else 0.0
    semitones = float(np.clip(semitones, -MOST_SEMITONES, MOST_SEMITONES))

    def near() -> Speech:
        dry = _brought_near(spoken, semitones, clip, rate)
        return in_room(dry, rate, words, clip, reference.words), dry

    def cut_out(speech: Speech, words: Sequence[Word], first: int) -> tuple[Sound, Transcript]:
        whole, dry = placed(speech[0], rate, gains), from_mono(speech[1], rate)
        return cut_words(whole, words, first, len(new), language, dry)

    def unheard(*speech: Float32) -> Sequence[int]:
        beside, _ = cut_out((speech[0], speech[1]), words, wanted.start)
        return reference.unheard(spoken_channel(words_alone(beside), gains), new, gains)

    speaker = reference.speaker(clip)
    parts = spoken, words, wanted
    own = None if speaker is None else say(chosen.name, parts, speaker, unheard, near)
    if own is not None:
        beside, heard = cut_out((own.samples, own.dry), own.words, own.new.start)
        choice = _taken(choice, own.taken_s, speaker, reference)
    else:
        choice = replace(choice, own=False, warning=_NOT_OWN) if choice.own else choice
        beside, heard = cut_out(near(), words, wanted.start)
    beside = over_room(beside, reference, gains)
    fit = (
        ("clip pitch Hz", theirs or math.nan),
        ("voice pitch Hz", ours or math.nan),
        ("clip level dB", active_level_db(clip, rate)),
        ("clip syllables/s", syllable_rate(reference.words) or math.nan),
        ("snippet syllables/s", syllable_rate(heard.words) or math.nan),
        *(() if own is None else (("share of the speaker's own moments", own.weight),)),
    )
    return Snippet(words_alone(beside), heard, chosen.name, speed, semitones, fit, choice,
                   reference.background, beside=beside)  # fmt: skip


def _pitch(sound: Sound) -> float | None:
    return median_pitch(speech_samples(sound), SPEECH_RATE)


def _in_context(
    voice: Voice, text: str, new: Sequence[str], around: tuple[int, int], reference: Reference
) -> tuple[Sound, tuple[Word, ...], slice, float]:
    """Let a voice say a sentence, or of it the new words and those next to them.

    ``around``: how many words precede and follow the new ones. Returns the sound, its words, which
    of them are new, and the voice's speed.
    """
    before, after = around
    part, wanted = None, slice(before, before + len(new))
    if isinstance(voice, InPart) and language_of(voice) == "en":
        first = max(0, before - NEAR)
        part = range(first, wanted.stop + min(NEAR, after))
        wanted = slice(wanted.start - first, wanted.stop - first)
    spoken, words, speed = at_pace(voice, text, syllable_rate(reference.words), part)
    plain = [replace(word, text=text) for word, text in zip(words[wanted], new, strict=True)]
    return spoken, (*words[: wanted.start], *plain, *words[wanted.stop :]), wanted, speed


def _phrased(front: Sequence[str], new: Sequence[str], reference: Reference) -> list[str]:
    """Put commas where the clip pauses beside new words, so that they begin or end a phrase."""
    words = [*front, *new]
    start_s, end_s = reference.place_s
    before = [word.end_s for word in reference.words if word.end_s <= start_s + 1e-6]
    after = [word.start_s for word in reference.words if word.start_s >= end_s - 1e-6]
    pauses = (front and before and start_s - before[-1] >= PAUSE_S,
              end_s and after and after[0] - end_s >= PAUSE_S)  # fmt: skip
    for place, pause in zip((len(front) - 1, len(words) - 1), pauses, strict=True):
        if pause and words[place][-1].isalnum():
            words[place] += ","
    return words


def words_from_elsewhere(
    new_words: Sequence[str], choice: VoiceChoice, reference: Reference, language: str
) -> Snippet | None:
    """Take new words of a language that no voice speaks from where the speaker says them.

    ``choice``: with ``own`` and the ``sounds`` of the reference. None if they are said nowhere, or
    never as they should sound here.
    """
    voiced = reference.voiced()
    gains, rate = speech_gains(voiced, reference.words), reference.sound.rate
    speaker = reference.speaker(spoken_channel(voiced, gains))
    new = tokenise(" ".join(new_words))
    own = say_elsewhere(new, speaker) if speaker is not None and new else None
    if own is None:
        return None
    whole = placed(own.samples, rate, gains)
    beside, heard = cut_words(whole, own.words, own.new.start, len(new), language)
    beside = over_room(beside, reference, gains)
    choice = _taken(choice, own.taken_s, speaker, reference)
    return Snippet(words_alone(beside), heard, OWN_VOICE, choice=choice,
                   background=reference.background, beside=beside)  # fmt: skip


def _taken(
    choice: VoiceChoice, taken_s: float | None, speaker: Speaker | None, reference: Reference
) -> VoiceChoice:
    """Say where words were taken from: the clip, or footage of the speaker."""
    if taken_s is None or speaker is None:
        return choice
    if reference.footage is None or taken_s < speaker.clip_s:
        return replace(choice, taken_s=taken_s + reference.start_s)
    return replace(choice, taken_s=taken_s - speaker.clip_s, taken_from=reference.footage.name)


def over_room(sound: Sound, reference: Reference, gains: Float32) -> Sound:
    """Lay the clip's room tone under new words, unless what sounds under the old ones goes on."""
    if reference.background is not None:
        return sound
    toned = add_room(sound, reference.sound, np.random.default_rng(0))
    # A channel without the voice goes on as it is, which is better than its room.
    return Sound(toned.samples * (gains != 0), sound.rate)


def _brought_near(spoken: Sound, semitones: float, clip: Float32, rate: int) -> Float32:
    """Give another voice's speech the clip's rate, pitch, spectrum and level."""
    samples = shift_pitch(resampled(mono(spoken), spoken.rate, rate), rate, semitones)
    samples = match_colour(samples, clip, rate)
    return match_loudness(samples, rate, active_level_db(clip, rate))


def speech_for(
    text: str, choice: VoiceChoice, speaker: Sound | None
) -> tuple[Sound, Transcript, VoiceChoice]:
    """Speak a text by itself, in the speaker's voice if it shall be imitated.

    ``speaker``: some seconds of the speaker. Returns the sound, its words and who speaks: the voice
    itself where not all would be understood. The errors of ``synthesise`` pass through.
    """
    spoken, transcript = synthesise(text, choice.voice)
    if not choice.own or speaker is None:
        return spoken, transcript, choice
    heard = speaker_alone(speaker)
    rate, words = heard.sound.rate, transcript.words

    def plain() -> Speech:
        alone = resampled(mono(spoken), spoken.rate, rate)
        alone = match_loudness(alone, rate, active_level_db(mono(heard.sound), rate))
        return alone, alone

    parts = spoken, words, slice(0, len(words))

    def unheard(samples: Float32, _: Float32) -> Sequence[int]:
        return unheard_in_place(samples, [word.text for word in words], heard)

    own = say(choice.voice.name, parts, heard, unheard, plain)
    if own is None:
        return spoken, transcript, replace(choice, own=False, warning=_NOT_OWN)
    sound = from_mono(own.samples, rate)
    return sound, replace(transcript, duration_s=sound.duration_s), choice


def cut_words(
    sound: Sound,
    words: Sequence[Word],
    first: int,
    count: int,
    language: str = "en",
    dry: Sound | None = None,
) -> tuple[Sound, Transcript]:
    """Cut consecutive words out at low-energy points, with ``BESIDE_S`` of what is around them.

    The words' times are without that. ``dry``: the same speech before its room was laid over it,
    whose tail fills the quiet points.
    """
    quiet = sound if dry is None else dry
    wanted = words[first : first + count]
    before = words[first - 1].end_s if first else 0.0
    after = words[first + count].start_s if first + count < len(words) else sound.duration_s
    start = _edge(quiet, max(before, wanted[0].start_s - LONGEST_PAUSE_S), wanted[0].start_s)
    end = _edge(quiet, wanted[-1].end_s, min(after, wanted[-1].end_s + LONGEST_PAUSE_S))
    duration_s = cut(sound, start, end).duration_s
    inside = tuple(
        replace(
            word,
            start_s=min(max(word.start_s - start, 0.0), duration_s),
            end_s=min(max(word.end_s - start, 0.0), duration_s),
        )
        for word in wanted
    )
    heard = Transcript(inside, duration_s, language, "snippet")
    return cut_wider(sound, start, end, BESIDE_S), heard


def words_alone(beside: Sound) -> Sound:
    """Take ``BESIDE_S`` off either side."""
    return cut(beside, BESIDE_S, beside.duration_s - BESIDE_S)


def _edge(sound: Sound, earliest_s: float, latest_s: float) -> float:
    """Find the quietest point in a pause, or near a boundary where there is none."""
    middle, half = (earliest_s + latest_s) / 2, (latest_s - earliest_s) / 2
    return low_energy_point(sound.samples, sound.rate, middle, max(half, _CUT_REACH_S))
