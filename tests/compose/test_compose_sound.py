"""Kept sound is the source's own, sample by sample."""

from dataclasses import replace

import numpy as np
import pytest

from compose.compose_cases import plan
from facedit.compose.frames import output_sound
from facedit.compose.frames.output_sound import compose_sound, padded, with_sound
from facedit.editing.diff import WordEdit
from facedit.media.probe import probe
from facedit.media.sound import read_sound
from facedit.speech.fit.snippet import BESIDE_S, Snippet
from facedit.types import Sound, Transcript
from facedit.units import sample_at
from media.clips import make_clip

EDITS = (WordEdit(1, 2, ("walk", "far")), WordEdit(3, 4), WordEdit(5, 5, ("soon",)))


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    path = tmp_path_factory.mktemp("sound") / "clip.mp4"
    make_clip(path, seconds=4.0, sound_rate=44_100, channels=2)
    return path


@pytest.fixture(scope="module")
def composed(clip):
    info = probe(clip)
    made = plan(*EDITS, duration_s=info.duration_s)
    tone = np.sin(np.arange(round(0.9 * 24_000)) * 0.1).astype(np.float32)[:, None]
    new = tuple(Sound(0.5 * tone, 24_000) if fill.speech_s else None for fill in made.fills)
    return made, compose_sound(clip, info, made, new)


def test_kept_samples_equal_the_source(clip, composed):
    _, sound = composed
    source = read_sound(clip).samples
    output = np.concatenate(list(sound.blocks()))
    kept = [piece for piece in sound.pieces if piece.kind == "source"]
    assert len(kept) == 4
    for piece in kept:
        ours = output[piece.output_start : piece.output_end]
        assert np.array_equal(ours, source[piece.source_start : piece.source_end])


def test_the_length_is_the_plans(composed):
    made, sound = composed
    assert sound.length == sum(len(block) for block in sound.blocks())
    assert sound.length / sound.rate == pytest.approx(made.output_duration_s, abs=1 / sound.rate)


def test_new_sound_is_heard_in_its_fill(composed):
    made, sound = composed
    fill = made.fills[0]
    heard = sound.window(fill.speech_start_s + 0.05, fill.speech_start_s + 0.8).samples
    assert np.sqrt((heard**2).mean()) == pytest.approx(0.5 / np.sqrt(2), rel=0.03)


def test_any_range_reads_as_in_the_whole(composed):
    _, sound = composed
    whole = np.concatenate(list(sound.blocks()))
    for start, end in [(0, 10), (12_345, 60_001), (sound.length - 7, sound.length)]:
        assert np.array_equal(np.concatenate(list(sound.blocks(start, end))), whole[start:end])


def test_what_fades_at_the_edges_of_a_fill_is_decoded_once(composed, monkeypatch):
    _, sound = composed
    sound, read = replace(sound), []
    whole = sound.source.read
    monkeypatch.setattr(sound.source, "read", lambda *part: read.append(part) or whole(*part))
    first = np.concatenate(list(sound.blocks()))
    once = len(read)
    assert np.array_equal(np.concatenate(list(sound.blocks())), first)
    assert len(read) == once > 0


def test_a_long_fill_is_mixed_in_blocks_as_a_short_one_is_at_once(composed, monkeypatch):
    _, sound = composed
    whole = np.concatenate(list(sound.blocks()))
    monkeypatch.setattr(output_sound, "HELD_S", 0.0)
    monkeypatch.setattr(output_sound, "BLOCK_SAMPLES", 1000)
    fresh = replace(sound)
    assert np.array_equal(np.concatenate(list(fresh.blocks())), whole)
    fill = next(piece for piece in fresh.pieces if piece.kind == "speech")
    within = list(fresh.blocks(fill.output_start + fill.fade + 7, fill.output_end - fill.fade - 7))
    assert max(len(block) for block in within) == 1000  # a block, and nothing of the fill is held
    assert not fresh._filled


def test_windows_are_padded_with_silence(composed):
    _, sound = composed
    window = sound.window(-0.5, 0.5)
    assert len(window.samples) == sound.rate
    assert not window.samples[: sound.rate // 2].any()
    after = sound.window(sound.length / sound.rate, sound.length / sound.rate + 1)
    assert not after.samples.any()


def test_without_cross_fades_new_sound_stands_beside_the_old(clip, composed):
    made, faded = composed
    new = tuple(None if samples is None else Sound(samples, faded.rate) for samples in faded.new)
    sound = compose_sound(clip, faded.info, made, new, crossfade_s=0.0)
    output = np.concatenate(list(sound.blocks()))
    source = read_sound(clip).samples
    assert len(output) == sound.length
    for piece in sound.pieces:
        ours = output[piece.output_start : piece.output_end]
        if piece.kind == "source":
            assert np.array_equal(ours, source[piece.source_start : piece.source_end])
        elif (spoken := faded.new[piece.fill]) is not None:
            rest = ours[piece.lead_in :]
            assert np.array_equal(rest[: len(spoken)], spoken[: len(rest)])
            assert not ours[: piece.lead_in].any()
            assert not rest[len(spoken) :].any()


def test_the_pauses_of_a_fill_hold_what_is_spoken_beside_its_words(clip):
    info = probe(clip)
    made = plan(WordEdit(1, 2, ("walk", "far")), duration_s=info.duration_s)
    (fill,) = made.fills
    assert min(fill.lead_in_s, fill.lead_out_s) > 0.005
    rate, count = info.sound_rate, round(fill.speech_s * info.sound_rate)
    beside = Sound(np.full((count + 2 * sample_at(BESIDE_S, rate), 2), 0.3, np.float32), rate)
    snippet = Snippet(
        Sound(beside.samples[:count], rate),
        Transcript((), fill.speech_s, "en", "snippet"),
        "hibari",
        beside=beside,
    )
    sound = compose_sound(clip, info, made, (snippet,))
    (piece,) = (piece for piece in sound.pieces if piece.kind == "speech")
    new = np.concatenate(list(sound.blocks(piece.output_start, piece.output_end)))
    inside = new[piece.fade : len(new) - piece.fade]
    np.testing.assert_allclose(inside, 0.3)


def test_words_begin_as_late_with_what_is_beside_them_as_without(clip):
    info = probe(clip)
    made = plan(WordEdit(1, 2, ("walk", "far")), duration_s=info.duration_s)
    (fill,) = made.fills
    count, wider = (sample_at(s, info.sound_rate) for s in (fill.speech_s, BESIDE_S))
    alone = np.zeros((count, 2), np.float32)
    alone[count // 2] = 0.5
    snippet = Snippet(
        Sound(alone, info.sound_rate),
        Transcript((), fill.speech_s, "en", "snippet"),
        "hibari",
        beside=Sound(np.pad(alone, ((wider, wider), (0, 0))), info.sound_rate),
    )
    first, second = (
        np.concatenate(list(compose_sound(clip, info, made, (new,)).blocks()))
        for new in (snippet, snippet.sound)
    )
    np.testing.assert_array_equal(first, second)


def test_padded_reads_only_inside():
    asked = []

    def read(low, high):
        asked.append((low, high))
        return np.ones((high - low, 1), np.float32)

    sound = padded(read, 100, 1, 100, -0.1, 2.0)
    assert asked == [(0, 100)]
    assert len(sound.samples) == 210
    assert sound.samples.sum() == 100


def test_a_silent_video_is_given_a_sound(tmp_path):
    path = tmp_path / "silent.mp4"
    make_clip(path, seconds=1.0, sound_rate=0)
    info = with_sound(probe(path), Sound(np.zeros((10, 1), np.float32), 24_000))
    assert (info.sound_rate, info.channels) == (24_000, 1)


def test_channels_without_the_voice_go_on(tmp_path):
    """Music in the right channel plays on under new words in the left one."""
    path = tmp_path / "clip.mp4"
    make_clip(path, seconds=4.0, sound_rate=44_100, channels=2)
    info = probe(path)
    made = plan(WordEdit(1, 2, ("walk", "far")), duration_s=info.duration_s)
    speech = np.zeros((round(0.9 * 44_100), 2), np.float32)
    speech[:, 0] = 0.3
    sound = compose_sound(path, info, made, (Sound(speech, 44_100),), whole=True)
    (piece,) = (piece for piece in sound.pieces if piece.kind == "speech")
    new = np.concatenate(list(sound.blocks(piece.output_start, piece.output_end)))
    source = read_sound(path).samples
    third = piece.length // 4
    first = source[piece.source_start : piece.source_start + third, 1]
    last = source[piece.source_end - third : piece.source_end, 1]
    np.testing.assert_allclose(new[:third, 1], first, atol=1e-6)
    np.testing.assert_allclose(new[-third:, 1], last, atol=1e-6)
    assert new[piece.length // 2, 0] == pytest.approx(0.3)
    # Under a whole new sound (sync) nothing of the old one stays.
    gone = compose_sound(path, info, made, (Sound(speech, 44_100),), crossfade_s=0.0)
    new = np.concatenate(list(gone.blocks(piece.output_start, piece.output_end)))
    assert not new[:, 1].any()
