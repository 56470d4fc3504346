"""Lip opening against phones: known curves give known lags; a spoken clip fits its phones."""

from dataclasses import replace

import numpy as np
import pytest
from scenes import make_identity, make_item, make_motion, make_scene, make_sound, motion_space

from facedit.bench.measures import phone_sync
from facedit.bench.measures.phone_sync import OPENNESS, REACH, REST
from facedit.face.distances import lip_opening
from facedit.speech.recognition import sound_cache as cache
from facedit.speech.recognition.forced import AlignedPhone, AlignedWord
from facedit.speech.text.pronounce import _ARPABET
from facedit.types import Word


def phones(*parts):
    found, at = [], 0.4
    for name, seconds in parts:
        found.append(AlignedPhone(name, at, at + seconds, -10.0))
        at += seconds
    return tuple(found)


def values(sums):
    return {m.name: float(m.value(np.array(sums))) for m in phone_sync.MEASURES}


def test_every_phone_has_an_openness_and_the_order_is_that_of_phonetics():
    assert set(OPENNESS) == set(_ARPABET.values())
    assert all(0 <= value <= 1 for value in OPENNESS.values())
    assert OPENNESS["B"] == OPENNESS["M"] == OPENNESS["P"] == 0
    assert OPENNESS["IY"] < OPENNESS["EH"] < OPENNESS["AE"] < OPENNESS["AA"]  # vowel height


def test_the_curve_is_the_phones_openness_averaged_over_a_tenth_of_a_second():
    curve = phone_sync.openness_curve(phones(("AA", 0.4), ("M", 0.4)), 2.0)
    assert curve.shape == (50,)
    assert curve[15] == pytest.approx(1.0)  # 0.60 s: the middle of AA
    assert curve[25] == pytest.approx(0.0)  # 1.00 s: the middle of M
    assert curve[20] == pytest.approx(6 / 13)  # the border: six of thirteen ticks are AA's
    np.testing.assert_allclose(curve[[0, 40]], REST)


@pytest.mark.parametrize("late", [-7, 0, 4])
def test_a_late_sound_is_found(late):
    rng = np.random.default_rng(0)
    spoken = np.convolve(rng.random(140), np.ones(4) / 4, "valid")
    frames = np.arange(20, 110)
    opening = 0.02 + 0.1 * spoken[frames + late]
    found = phone_sync.lag_sums(opening, spoken, np.ones(90, bool), 20)
    assert len(found) == 6 * (2 * REACH + 1)
    assert values(found)["phone_lag"] == late
    if not late:
        assert values(found)["phone_r"] == pytest.approx(1.0)
    # Two items pooled say the same.
    other = phone_sync.lag_sums(3 * opening, spoken, np.ones(90, bool), 20)
    assert values(np.array(found) + np.array(other))["phone_lag"] == late


def test_frames_without_a_face_and_beyond_the_sound_do_not_count():
    spoken = np.linspace(0, 1, 30)
    opening = np.linspace(0, 1, 40)
    opening[3:6] = np.nan
    found = np.array(phone_sync.lag_sums(opening, spoken, np.ones(40, bool), 0)).reshape(-1, 6)
    assert found[REACH, 0] == 27
    assert found[-1, 0] == 17
    assert np.isfinite(found).all()
    nothing = phone_sync.lag_sums(np.full(40, np.nan), spoken, np.ones(40, bool), 0)
    assert all(np.isnan(value) for value in values(nothing).values())


def test_only_english_with_known_words_is_measured():
    sound = make_sound()
    scene = make_scene(sound=sound)
    assert phone_sync.sums(scene) == {}  # no words
    said = replace(scene, words=(Word("hello", 0.2, 0.6),))
    assert phone_sync.sums(replace(said, sound=None)) == {}
    facts = replace(make_item().clip, language="ar")
    assert phone_sync.sums(replace(said, item=replace(make_item(), clip=facts))) == {}


def test_the_opening_follows_the_landmarks_at_any_frame_rate():
    motion = make_motion(50)
    true = lip_opening(motion_space().decode(motion, make_identity()))
    pictures = [np.zeros((4, 4, 3), np.uint8)] * 60
    view = make_scene(motion=motion, pictures=pictures, frame_rate=30.0).output
    np.testing.assert_allclose(phone_sync.opening_curve(view)[:49], true[:49], atol=0.02)
    gone = view.landmarks.copy()
    gone[12:20] = np.nan
    curve = phone_sync.opening_curve(replace(view, landmarks=gone))
    missing = np.flatnonzero(np.isnan(curve))
    assert missing.min() >= 10
    assert missing.max() <= 16
    assert len(missing) >= 5


def test_an_alignment_is_made_once_for_a_sound_and_its_words(tmp_path, monkeypatch, caplog):
    monkeypatch.setenv("FACEDIT_CACHE", str(tmp_path))
    made = (AlignedWord(phones(("HH", 0.1), ("AY", 0.3))),)
    answers = {"hi": made, "no": None}
    calls = []
    monkeypatch.setattr(cache, "force_align", lambda x, t: calls.append(t) or answers[t[0]])
    sound = make_sound()
    assert cache.cached_alignment(sound, ["hi"]) == made == cache.cached_alignment(sound, ["hi"])
    assert cache.cached_alignment(sound, ["no"]) is None
    assert cache.cached_alignment(sound, ["no"]) is None
    assert cache.cached_alignment(make_sound(seed=1), ["hi"]) == made
    assert calls == [["hi"], ["no"], ["hi"]]
    for entry in (tmp_path / "clips" / "speech").iterdir():
        entry.write_text('{"words": [[["HH", 1]]]}')
    assert cache.cached_alignment(sound, ["hi"]) == made
    assert "damaged" in caplog.text


def test_a_face_that_opens_with_the_phones_scores_and_a_late_sound_shows():
    from facedit.bench.selfcheck.sound_disturbances import shift_sound
    from facedit.speech.voices.voice import synthesise

    sound, said = synthesise("we fly to the moon and back to the earth")
    tokens = [word.text for word in said.words]
    found = phone_sync.phones_of_sound(sound, tokens)
    assert {phone.name for phone in found} <= set(OPENNESS)
    spoken_curve = phone_sync.openness_curve(found, sound.duration_s)
    frames = len(spoken_curve)
    motion = np.zeros((frames, motion_space().dims), np.float32)
    motion[:, opening_dim()[0]] = opening_dim()[1] * 3 * (spoken_curve - spoken_curve.mean())
    pictures = [np.zeros((4, 4, 3), np.uint8)] * frames
    scene = make_scene(
        motion=motion, true_pictures=pictures, true_motion=motion, sound=sound, hidden=(0, frames)
    )
    scene = replace(scene, words=said.words)
    truth = values(phone_sync.sums(scene)["phone_sync"])
    assert truth["phone_r"] > 0.95
    assert truth["phone_lag"] == 0
    late = values(phone_sync.sums(shift_sound(scene, 5))["phone_sync"])
    assert abs(late["phone_lag"] - 5) <= 1
    assert late["phone_r"] < 0.6


def opening_dim():
    """The lip dim that opens the mouth most, and the sign that opens it."""
    lips = motion_space().groups["lips"]
    unit = np.eye(motion_space().dims, dtype=np.float32)[lips]
    opened = lip_opening(motion_space().decode(unit, make_identity()))
    closed = lip_opening(motion_space().decode(-unit, make_identity()))
    change = opened - closed
    best = int(np.abs(change).argmax())
    return lips.start + best, float(np.sign(change[best]))
