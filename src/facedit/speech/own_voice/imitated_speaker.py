"""A speaker whose voice is imitated: what is heard of them in a clip, and where an edit lies."""

from __future__ import annotations

import math
from dataclasses import dataclass

from facedit.speech.own_voice.sounds import VoiceSounds
from facedit.types import Sound, Word

LEAST_SPEECH_S = 4.0
"""Speech that there must be of a speaker whose voice is imitated."""


@dataclass(frozen=True, slots=True)
class Speaker:
    """What is heard of a speaker.

    Attributes:
        sound: The voice in a stretch of the clip, mono, and behind that in footage of the speaker.
        sounds: What was read of it.
        words: The words said in it, in seconds from its start.
        place_s: Begin and end of the edited words in it.
        clip_s: Where the stretch of the clip ends.
    """

    sound: Sound
    sounds: VoiceSounds
    words: tuple[Word, ...]
    place_s: tuple[float, float]
    clip_s: float = math.inf

    @property
    def before(self) -> tuple[Word, ...]:
        """The words before the edit."""
        return tuple(word for word in self.words if word.end_s <= self.place_s[0] + 1e-6)

    @property
    def after(self) -> tuple[Word, ...]:
        """The words after it in the clip."""
        after_s = self.place_s[1] - 1e-6
        return tuple(w for w in self.words if w.start_s >= after_s and w.end_s <= self.clip_s)
