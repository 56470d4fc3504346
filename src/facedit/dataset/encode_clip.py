"""One clip: from its file to the arrays that training reads."""

from __future__ import annotations

import logging
import re
import zipfile
from collections.abc import Iterable
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from facedit.dataset.outliers import find_outlier
from facedit.dataset.prepared import PreparedClip
from facedit.errors import BadWeights
from facedit.face.choice import FaceChoice
from facedit.face.distances import lip_opening
from facedit.face.landmarker import Landmarker
from facedit.face.smooth import smooth_track
from facedit.face.store import load_track, save_track
from facedit.face.track import track_face
from facedit.media.output import whole_or_nothing
from facedit.media.read import read_frames
from facedit.media.sound import read_sound
from facedit.motion.resample import resample_track
from facedit.motion.space import HasShape, MotionSpace, seen_in
from facedit.runs import runs
from facedit.speech.encoders.augment import augmented_power, draw_augmentation
from facedit.speech.encoders.encoders import DEFAULT_ENCODER, Encoder, HearsPower, features_name
from facedit.speech.encoders.features import extract
from facedit.speech.encoders.whisper_base import WHISPER
from facedit.types import Bool, FaceTrack, Float32, SpeechFeatures, UInt8
from facedit.units import MOTION_FPS, frame_at

Index = NDArray[np.int64]

MIN_FRAMES = 20
"""Shortest stretch with a face that is worth learning from (0.8 s)."""

MIN_CONFIDENCE = 0.5
"""Least mean confidence of the tracker over that stretch."""

MIN_SPOKEN = 0.1
"""Least share of frames with voice."""

log = logging.getLogger(__name__)


class Unusable(Exception):
    """A clip is not fit for training; the message is the reason in the table."""


def track_of(clip: Path, cache: Path) -> FaceTrack:
    """Track the largest face of a clip (raw), or take the track from the cache.

    NoFace and BadMedia of tracking and decoding pass through.
    """
    if cache.is_file():
        try:
            return load_track(cache)
        except BadWeights as error:
            log.warning("%s; tracking again.", error)
    frames = ((frame.time_s, frame.rgb()) for frame in read_frames(clip))
    track = track_face(frames, FaceChoice(largest=True), landmarker=Landmarker())
    save_track(cache, track)
    return track


def speech_of(clip: Path, cache: Path, encoder: Encoder = WHISPER) -> SpeechFeatures:
    """Compute the speech features of a clip, row k at k / 25 s, or take them from the cache.

    They are kept as float16; another encoder than the default one is added to the name. NoSound and
    BadMedia of decoding pass through.
    """
    cache = _of_encoder(cache, encoder.name)
    stored = _load(cache)
    if stored is not None:
        values = stored["values"].astype(np.float32)
        return SpeechFeatures.from_values(values, features_name(encoder.name))
    speech = extract(read_sound(clip, mono=True), encoder=encoder)
    _store(cache, values=speech.values.astype(np.float16))
    return speech


def voices_of(
    clip: Path, cache: Path, count: int, seed: int, encoder: Encoder = WHISPER
) -> tuple[Float32, ...]:
    """Compute a clip's speech features (T, C) as said by ``count`` other voices in other rooms.

    None of an encoder that cannot hear them; level and voice activity are the sound's own. The
    cache is that of ``speech_of``, with the number added to its name; the seed of the augmentations
    is a number of the clip.
    """
    if not count or not isinstance(encoder, HearsPower):
        return ()
    cache = _of_encoder(cache, encoder.name)
    paths = [cache.with_suffix(f".{k}.npz") for k in range(count)]
    stored = [_load(path) for path in paths]
    if all(stored):
        return tuple(one["values"].astype(np.float32) for one in stored if one)
    sound, voices = read_sound(clip, mono=True), []
    for k, path in enumerate(paths):
        rng = np.random.default_rng([seed, k])
        augmentation = draw_augmentation(rng)
        other = encoder.through(partial(augmented_power, augmentation=augmentation, rng=rng))
        voices.append(extract(sound, encoder=other).values)
        _store(path, values=voices[-1].astype(np.float16))
    return tuple(voices)


def _of_encoder(cache: Path, name: str) -> Path:
    """Keep encoders' features apart; folders made before there was a choice stay good."""
    if name == DEFAULT_ENCODER:
        return cache
    name = name.replace("whisper-base/", "layer")
    return cache.with_suffix(f".{re.sub('[^A-Za-z0-9_-]', '-', name)}.npz")


def _load(path: Path) -> dict[str, NDArray[np.generic]] | None:
    """Read a cached file; None if there is none or it is torn."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            return {name: stored[name] for name in stored.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile):
        return None


def _store(path: Path, **arrays: NDArray[np.generic]) -> None:
    # Two workers may have the same clip under two names: the scratch file is each one's own.
    with whole_or_nothing(path, force=True) as part, part.open("wb") as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]


def encode_clip(
    track: FaceTrack,
    speech: SpeechFeatures,
    space: MotionSpace,
    pictures: Iterable[UInt8] = (),
    voices: tuple[Float32, ...] = (),
) -> PreparedClip:
    """Turn a raw track into motion on the 25 Hz grid, as it is and mirrored.

    Row k of ``speech`` is at k / 25 s; ``pictures`` are the track's, for a space that does not go
    by landmarks; ``voices`` are features of the same words in other voices, shape (T, C) each.
    The clip is the longest stretch of one shot with a face; Unusable is raised if that is too
    short, unsure or silent, or (``check_track``) no talking head's.
    """
    frames = min(frame_at(float(track.times_s[-1])) + 1, len(speech.energy))
    smooth = smooth_track(track)
    points, confidence = resample_track(smooth, 0.0, frames, seen=seen_in(space, smooth, pictures))
    seen = np.isfinite(points.reshape(frames, -1)).all(axis=1) & (confidence > 0)
    shot = np.searchsorted(np.asarray(track.cuts), np.arange(frames) / MOTION_FPS + 1e-6)
    part = longest_run(seen, shot)
    if part.stop - part.start < MIN_FRAMES:
        raise Unusable(f"face too short: {part.stop - part.start} of {frames} frames in one shot")
    points, confidence = points[part], confidence[part]
    if (sure := float(confidence.mean())) < MIN_CONFIDENCE:
        raise Unusable(f"face unsure: mean confidence {sure:.2f}")
    if (spoken := float((speech.voice_activity[part] > 0.5).mean())) < MIN_SPOKEN:
        raise Unusable(f"no speech: voice in {spoken:.0%} of the frames")
    check_track(track, part)
    identity = space.identity(points, confidence)
    motion = space.encode(points, identity)
    flipped = space.mirrored(points)
    other = space.encode(flipped, space.identity(flipped, confidence))
    if isinstance(space, HasShape):
        faces = space.decode_shape(motion, identity)
    else:
        faces = resample_track(smooth, 0.0, frames)[0][part]
    return PreparedClip(
        motion=motion,
        mirrored=other,
        speech=speech.values[part],
        opening=lip_opening(faces),
        identity=identity.neutral,
        confidence=confidence,
        voices=np.stack([voice[:frames][part] for voice in voices]) if voices else None,
    )


def check_track(track: FaceTrack, part: slice) -> None:
    """Raise Unusable if a rule of ``outliers`` is broken in ``part`` of a track's motion frames.

    The track is raw: smoothing would hide what is looked for.
    """
    half = 0.5 / MOTION_FPS
    inside = (track.times_s > part.start / MOTION_FPS - half) & (
        track.times_s < part.stop / MOTION_FPS - half
    )
    inside &= track.confidence > 0
    if (outlier := find_outlier(track.landmarks[inside], track.times_s[inside])) is not None:
        raise Unusable(str(outlier))


def longest_run(seen: Bool, shot: Index) -> slice:
    """Return the longest run of seen frames (T,) within one shot (T,); empty if none is seen."""
    found = [run for number in np.unique(shot) for run in runs(seen & (shot == number))]
    return slice(*max(found, key=lambda run: (run[1] - run[0], -run[0]), default=(0, 0)))
