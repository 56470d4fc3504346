"""Kept frames are the very frames that were decoded; the others stand where they should."""

import gc
from fractions import Fraction
from threading import Event

import numpy as np
import pytest

from compose.compose_cases import plan, talking_track
from facedit.compose.frames.canvas import build_canvas, landmarks_at
from facedit.compose.frames.pictures import SpanWork, fade_weight, nearest, output_pictures
from facedit.compose.source.base_frames import VideoFrames
from facedit.compose.source.clip import Clip
from facedit.compose.source.sources import PictureTimes, source_paths
from facedit.editing.diff import WordEdit
from facedit.errors import Cancelled
from facedit.media.frame import Frame
from facedit.media.planes import plane_array
from facedit.media.probe import probe
from facedit.media.read import read_frames
from facedit.motion.mesh_space import MeshSpace
from facedit.progress import StageClock
from facedit.render.renderer_interface import Choice, MouthPath, Patch
from media.clips import make_clip

SUBSTITUTE = WordEdit(1, 2, ("walk",))
INSERT = WordEdit(3, 3, ("very",))
DELETE = WordEdit(4, 5)
UNEVEN_S = np.cumsum([0.0, *np.tile([0.03, 0.04, 0.05, 0.04], 24)])


class WhiteSquare:
    """A renderer that paints a white square on the nose: what it touched can be seen."""

    def plan(self, target_landmarks, base_landmarks):
        assert len(target_landmarks) == len(base_landmarks)
        return MouthPath((Choice(),) * len(target_landmarks))

    def render(self, task):
        x, y = (task.base[1, :2] // 2 * 2).astype(int)
        return Patch(np.full((8, 8, 3), 255, np.uint8), int(x), int(y))


@pytest.fixture(scope="module")
def space():
    return MeshSpace.load()


def make(path, space, edits, **clip):
    size = (96, 64)
    make_clip(path, seconds=4.0, size=size, flash_every_s=9.0, **clip)
    info = probe(path)
    made = plan(*edits, duration_s=info.duration_s, rate=info.frame_rate)
    times = np.array([frame.time_s for frame in read_frames(path, info=info)])
    track = talking_track(space, len(times) / 25, 25.0, 64)
    track = type(track)(times, track.landmarks[: len(times)], track.confidence, 64, 64)
    landmarks, confidence = landmarks_at(track, PictureTimes(times, times, np.zeros(len(times))))
    identity = space.identity(landmarks, confidence)
    hidden = np.zeros(len(times), dtype=bool)
    canvas = build_canvas(space, identity, landmarks, confidence, hidden, region="lips")
    works = tuple(
        SpanWork(
            canvas, canvas.values, track, WhiteSquare(), space, "lips",
            span.output_start_s, span.output_end_s,
        )
        for span in made.picture_spans()
    )  # fmt: skip
    return (
        info,
        made,
        list(
            output_pictures(
                VideoFrames(Clip(path, StageClock(), info=info)), made, source_paths(made), works
            )
        ),
    )


def planes(frame):
    return [plane_array(plane)[:, : plane.width].copy() for plane in frame.picture.planes]


@pytest.mark.parametrize(
    "clip",
    [
        {"rate": Fraction(24_000, 1001)},
        {"rate": 25},
        {"rate": Fraction(30_000, 1001)},
        {"rate": 60},
        {"times_s": UNEVEN_S},
        {"rate": 25, "rotation": 90},
    ],
    ids=["23.976", "25", "29.97", "60", "variable", "rotated"],
)
def test_kept_frames_pass_untouched_on_the_sources_own_grid(tmp_path, space, clip):
    path = tmp_path / "clip.mp4"
    info, made, pictures = make(path, space, (SUBSTITUTE, INSERT, DELETE), **clip)
    source = {round(frame.time_s * 1e4): frame for frame in read_frames(path, info=info)}
    kept = [picture for picture in pictures if picture.role == "kept"]
    assert len(kept) > 20
    for picture in kept:
        frame = source[round(picture.frame.time_s * 1e4)]
        for ours, theirs in zip(planes(picture.frame), planes(frame), strict=True):
            assert np.array_equal(ours, theirs)
        shift = (picture.time_s - picture.frame.time_s) * info.frame_rate
        assert shift == pytest.approx(round(shift), abs=0.02)
    times = [picture.time_s for picture in pictures]
    assert (np.diff(times) > 0).all()
    if not info.is_variable:
        assert len(pictures) == info.frame_count + made.shift_frames
        assert np.allclose(np.diff(times), float(1 / info.frame_rate), atol=1e-3)
    end_s = times[-1] + pictures[-1].frame.duration_s
    assert end_s == pytest.approx(made.output_duration_s, abs=1.01 / float(info.frame_rate))


def test_rendered_frames_change_inside_their_patch_only(tmp_path, space):
    path = tmp_path / "clip.mp4"
    info, _, pictures = make(path, space, (SUBSTITUTE,), rate=25)
    changed = [picture for picture in pictures if picture.role != "kept"]
    assert {picture.role for picture in changed} == {"margin", "fill"}
    source = {round(frame.time_s * 1e4): frame for frame in read_frames(path, info=info)}
    for picture in changed:
        before = planes(source[round(picture.frame.time_s * 1e4)])
        after = planes(picture.frame)
        rows, columns = np.nonzero(before[0] != after[0])
        assert len(rows)
        assert np.ptp(rows) < 8
        assert np.ptp(columns) < 8


def test_a_lost_face_keeps_its_pixels(tmp_path, space):
    path = tmp_path / "clip.mp4"
    make_clip(path, seconds=4.0, size=(96, 64), flash_every_s=9.0)
    info = probe(path)
    made = plan(SUBSTITUTE, duration_s=info.duration_s)
    track = talking_track(space, 4.0, 25.0, 64)
    landmarks, confidence = track.landmarks.copy(), track.confidence.copy()
    landmarks[15:40], confidence[15:40] = np.nan, 0
    lost = type(track)(track.times_s, landmarks, confidence, 64, 64)
    every = PictureTimes(track.times_s, track.times_s, np.zeros(100))
    points, sure = landmarks_at(lost, every)
    identity = space.identity(points, np.ones(100, np.float32))
    canvas = build_canvas(space, identity, points, sure, np.zeros(100, bool), region="lips")
    (span,) = made.picture_spans()
    work = SpanWork(
        canvas, canvas.values, lost, WhiteSquare(), space, "lips",
        span.output_start_s, span.output_end_s,
    )  # fmt: skip
    pictures = output_pictures(
        VideoFrames(Clip(path, StageClock(), info=info)), made, source_paths(made), (work,)
    )
    untouched = [p for p in pictures if p.role != "kept" and 0.64 < p.frame.time_s < 1.5]
    source = {round(frame.time_s * 1e4): frame for frame in read_frames(path, info=info)}
    assert untouched
    for picture in untouched:
        frame = source[round(picture.frame.time_s * 1e4)]
        assert np.array_equal(planes(picture.frame)[0], planes(frame)[0])
    # Whoever cancels waits for one picture, whatever takes the pictures.
    cancel = Event()
    clip = Clip(path, StageClock(), info=info)
    pictures = output_pictures(
        VideoFrames(clip), made, source_paths(made), (work,), None, StageClock(cancel=cancel)
    )
    next(picture for picture in pictures if picture.role != "kept")
    cancel.set()
    with pytest.raises(Cancelled):
        next(pictures)


def test_base_frames_are_let_go_of_once_they_were_shown(tmp_path):
    path = tmp_path / "clip.mp4"
    make_clip(path, seconds=0.4, rate=25)
    frames = VideoFrames(Clip(path, StageClock(), info=probe(path)))
    times = np.array([frame.time_s for frame in frames.stream()])

    def held():
        return sum(type(one) is Frame for one in gc.get_objects())

    frames.load(times[:5])
    before = held()
    frames.load(times[3:5])
    assert held() == before - 3


def test_base_frames_are_found_in_any_order(tmp_path):
    path = tmp_path / "clip.mp4"
    make_clip(path, seconds=2.0, rate=25)
    info = probe(path)
    times = np.array([frame.time_s for frame in read_frames(path, info=info)])
    frames = VideoFrames(Clip(path, StageClock(), info=info))
    for chosen in ([0, 1, 2], [2, 3, 10], [40, 41], [5, 6], [49]):
        frames.load(times[chosen])
        for index in chosen:
            assert frames.at(times[index]).time_s == pytest.approx(times[index])


def test_frames_that_were_just_streamed_are_not_decoded_again(tmp_path, monkeypatch):
    path = tmp_path / "clip.mp4"
    make_clip(path, seconds=2.0, rate=25)
    clip = Clip(path, StageClock())
    opened, decode = [], clip.frames
    monkeypatch.setattr(clip, "frames", lambda *part: opened.append(part) or decode(*part))
    monkeypatch.setattr("facedit.compose.source.base_frames.RECENT", 10)
    frames = VideoFrames(clip)
    streamed = list(zip(range(30), frames.stream(), strict=False))
    times = [frame.time_s for _, frame in streamed]
    frames.load(np.array(times[21:25]))
    assert frames.at(times[22]) is streamed[22][1]
    assert len(opened) == 1
    frames.load(np.array([times[5], times[24]]))  # the first of them is let go of
    assert frames.at(times[5]).time_s == times[5]
    assert frames.at(times[24]) is streamed[24][1]
    assert len(opened) == 2


def test_a_cut_finds_both_its_ends_among_the_frames_that_passed(tmp_path, space, monkeypatch):
    decode, decoded = Clip.frames, []
    monkeypatch.setattr(Clip, "frames", lambda *of: decoded.append(of) or decode(*of))
    # Fewer frames than lie between the first and the last of those that are dissolved.
    monkeypatch.setattr("facedit.compose.source.base_frames.RECENT", 24)
    make(tmp_path / "clip.mp4", space, (WordEdit(2, 5),), rate=25)
    assert len(decoded) == 1


def test_fading_is_full_inside_and_ramps_at_the_ends():
    weights = [fade_weight(time_s, 1.0, 2.0) for time_s in np.arange(1.0, 2.0, 0.04)]
    assert 0 < weights[0] < weights[1] < weights[2]
    assert weights[12] == 1.0
    assert weights[-1] < 1.0
    assert fade_weight(0.0, 0.0, 2.0) == 1.0
    assert fade_weight(1.99, 1.0, np.inf) == 1.0


def test_nearest_matches_a_search_by_hand():
    rng = np.random.default_rng(3)
    times, wanted = np.sort(rng.uniform(0, 5, 40)), rng.uniform(-1, 6, 200)
    by_hand = [int(np.abs(times - time_s).argmin()) for time_s in wanted]
    assert np.array_equal(nearest(times, wanted), by_hand)
    assert np.array_equal(nearest(times[:1], wanted), np.zeros(200))
