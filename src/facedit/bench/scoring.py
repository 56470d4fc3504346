"""From a video to a scene: what of it the measures see, beside the source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from facedit.bench.items import Item
from facedit.bench.prepared_item import Case, build_case
from facedit.bench.reference import (
    Original,
    check_count,
    check_format,
    original_of,
    rows_of,
    rows_shown_at,
    window,
)
from facedit.bench.scene import Scene, View
from facedit.compose.output_sound import stretches
from facedit.compose.spans import speech_on
from facedit.errors import NoFace
from facedit.face.choice import FaceChoice
from facedit.face.landmarker import Landmarker
from facedit.face.smooth import smooth_track
from facedit.face.track import track_face
from facedit.media.probe import probe
from facedit.media.read import read_frames
from facedit.media.sound import read_sound
from facedit.motion.identity import Identity
from facedit.motion.resample import resample_track
from facedit.motion.space import MotionSpace
from facedit.progress import StageClock
from facedit.speech.encoders import Encoder, features_name
from facedit.types import LANDMARKS, FaceTrack, Float32, Float64, Sound, SpeechFeatures, UInt8
from facedit.units import first_frame_from, frame_time


def scene_of(
    case: Case,
    original: Original,
    video: Path,
    drawn: Float32 | None = None,
    landmarker: Landmarker | None = None,
) -> Scene:
    """Look at a system's video of an item.

    ``drawn``: motion drawn for it on the case's canvas, shape (takes, T, D), if known.
    ``BadMedia`` if the video has other pictures than the item asks for, or no sound; ``NoFace``.
    """
    info = probe(video)
    check_format(case, original, video, info)
    start, stop = window(original.expected)
    frames, stamps, count = [], [], 0
    for index, frame in enumerate(read_frames(video, info=info)):
        count = index + 1
        if start <= index < stop:
            frames.append(frame.rgb())
            stamps.append(frame.time_s)
    check_count(original, video, info, count)
    track = _tracked(stamps, frames, landmarker or Landmarker())
    return _scene(case, original, tuple(frames), track, read_sound(video, info=info), drawn)


def seen_anew(
    scene: Scene, frames: tuple[UInt8, ...], space: MotionSpace, landmarker: Landmarker
) -> View:
    """Look at changed pictures of a scene's output; without landmarks where no face is found."""
    times_s = scene.output.times_s
    try:
        track = _tracked(times_s.tolist(), frames, landmarker)
    except NoFace:
        nothing = np.full_like(scene.output.landmarks, np.nan)
        motion = np.full_like(scene.output.motion, np.nan)
        return replace(scene.output, frames=frames, landmarks=nothing, motion=motion)
    return view_of(space, scene.identity, frames, track, times_s)


def scene_of_truth(item: Item, clips: Path, encoder: Encoder) -> Scene:
    """Look at the clip of an item with ground truth as if a system had made it."""
    # Nothing is written: no system answers, so nothing is withheld.
    case = build_case(item, clips, clips, StageClock(), hide=False, encoder=encoder)
    return truth_scene(case, original_of(case))


def truth_scene(case: Case, original: Original) -> Scene:
    """Look at the clip itself as if a system had made it, without encoding it again."""
    start, stop = window(original.expected)
    rows = rows_shown_at(original, original.expected.times_s[start:stop])
    frames = tuple(original.frames[row] for row in rows)
    track = rows_of(original.track, rows, original.expected.times_s[start:stop])
    return _scene(case, original, frames, track, original.sound, None)


def drawn_scene(case: Case, original: Original, drawn: Float32) -> Scene | None:
    """Look at motion on the case's canvas as it was drawn: a scene without pictures.

    ``drawn``: shape (takes, T, D). None where the canvas does not reach over what is measured.
    """
    start, stop = window(original.expected)
    times_s = original.expected.times_s[start:stop]
    nobody = np.full((len(times_s), LANDMARKS, 3), np.nan, np.float32)
    track = FaceTrack(times_s, nobody, np.zeros(len(times_s), np.float32), 2, 2)
    scene = _scene(case, original, (), track, case.sound.window(0.0, case.sound_s), drawn)
    if scene.drawn is None:
        return None
    return replace(scene, output=replace(scene.output, motion=scene.drawn))


def _tracked(
    times_s: Sequence[float], frames: Sequence[UInt8], landmarker: Landmarker
) -> FaceTrack:
    found = zip(times_s, frames, strict=True)
    return smooth_track(track_face(found, FaceChoice(largest=True), landmarker=landmarker))


def _scene(
    case: Case,
    original: Original,
    frames: tuple[UInt8, ...],
    track: FaceTrack,
    sound: Sound | None,
    drawn: Float32 | None,
) -> Scene:
    """Bring everything onto the same rows."""
    wanted = original.expected
    start, stop = window(wanted)
    times_s, source_index = wanted.times_s[start:stop], wanted.source_index[start:stop]
    output = view_of(case.space, original.identity, frames, track, times_s)
    source_first = original.first
    inside = (source_index >= source_first) & (source_index < source_first + len(original.frames))
    local = np.where(inside, source_index - source_first, -1)
    held_s = original.times_s[source_first : source_first + len(original.frames)]
    source = view_of(case.space, original.identity, original.frames, original.track, held_s)
    truth = None
    if case.item.track != "edit":
        rows = rows_shown_at(original, times_s)
        truth = view_of(
            case.space,
            original.identity,
            tuple(original.frames[row] for row in rows),
            rows_of(original.track, rows, times_s),
            times_s,
        )
        source = truth
        if case.plan is not None:
            local = np.where(source_index >= 0, np.arange(len(times_s)), -1)
    hidden = np.ones(len(output.motion), bool)
    keeps: tuple[tuple[float, float, float], ...] = ()
    if case.plan is not None:
        hidden = case.plan.motion_mask(len(output.motion), output.first_frame)
        keeps = tuple(
            (keep.output_start_s, keep.source_start_s, keep.duration_s) for keep in case.plan.keeps
        )
    if case.item.track != "edit":
        keeps = ((0.0, 0.0, case.info.duration_s),)
    takes = _drawn_on(case, output, drawn)
    return Scene(
        item=case.item,
        output=output,
        truth=truth,
        source=source,
        filled=np.asarray(source_index < 0),
        hidden=hidden,
        source_index=local.astype(np.int64),
        identity=original.identity,
        speech=_speech(sound, output, case.encoder),
        source_speech=_speech(original.sound, source, case.encoder),
        sound=sound,
        source_sound=original.sound,
        words=case.words,
        kept_sound=keeps,
        frame_rate=float(case.info.frame_rate),
        drawn=takes[0] if takes else None,
        takes=takes[1:],
    )


def view_of(
    space: MotionSpace,
    identity: Identity,
    frames: tuple[UInt8, ...],
    track: FaceTrack,
    times_s: Float64,
) -> View:
    """Bring pictures and landmarks at ``times_s`` together, with motion on the 25 Hz grid."""
    first = first_frame_from(float(times_s[0]))
    last = first_frame_from(float(times_s[-1]) + 1e-6)
    count = max(last - first + (frame_time(last) <= times_s[-1] + 1e-6), 1)
    if not np.isfinite(track.landmarks).any():
        return View(
            times_s,
            frames,
            track.landmarks,
            np.full((count, len(space.names)), np.nan, np.float32),
            first,
        )
    landmarks, _ = resample_track(track, frame_time(first), count)
    return View(times_s, frames, track.landmarks, space.encode(landmarks, identity), first)


def _speech(sound: Sound | None, view: View, encoder: Encoder) -> SpeechFeatures | None:
    """Compute the speech features under a view's motion frames."""
    if sound is None:
        return None
    values = speech_on(stretches(sound), view.first_frame, len(view.motion), encoder)
    return SpeechFeatures.from_values(values, features_name(encoder.name))


def _drawn_on(case: Case, output: View, drawn: Float32 | None) -> tuple[Float32, ...]:
    """Cut drawn motion to the output's motion frames; empty where it does not reach over them.

    A picture's own identity is another one than the clip's: ``generate`` is judged by its video.
    """
    if drawn is None or case.still is not None:
        return ()
    start = output.first_frame - case.canvas.first_frame
    if start < 0 or start + len(output.motion) > drawn.shape[1]:
        return ()
    return tuple(take[start : start + len(output.motion)] for take in drawn)
