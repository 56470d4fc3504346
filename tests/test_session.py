"""A clip that stays open: further takes and edits pay for what is new, and can be stopped."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event, Thread

import numpy as np
import pytest

import facedit
from facedit.compose.frames.base import TrackedWindow
from facedit.compose.frames.track_window import track_window
from facedit.compose.session.session import Session
from facedit.compose.session.verbs import generate_job
from facedit.compose.source.clip import MOST_BYTES, Clip
from facedit.device import cpu_threads
from facedit.errors import Cancelled
from facedit.face.choice import FaceChoice
from facedit.media.probe import probe
from facedit.media.read import read_frames
from facedit.model.weight_sets import WEIGHT_SETS
from facedit.options import EditRequest, Run
from facedit.progress import Progress, StageClock
from talking_clips import TalkingClips, make_talking_clips

pytest.importorskip("skimage")

_, _, COVER = WEIGHT_SETS["default"].files()

TAKE = ["motion model", "rendering and writing"]
"""The stages of a further take."""


@pytest.fixture(scope="module", autouse=True)
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cache of results that is empty at first, and this module's own."""
    folder = tmp_path_factory.mktemp("kept")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("facedit.cache.results_dir", lambda: folder)
        yield folder


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> TalkingClips:
    return make_talking_clips(tmp_path_factory.mktemp("clips"), "we fly to the moon")


def wish(clips: TalkingClips, old: str, new: str) -> EditRequest:
    return EditRequest(replace=((old, new),), transcript=Path(clips["words.json"]), voice="default")


@dataclass
class Opened:
    """A session, and what it told.

    Attributes:
        session: The session.
        told: Its progress.
        cancel: Stops it.
    """

    session: Session
    told: list[Progress]
    cancel: Event

    def stages(self) -> list[str]:
        """Return the stages since the last call, in order."""
        found = list(dict.fromkeys(one.stage for one in self.told))
        self.told.clear()
        return found


def opened(source: str) -> Opened:
    told: list[Progress] = []
    cancel = Event()
    session = facedit.open(Path(source), on_progress=told.append, cancel=cancel)
    return Opened(session, told, cancel)


def pixels(path: Path) -> list[np.ndarray]:
    return [frame.rgb() for frame in read_frames(path)]


def same(first: Path, second: Path) -> bool:
    pairs = zip(pixels(first), pixels(second), strict=True)
    return all(np.array_equal(a, b) for a, b in pairs)


UNSIGNED = facedit.Run(provenance=False)
"""In a manifest ids and salts are drawn anew; packets stay (``tests/provenance``)."""


def test_takes_and_edits_of_an_open_clip_pay_for_what_is_new(
    clips: TalkingClips, tmp_path: Path, kept: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """And give what a fresh run gives, byte for byte, on any number of threads, in silence."""
    one = opened(clips["one.mp4"])
    out = [tmp_path / f"{name}.mp4" for name in ("take", "again", "other", "two")]
    with cpu_threads(1), one.session as session:
        moon = session.plan(wish(clips, "moon", "sun"))
        session.render(moon, out[0])
        (fill,) = moon.plan.fills
        heard = session.sound(moon).window(fill.output_start_s - 0.2, fill.output_end_s)
        assert heard.duration_s == pytest.approx(fill.duration_s + 0.2, abs=1e-3)
        assert np.abs(heard.samples[-len(heard.samples) // 2 :]).max() > 0.01
        first = one.stages()
        assert {"tracking", "mouths", "new speech", "loading models", *TAKE} <= set(first)
        report = session.render(moon, out[1], run=replace(moon.run, seed=1))
        assert one.stages() == TAKE
        (stages,) = (made["stages"] for made in report.details["reports"])
        assert [stage["name"] for stage in stages] == TAKE
        session.render(session.plan(wish(clips, "fly", "drive")), out[2], run=UNSIGNED)
        assert one.stages() == ["new speech", "speech features", "looking at packets", *TAKE]
        session.plan(wish(clips, "moon", "sun"))
        assert moon.snippets[0] is session.plan(wish(clips, "moon", "sun")).snippets[0]
    assert not same(out[0], out[1])
    for entry in kept.rglob("*.*"):
        entry.unlink()
    with cpu_threads(2):
        facedit.edit(Path(clips["one.mp4"]), out[3], wish(clips, "fly", "drive"), run=UNSIGNED)
    assert out[3].read_bytes() == out[2].read_bytes()
    assert capfd.readouterr() == ("", "")


def test_cancelled_at_any_stage_it_leaves_nothing_and_goes_on(
    clips: TalkingClips, tmp_path: Path
) -> None:
    one = opened(clips["one.mp4"])
    stopped: list[str] = []

    def stop(progress: Progress) -> None:
        """Cancel where a stage is under way for the first time."""
        late = progress.done >= min(progress.total or 0, 3)
        if late and progress.stage not in stopped:
            stopped.append(progress.stage)
            one.cancel.set()

    run = Run(takes=2, steps=3)
    with facedit.open(
        Path(clips["one.mp4"]), run=run, on_progress=stop, cancel=one.cancel
    ) as session:
        for _ in range(20):
            try:
                plan = session.plan(wish(clips, "moon", "sea"))
                session.render(plan, tmp_path / "x.mp4")
                break
            except Cancelled:
                assert os.listdir(tmp_path) == []
                one.cancel.clear()
    assert stopped[0] == "reading the transcript"
    assert {"new speech", "loading models", "speech features", *TAKE} < set(stopped)
    assert {"x.mp4", "x-take2.mp4"} < set(os.listdir(tmp_path))


def test_cancelled_in_the_second_take_the_first_one_stays_whole(
    clips: TalkingClips, tmp_path: Path
) -> None:
    begun: list[str] = []
    cancel = Event()

    def stop(progress: Progress) -> None:
        if progress.stage == "rendering and writing" and progress.done == 0:
            begun.append(progress.stage)
        if len(begun) == 2 and progress.done == 5:
            cancel.set()

    with pytest.raises(Cancelled) as stopped:
        facedit.sync(
            Path(clips["one.mp4"]), Path(clips["speech.wav"]), tmp_path / "x.mp4",
            run=Run(takes=2, steps=3), on_progress=stop, cancel=cancel,
        )  # fmt: skip
    assert stopped.value.__notes__ == [
        "Finished and kept, each with its report: x.mp4. Not made: x-take2.mp4."
    ]
    assert sorted(os.listdir(tmp_path)) == ["x.mp4", "x.mp4.report"]
    assert len(pixels(tmp_path / "x.mp4")) == len(pixels(Path(clips["one.mp4"])))
    report = json.loads((tmp_path / "x.mp4.report" / "report.json").read_text())
    assert report["output"]["name"] == "x.mp4"


def test_two_threads_may_ask_at_once(clips: TalkingClips) -> None:
    with opened(clips["one.mp4"]).session as session:
        found: list[object] = []
        threads = [
            Thread(target=lambda: found.append(session.plan(wish(clips, "fly", "walk")).plan))
            for _ in range(2)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert found[0] == found[1]


def test_tracks_and_mouths_are_kept_on_disk_and_made_again_if_damaged(
    clips: TalkingClips, kept: Path
) -> None:
    def tracked() -> tuple[TrackedWindow, list[str]]:
        told: list[Progress] = []
        clip = Clip(Path(clips["one.mp4"]), StageClock(told.append), keep=True)
        window = track_window(clip, (0.0, 0.4), FaceChoice(), COVER)
        return window, list(dict.fromkeys(one.stage for one in told))

    before = set(kept.rglob("*.*"))
    first, stages = tracked()
    assert stages == ["tracking", "mouths"]
    banks, faces = sorted(set(kept.rglob("*.*")) - before)
    assert [entry.parent.name for entry in (banks, faces)] == ["banks", "faces"]
    again, stages = tracked()
    assert stages == []
    faces.write_bytes(faces.read_bytes()[:100])
    retracked, stages = tracked()
    assert stages == ["tracking"]
    banks.write_bytes(banks.read_bytes()[:100])
    recollected, stages = tracked()
    assert stages == ["mouths"]
    for window in (again, retracked, recollected):
        assert_same(first, window)


def test_many_mouths_are_not_kept_on_disk(
    clips: TalkingClips, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("facedit.compose.frames.track_window.KEPT_BYTES", 10)
    before = set(kept.rglob("*.*"))
    clip = Clip(Path(clips["one.mp4"]), StageClock(), keep=True)
    track_window(clip, (0.0, 0.36), FaceChoice(), COVER)
    assert [entry.parent.name for entry in set(kept.rglob("*.*")) - before] == ["faces"]


def assert_same(one: TrackedWindow, other: TrackedWindow) -> None:
    np.testing.assert_array_equal(one.track.landmarks, other.track.landmarks)
    assert one.covers is not None
    assert other.covers is not None
    np.testing.assert_array_equal(one.covers.shares, other.covers.shares)
    for a, b in zip(one.bank.frames, other.bank.frames, strict=True):
        assert (a.time_s, a.sharpness, a.brightness) == (b.time_s, b.sharpness, b.brightness)
        assert (a.mouth.origin, a.eyes.origin) == (b.mouth.origin, b.eyes.origin)
        for x, y in (
            (a.mouth.rgb, b.mouth.rgb),
            (a.eyes.rgb, b.eyes.rgb),
            (a.source.crop, b.source.crop),
            (a.source.landmarks, b.source.landmarks),
            (a.landmarks, b.landmarks),
            (a.lips, b.lips),
            (a.gaze, b.gaze),
        ):
            np.testing.assert_array_equal(x, y)


def test_a_stretch_is_decoded_once_unless_it_is_too_large(
    clips: TalkingClips, monkeypatch: pytest.MonkeyPatch
) -> None:
    windows = []
    for largest, times in ((10**9, 1), (10, 2)):
        for bound in ("HELD_BYTES", "TRIED_BYTES"):
            monkeypatch.setattr(f"facedit.compose.frames.face_parts.{bound}", largest)
        clip = Clip(Path(clips["one.mp4"]), StageClock())
        read, frames = [], clip.frames
        monkeypatch.setattr(clip, "frames", lambda *part: read.append(part) or frames(*part))  # noqa: B023
        windows.append(track_window(clip, (0.0, 0.4), FaceChoice(), COVER))
        assert len(read) == times
    assert_same(*windows)


def test_memory_is_bounded() -> None:
    clip = Clip(Path("none.mp4"), StageClock())
    found = []

    def find(name: str, size: float) -> None:
        clip.once(name, lambda: found.append(name), lambda _: int(size * MOST_BYTES))

    for name, size in (("a", 0.4), ("b", 0.4), ("a", 0.4), ("c", 0.4), ("a", 0.4), ("b", 0.4)):
        find(name, size)
    assert found == ["a", "b", "c", "b"]  # what was unused for longest went
    find("too large", 2.0)
    find("too large", 2.0)
    assert found[4:] == ["too large"]


def test_generate_tells_what_is_to_be_known_of_a_video(clips: TalkingClips) -> None:
    info = replace(probe(clips["one.mp4"]), notes=("a stream is left out",))
    clip = Clip(Path(clips["one.mp4"]), StageClock(), info=info)
    with opened(clips["one.mp4"]).session as session:
        speech = session.speak(recording=Path(clips["speech.wav"]))
    job = generate_job(clip, None, speech, Run(), picture_only=True)
    assert job.notes == ("a stream is left out",)
