"""What is held of frames is what is looked at again."""

from collections.abc import Iterator

import numpy as np
import pytest

from facedit.compose.frames import face_parts
from facedit.compose.frames.face_parts import FaceParts
from facedit.face.searched_picture import Pixels
from facedit.media.frame import Frame, Piece
from facedit.media.read import read_frames
from facedit.render.bank import looked_at
from facedit.types import FaceTrack, Float32
from media.clips import make_clip


@pytest.fixture(scope="module")
def frames(tmp_path_factory: pytest.TempPathFactory) -> list[Frame]:
    path = tmp_path_factory.mktemp("parts") / "a.mp4"
    make_clip(path, seconds=0.2, sound_rate=0, size=(320, 240))
    return list(read_frames(path))


def moved(face: Float32, by: float) -> Float32:
    return face + np.array([by, 0, 0], np.float32)


@pytest.mark.parametrize(
    ("moves", "count", "decoded"),
    [(0.5, 5, 0), (60.0, 5, 1), (0.5, 100_000, 1)],
    ids=["held", "the face left it", "a clip too long to hold"],
)
def test_frames_are_decoded_again_only_if_what_is_held_is_not_all(
    frames: list[Frame],
    make_face,
    monkeypatch: pytest.MonkeyPatch,
    moves: float,
    count: int,
    decoded: int,
) -> None:
    monkeypatch.setattr(face_parts, "TRIED_BYTES", 0)
    face = make_face(160.0, 80.0, 60.0)
    nobody = np.full_like(face, np.nan)
    held, again = FaceParts((320, 240), count), []
    for frame in frames:
        held.of(frame)
        held.hold(nobody if frame is frames[1] else face)
    assert bool(held._held) == (count == len(frames))
    landmarks = np.stack([nobody if f is frames[1] else moved(face, moves) for f in frames])
    times = np.array([frame.time_s for frame in frames])
    track = FaceTrack(times, landmarks, np.ones(len(frames), np.float32), 320, 240)

    def decode() -> Iterator[Frame]:
        again.append(1)
        return iter(frames)

    shown = 0
    for frame, points, picture in zip(frames, landmarks, held.pictures(track, decode), strict=True):
        shown += 1
        if frame is not frames[1]:
            rows, columns = looked_at(points, (320, 240)).slices
            np.testing.assert_array_equal(picture[rows, columns], frame.rgb()[rows, columns])
    assert (shown, len(again)) == (len(frames), decoded)


def test_of_a_large_face_no_rgb_is_made_until_its_mouth_is_taken(
    frames: list[Frame], make_face, monkeypatch: pytest.MonkeyPatch
) -> None:
    face = make_face(160.0, 80.0, 60.0)
    matrix = np.array([[4.0, 0.0, 20.0], [0.0, 4.0, 10.0]])  # four pixels per pixel of the tracker
    held, converted, part = FaceParts((320, 240), len(frames)), [], Piece.rgb
    monkeypatch.setattr(Piece, "rgb", lambda piece: converted.append(1) or part(piece))
    for frame in frames:
        seen = held.of(frame).sampled(matrix, 50)
        assert np.abs(seen.astype(int) - Pixels(frame.rgb()).sampled(matrix, 50)).mean() < 3.0
        held.hold(face)
    assert not converted
    times = np.array([frame.time_s for frame in frames])
    track = FaceTrack(times, np.stack([face] * 5), np.ones(5, np.float32), 320, 240)
    rows, columns = looked_at(face, (320, 240)).slices
    for frame, picture in zip(frames, held.pictures(track, lambda: []), strict=True):
        np.testing.assert_array_equal(picture[rows, columns], frame.rgb()[rows, columns])
    assert len(converted) == len(frames)
