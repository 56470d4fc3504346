"""Known disturbances of an item's sound; pure functions from scene to scene.

What a measure hears is in three places, and all are moved alike: the speech features, the sound
itself, and the times of the words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from facedit.bench.scene import Scene
from facedit.speech.encoders.features import QUIET
from facedit.types import Float32, Sound, Word
from facedit.units import MOTION_FPS, frame_time, sample_at


def shift_sound(scene: Scene, frames: int) -> Scene:
    """Let the sound come so many motion frames (40 ms) later, or earlier, than it should.

    Features that would come from beyond the scene repeat its first or last row.
    """
    count = len(scene.hidden)
    rows = np.clip(np.arange(count) - frames, 0, max(count - 1, 0))
    late_s = frames / MOTION_FPS
    return replace(
        scene,
        speech=None if scene.speech is None else scene.speech.take(rows),
        sound=_late(scene.sound, late_s),
        words=_moved(scene.words, late_s),
    )


def delay_kept_sound(scene: Scene, delay_s: float) -> Scene:
    """Let the sound come later by less than anybody hears; features and words stay."""
    return replace(scene, sound=_late(scene.sound, delay_s))


def swap_sound(scene: Scene, other: Scene) -> Scene:
    """Put another clip's sound, begun again where it is shorter, under the pictures."""
    speech = other.speech
    if speech is not None:
        speech = speech.take(np.arange(len(scene.hidden)) % max(len(speech.energy), 1))
    moved_s = frame_time(scene.output.first_frame - other.output.first_frame)
    return replace(
        scene, speech=speech, sound=_late(other.sound, moved_s), words=_moved(other.words, moved_s)
    )


def silence_sound(scene: Scene) -> Scene:
    """Put silence under the pictures: the encoder hears what it heard in the quietest frame."""
    speech = scene.speech
    if speech is None or not len(speech.energy):
        return scene
    silence = replace(
        speech.take(np.full(len(speech.energy), speech.energy.argmin())),
        energy=np.full_like(speech.energy, np.log10(QUIET)),
        voice_activity=np.zeros_like(speech.voice_activity),
    )
    sound = scene.sound
    if sound is not None:
        sound = replace(sound, samples=np.zeros_like(sound.samples))
    return replace(scene, speech=silence, sound=sound, words=())


def _moved(words: Sequence[Word], late_s: float) -> tuple[Word, ...]:
    """Move words in time; those that begin before the sound does are gone."""
    moved = (
        replace(word, start_s=word.start_s + late_s, end_s=word.end_s + late_s) for word in words
    )
    return tuple(word for word in moved if word.start_s >= -1e-9)


def _late(sound: Sound | None, delay_s: float) -> Sound | None:
    """Put silence before a sound, or cut its beginning off; its end stays whole."""
    if sound is None:
        return None
    late = sample_at(delay_s, sound.rate)
    silence: Float32 = np.zeros((max(late, 0), sound.samples.shape[1]), np.float32)
    return replace(sound, samples=np.concatenate([silence, sound.samples[max(-late, 0) :]]))
