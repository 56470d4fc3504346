"""A stretch of a video: one person's landmarks, and the mouths and eyes seen there."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from facedit.cache import cached
from facedit.compose.base import TrackedWindow
from facedit.compose.clip import Clip
from facedit.face.choice import FaceChoice
from facedit.face.smooth import smooth_track
from facedit.face.store import load_track, save_track
from facedit.face.track import track_face
from facedit.media.frame import Frame
from facedit.render.bank import ReferenceBank
from facedit.render.covers import find_covers
from facedit.types import FaceTrack, UInt8
from facedit.units import frame_at

if TYPE_CHECKING:
    from facedit.render.cover_network import CoverNetwork

HELD_BYTES = 300_000_000
"""Bytes of decoded pictures that may be held from tracking to collecting mouths."""

_VERSION = 1
"""Of the tracker and its smoothing, for what is kept on disk."""


def track_window(
    clip: Clip, part: tuple[float, float], choice: FaceChoice, cover: Path | None
) -> TrackedWindow:
    """Track one stretch of a video, and collect the mouths there that nothing hides.

    ``cover``: weights of the cover network; None: nobody looks.
    ``NoFace`` if it shows no face, ``AmbiguousFace`` if several could be meant.
    """
    key = ("window", part, choice, cover)
    return clip.once(key, lambda: _window(clip, part, choice, cover), _bytes)


def _window(
    clip: Clip, part: tuple[float, float], choice: FaceChoice, cover: Path | None
) -> TrackedWindow:
    held: list[Frame] = []
    track = _kept_track(clip, part, choice, held) if clip.keep else _track(clip, part, choice, held)
    bank = ReferenceBank()

    def pictures() -> Iterator[UInt8]:
        for index, frame in enumerate(held or clip.frames(*part)):
            rgb = frame.rgb()
            if np.isfinite(track.landmarks[index, 0, 0]):
                bank.add(rgb, track.landmarks[index], frame.time_s)
            yield rgb
            tick(index + 1)

    with clip.clock.stage("mouths", len(track.times_s)) as tick:
        covers = find_covers(pictures(), track, cover_network(clip, cover))
        if covers is not None:
            bank.drop(track.times_s[covers.covered])
    return TrackedWindow(*part, track, bank, covers=covers)


def cover_network(clip: Clip, cover: Path | None) -> CoverNetwork | None:
    """Load the network that finds what hides mouths, once a clip; None if there is none."""
    if cover is None:
        return None
    from facedit.render.cover_network import load_cover_network

    return clip.once(("cover network", cover), lambda: load_cover_network(cover))


def _track(
    clip: Clip, part: tuple[float, float], choice: FaceChoice, held: list[Frame]
) -> FaceTrack:
    """Track the face; frames that are few or small enough are held, so as not to decode twice."""
    count = frame_at(part[1] - part[0], clip.info.frame_rate)
    fits = 3 * count * clip.info.width * clip.info.height <= HELD_BYTES

    def pictures() -> Iterator[tuple[float, UInt8]]:
        for frame in clip.frames(*part):
            if fits:
                held.append(frame)
            yield frame.time_s, frame.rgb()

    with clip.clock.stage("tracking", count) as tick:
        track = track_face(pictures(), choice, landmarker=clip.landmarker, progress=tick)
        return clip.clock.apart(lambda: smooth_track(track))


def _kept_track(
    clip: Clip, part: tuple[float, float], choice: FaceChoice, held: list[Frame]
) -> FaceTrack:
    """Take the track of an earlier run from the disk, or keep it there for a later one."""
    depends_on = f"{_VERSION} {clip.sha256} {part} {choice}"
    return cached(
        f"faces/{hashlib.sha256(depends_on.encode()).hexdigest()}.npz",
        load_track,
        lambda: _track(clip, part, choice, held),
        save_track,
    )


def _bytes(window: TrackedWindow) -> int:
    pictures = sum(frame.nbytes for frame in window.bank.frames)
    return window.track.landmarks.nbytes + pictures
