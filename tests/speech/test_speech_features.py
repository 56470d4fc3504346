import numpy as np
import pytest

from facedit.errors import BadWeights, UsageError
from facedit.speech.encoders.encoders import encoder_named, encoder_of, features_name, is_made
from facedit.speech.encoders.features import extract, log_energy
from facedit.speech.encoders.whisper_base import LAYERS, WHISPER, WhisperBase, _loaded, chunks
from facedit.speech.sound_ops import from_mono, mono, resampled
from facedit.types import Sound, SpeechFeatures


def _cosine(a, b):
    return (a * b).sum(1) / (np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1))


def test_shape_name_and_range(spoken):
    features = extract(spoken)
    frames = int(np.ceil(spoken.duration_s * 25))
    assert features.values.shape == (frames, 1026)
    assert features.encoder == "whisper-base/4+energy+vad" == features_name()
    assert features.values.dtype == np.float32
    assert np.isfinite(features.values).all()
    assert features.voice_activity.min() >= 0
    assert features.voice_activity.max() <= 1


def test_a_layer_is_known_by_its_name(spoken):
    names = [f"whisper-base/{layer}" for layer in range(1, LAYERS + 1)]
    assert [encoder_of(features_name(name)).layer for name in names] == [1, 2, 3, 4, 5, 6]
    assert encoder_named("whisper-base") == WHISPER == encoder_named()
    assert extract(spoken, 20, WhisperBase(2)).encoder == features_name(names[1])


@pytest.mark.parametrize(
    ("unknown", "why"),
    [
        ("whisper-base/7+energy+vad", "has layers 1 to 6, not 7"),
        ("whisper-base+energy+vad", "asked for"),
        ("hubert/9+energy+vad", "no speech encoder is named hubert: choose whisper-base, wavlm"),
        ("whisper-base/4", "end in"),
        ("", "end in"),
    ],
)
def test_features_that_nothing_makes_are_told_why(unknown, why):
    assert not is_made(unknown)
    with pytest.raises(UsageError, match=f"{unknown!r} are asked for".replace("+", ".")) as error:
        encoder_of(unknown)
    assert why in str(error.value)


def test_layers_differ_and_level_and_voice_do_not(spoken):
    """Each layer is the one below, one block further; what stands beside the states is shared."""
    two, four = extract(spoken, 50, WhisperBase(2)), extract(spoken, 50)
    np.testing.assert_array_equal(two.energy, four.energy)
    np.testing.assert_array_equal(two.voice_activity, four.voice_activity)
    assert np.abs(two.states - four.states).mean() > 0.05
    deeper = _loaded(4, "cpu").layers
    low = _loaded(2, "cpu").layers
    assert len(low) == 2
    assert len(deeper) == 4
    np.testing.assert_array_equal(
        low[1].feed_forward_in.weight.detach(), deeper[1].feed_forward_in.weight.detach()
    )


def test_frames_asked_for_are_given(spoken):
    assert len(extract(spoken, frames=10).values) == 10
    longer = extract(spoken, frames=200)
    assert len(longer.values) == 200
    assert longer.energy[-1] == pytest.approx(-4.0)
    assert len(extract(spoken, frames=0).values) == 0


def test_empty_sound_has_no_rows():
    assert extract(Sound(np.zeros((0, 1), np.float32), 16_000)).values.shape == (0, 1026)


def test_rows_follow_the_sound_in_time(spoken):
    """Six frames of silence in front move every row by six."""
    samples = resampled(mono(spoken), spoken.rate, 16_000)
    here = extract(from_mono(samples, 16_000))
    later = extract(from_mono(np.pad(samples, (6 * 640, 0)), 16_000))
    frames = len(here.energy)
    moved = _cosine(here.states[10:-10], later.states[16 : 6 + frames - 10])
    still = _cosine(here.states[10:-10], later.states[10 : frames - 10])
    assert np.median(moved) > 0.9
    assert np.median(moved) > np.median(still) + 0.2
    np.testing.assert_allclose(here.energy[5:-5], later.energy[11 : 6 + frames - 5], atol=1e-4)


def test_energy_is_the_level_of_each_frame():
    samples = np.zeros(3 * 640, dtype=np.float32)
    samples[640:1280] = 0.1
    np.testing.assert_allclose(log_energy(samples), [-4, np.log10(0.1001), -4], atol=1e-6)


def test_activity_tells_speech_from_silence(spoken):
    samples = np.pad(resampled(mono(spoken), spoken.rate, 16_000), 16_000)
    activity = extract(from_mono(samples, 16_000)).voice_activity
    assert activity[:15].max() < 0.3
    assert activity[-10:].max() < 0.3
    assert np.median(activity[40:-40]) > 0.8


def test_stereo_and_rate_do_not_matter(spoken):
    samples = resampled(mono(spoken), spoken.rate, 48_000)
    stereo = extract(from_mono(samples, 48_000, channels=2)).values
    plain = extract(spoken).values
    rows = min(len(stereo), len(plain))
    assert _cosine(stereo[:rows], plain[:rows]).min() > 0.99


def test_pieces_of_a_long_sound_agree_with_the_whole(spoken, monkeypatch):
    import facedit.speech.encoders.whisper_base as module

    samples = np.tile(resampled(mono(spoken), spoken.rate, 16_000), 6)[: 300 * 640]
    whole = WHISPER.encode(samples)
    monkeypatch.setattr(module, "_CHUNK_FRAMES", 200)
    pieces = WHISPER.encode(samples)
    assert pieces.shape == whole.shape
    # The first piece starts where the whole does; the second is at another place of Whisper's
    # position table and hears another past, which changes states a little, not their order.
    assert np.median(_cosine(pieces[:140], whole[:140])) > 0.99
    agreement = np.median(_cosine(pieces[150:], whole[150:]))
    assert agreement > 0.88
    assert agreement > np.median(_cosine(pieces[150:-4], whole[154:])) + 0.2


@pytest.mark.parametrize(
    ("total", "longest", "overlap"), [(0, 9, 2), (9, 9, 2), (10, 9, 2), (97, 9, 2), (751, 750, 50)]
)
def test_chunks_tile_the_range_with_context(total, longest, overlap):
    pieces = chunks(total, longest, overlap)
    assert [k for _, _, first, last in pieces for k in range(first, last)] == list(range(total))
    for start, stop, first, last in pieces:
        assert 0 <= start <= first < last <= stop <= total
        assert stop - start <= longest
        assert start == 0 or first - start >= overlap
        assert stop == total or stop - last >= overlap


def test_stored_features_are_taken_apart_only_if_their_name_says_how_they_end():
    """Energy and voice activity are columns of what is stored: of other features they are not."""
    values = np.arange(12, dtype=np.float32).reshape(2, 6)
    parts = SpeechFeatures.from_values(values, "other/3+energy+vad")
    np.testing.assert_array_equal(parts.states, [[0, 1, 2, 3], [6, 7, 8, 9]])
    np.testing.assert_array_equal(parts.energy, [4, 10])
    np.testing.assert_array_equal(parts.voice_activity, [5, 11])
    np.testing.assert_array_equal(parts.values, values)
    np.testing.assert_array_equal(parts.take(np.array([1, 1])).values, values[[1, 1]])
    with pytest.raises(BadWeights, match="'other/3' do not end in energy and voice activity"):
        SpeechFeatures.from_values(values, "other/3")
