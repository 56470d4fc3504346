"""Long sounds are cut where nobody speaks, and recognised as they are read."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from facedit.speech.recognition.transcript_parts import (
    CUT_S,
    WHOLE_S,
    cut_quietly,
    joined,
    transcript_parts,
)
from facedit.types import Sound, Transcript, Word

RATE = 1000


def noise(seconds: float, quiet_s: tuple[float, ...] = ()) -> Sound:
    """Noise, silent for half a second about some times."""
    draw = np.random.default_rng(0)
    samples = draw.uniform(-0.5, 0.5, round(seconds * RATE)).astype(np.float32)
    for time_s in quiet_s:
        samples[round((time_s - 0.25) * RATE) : round((time_s + 0.25) * RATE)] *= 0.01
    return Sound(samples[:, None], RATE)


def pieces(sound: Sound, length: int) -> Iterator[Sound]:
    for start in range(0, len(sound.samples), length):
        yield Sound(sound.samples[start : start + length], sound.rate)


def test_parts_end_where_it_is_quiet_and_make_up_the_whole() -> None:
    sound = noise(300, (50.0, 95.0, 151.0, 205.0))
    parts = list(cut_quietly(pieces(sound, 777)))
    assert np.array_equal(np.concatenate([part.samples for part in parts]), sound.samples)
    ends = np.cumsum([part.duration_s for part in parts])
    assert ends[:4] == pytest.approx([50.0, 95.0, 151.0, 205.0], abs=0.2)
    for part in parts[:-1]:
        assert CUT_S[0] <= part.duration_s <= CUT_S[1]


@pytest.mark.parametrize("seconds", [0.0, 3.0, WHOLE_S])
def test_a_short_sound_stays_whole(seconds: float) -> None:
    (part,) = cut_quietly(pieces(noise(seconds), 640))
    assert part.duration_s == seconds


def test_the_first_words_are_there_before_the_rest_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each part is heard in the language of the first that has words, at its place in the whole."""
    read, asked = [], []

    def blocks() -> Iterator[Sound]:
        for block in pieces(noise(400, (50.0, 100.0, 150.0)), 1000):
            read.append(block.duration_s)
            yield block

    def recognise(sound, language, progress, recogniser, told):  # type: ignore[no-untyped-def]
        asked.append(language)
        progress(0.5)
        words = (Word("hallo", 1.0, 1.5, 1.0),) if len(asked) > 1 else ()
        told(words)
        return Transcript(words, sound.duration_s, "de" if words else "en")

    monkeypatch.setattr("facedit.speech.recognition.transcript_parts.cached_transcript", recognise)
    told, reached = [], []
    parts = transcript_parts(blocks(), told=told.append, reached=reached.append, start_s=10.0)
    first, second = next(parts), next(parts)
    assert sum(read) < 50 + 50 + WHOLE_S + 2
    assert (first.words, second.words[0].start_s) == ((), pytest.approx(first.duration_s + 1.0))
    whole = joined([first, second, *parts])
    assert asked[:3] == [None, None, "de"]
    assert (whole.language, whole.duration_s) == ("de", pytest.approx(410.0))
    assert [words for words in told if words] == [(word,) for word in whole.words]
    assert reached == sorted(reached)
    assert reached[-1] == pytest.approx(410.0)
