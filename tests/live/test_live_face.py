"""A live face: frames are final, the same however the sound comes, in step; silence is still."""

import pickle
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from threading import Event
from typing import cast

import numpy as np
import pytest

from facedit.compose.frames.base import Take
from facedit.compose.frames.output_sound import stretches
from facedit.compose.frames.person import Person
from facedit.compose.frames.picture_base import picture_base
from facedit.compose.frames.pictures import output_pictures
from facedit.compose.source.models import Models
from facedit.compose.takes.draw import infill_spans, span_draws
from facedit.errors import UsageError
from facedit.face.blendshapes import BLENDSHAPE_NAMES
from facedit.face.landmarker import Landmarker
from facedit.live.live_expressions import LiveExpressions, live_wishes
from facedit.live.live_face import LiveFace, LiveFrame, LivePictures
from facedit.live.live_motion import LiveMotion
from facedit.live.motion_process import DistantMotion, DistantPictures, MotionDesk
from facedit.live.pace import Pace
from facedit.live.resting import CLOSING, OPENING, rest_shares
from facedit.options import Run
from facedit.progress import OnProgress
from facedit.scale.task_process import Worker, WorkerEnded
from facedit.speech.encoders.whisper_base import PAD_FRAMES, WhisperBase
from facedit.types import Float32, Sound
from facedit.units import SPEECH_RATE, SPEECH_SAMPLES_PER_FRAME

RUN = Run(seed=3, steps=2, articulation=1.2)
PACE = Pace(chunk=4, ahead=2, kept=8, gate=False)
QUICK = Pace(chunk=3, ahead=2, kept=8, gate=False)


def noise(frames: int, seed: int = 0) -> Float32:
    """A sound that no gate takes for silence."""
    rng = np.random.default_rng(seed)
    return 0.1 * rng.standard_normal(frames * SPEECH_SAMPLES_PER_FRAME).astype(np.float32)


def played(face: LiveFace, sound: Float32, piece: int) -> list[LiveFrame]:
    frames = []
    for start in range(0, len(sound), piece):
        frames += face.push(sound[start : start + piece])
    return frames + face.finish()


def pixels(frames: list[LiveFrame]) -> np.ndarray:
    return np.stack([one.frame.rgb()[::4, ::4] for one in frames])


def test_frames_do_not_depend_on_how_the_sound_is_cut_up(models: Models, person: Person) -> None:
    sound = noise(11)[:-300]
    one, other = (
        played(LiveFace(person, models, RUN, QUICK), sound, piece) for piece in (977, 5000)
    )
    assert [frame.index for frame in one] == list(range(11))
    assert np.array_equal(pixels(one), pixels(other))
    heard = np.concatenate([frame.sound for frame in other])
    assert np.array_equal(heard[: len(sound)], sound)
    assert not heard[len(sound) :].any()
    assert np.ptp(pixels(one).astype(float), axis=0).max() > 20  # it moves


def test_what_was_returned_is_final(models: Models, person: Person) -> None:
    """What comes later changes nothing; and a frame waits for no more than chunk and ahead."""
    before = noise(7)
    given, shown = [], []
    for later in (noise(6, seed=1), noise(6, seed=2)):
        face = LiveFace(person, models, RUN, QUICK)
        given.append(face.push(before))
        shown.append(given[-1] + face.push(later))
    assert [frame.index for frame in given[0]] == [0, 1, 2]
    assert len(shown[0]) == 9
    assert np.array_equal(pixels(shown[0])[:3], pixels(shown[1])[:3])
    assert not np.array_equal(pixels(shown[0]), pixels(shown[1]))


@pytest.mark.parametrize("seed", [0, 2])
def test_one_chunk_gives_what_generate_gives(models: Models, person: Person, seed: int) -> None:
    run = Run(seed=seed, steps=2)
    sound = Sound(noise(30)[:, None], SPEECH_RATE)
    base = picture_base(person, sound, "")
    canvases = base.canvases(models.space, "head")
    heard = base.speech(canvases, stretches(sound), models.encoder)
    draws = span_draws(base.plan, (), run)
    (drawn,) = infill_spans(canvases, heard, models.motion, draws, run.steps, 1)
    works = base.works(Take(canvases, [drawn[0]], models.space, models.renderer, seed))
    offline = list(output_pictures(base.frames(), base.plan, base.paths, works))
    face = LiveFace(person, models, run, Pace(chunk=1000, ahead=0, wider=1.0, gate=False))
    live = played(face, sound.samples[:, 0], 7000)
    assert len(live) == len(offline) == 30
    for mine, theirs in zip(live, offline, strict=True):
        assert mine.frame.time_s == theirs.time_s
        assert np.array_equal(mine.frame.rgb(), theirs.frame.rgb())


def test_lips_rest_in_silence_while_the_person_goes_on(models: Models, person: Person) -> None:
    face = LiveFace(person, models, RUN, Pace(chunk=4, ahead=2, kept=8))
    sound = np.zeros(50 * SPEECH_SAMPLES_PER_FRAME, np.float32)
    motion = np.concatenate([chunk.motion for chunk in face.motion.push(sound)])
    lips, head = models.space.groups["lips"], models.space.groups["head"]
    assert np.ptp(motion[:, lips], axis=0).max() < 1e-6
    assert np.ptp(motion[:, head], axis=0).max() > 0.01
    blinks = face.pictures._soon
    while blinks[-1].start_s < 60:
        blinks.append(next(face.pictures._blinks))
    assert 12 <= len(blinks) <= 40


def test_lips_come_to_rest_and_leave_it_without_a_jump() -> None:
    silent = np.array([True] * 3 + [False] * 6 + [True] * 12)
    shares = rest_shares(silent, 18, 1.0)
    assert np.abs(np.diff(shares)).max() <= 1 / OPENING + 1e-6
    assert shares[3] == 0  # the lips are free when the speech begins
    assert not shares[3:9].any()
    assert shares[9 + CLOSING - 1] == pytest.approx(1)
    # The same in two pieces.
    first = rest_shares(silent[: 10 + OPENING], 10, 1.0)
    assert np.allclose(np.concatenate([first, rest_shares(silent[10:], 8, first[-1])]), shares)


def test_silence_is_heard_after_a_sound_only_where_it_may_have_ended(
    models: Models, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    paddings = []

    def heard(self: WhisperBase, samples: Float32) -> Float32:
        paddings.append(self.padding)
        return np.zeros((len(samples) // SPEECH_SAMPLES_PER_FRAME, 1024), np.float32)

    monkeypatch.setattr(WhisperBase, "encode", heard)
    motion = LiveMotion(person, models, Run(steps=1), QUICK)
    assert len([*motion.push(noise(11))]) == 3
    # The first chunk may be all there is: it is heard as ``generate`` hears.
    assert paddings == [(PAD_FRAMES, PAD_FRAMES), (PAD_FRAMES, 0), (PAD_FRAMES, 0)]


def test_nothing_that_grows_is_held(models: Models, person: Person) -> None:
    face = LiveFace(person, models, Run(steps=1), QUICK)
    for _ in range(8):
        for _ in face.motion.push(noise(6)):
            pass
    assert face.motion.done == 45
    assert len(face.motion._sound) < 40 * SPEECH_SAMPLES_PER_FRAME
    assert len(face.motion._kept) == QUICK.kept


@pytest.mark.parametrize("every", [2, 4])
def test_under_overload_pictures_are_repeated_and_sound_stays_in_step(
    models: Models, person: Person, every: int
) -> None:
    sound = noise(12)
    whole = played(LiveFace(person, models, RUN, PACE), sound, 1000)
    face = LiveFace(person, models, RUN, PACE)
    some = face.push(sound, every) + face.finish(every)
    assert [one.repeated for one in some] == [bool(k % every) for k in range(12)]
    for k, (mine, all_of) in enumerate(zip(some, whole, strict=True)):
        assert mine.index == all_of.index == k
        assert np.array_equal(mine.sound, all_of.sound)
        middle = whole[k - k % every + (every - 1) // 2]  # no picture is later than half its time
        assert np.array_equal(mine.frame.rgb(), middle.frame.rgb())


def test_an_expression_eases_in_and_out_and_shows_what_was_asked(
    models: Models, person: Person
) -> None:
    face = LiveFace(person, models, replace(RUN, expression=("smile:0.3",)), QUICK)
    space, canvas = models.space, face.motion.canvas

    def added(wish: str) -> np.ndarray:
        shown = LiveExpressions(live_wishes(Run(expression=(wish,))), space, canvas)
        still = np.zeros((3, len(space.names)), np.float32)
        return np.concatenate([shown.on(still, first) for first in range(0, 60, 3)])

    always = added("smile:0.3")
    (plain,), (smiles,) = (
        one.motion.push(noise(5)) for one in (LiveFace(person, models, RUN, QUICK), face)
    )
    assert np.allclose(smiles.motion, plain.motion + always[:3], atol=1e-5)
    sizes = np.linalg.norm([always, added("smile:0.3@0.6-1.2")], axis=2)
    sizes /= sizes[0, -1]
    assert sizes[0, 8:] == pytest.approx(1)
    assert sizes[1, 15:31] == pytest.approx(1)
    assert max(sizes[1, :7].max(), sizes[1, 38:].max()) < 0.01
    assert np.abs(np.diff(sizes, prepend=0)).max() < 0.25
    landmarker, still = Landmarker(), canvas.values[0]
    columns = [BLENDSHAPE_NAMES.index(f"mouthSmile{side}") for side in ("Left", "Right")]
    before, after = (
        landmarker.blendshapes(one)[columns].mean()
        for one in space.decode(np.stack([still, still + always[-1]]), canvas.identity)
    )
    assert after - before == pytest.approx(0.3, abs=0.05)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("smile:0.3@happy", "give seconds"),
        ("blink@1", "blinks by itself"),
        ("joy:0.3", "choose"),
        ("smile:9", "people show"),
    ],
)
def test_expressions_that_cannot_be_shown_live_are_refused(
    models: Models, person: Person, expression: str, message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        LiveFace(person, models, Run(expression=(expression,)))


def test_motion_of_another_process_begins_anew_for_every_face(
    models: Models, person: Person
) -> None:
    motion = LiveMotion(person, models, RUN, QUICK)
    make = pickle.loads(pickle.dumps(partial(MotionDesk, motion, None)))
    desk = make(lambda _: None, Event())
    desk.push(noise(6, seed=2), 1)  # of the face before
    pieces = noise(7)[:-100], noise(2, seed=1)
    expected = [chunk for piece in pieces for chunk in motion.push(piece)] + [*motion.finish()]
    desk.begin()
    got = [*desk.push(pieces[0], 1), *desk.push(pieces[1], 1), *desk.finish()]
    assert [chunk.first for chunk in got] == [chunk.first for chunk in expected]
    for mine, theirs in zip(got, expected, strict=True):
        assert np.array_equal(mine.motion, theirs.motion)
        assert np.array_equal(mine.sound, theirs.sound)


class InProcess:
    """A worker in no process of its own."""

    def __init__(self, make: Callable[[OnProgress, Event], object]) -> None:
        self._desk = make(lambda _: None, Event())

    def call(self, task: str, *arguments: object) -> object:
        return getattr(self._desk, task)(*arguments)


def test_pictures_that_another_process_draws_are_those_that_are_drawn_here(
    models: Models, person: Person
) -> None:
    run = Run(seed=34, steps=1)  # of which the first blink comes soon
    motion = LiveMotion(person, models, run, PACE)
    make = partial(MotionDesk, motion, partial(LivePictures, person, models, run))
    worker = cast("Worker", InProcess(pickle.loads(pickle.dumps(make))))
    sound, helped = noise(26), []
    alone = LiveFace(person, models, run, PACE).push(sound)
    face = LiveFace(person, models, run, PACE)
    face.motion = DistantMotion(worker, drawn=True)
    for block in sound.reshape(-1, SPEECH_SAMPLES_PER_FRAME):
        for chunk in face.motion.push(block):
            helper = face.helper(chunk)
            assert helper is not None
            helper.fetch()
            helped += face.pictures.show(chunk, 1, helper)
    assert list(helper.numbers) == [1]
    assert max(frame.blink for frame in alone) > 0.5
    assert np.array_equal(pixels(helped), pixels(alone))


def test_a_process_that_ends_while_it_draws_ends_the_run() -> None:
    class Ended:
        def call(self, task: str, *arguments: object) -> object:
            raise WorkerEnded("worker ended.")

    helper = DistantPictures(cast("Worker", Ended()), 0, range(1))
    with pytest.raises(WorkerEnded):
        helper.fetch()
    with pytest.raises(WorkerEnded):
        helper.take()
