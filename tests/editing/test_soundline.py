from fractions import Fraction

import numpy as np
import pytest
from editing_cases import plans, spoken
from hypothesis import given
from hypothesis import strategies as st

from facedit.editing.diff import WordEdit
from facedit.editing.plan import Fill
from facedit.editing.planner import make_plan
from facedit.editing.soundline import (
    SoundPiece,
    in_steps,
    mix_fill,
    output_sound,
    with_lead,
    with_rest,
)
from facedit.units import sample_at

SOUND_RATES = st.sampled_from([8000, 16000, 44100, 48000])


@given(plans(), SOUND_RATES)
def test_pieces_add_up_without_drift(drawn, rate):
    _, _, _, plan = drawn
    position = source = 0
    for piece, segment in zip(output_sound(plan, rate), plan.segments, strict=True):
        assert piece.output_start == position
        assert piece.source_start == source
        # Never more than a sample from the plan's time, however many pieces came before.
        assert abs(piece.output_start - segment.output_start_s * rate) <= 1.001
        position, source = piece.output_end, piece.source_end
    assert abs(position - plan.output_duration_s * rate) <= 1.001
    assert source == sample_at(plan.source_duration_s, rate)


@given(plans(), SOUND_RATES)
def test_kept_pieces_copy_and_new_sound_fits(drawn, rate):
    _, _, sounds, plan = drawn
    for piece in output_sound(plan, rate):
        assert piece.length >= 0
        if piece.kind == "source":
            assert piece.length == piece.source_end - piece.source_start
            assert (piece.fade, piece.fill) == (0, -1)
            continue
        fill = plan.fills[piece.fill]
        assert piece.lead_in >= 0
        assert piece.lead_in + piece.speech <= piece.length
        if piece.kind == "speech":
            assert abs(piece.speech - fill.speech_s * rate) <= 2.001
            assert 2 * piece.fade <= piece.length
        else:
            assert sounds[piece.fill] is None
            assert piece.fade == piece.length


@given(plans())
def test_kept_sound_moves_with_the_kept_pictures(drawn):
    _, _, _, plan = drawn
    rate, shift = 44100, 0
    for piece, segment in zip(output_sound(plan, rate), plan.segments, strict=True):
        if isinstance(segment, Fill):
            shift += segment.shift_frames
        elif piece.length:
            late_s = (piece.output_start - piece.source_start) / rate
            assert late_s == pytest.approx(float(shift / plan.frame_rate), abs=0.51 / rate)


def substitution(rate=1000):
    plan = make_plan(
        [WordEdit(1, 2, ("x",))],
        spoken("one two three"),
        [0.4],
        source_duration_s=2.0,
        frame_rate=Fraction(25),
    )
    return output_sound(plan, rate)[1]


def test_fades_run_from_the_old_sound_into_the_new_and_back():
    piece = substitution()
    assert piece.kind == "speech"
    assert piece.tail == (piece.source_start, piece.source_start + 20)
    assert piece.head == (piece.source_end - 20, piece.source_end)
    silence = np.zeros((piece.length, 2), np.float32)
    ones = np.ones((piece.fade, 2), np.float32)
    mixed = mix_fill(piece, silence, ones, 2 * ones)
    assert mixed.dtype == np.float32
    assert np.all(np.diff(mixed[:20, 0]) < 0)
    assert np.all(np.diff(mixed[-20:, 0]) > 0)
    assert mixed[0, 0] == pytest.approx(1, abs=0.002)
    assert mixed[-1, 0] == pytest.approx(2, abs=0.004)
    assert not mixed[20:-20].any()
    # Equal power: the squares of both gains add up to one.
    risen = mix_fill(piece, silence + 1, 0 * ones, 0 * ones)
    np.testing.assert_allclose(risen[:20] ** 2 + mixed[:20] ** 2, 1, atol=1e-6)


def test_a_join_leads_from_one_side_of_the_cut_to_the_other():
    plan = make_plan(
        [WordEdit(1, 2)],
        spoken("one two three"),
        [None],
        source_duration_s=2.0,
        frame_rate=Fraction(25),
    )
    before, piece, after = output_sound(plan, 48000)
    assert piece.kind == "join"
    assert piece.tail[0] == before.source_end
    assert piece.head[1] == after.source_start
    # The same sound on both sides passes through unchanged.
    same = np.full((piece.fade, 1), 0.3, np.float32)
    np.testing.assert_allclose(mix_fill(piece, None, same, same), 0.3, rtol=1e-6)
    # One goes as the other comes, the same from either end.
    rising = mix_fill(piece, None, 0 * same, same / 0.3)
    np.testing.assert_allclose(rising + rising[::-1], 1.0, rtol=1e-6)


def test_lengths_must_fit():
    piece = substitution()
    fade = np.zeros((piece.fade, 1), np.float32)
    with pytest.raises(ValueError, match="Fades"):
        mix_fill(piece, np.zeros((piece.length, 1), np.float32), fade[1:], fade)
    with pytest.raises(ValueError, match="must have"):
        mix_fill(piece, np.zeros((piece.length - 1, 1), np.float32), fade, fade)
    with pytest.raises(ValueError, match="must have"):
        mix_fill(piece, None, fade, fade)


def test_a_sound_that_is_longer_than_its_picture_plays_to_its_end():
    kept = SoundPiece("source", 0, 100, 0, 100)
    fill = SoundPiece("speech", 100, 150, 100, 70, fill=0)
    assert with_rest((kept,), 130) == (SoundPiece("source", 0, 130, 0, 130),)
    rest = SoundPiece("source", 150, 180, 170, 30)
    assert with_rest((kept, fill), 180) == (kept, fill, rest)
    assert with_rest((kept, fill), 150) == (kept, fill)


def test_kept_sound_moves_by_whole_packets():
    before, after = (
        SoundPiece("source", 0, 1000, 0, 1000),
        SoundPiece("source", 1400, 9000, 1500, 7600),
    )
    fill = SoundPiece("speech", 1000, 1400, 1000, 500, fade=10, fill=0)
    # It is to be 100 samples late: the nearest whole steps of 64 are 128.
    kept, longer, moved = in_steps((before, fill, after), 64)
    assert kept == before
    assert (longer.output_start, longer.length, longer.fade) == (1000, 528, 10)
    assert (moved.output_start, moved.length) == (1528, 7600)
    assert (moved.output_start - moved.source_start) % 64 == 0
    # Nothing is left of a short fill: it gets a step longer, with which the rest moves.
    gone = SoundPiece("speech", 1000, 1400, 1000, 20, fade=10, fill=0)
    early = SoundPiece("source", 1400, 9000, 1020, 7600)
    _, longer, moved = in_steps((before, gone, early), 200)
    assert longer.length == 200
    assert moved.output_start == 1200
    assert (moved.output_start - moved.source_start) % 200 == 0


@pytest.mark.parametrize(
    ("old", "step", "new"), [(44, 64, 36), (30, 80, 20), (20, 96, 100), (4, 96, 4)]
)
def test_a_fill_keeps_a_quarter_of_a_step_or_what_it_had(old, step, new):
    before = SoundPiece("source", 0, 1000, 0, 1000)
    fill = SoundPiece("speech", 1000, 1100, 1000, old, fill=0)
    after = SoundPiece("source", 1100, 9000, 1000 + old, 7900)
    _, one, moved = in_steps((before, fill, after), step)
    assert (one.length, moved.output_start) == (new, 1000 + new)
    assert (moved.output_start - moved.source_start) % step == 0


def test_a_sound_that_starts_before_its_picture_stays_in_front_of_it():
    kept = SoundPiece("source", 0, 100, 0, 100)
    assert with_lead((kept,), 0) == (kept,)
    assert with_lead((kept,), 7) == (SoundPiece("source", -7, 0, -7, 7), kept)
