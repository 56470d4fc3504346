"""New speech in the clip's room: how fast it fades, how deep its dips are, what a codec leaves."""

import numpy as np
import pytest

from facedit.speech.fit.clip_reference import Reference
from facedit.speech.fit.own_recording import cut_from_recording
from facedit.speech.fit.snippet import speech_for_edit
from facedit.speech.signal.levels import active_level_db
from facedit.speech.signal.room import decay_time, dips_db, in_room, over_floor, within_band
from facedit.speech.sound_ops import from_mono, mono, resampled
from facedit.speech.voices.voice import synthesise
from facedit.types import Sound, Transcript

RATE = 24_000
SAID = (
    "The committee will publish the remaining figures early on Thursday morning. I never said "
    "that we should buy another yellow house near the river."
)
NEW = "Please put the best book back on top of the cupboard."


@pytest.fixture(scope="module")
def clip() -> tuple[Sound, Transcript]:
    """Somebody in a dry room."""
    return synthesise(SAID)


@pytest.fixture(scope="module")
def new() -> tuple[Sound, Transcript]:
    """What the voice says anew, as dry."""
    return synthesise(NEW)


def hall(samples: np.ndarray, decay_s: float, below_db: float = 3.0) -> np.ndarray:
    """Let speech sound in a room that fades so fast."""
    length = round(decay_s * RATE)
    noise = np.random.default_rng(5).normal(size=length)
    response = noise * 10.0 ** (-3.0 * np.arange(length) / length)
    response *= 10.0 ** (-below_db / 20.0) / np.sqrt((response**2).sum())
    size = 1 << (len(samples) + length).bit_length()
    both = np.fft.rfft(samples, size) * np.fft.rfft(response, size)
    return (samples + np.fft.irfft(both, size)[: len(samples)]).astype(np.float32)


def test_the_decay_of_a_room_is_read_from_speech_in_it(clip) -> None:
    dry = mono(clip[0])
    assert decay_time(dry, RATE) < 0.15
    found = [decay_time(hall(dry, decay_s), RATE) for decay_s in (0.2, 0.35, 0.5, 0.8)]
    assert found == sorted(found)
    for decay_s, read_s in zip((0.2, 0.35, 0.5, 0.8), found, strict=True):
        assert read_s == pytest.approx(decay_s, rel=0.5)


def test_too_little_speech_tells_no_decay() -> None:
    assert decay_time(np.zeros(RATE, np.float32), RATE) is None
    assert decay_time(np.zeros(10, np.float32), RATE) is None
    assert dips_db(np.zeros(RATE, np.float32), RATE, ()) is None


@pytest.mark.parametrize("decay_s", [0.35, 0.8])
def test_dry_words_in_a_hall_have_dips_as_deep_as_its_words(clip, new, decay_s: float) -> None:
    wet, dry = hall(mono(clip[0]), decay_s), mono(new[0])
    wanted = dips_db(wet, RATE, clip[1].words)
    assert dips_db(dry, RATE, new[1].words) < wanted - 5
    made = in_room(dry, RATE, new[1].words, wet, clip[1].words)
    assert len(made) == len(dry)
    assert dips_db(made, RATE, new[1].words) == pytest.approx(wanted, abs=1)
    assert active_level_db(made, RATE) == pytest.approx(active_level_db(dry, RATE), abs=0.5)
    # It fades as in the hall: behind the last word, too.
    assert decay_time(made, RATE) > 2 * decay_time(dry, RATE)


def test_the_clips_noise_is_under_every_new_word_and_nothing_is_louder(clip, new) -> None:
    dry, theirs = mono(new[0]), mono(clip[0])
    hiss = np.random.default_rng(7).normal(0, 0.003, len(theirs)).astype(np.float32)
    hiss = np.diff(hiss, prepend=np.float32(0))  # more of it above than below
    made = over_floor(dry, theirs + hiss, RATE)
    size = 512

    def quiet_db(samples: np.ndarray) -> np.ndarray:
        frames = samples[: len(samples) // size * size].reshape(-1, size)
        power = np.abs(np.fft.rfft(frames, axis=1)) ** 2
        bands = power[:, 1:].reshape(len(frames), 8, -1).mean(axis=2)
        return 10 * np.log10(np.percentile(bands, 10, axis=0) + 1e-12)

    assert (quiet_db(dry) < quiet_db(theirs + hiss) - 10)[2:].all()
    np.testing.assert_allclose(quiet_db(made)[2:], quiet_db(theirs + hiss)[2:], atol=3)
    assert active_level_db(made, RATE) == pytest.approx(active_level_db(dry, RATE), abs=0.1)
    np.testing.assert_array_equal(over_floor(dry, theirs * 0, RATE), dry)  # a gate leaves nothing


def test_what_is_as_dry_or_wetter_stays(clip, new) -> None:
    dry, theirs = mono(new[0]), mono(clip[0])
    for samples, room in ((dry, theirs), (hall(dry, 0.8), hall(theirs, 0.2))):
        made = in_room(samples, RATE, new[1].words, room, clip[1].words)
        limited = over_floor(within_band(samples, room, RATE), room, RATE)
        np.testing.assert_array_equal(made, limited)
    assert len(in_room(dry, RATE, new[1].words, theirs, ())) == len(dry)


def test_what_the_clips_codec_took_is_taken_from_new_words(clip, new) -> None:
    telephone = resampled(resampled(mono(clip[0]), RATE, 8000), 8000, RATE)
    dry = mono(new[0])
    made = within_band(dry, telephone, RATE)

    def above(samples: np.ndarray, low_hz: float, high_hz: float) -> float:
        power = np.abs(np.fft.rfft(samples)) ** 2
        hertz = np.fft.rfftfreq(len(samples), 1 / RATE)
        return 10 * np.log10(power[(hertz > low_hz) & (hertz < high_hz)].sum() / power.sum())

    assert above(dry, 4500, 12_000) > -25
    assert above(made, 4500, 12_000) < -45
    assert above(made, 300, 3000) == pytest.approx(above(dry, 300, 3000), abs=0.3)
    np.testing.assert_array_equal(within_band(dry, dry, RATE), dry)


def test_a_hall_does_not_move_where_new_words_are_cut(clip, new, monkeypatch) -> None:
    """Else a benchmark's lengths would change with every change of the tail."""
    words = [word.text for word in clip[1].words]
    wet = Reference(from_mono(hall(mono(clip[0]), 0.8), RATE), clip[1].words)

    def cuts() -> list[Sound]:
        spoken = speech_for_edit(words[11:12], ["Tuesday"], words[13:14], "hibari", wet)
        taken = cut_from_recording(new[0], NEW.split(), 5, 2, reference=wet)
        return [spoken.sound, taken.sound]

    tailed = cuts()
    monkeypatch.setattr("facedit.speech.signal.room.LEAST_DECAY_S", 9.0)
    for ours, dry in zip(tailed, cuts(), strict=True):
        assert ours.duration_s == dry.duration_s
        assert not np.array_equal(ours.samples, dry.samples)
