"""One person's landmarks over a stream of frames."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from facedit.errors import NoFace
from facedit.face.choice import FaceChoice
from facedit.face.cuts import CutDetector
from facedit.face.detection import Detection
from facedit.face.landmarker import (
    ROI_MARGIN,
    Landmarker,
    Roi,
    roi_from_detection,
    roi_from_landmarks,
)
from facedit.face.searched_picture import Picture, Pixels
from facedit.types import LANDMARKS, FaceTrack, Float32, UInt8

log = logging.getLogger(__name__)

MIN_PRESENCE = 0.5
"""Weakest presence of a face in the crop with which a track goes on."""

DETECT_EVERY = 25
"""Frames between two looks at the whole picture while a track goes on."""

_TILES_EVERY = 12
_REFINE_SHIFT = 0.08
_LOST_SHIFT = 0.35
_UNSURE_PRESENCE = 0.9


def track_face(
    frames: Iterable[tuple[float, Picture | UInt8]],
    choice: FaceChoice,
    *,
    landmarker: Landmarker,
    progress: Callable[[int], None] | None = None,
    found: Callable[[Float32], object] | None = None,
) -> FaceTrack:
    """Follow one person through consecutive frames.

    The whole picture is searched in the first frame, after a loss or a cut, and every 25 frames;
    between, the crop comes from the last landmarks.

    Args:
        frames: Times in seconds and upright pictures of one size, in order of time; of those that
            are not pixels yet, only the parts that are looked at are converted.
        choice: Which face to follow.
        landmarker: The networks.
        progress: Called with the number of frames done after each one.
        found: Called with each frame's landmarks (478, 3) before the next frame is asked for.

    Returns:
        Raw (unsmoothed) landmarks, NaN with confidence 0 where the face is lost, and the cuts.

    Raises:
        NoFace: If the face that is meant is in none of the frames. (``AmbiguousFace`` if no face
            was chosen and two are about as large where the track begins.)
    """
    follower = _Follower(choice, landmarker)
    cut_detector = CutDetector()
    times: list[float] = []
    landmarks: list[Float32] = []
    confidence: list[float] = []
    width = height = 0
    for time_s, shown in frames:
        picture = Pixels(shown) if isinstance(shown, np.ndarray) else shown
        width, height = picture.size
        if cut_detector.may_be_cut(time_s, picture):
            follower.forget()
        points, sure = follower.step(picture)
        if found is not None:
            found(points)
        times.append(time_s)
        landmarks.append(points)
        confidence.append(sure)
        if progress is not None:
            progress(len(times))
    if not any(confidence):
        raise NoFace(choice.missing(follower.most_faces))
    return FaceTrack(
        np.array(times, np.float64),
        np.stack(landmarks),
        np.array(confidence, np.float32),
        width,
        height,
        cut_detector.cuts(),
    )


def concatenate(tracks: Sequence[FaceTrack]) -> FaceTrack:
    """Join tracks of one person over windows of the same video.

    Where windows overlap, each frame is taken from the track that is surer of it.

    Args:
        tracks: Tracks with the same picture size, in any order.

    Returns:
        One track over all their frames, ascending in time.

    Raises:
        ValueError: If there is no track, or sizes differ.
    """
    if not tracks or len({(track.width, track.height) for track in tracks}) != 1:
        raise ValueError(f"{len(tracks)} tracks of one picture size are needed.")
    times = np.concatenate([track.times_s for track in tracks])
    landmarks = np.concatenate([track.landmarks for track in tracks])
    confidence = np.concatenate([track.confidence for track in tracks])
    # By time, then by falling confidence: of equal times, the first is the surest.
    order = np.lexsort((-confidence, times))
    chosen = order[np.concatenate([[True], np.diff(times[order]) > 1e-6])] if len(order) else order
    cuts = sorted({cut for track in tracks for cut in track.cuts})
    first = tracks[0]
    return FaceTrack(
        times[chosen],
        landmarks[chosen],
        confidence[chosen],
        first.width,
        first.height,
        tuple(cuts),
    )


class _Follower:
    """The state of a track from frame to frame."""

    def __init__(self, choice: FaceChoice, landmarker: Landmarker) -> None:
        self.most_faces: list[Detection] = []
        self._choice = choice
        self._landmarker = landmarker
        self._roi: Roi | None = None
        self._last_seen: Roi | None = None
        self._since_search = 0
        self._misses = 0

    def forget(self) -> None:
        """Begin anew: the next frame is of another shot."""
        self._roi = None
        self._misses = 0

    def step(self, picture: Picture) -> tuple[Float32, float]:
        """Return landmarks and confidence for the next frame, NaN and 0 if the face is lost."""
        roi = self._roi
        if roi is not None and self._since_search >= DETECT_EVERY:
            roi = self._checked(picture, roi)
        found = roi is None
        if roi is None:
            roi = self._searched(picture)
        if roi is not None:
            points, sure = self._fitted(picture, roi, again=found)
            if sure > 0:
                self._roi = self._last_seen = roi_from_landmarks(points)
                self._since_search += 1
                self._misses = 0
                return points, sure
        self._roi = None
        self._misses += 1
        return np.full((LANDMARKS, 3), np.nan, np.float32), 0.0

    def _fitted(self, picture: Picture, roi: Roi, *, again: bool) -> tuple[Float32, float]:
        """Fit the landmarks, again where asked or where the crop turns out badly centred.

        A detector's crop is always fitted twice more: landmarks depend on the crop (by about half
        a pixel in a face of 100), and the first frame must not differ from the next for that.
        """
        points, presence = self._landmarker.landmarks(picture, roi)
        settled = roi_from_landmarks(points)
        shift = _shift(roi, settled)
        more = 2 if again else int(shift > _REFINE_SHIFT)
        for _ in range(more):
            if presence < MIN_PRESENCE or settled.side <= 1:
                break
            points, presence = self._landmarker.landmarks(picture, settled)
            used, settled = settled, roi_from_landmarks(points)
            shift = _shift(used, settled)
        if presence < MIN_PRESENCE or shift > _LOST_SHIFT or not np.isfinite(points).all():
            return points, 0.0
        return points, float(presence * (1 - shift / _LOST_SHIFT) ** 0.5)

    def _checked(self, picture: Picture, roi: Roi) -> Roi | None:
        """Compare a track that goes on with the faces in the whole picture.

        A detector that sees nothing there proves little (profiles), unless the landmark network
        is unsure too.
        """
        self._since_search = 0
        faces = self._landmarker.detect(picture.rgb())
        if any(_near(face, roi) for face in faces):
            return roi
        _, presence = self._landmarker.landmarks(picture, roi)
        return roi if presence >= _UNSURE_PRESENCE else None

    def _searched(self, picture: Picture) -> Roi | None:
        """Look for the face in the whole picture: the one lost if it is there, else the chosen."""
        self._since_search = 0
        faces = self._landmarker.detect(picture.rgb())
        if not faces and self._misses % _TILES_EVERY == 0:
            faces = self._landmarker.detect_small(picture.rgb())
        if len(faces) > len(self.most_faces):
            self.most_faces = faces
        if not faces:
            return None
        last = self._last_seen
        if last is not None:
            # The same person is where they were; after a cut that puts nobody there, the rule
            # decides again, but a second look never fails for being ambiguous.
            near = [face for face in faces if _near(face, last)]
            if near:
                return roi_from_detection(max(near, key=lambda face: face.area))
            if self._choice.index is None and self._choice.box is None:
                return roi_from_detection(max(faces, key=lambda face: face.area))
        face = self._choice.pick(faces)
        if face is None and self._misses % _TILES_EVERY == 0:
            # A number or box may mean a face too small for the whole picture.
            more = self._landmarker.detect_small(picture.rgb())
            self.most_faces = max(self.most_faces, more, key=len)
            face = self._choice.pick(more)
        return None if face is None else roi_from_detection(face)


def _shift(used: Roi, settled: Roi) -> float:
    """Return how badly a crop was centred, scaled and levelled, in parts of its side."""
    moved = math.hypot(settled.x - used.x, settled.y - used.y) / used.side
    scaled = abs(math.log(max(settled.side, 1e-6) / used.side)) / 2
    turned = abs(math.remainder(settled.angle - used.angle, 2 * math.pi)) / 4
    return max(moved, scaled, turned)


def _near(face: Detection, roi: Roi) -> bool:
    """Tell whether a detected face and a crop show the same face."""
    x, y = face.centre
    side = roi.side / ROI_MARGIN
    size = max(face.x1 - face.x0, face.y1 - face.y0)
    return math.hypot(x - roi.x, y - roi.y) < 0.5 * side and 0.4 < size / side < 2.5
