"""Where the sound is cut, and plans of one fill."""

from fractions import Fraction

import numpy as np
import pytest

from facedit.compose.source.clip import Clip
from facedit.compose.words.plans import ENERGY_HOP_S, edit_joints, whole_clip_plan
from facedit.editing.diff import WordEdit
from facedit.editing.joints import default_joints, quiet_joints
from facedit.errors import BadEdit
from facedit.media.probe import probe
from facedit.media.sound import read_sound
from facedit.progress import StageClock
from facedit.speech.signal.low_energy import envelope_db
from facedit.types import Sound, Transcript, Word
from talking_clips import gradient, write_clip

EDITS = (WordEdit(0, 1, ("x",)), WordEdit(2, 3, ("y",)))


@pytest.fixture(scope="module")
def spoken(tmp_path_factory):
    """A clip of four words in noise, with a dip near each border, and its transcript."""
    path = tmp_path_factory.mktemp("plans") / "clip.mkv"
    noise = np.random.default_rng(0).normal(0, 0.2, (4 * 24_000, 1)).astype(np.float32)
    for dip_s in (0.04, 0.93, 2.06, 3.03, 3.9):
        noise[round(dip_s * 24_000) : round((dip_s + 0.04) * 24_000)] *= 0.01
    write_clip(path, [gradient(k) for k in range(100)], Sound(noise, 24_000))
    info = probe(path)
    words = tuple(Word(text, at + 0.1, at + 0.9) for at, text in enumerate("abcd"))
    return path, info, Transcript(words, info.duration_s)


def test_joints_are_where_the_whole_sound_is_quietest_near_the_words(spoken):
    path, info, transcript = spoken
    sound = read_sound(path, info=info)
    envelope = envelope_db(sound.samples, sound.rate)
    at = (np.arange(int(info.duration_s / ENERGY_HOP_S)) + 0.5) * ENERGY_HOP_S * sound.rate
    energy = envelope[np.minimum(at.astype(int), len(envelope) - 1)]
    found = edit_joints(Clip(path, StageClock()), transcript, EDITS)
    whole = quiet_joints(EDITS, transcript, info.duration_s, energy, ENERGY_HOP_S)
    assert found == whole
    dips = np.array([0.06, 0.95, 2.08, 3.05])
    assert np.abs(np.ravel(found) - dips).max() < 0.03
    assert found != default_joints(EDITS, transcript, info.duration_s)


def test_one_fill_over_all_is_as_long_as_the_clip():
    plan = whole_clip_plan(4.0, Fraction(25), 3.5, "hello")
    (fill,) = plan.fills
    assert (fill.source_start_s, fill.source_end_s, fill.output_start_s) == (0.0, 4.0, 0.0)
    assert (fill.duration_s, fill.shift_frames, plan.output_duration_s) == (4.0, 0, 4.0)
    assert (fill.lead_in_s, fill.speech_s, fill.lead_out_s) == (0.0, 3.5, 0.5)
    (span,) = plan.picture_spans()
    assert (span.output_start_s, span.output_end_s) == (0.0, 4.0)
    assert plan.motion_mask(100).all()


def test_speech_may_be_half_a_frame_longer_than_the_clip_and_no_more():
    plan = whole_clip_plan(4.0, Fraction(25), 4.02)
    assert (plan.fills[0].speech_s, plan.fills[0].lead_out_s) == (4.0, 0.0)
    with pytest.raises(BadEdit, match=r"longer than the clip \(4\.03 s over 4\.00 s\)"):
        whole_clip_plan(4.0, Fraction(25), 4.03)
