"""A stretch of a video: one person's landmarks, and the mouths and eyes seen there."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from facedit.cache import cached
from facedit.compose.frames.base import TrackedWindow
from facedit.compose.frames.face_parts import FaceParts
from facedit.compose.frames.mouth_store import Mouths, load_mouths, save_mouths
from facedit.compose.source.clip import Clip
from facedit.face.choice import FaceChoice
from facedit.face.smooth import smooth_track
from facedit.face.store import load_track, save_track
from facedit.face.track import track_face
from facedit.render.bank import ReferenceBank
from facedit.render.covers import find_covers
from facedit.types import FaceTrack, UInt8
from facedit.units import frame_at
from facedit.weights.fetch import sha256_of

if TYPE_CHECKING:
    from facedit.render.cover_network import CoverNetwork

KEPT_BYTES = 150_000_000
"""Bytes of mouths up to which they are kept on disk: of larger ones few would fill the cache."""

_TRACK_VERSION, _MOUTHS_VERSION = 1, 1
"""Of the tracker and its smoothing, and of what is taken of the pictures, for what is on disk."""


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
    count = frame_at(part[1] - part[0], clip.info.frame_rate)
    held = FaceParts((clip.info.width, clip.info.height), count)

    def tracked() -> FaceTrack:
        return _track(clip, part, choice, held, count)

    def collected() -> Mouths:
        return _mouths(clip, part, track, held, cover)

    if not clip.keep:
        track = tracked()
        found = collected()
    else:
        of = f"{clip.sha256} {part} {choice}"
        name = _name(f"{_TRACK_VERSION} {of}")
        track = cached(f"faces/{name}.npz", load_track, tracked, save_track)
        looked = "" if cover is None else sha256_of(cover)
        name = _name(f"{_TRACK_VERSION} {_MOUTHS_VERSION} {of} {looked}")
        found = cached(
            f"banks/{name}.safetensors",
            load_mouths,
            collected,
            save_mouths,
            worth=lambda made: made.nbytes <= KEPT_BYTES,
        )
    return TrackedWindow(*part, track, found.bank, covers=found.covers)


def cover_network(clip: Clip, cover: Path | None) -> CoverNetwork | None:
    """Load the network that finds what hides mouths, once a clip; None if there is none."""
    if cover is None:
        return None
    from facedit.render.cover_network import load_cover_network

    return clip.once(("cover network", cover), lambda: load_cover_network(cover))


def _track(
    clip: Clip, part: tuple[float, float], choice: FaceChoice, held: FaceParts, count: int
) -> FaceTrack:
    """Track the face, and hold the parts of the frames that mouths are taken from."""
    frames = ((frame.time_s, held.of(frame)) for frame in clip.frames(*part))
    with clip.clock.stage("tracking", count) as tick:
        track = track_face(
            frames, choice, landmarker=clip.landmarker, progress=tick, found=held.hold
        )
        return clip.clock.apart(lambda: smooth_track(track))


def _mouths(
    clip: Clip, part: tuple[float, float], track: FaceTrack, held: FaceParts, cover: Path | None
) -> Mouths:
    """Collect mouths from the parts that are held, or by decoding again."""
    bank = ReferenceBank()

    def pictures() -> Iterator[UInt8]:
        for index, rgb in enumerate(held.pictures(track, lambda: clip.frames(*part))):
            if np.isfinite(track.landmarks[index, 0, 0]):
                bank.add(rgb, track.landmarks[index], float(track.times_s[index]))
            yield rgb
            tick(index + 1)

    with clip.clock.stage("mouths", len(track.times_s)) as tick:
        covers = find_covers(pictures(), track, cover_network(clip, cover))
        if covers is not None:
            bank.drop(track.times_s[covers.covered])
    return Mouths(bank, covers)


def _name(depends_on: str) -> str:
    return hashlib.sha256(depends_on.encode()).hexdigest()


def _bytes(window: TrackedWindow) -> int:
    return window.track.landmarks.nbytes + window.bank.nbytes
