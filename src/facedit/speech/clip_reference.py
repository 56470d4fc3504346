"""What is heard in a clip around new words, to which they are fitted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from facedit.speech.background import Background, background_of
from facedit.speech.own_voice.imitated_speaker import Speaker
from facedit.speech.own_voice.sounds import VoiceSounds, sounds_of
from facedit.speech.own_voice.world import working_rate
from facedit.speech.placement import speech_gains, spoken_channel
from facedit.speech.sound_cache import cached_pitch
from facedit.speech.sound_ops import from_mono, resampled
from facedit.types import Float32, Sound, Word


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
    """

    sound: Sound
    words: Sequence[Word] = ()
    background: Background | None = None
    place_s: tuple[float, float] = (0.0, 0.0)
    start_s: float = 0.0
    sounds: VoiceSounds | None = None

    def voiced(self) -> Sound:
        """Leave the voice, where there is more than a voice."""
        if self.background is None:
            return self.sound
        under = background_of(self.sound.samples, self.sound.rate, self.background)
        return Sound(self.sound.samples - under, self.sound.rate)

    def speaker(self, channel: Float32) -> Speaker | None:
        """Return whose voice shall be imitated; ``channel``: where it is, amplitudes (N,)."""
        if self.sounds is None:
            return None
        sound = from_mono(channel, self.sound.rate)
        return Speaker(sound, self.sounds, tuple(self.words), self.place_s)


def voice_sounds(reference: Reference) -> VoiceSounds:
    """Read what is heard of the speaker's voice; what is dear of it is found at most once."""
    voiced = reference.voiced()
    channel = spoken_channel(voiced, speech_gains(voiced, reference.words))
    rate = working_rate(voiced.rate)
    samples = resampled(channel, voiced.rate, rate)
    return sounds_of(samples, rate, pitch_hz=cached_pitch(from_mono(samples, rate)))


def speaker_alone(sound: Sound) -> Speaker:
    """Take the voice in a sound, without regard to what it says there."""
    reference = Reference(sound)
    channel = spoken_channel(sound, speech_gains(sound))
    return Speaker(from_mono(channel, sound.rate), voice_sounds(reference), (), (0.0, 0.0))
