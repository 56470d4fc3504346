"""The real networks live: somebody who listens, and a machine that is too slow."""

import cv2
import numpy as np
import pytest

pytest.importorskip("skimage")

from skimage import data

from facedit.compose.source.models import load_models
from facedit.face.choice import FaceChoice
from facedit.face.distances import eye_distance, lip_opening
from facedit.face.landmarker import Landmarker
from facedit.face.regions import LOWER_LIDS, NOSE_BASE, UPPER_LIDS
from facedit.face.track import track_face
from facedit.live import open_live as open_live_module
from facedit.live.live_face import LiveFrame
from facedit.live.live_motion import LiveMotion
from facedit.live.live_options import LiveOptions
from facedit.live.open_live import Live, open_live, quick
from facedit.live.run_live import run_live
from facedit.options import Run
from facedit.speech.sound_ops import speech_samples
from facedit.speech.voices.voice import synthesise
from facedit.types import Float32
from facedit.units import SPEECH_RATE, SPEECH_SAMPLES_PER_FRAME

pytestmark = pytest.mark.full


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Live:
    picture = tmp_path_factory.mktemp("live") / "face.png"
    cv2.imwrite(str(picture), data.astronaut()[..., ::-1])
    return open_live(picture, LiveOptions(), Run(), print)


def tracked(frames: list[LiveFrame]) -> Float32:
    shown = ((one.frame.time_s, one.frame.rgb()) for one in frames)
    return track_face(shown, FaceChoice(), landmarker=Landmarker()).landmarks


def test_who_listens_blinks_and_moves_the_head_with_lips_still(live: Live) -> None:
    """In the pixels: a room's noise, then speech."""
    noise = 1e-3 * np.random.default_rng(0).standard_normal(12 * SPEECH_RATE).astype(np.float32)
    speech = speech_samples(synthesise("My mother made my bed before we flew to the moon.")[0])
    face = live.face()
    heard = face.push(noise)
    lips = live.models.space.groups["lips"]
    moved = np.stack([one.moved for one in heard if one.moved is not None])
    assert len(moved) == len(heard)
    assert np.ptp(moved[10:, lips], axis=0).max() < 1e-5  # at rest, once the first chunks passed
    listens = tracked(heard)
    speaks = tracked(face.push(speech) + face.finish())
    quiet, loud = (lip_opening(points[10:]) for points in (listens, speaks))
    lids = [
        np.linalg.norm(
            listens[:, list(upper), :2].mean(axis=1) - listens[:, list(lower), :2].mean(axis=1),
            axis=-1,
        )
        for upper, lower in zip(UPPER_LIDS, LOWER_LIDS, strict=True)
    ]
    open_ = np.mean(lids, axis=0) / eye_distance(listens)
    nose = listens[:, NOSE_BASE, :2] / eye_distance(listens).mean()
    print(f"lips {np.ptp(quiet):.3f} and {np.ptp(loud):.3f}, nose {np.ptp(nose, axis=0)}")
    print(f"lids {open_.min() / np.median(open_):.2f}")
    # What is left is the tracker's, while the head moves: what was drawn rests (above).
    assert np.ptp(quiet) < 0.25 * np.ptp(loud)
    assert np.ptp(nose, axis=0).max() > 0.03
    closed = open_ < 0.6 * np.median(open_)
    assert 2 <= int((np.diff(closed.astype(int)) == 1).sum()) <= 8  # in 12 s


def test_on_a_slow_machine_mouths_are_fewer_and_lips_stay_with_their_sound(live: Live) -> None:
    speech = speech_samples(synthesise("My mother made my bed before we flew to the moon.")[0])
    speech = speech[: len(speech) // SPEECH_SAMPLES_PER_FRAME * SPEECH_SAMPLES_PER_FRAME]
    blocks = speech.reshape(-1, SPEECH_SAMPLES_PER_FRAME)
    usual = live.face()
    whole = usual.push(speech) + usual.finish()
    frames: list[LiveFrame] = []
    now_s = 0.0

    def show(frame: LiveFrame) -> None:
        nonlocal now_s
        now_s += 0.0 if frame.repeated else 0.12  # three times what there is for one
        frames.append(frame)

    tally = run_live(live.face(), iter(blocks), show, lambda: now_s)
    assert [frame.index for frame in frames] == list(range(len(blocks)))
    assert np.array_equal(np.stack([frame.sound for frame in frames]), blocks)
    assert 0.4 < tally.repeated / tally.frames < 0.9
    assert tally.delay_s(1.0) < 1.0
    opening, all_of = (lip_opening(tracked(one)) for one in (frames, whole))
    shifts = range(-4, 5)
    alike = [np.corrcoef(opening[4 + k : len(opening) - 4 + k], all_of[4:-4])[0, 1] for k in shifts]
    print(tally, dict(zip(shifts, np.round(alike, 3), strict=True)))
    assert abs(shifts[int(np.argmax(alike))]) <= 1
    assert max(alike) > 0.6


def test_a_process_of_its_own_draws_the_same_for_one_face_after_the_other(live: Live) -> None:
    sound = speech_samples(synthesise("We fly.")[0])
    expected = live.face().push(sound)
    with live.motion_process() as process:
        assert process is not None
        for _ in range(2):
            frames = live.face(process).push(sound)
            assert [frame.index for frame in frames] == [frame.index for frame in expected]
            for mine, theirs in zip(frames, expected, strict=True):
                assert np.array_equal(mine.frame.rgb(), theirs.frame.rgb())


def test_motion_in_half_the_bits_is_as_in_all(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    sound = speech_samples(synthesise("My mother made my bed before we flew.")[0])
    lips, found = live.models.space.groups["lips"], []
    for half in (False, True):
        monkeypatch.setattr(open_live_module, "half_is_quick", lambda half=half: half)
        models = quick(load_models(live.run))
        motion = LiveMotion(live.person, models, live.run, live.options.pace)
        found.append(np.concatenate([chunk.motion[:, lips] for chunk in motion.push(sound)]))
    alike = np.corrcoef(found[0].ravel(), found[1].ravel())[0, 1]
    print(f"r {alike:.5f}")
    assert not np.array_equal(*found)
    assert alike > 0.995
