"""Known disturbances of an item's sound; pure functions from scene to scene.

What a measure hears is in three places, and all are moved alike: the speech features, the sound
itself, and the times of the words.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from facedit.bench.scene import Scene
from facedit.types import Float32, Sound
from facedit.units import MOTION_FPS, frame_time, sample_at


def shift_sound(scene: Scene, frames: int) -> Scene:
    """Let the sound come later (or earlier) than it should.

    Args:
        scene: The scene.
        frames: Motion frames (40 ms) by which it is late; negative: early.

    Returns:
        The scene with its features, sound and word times moved. Features that would come from
        beyond the scene repeat its first or last row.
    """
    rows = np.clip(np.arange(len(scene.speech)) - frames, 0, max(len(scene.speech) - 1, 0))
    late_s = frames / MOTION_FPS
    words = tuple(
        replace(word, start_s=word.start_s + late_s, end_s=word.end_s + late_s)
        for word in scene.words
    )
    return replace(scene, speech=scene.speech[rows], sound=_late(scene.sound, late_s), words=words)


def delay_kept_sound(scene: Scene, delay_s: float) -> Scene:
    """Let the sound come later by less than anybody hears; features and words stay.

    Args:
        scene: The scene.
        delay_s: By how much, in seconds.

    Returns:
        The scene with its sound moved.
    """
    return replace(scene, sound=_late(scene.sound, delay_s))


def swap_sound(scene: Scene, other: Scene) -> Scene:
    """Put another clip's sound under the pictures.

    Args:
        scene: The scene.
        other: Where the sound comes from; it is begun again where it is shorter.

    Returns:
        The scene with the other's features, sound and words.
    """
    rows = np.arange(len(scene.speech)) % max(len(other.speech), 1)
    begin_s = frame_time(scene.output.first_frame)
    moved_s = begin_s - frame_time(other.output.first_frame)
    end_s = begin_s + len(scene.speech) / MOTION_FPS
    words = tuple(
        replace(word, start_s=word.start_s + moved_s, end_s=word.end_s + moved_s)
        for word in other.words
        if word.start_s + moved_s >= begin_s and word.end_s + moved_s <= end_s
    )
    return replace(scene, speech=other.speech[rows], sound=_late(other.sound, moved_s), words=words)


def _late(sound: Sound | None, delay_s: float) -> Sound | None:
    """Move a sound in time; it keeps its length, and silence comes in."""
    if sound is None:
        return None
    late = min(max(sample_at(delay_s, sound.rate), -len(sound.samples)), len(sound.samples))
    moved: Float32 = np.zeros_like(sound.samples)
    if late >= 0:
        moved[late:] = sound.samples[: len(sound.samples) - late]
    else:
        moved[:late] = sound.samples[-late:]
    return replace(sound, samples=moved)
