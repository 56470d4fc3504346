"""A clip as the builder knows it: what it is, where its face is, when somebody speaks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from facedit.bench.items import ClipFacts
from facedit.bench.make_items.build_options import LeftOut
from facedit.dataset.encode_clip import track_of
from facedit.dataset.footage_list import Source
from facedit.dataset.transcripts import Given, words_of
from facedit.errors import FaceditError, NoFace, NoSound
from facedit.face.smooth import smooth_track
from facedit.media.info import VideoInfo
from facedit.media.probe import probe
from facedit.media.sound import read_sound
from facedit.motion.resample import resample_track
from facedit.scratch import scratch_folder
from facedit.speech.encoders.activity import voice_activity
from facedit.speech.sound_ops import speech_samples
from facedit.types import Bool, FaceTrack, Word
from facedit.units import MOTION_FPS, frame_at
from facedit.weights.fetch import sha256_of

LEAST_FACE = 20
"""Fewest motion frames with a face."""

LEAST_SPOKEN = 0.1
"""Least share of frames with voice."""

SPOKEN = 0.5
"""Probability of voice from which a frame counts as spoken."""


@dataclass(frozen=True, slots=True)
class BuildClip:
    """A clip that items can be made of.

    Attributes:
        facts: What items say of it.
        info: What is known of the file.
        seen: True on motion frames with the face, shape (T,).
        shot: Number of the shot of each motion frame, shape (T,).
        spoken: True on motion frames with voice, shape (T,).
        remarks: What the manifest remarks.
        note: Why there are no words, if there are none.
    """

    facts: ClipFacts
    path: Path
    info: VideoInfo
    seen: Bool
    shot: np.ndarray[tuple[int], np.dtype[np.int64]]
    spoken: Bool
    remarks: str = ""
    note: str = ""

    @property
    def frames(self) -> int:
        """Number of motion frames T."""
        return len(self.seen)

    def holds_face(self, start_s: float, end_s: float) -> bool:
        """Tell whether the face is there, in one shot, throughout a stretch."""
        first, last = max(frame_at(start_s), 0), min(frame_at(end_s), self.frames)
        shots = self.shot[first:last]
        return (
            last > first and bool(self.seen[first:last].all()) and bool((shots == shots[0]).all())
        )


def read_clip(source: Source, root: Path, given: Given, tracks: Path | None) -> BuildClip | LeftOut:
    """Read one clip, or why it cannot be used; ``tracks``: folder of face tracks, or None."""
    if Path(source.file).is_absolute() or ".." in Path(source.file).parts:
        return LeftOut(source.file, "it lies outside the clips' folder")
    try:
        return _read(source, given, tracks)
    except NoFace:
        return LeftOut(source.file, "no face was found")
    except NoSound:
        return LeftOut(source.file, "it has no sound")
    except (FaceditError, OSError) as error:
        # A benchmark is passed on: paths of this machine stay out of it.
        why = str(error).replace(f"{source.path}", source.file).replace(f"{root}/", "")
        return LeftOut(source.file, f"unreadable: {why}")


def _read(source: Source, given: Given, tracks: Path | None) -> BuildClip | LeftOut:
    info = probe(source.path, need_sound=True)
    sha256 = sha256_of(source.path)
    sound = read_sound(source.path, 0.0, info.duration_s, info=info, mono=True)
    track = _track(source.path, sha256, tracks)
    frames = min(frame_at(float(track.times_s[-1])) + 1, int(info.duration_s * MOTION_FPS))
    landmarks, confidence = resample_track(smooth_track(track), 0.0, frames)
    seen = np.isfinite(landmarks[:, 0, 0]) & (confidence > 0)
    if (found := int(seen.sum())) < LEAST_FACE:
        return LeftOut(source.file, f"the face is there on {found} of {frames} motion frames only")
    spoken = voice_activity(speech_samples(sound), frames) >= SPOKEN
    if (share := float(spoken.mean())) < LEAST_SPOKEN:
        return LeftOut(source.file, f"nobody speaks (voice on {share:.0%} of the frames)")
    words, note = words_of(source, info, sound, given)
    # Tenths of a millisecond are plenty, and the same wherever the file is written.
    rounded = tuple(Word(w.text, round(w.start_s, 4), round(w.end_s, 4)) for w in words.words)
    corpus = source.corpus or "clips"
    facts = ClipFacts(
        file=Path(source.file).as_posix(),
        sha256=sha256,
        corpus=corpus,
        speaker=f"{corpus}/{source.speaker}",
        licence=source.licence,
        origin=source.origin,
        duration_s=info.duration_s,
        frame_rate=str(info.frame_rate),
        language=words.language,
        words=rounded,
        transcript_origin=words.origin,
    )
    shot = np.searchsorted(np.asarray(track.cuts), np.arange(frames) / MOTION_FPS + 1e-6)
    return BuildClip(
        facts, source.path, info, seen, shot.astype(np.int64), spoken, source.remarks, note
    )


def _track(path: Path, sha256: str, tracks: Path | None) -> FaceTrack:
    """Track the face, or take the track that is there."""
    if tracks is not None:
        tracks.mkdir(parents=True, exist_ok=True)
        return track_of(path, tracks / f"{sha256}.npz")
    with scratch_folder() as folder:
        return track_of(path, folder / "track.npz")
