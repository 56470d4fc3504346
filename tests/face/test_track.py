from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest

from facedit.errors import AmbiguousFace, NoFace
from facedit.face.choice import FaceChoice
from facedit.face.landmarker import Landmarker
from facedit.face.track import concatenate, track_face
from facedit.types import FaceTrack, UInt8

Scene = Callable[..., UInt8]


def frames(*pictures: UInt8) -> Iterator[tuple[float, UInt8]]:
    return ((k / 25, picture) for k, picture in enumerate(pictures))


def nose(track: FaceTrack, frame: int) -> list[float]:
    return [float(value) for value in track.landmarks[frame, 1, :2]]


def nose_in_portrait(landmarker: Landmarker, scene: Scene) -> tuple[float, float]:
    track = track_face(frames(scene((100, 100, 200))), FaceChoice(), landmarker=landmarker)
    x, y = nose(track, 0)
    return x - 100, y - 100


def test_a_moving_face_is_followed(landmarker: Landmarker, scene: Scene) -> None:
    x, y = nose_in_portrait(landmarker, scene)
    places = [(100 + 6 * k, 60 + 3 * k) for k in range(12)]
    done: list[int] = []
    track = track_face(
        frames(*(scene((*place, 200)) for place in places)),
        FaceChoice(),
        landmarker=landmarker,
        progress=done.append,
    )
    for frame, (left, top) in enumerate(places):
        assert nose(track, frame) == pytest.approx([left + x, top + y], abs=1.0)
    assert (track.width, track.height) == (640, 360)
    assert track.confidence.min() > 0.8
    assert track.cuts == ()
    assert done == list(range(1, 13))


def test_two_like_faces_are_ambiguous_until_one_is_chosen(
    landmarker: Landmarker, scene: Scene
) -> None:
    picture = scene((20, 80, 200), (380, 80, 200))
    with pytest.raises(AmbiguousFace, match=r"2 faces.*\[1\].*\[2\]"):
        track_face(frames(picture), FaceChoice(), landmarker=landmarker)
    x, y = nose_in_portrait(landmarker, scene)
    for choice, left in (("1", 20), ("2", 380), ("400,90,150,150", 380)):
        track = track_face(frames(picture), FaceChoice.parse(choice), landmarker=landmarker)
        assert nose(track, 0) == pytest.approx([left + x, 80 + y], abs=1.0)


def test_a_chosen_face_is_kept_when_a_larger_one_comes_near(
    landmarker: Landmarker, scene: Scene
) -> None:
    # 30 frames, so that the whole picture is searched again in between.
    track = track_face(
        frames(*(scene((20, 80, 200), (300, 40, 300)) for _ in range(30))),
        FaceChoice(index=1),
        landmarker=landmarker,
    )
    assert np.ptp(track.landmarks[:, 1, 0]) < 1.0
    assert track.landmarks[0, 1, 0] < 220


def test_no_face_says_so(landmarker: Landmarker) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (120, 160, 3), dtype=np.uint8)
    with pytest.raises(NoFace, match="no face found"):
        track_face(frames(noise, noise), FaceChoice(), landmarker=landmarker)
    with pytest.raises(NoFace):
        track_face(iter(()), FaceChoice(), landmarker=landmarker)


def test_a_number_too_high_says_what_was_found(landmarker: Landmarker, scene: Scene) -> None:
    with pytest.raises(NoFace, match=r"number 2; found 1: \[1\]"):
        track_face(frames(scene((20, 80, 200))), FaceChoice(index=2), landmarker=landmarker)


def test_a_number_may_mean_a_face_too_small_for_the_whole_picture(
    landmarker: Landmarker, scene: Scene
) -> None:
    picture = scene((20, 80, 270), (520, 200, 90))
    assert len(landmarker.detect(picture)) == 1
    track = track_face(frames(picture), FaceChoice(index=2), landmarker=landmarker)
    assert nose(track, 0) == pytest.approx([520 + 103 * 0.45, 200 + 111 * 0.45], abs=3)


def test_lost_frames_are_nan_with_confidence_zero_and_the_face_is_found_again(
    landmarker: Landmarker, scene: Scene
) -> None:
    face, empty = scene((100, 80, 200)), scene()
    track = track_face(frames(empty, face, face, empty, face), FaceChoice(), landmarker=landmarker)
    seen = np.array([False, True, True, False, True])
    assert np.array_equal(track.confidence > 0, seen)
    assert np.isnan(track.landmarks[~seen]).all()
    assert np.isfinite(track.landmarks[seen]).all()


def test_a_cut_is_reported_and_the_new_shot_tracked(landmarker: Landmarker, scene: Scene) -> None:
    first, second = scene((20, 80, 200)), 255 - scene()
    second[40:340, 320:620] = scene((300, 40, 300))[40:340, 300:600]
    track = track_face(frames(*[first] * 5, *[second] * 5), FaceChoice(), landmarker=landmarker)
    assert track.cuts == (5 / 25,)
    assert (track.confidence > 0.5).all()
    assert np.ptp(track.landmarks[:5, 1, 0]) < 1
    assert track.landmarks[5, 1, 0] > track.landmarks[4, 1, 0] + 200


def made(times: list[float], value: float, sure: float, cuts: tuple[float, ...] = ()) -> FaceTrack:
    count = len(times)
    return FaceTrack(
        np.array(times),
        np.full((count, 478, 3), value, np.float32),
        np.full(count, sure, np.float32),
        64,
        48,
        cuts,
    )


def test_windows_join_in_time_and_the_surer_frame_wins() -> None:
    joined = concatenate(
        [made([0.2, 0.24, 0.28], 2.0, 0.9, (0.24,)), made([0.0, 0.2, 0.24], 1.0, 0.5, (0.24,))]
    )
    np.testing.assert_allclose(joined.times_s, [0.0, 0.2, 0.24, 0.28])
    np.testing.assert_allclose(joined.landmarks[:, 0, 0], [1, 2, 2, 2])
    assert joined.cuts == (0.24,)
    with pytest.raises(ValueError, match="picture size"):
        concatenate([made([0.0], 1, 1), replace(made([1.0], 1, 1), width=32)])
    with pytest.raises(ValueError, match="0 tracks"):
        concatenate([])


@pytest.mark.shared
def test_a_real_clip_is_tracked_whole(landmarker: Landmarker, shared_data) -> None:  # type: ignore[no-untyped-def]
    av = pytest.importorskip("av")
    clip = sorted((shared_data / "grid_other").glob("*.m*"))[0]
    with av.open(str(clip)) as container:
        pictures = [f.to_ndarray(format="rgb24") for f in container.decode(video=0)]
    track = track_face(frames(*pictures), FaceChoice(), landmarker=landmarker)
    assert (track.confidence > 0.9).mean() > 0.98
