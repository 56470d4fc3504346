"""What is known of a person who is to speak: the picture, and of a video mouths and manner."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from facedit.compose.canvas import Canvas, build_canvas
from facedit.compose.sound import stretches
from facedit.compose.spans import CONTEXT_S, speech_on, track_window
from facedit.compose.still import load_still, still_canvas, still_from
from facedit.face.choice import FaceChoice
from facedit.face.distances import lip_opening
from facedit.face.landmarker import Landmarker
from facedit.media.probe import probe
from facedit.media.sound import read_sound
from facedit.motion.resample import resample_track
from facedit.motion.space import MotionSpace
from facedit.options import Region, Run
from facedit.render.bank import ReferenceBank
from facedit.render.still import Still
from facedit.report.progress import StageClock
from facedit.speech.features import WhisperBase
from facedit.types import FaceTrack, Float32, Sound
from facedit.units import first_frame_from, frame_at, frame_time

WATCHED_S = 20.0
"""How much of a video is watched: more mouths than that add little (docs/journal/renderer.md)."""

LEAST_CONTEXT_S = 0.6
"""Shorter stretches say too little of how somebody speaks."""


@dataclass(frozen=True, slots=True)
class Context:
    """A stretch in which the person is seen and heard.

    Attributes:
        first_frame: Motion frame of the video at which it starts.
        landmarks: Landmarks in pixels on the 25 Hz grid, shape (T, 478, 3).
        confidence: Tracker confidence, shape (T,).
        sound: Reads the video's sound between two times.
    """

    first_frame: int
    landmarks: Float32
    confidence: Float32
    sound: Callable[[float, float], Sound]


@dataclass(frozen=True, slots=True)
class Shown:
    """What was seen and heard of the person.

    Attributes:
        still: The picture that is to speak.
        track: Smoothed landmarks of the video's shot in which the picture lies; None of a picture.
        bank: The mouths in that shot; None of a picture.
        context: The person speaking, up to a closed mouth; None of a picture, and where nothing
            was heard or too little seen.
        borrowed: The picture is not of that video.
    """

    still: Still
    track: FaceTrack | None = None
    bank: ReferenceBank | None = None
    context: Context | None = None
    borrowed: bool = False


def look(path: Path, run: Run, clock: StageClock) -> Shown:
    """Take one picture from a file, and nothing else.

    Args:
        path: A picture or a video.
        run: Options; ``face`` chooses the face.
        clock: Times the stages.

    Returns:
        The picture. (The errors of ``load_still``.)
    """
    with clock.stage("finding the face"):
        return Shown(load_still(path, run))


def watch(path: Path, run: Run, clock: StageClock) -> Shown:
    """Watch the start of a video.

    Args:
        path: The video.
        run: Options; ``face`` chooses the face.
        clock: Times the stages.

    Returns:
        What it shows, all of one shot. (``NoFace`` if there is no face in its first seconds,
        ``AmbiguousFace`` if several could be meant, ``BadMedia`` if it cannot be read.)
    """
    info = probe(path, allow_truncated=run.allow_truncated)
    end_s = min(info.duration_s, WATCHED_S)
    choice, landmarker = FaceChoice.parse(run.face), Landmarker()
    window = track_window(path, info, (0.0, end_s), choice, landmarker, clock)
    still, time_s = still_from(path, info, window.track, choice, landmarker)
    track = shot_around(window.track, time_s)
    shot_s = set(track.times_s.tolist())
    window.bank.frames = [one for one in window.bank.frames if one.time_s in shot_s]
    if not info.sound:
        return Shown(still, track, window.bank)
    sound = stretches(read_sound(path, 0.0, end_s, info=info))
    return Shown(still, track, window.bank, context_of(track, sound))


def borrow(picture: Shown, footage: Shown) -> Shown:
    """Give a picture what a video of the same person shows.

    Args:
        picture: The picture.
        footage: The video.

    Returns:
        The picture with the video's mouths and way of speaking.
    """
    return replace(footage, still=picture.still, borrowed=True)


def shot_around(track: FaceTrack, time_s: float) -> FaceTrack:
    """Take the shot that holds a moment out of a track.

    Args:
        track: The track.
        time_s: The moment.

    Returns:
        Its frames of that shot.
    """
    numbers = np.searchsorted(np.asarray(track.cuts), track.times_s + 1e-6)
    here = numbers == np.searchsorted(np.asarray(track.cuts), time_s + 1e-6)
    return replace(
        track,
        times_s=track.times_s[here],
        landmarks=track.landmarks[here],
        confidence=track.confidence[here],
        cuts=(),
    )


def context_of(track: FaceTrack, sound: Callable[[float, float], Sound]) -> Context | None:
    """Choose the stretch of a track from which the person's way of speaking is taken.

    It ends where the mouth is most closed, so that other speech can follow.

    Args:
        track: Smoothed landmarks of one shot.
        sound: Reads the video's sound between two times.

    Returns:
        At most ``CONTEXT_S``; None if there is less than ``LEAST_CONTEXT_S``.
    """
    first, last = first_frame_from(float(track.times_s[0])), frame_at(float(track.times_s[-1]))
    landmarks, confidence = resample_track(track, frame_time(first), max(last - first + 1, 0))
    seen = np.isfinite(landmarks).all(axis=(1, 2)) & (confidence > 0)
    # How many frames with a face end at each frame.
    numbers = np.arange(len(seen))
    run = numbers - np.maximum.accumulate(np.where(seen, -1, numbers))
    wanted = min(frame_at(CONTEXT_S), int(run.max(initial=0)))
    if wanted < frame_at(LEAST_CONTEXT_S):
        return None
    # Half of the longest context is enough where the mouth is more closed.
    openness = np.where(run >= max(wanted / 2, 1), lip_opening(landmarks), np.inf)
    end = int(np.argmin(openness)) + 1
    begin = end - min(int(run[end - 1]), wanted)
    return Context(first + begin, landmarks[begin:end], confidence[begin:end], sound)


def shown_canvas(space: MotionSpace, shown: Shown, frames: int, region: Region) -> Canvas:
    """Put the context before the picture, and hide everything that speech may move in the latter.

    Args:
        space: The motion space.
        shown: What the video shows.
        frames: Motion frames of the output.
        region: What speech may move.

    Returns:
        A canvas that starts with the context, before the output; without a context, the still's.
    """
    context, track = shown.context, shown.track
    if context is None or track is None:
        return still_canvas(space, shown.still, frames, region)
    before = len(context.landmarks)
    seen = np.isfinite(track.landmarks).all(axis=(1, 2))
    identity = space.identity(track.landmarks[seen], track.confidence[seen])
    # Another picture's pose and size would be no pose of the video: there its last frame is held.
    last = context.landmarks[-1] if shown.borrowed else shown.still.landmarks
    picture = np.repeat(last[None], frames, axis=0)
    landmarks = np.concatenate([context.landmarks, picture])
    confidence = np.concatenate([context.confidence, np.ones(frames, np.float32)])
    hidden = np.arange(before + frames) >= before
    return build_canvas(
        space, identity, landmarks, confidence, hidden, region=region, first_frame=-before
    )


def shown_speech(
    shown: Shown, canvas: Canvas, window: Callable[[float, float], Sound], encoder: WhisperBase
) -> Float32:
    """Compute what is heard on such a canvas: the context's own sound, then the new one.

    Args:
        shown: What is known of the person.
        canvas: From ``shown_canvas``.
        window: Reads the new sound between two times, silence outside.
        encoder: What hears it.

    Returns:
        Features, shape (T, C).
    """
    context = shown.context
    if context is None:
        return speech_on(window, canvas.first_frame, len(canvas.values), encoder)
    before = len(context.landmarks)
    own = speech_on(context.sound, context.first_frame, before, encoder)
    return np.concatenate([own, speech_on(window, 0, len(canvas.values) - before, encoder)])
