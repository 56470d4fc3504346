"""What is known of a person who is to speak: the picture, and of a video mouths and manner."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from facedit.compose.frames.base import Hear
from facedit.compose.frames.output_sound import stretches
from facedit.compose.frames.spans import CONTEXT_S
from facedit.compose.frames.track_window import cover_network, track_window
from facedit.compose.source.clip import Clip
from facedit.compose.source.source_still import load_still, still_from, still_track
from facedit.compose.source.weights import choose_weights
from facedit.compose.words.new_words import REFERENCE_S
from facedit.face.choice import FaceChoice
from facedit.face.distances import lip_opening
from facedit.media.image import is_image
from facedit.motion.resample import resample_track
from facedit.motion.space import MotionSpace, SeesFrames, seen_in
from facedit.options import Run
from facedit.render.bank import ReferenceBank
from facedit.render.covers import Covers, find_covers
from facedit.render.still_renderer import Still
from facedit.types import FaceTrack, Float32, Sound
from facedit.units import first_frame_from, frame_at, frame_time

WATCHED_S = 20.0
"""How much of a video is watched: more mouths than that add little (docs/journal/renderer.md)."""

LEAST_CONTEXT_S = 0.6
"""Shorter stretches say too little of how somebody speaks."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """A stretch of a video in which the person is seen and heard, which goes ahead of the speech.

    Attributes:
        first_frame: Motion frame of the video at which it starts.
        landmarks: Landmarks in pixels on the 25 Hz grid, shape (T, 478, 3).
        confidence: Tracker confidence, shape (T,).
        sound: Reads the video's sound between two times.
    """

    first_frame: int
    landmarks: Float32
    confidence: Float32
    sound: Hear


@dataclass(frozen=True, slots=True)
class Seen:
    """What a motion space sees of a person: of the default one, landmarks.

    Attributes:
        still: Of the picture, shape (...).
        track: Of each tracked frame of the video, shape (F, ...); empty without one.
        prompt: Of the prompt on the 25 Hz grid, shape (T, ...); empty without one.
    """

    still: Float32
    track: Float32
    prompt: Float32


@dataclass(frozen=True, slots=True)
class Person:
    """What was seen and heard of the person.

    Attributes:
        still: The picture that is to speak.
        track: Smoothed landmarks of the video's shot in which the picture lies; None of a picture.
        bank: The mouths in that shot; None of a picture.
        prompt: The person speaking, up to a closed mouth; None of a picture, and where nothing
            was heard or too little seen.
        borrowed: The picture is not of that video.
        source: That video.
        seen: What the motion space sees, if not the landmarks.
        covers: What hides the mouth in the picture, as of a track of one frame.
    """

    still: Still
    track: FaceTrack | None = None
    bank: ReferenceBank | None = None
    prompt: Prompt | None = None
    borrowed: bool = False
    source: Clip | None = None
    seen: Seen | None = None
    covers: Covers | None = None

    @property
    def points(self) -> Seen:
        """What the motion space sees."""
        if self.seen is not None:
            return self.seen
        nothing, still = self.still.landmarks[:0], self.still.landmarks
        track, prompt = (
            nothing if one is None else one.landmarks for one in (self.track, self.prompt)
        )
        return Seen(still, track, prompt)

    def seen_by(self, space: MotionSpace) -> Person:
        """Look at the pictures again, for a motion space that does not go by landmarks."""
        if not isinstance(space, SeesFrames):
            return self
        still = space.see([(self.still.rgb, self.still.landmarks)])[0]
        track, prompt = still[None][:0], still[None][:0]
        if self.track is not None and self.source is not None:
            times = set(self.track.times_s.tolist())
            frames = self.source.frames(min(times), max(times) + 1e-3)
            track = seen_in(space, self.track, (f.rgb() for f in frames if f.time_s in times))
            if self.prompt is not None:
                first, count = self.prompt.first_frame, len(self.prompt.landmarks)
                prompt, _ = resample_track(self.track, frame_time(first), count, seen=track)
        return replace(self, seen=Seen(still, track, prompt))


def find_person(
    face: Clip, run: Run, *, picture_only: bool = False, footage: Clip | None = None
) -> Person:
    """Take one picture of a person, and of a video mouths and way of speaking.

    ``face``: a picture, or a video of the person; ``run``: options; ``face`` chooses the face;
    ``picture_only``: of a video too, use one picture and nothing else; ``footage``: a video of the
    same person that shows the mouths and the way of speaking. ``NoFace`` if there is no face,
    ``AmbiguousFace`` if several could be meant, ``BadMedia`` if a file cannot be read.
    """
    if footage is not None:
        picture = _in_picture(face, run)
        return replace(_in_video(footage, run), still=picture.still, borrowed=True)
    if picture_only or is_image(face.path):
        return _in_picture(face, run)
    return _in_video(face, run)


def shot_around(track: FaceTrack, time_s: float) -> FaceTrack:
    """Take the shot that holds a moment out of a track."""
    numbers = np.searchsorted(np.asarray(track.cuts), track.times_s + 1e-6)
    here = numbers == np.searchsorted(np.asarray(track.cuts), time_s + 1e-6)
    return replace(
        track,
        times_s=track.times_s[here],
        landmarks=track.landmarks[here],
        confidence=track.confidence[here],
        cuts=(),
    )


def free_of(track: FaceTrack, covers: Covers | None) -> FaceTrack:
    """Forget the landmarks of frames whose mouth is covered, unless that is all of them.

    ``covers``: what hides the mouth in its frames. Returns the track; there the face is as lost.
    """
    shown = np.isfinite(track.landmarks[:, 0, 0])
    if covers is None or not (shown & ~covers.covered).any():
        return track
    landmarks, confidence = track.landmarks.copy(), track.confidence.copy()
    landmarks[covers.covered], confidence[covers.covered] = np.nan, 0.0
    return replace(track, landmarks=landmarks, confidence=confidence)


def prompt_of(track: FaceTrack, sound: Hear) -> Prompt | None:
    """Choose the stretch of a track from which the person's way of speaking is taken.

    It ends where the mouth is most closed, so that other speech can follow.

    ``sound``: reads the video's sound between two times. Returns at most ``CONTEXT_S``; None if
    there is less than ``LEAST_CONTEXT_S``.
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
    return Prompt(first + begin, landmarks[begin:end], confidence[begin:end], sound)


def speaker_of(video: Clip) -> Sound | None:
    """Return some seconds of a person's own voice.

    Returns the sound; None of a picture, or where there is none.
    """
    if is_image(video.path) or not video.info.has_sound:
        return None
    return video.heard.read(0.0, 2 * REFERENCE_S)


def _in_picture(clip: Clip, run: Run) -> Person:
    """Take one picture from a file, and nothing else."""

    def find() -> Still:
        with clip.clock.stage("finding the face"):
            return load_still(clip, run)

    still = clip.once(("still", run.face), find)
    network = cover_network(clip, choose_weights(run).cover)
    return Person(still, covers=find_covers([still.rgb], still_track(still), network))


def _in_video(clip: Clip, run: Run) -> Person:
    """Take what the start of a video shows, all of one shot."""
    end_s = min(clip.info.duration_s, WATCHED_S)
    choice = FaceChoice.parse(run.face)
    window = track_window(clip, (0.0, end_s), choice, choose_weights(run).cover)
    seen = free_of(window.track, window.covers)
    still, time_s = still_from(clip, seen, choice)
    track = shot_around(seen, time_s)
    covers = None if window.covers is None else window.covers.only(window.track, time_s)
    shot_s = set(track.times_s.tolist())
    bank = ReferenceBank()
    bank.frames = [one for one in window.bank.frames if one.time_s in shot_s]
    if not clip.info.sound:
        return Person(still, track, bank, source=clip, covers=covers)
    sound = stretches(clip.heard.read(0.0, end_s))
    return Person(still, track, bank, prompt_of(track, sound), source=clip, covers=covers)
