"""What is heard in a clip around new words, to which they are fitted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from facedit.speech.own_voice.hearing import unheard_in_place
from facedit.speech.own_voice.imitated_speaker import Speaker
from facedit.speech.own_voice.sounds import VoiceSounds, joined, sounds_of
from facedit.speech.recognition.sound_cache import cached_pitch
from facedit.speech.signal.background import Background, background_of
from facedit.speech.signal.levels import active_level_db
from facedit.speech.signal.match import match_colour, match_loudness
from facedit.speech.signal.placement import speech_gains, spoken_channel
from facedit.speech.signal.world import HOP_S, working_rate
from facedit.speech.sound_ops import fit_length, from_mono, mono, resampled
from facedit.types import Float32, Sound, Word
from facedit.units import sample_at


@dataclass(frozen=True, slots=True)
class Footage:
    """What the speaker says in another video.

    Attributes:
        sound: The voice, mono.
        words: The words in it.
        name: The video.
        sounds: ``voice_sounds`` of it, if the voice shall be imitated.
    """

    sound: Sound
    words: tuple[Word, ...]
    name: str
    sounds: VoiceSounds | None = None

    def as_in(self, reference: Reference) -> Footage:
        """Bring it to the rate, level and spectrum of a clip."""
        clip, rate = reference.voice(), reference.sound.rate
        samples = resampled(mono(self.sound), self.sound.rate, rate)
        samples = match_colour(samples, clip, rate)
        samples = match_loudness(samples, rate, active_level_db(clip, rate))
        return replace(self, sound=from_mono(samples, rate))


@dataclass(frozen=True, slots=True)
class Reference:
    """What is heard in the clip around the new words, to which they are fitted.

    Attributes:
        sound: The clip's sound, or some seconds of it.
        words: Its words, for the speaking rate and the channels where the voice is.
        background: What sounds under the clip's speech (``Background``) and is no part of the
            voice, if anything.
        place_s: Begin and end of the edited words in it.
        start_s: Where in the clip it starts.
        sounds: ``voice_sounds`` of it, if the speaker's voice shall be imitated.
        footage: What else is heard of the speaker, as in this clip, if anything.
    """

    sound: Sound
    words: Sequence[Word] = ()
    background: Background | None = None
    place_s: tuple[float, float] = (0.0, 0.0)
    start_s: float = 0.0
    sounds: VoiceSounds | None = None
    footage: Footage | None = None

    def voiced(self) -> Sound:
        """Leave the voice, where there is more than a voice."""
        if self.background is None:
            return self.sound
        under = background_of(self.sound.samples, self.sound.rate, self.background)
        return Sound(self.sound.samples - under, self.sound.rate)

    def voice(self) -> Float32:
        """Return the voice as in its loudest channel, amplitudes (N,)."""
        voiced = self.voiced()
        return spoken_channel(voiced, speech_gains(voiced, self.words))

    def heard(self) -> tuple[Sound, tuple[Word, ...]]:
        """Return the voice, mono, behind it that of the footage, and the words in both."""
        return _with_footage(self.voice(), self)

    def speaker(self, channel: Float32) -> Speaker | None:
        """Return whose voice shall be imitated; ``channel``: where it is, amplitudes (N,)."""
        if self.sounds is None:
            return None
        rate = self.sound.rate
        if self.footage is None or self.footage.sounds is None:
            sound = from_mono(channel, rate)
            return Speaker(sound, self.sounds, tuple(self.words), self.place_s)
        # What was read ends with a whole frame, and so must the sound that it is read of.
        clip_s = len(self.sounds.active) * HOP_S
        sound, words = _with_footage(fit_length(channel, sample_at(clip_s, rate)), self)
        sounds = joined(self.sounds, self.footage.sounds)
        return Speaker(sound, sounds, words, self.place_s, clip_s)

    def unheard(self, new: Float32, texts: Sequence[str], gains: Float32) -> tuple[int, ...]:
        """Tell which new words are not heard in their place, over what goes on under them.

        ``new``: the words where the voice is, amplitudes (N,), in the channels of these gains.
        """
        clip, rate = spoken_channel(self.sound, gains), self.sound.rate
        if self.background is not None:
            under = background_of(self.sound.samples, rate, self.background)
            first = sample_at(self.place_s[0], rate)
            goes_on = spoken_channel(Sound(under[first : first + len(new)], rate), gains)
            new = new + fit_length(goes_on, len(new))
        here = replace(self, footage=None).speaker(clip)
        return () if here is None else unheard_in_place(new, texts, here)


def _with_footage(channel: Float32, reference: Reference) -> tuple[Sound, tuple[Word, ...]]:
    """Put the voice of the footage behind that of the clip."""
    rate, words = reference.sound.rate, tuple(reference.words)
    if reference.footage is None:
        return from_mono(channel, rate), words
    late_s = len(channel) / rate
    more = tuple(
        replace(word, start_s=word.start_s + late_s, end_s=word.end_s + late_s)
        for word in reference.footage.words
    )
    both = np.concatenate([channel, mono(reference.footage.sound)])
    return from_mono(both, rate), words + more


def voice_sounds(reference: Reference) -> VoiceSounds:
    """Read what is heard of the speaker's voice; what is dear of it is found at most once."""
    rate = working_rate(reference.sound.rate)
    samples = resampled(reference.voice(), reference.sound.rate, rate)
    return sounds_of(samples, rate, pitch_hz=cached_pitch(from_mono(samples, rate)))


def speaker_alone(sound: Sound) -> Speaker:
    """Take the voice in a sound, without regard to what it says there."""
    reference = Reference(sound)
    channel = spoken_channel(sound, speech_gains(sound))
    return Speaker(from_mono(channel, sound.rate), voice_sounds(reference), (), (0.0, 0.0))
