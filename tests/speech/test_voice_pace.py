"""A voice at a clip's pace: told beforehand by voices that know, else spoken twice."""

from dataclasses import dataclass, field

import numpy as np
import pytest

from facedit.speech.signal.levels import syllable_rate
from facedit.speech.signal.low_energy import level_db
from facedit.speech.sound_ops import cut
from facedit.speech.voices.kokoro_voice import KokoroVoice, kokoro_files
from facedit.speech.voices.voice import synthesise
from facedit.speech.voices.voice_interface import Speaker, Spoken
from facedit.speech.voices.voice_pace import at_pace
from facedit.types import Word
from facedit.weights.fetch import is_installed

TEXT = "yellow river water"
"""Six syllables."""


@dataclass
class Metronome:
    """Says every word in half a second at its own pace, and hardly shortens them."""

    spoken_at: list[float] = field(default_factory=list)
    name: str = "metronome"
    speaker: Speaker = field(default_factory=lambda: Speaker("woman"))

    def speak(self, text: str, speed: float) -> Spoken:
        self.spoken_at.append(speed)
        length = self._word_s(speed)
        words = tuple(
            Word(token, length * k, length * (k + 1)) for k, token in enumerate(text.split())
        )
        wave = np.sin(2 * np.pi * 200 * np.arange(round(words[-1].end_s * 8000)) / 8000)
        return Spoken(wave[:, None].astype(np.float32), 8000, words)

    def _word_s(self, speed: float) -> float:
        return 0.5 / speed


class Paced(Metronome):
    """The same, which knows it beforehand; a part of every word stays as long."""

    def sounding_s(self, text: str, speed: float) -> float:
        return self._word_s(speed) * len(text.split())

    def _word_s(self, speed: float) -> float:
        return 0.1 + 0.4 / speed


@pytest.mark.parametrize("rate", [3.6, 4.8])
def test_a_voice_that_knows_its_pace_speaks_once(rate: float) -> None:
    voice = Paced()
    _, words, _ = at_pace(voice, TEXT, rate)
    assert len(voice.spoken_at) == 1
    assert syllable_rate(words) == pytest.approx(rate, rel=0.031)


def test_another_speaks_again_where_its_pace_is_not_the_clips() -> None:
    voice = Metronome()
    sound, words, speed = at_pace(voice, TEXT, 4.8)
    assert voice.spoken_at == [1.0, pytest.approx(1.2)]
    assert speed == pytest.approx(1.2)
    assert sound.duration_s == pytest.approx(words[-1].end_s, abs=1e-3)
    voice = Metronome()
    assert at_pace(voice, TEXT, 4.1)[2] == voice.spoken_at[0] == 1.0
    assert at_pace(voice, TEXT, None)[2] == 1.0


def test_what_the_speed_cannot_do_is_stretched_with_its_words() -> None:
    voice = Paced()
    sound, words, pace = at_pace(voice, TEXT, 2.6)  # slower than 1 / 1.3
    (speed,) = voice.spoken_at
    assert speed == pytest.approx(1 / 1.3)
    assert pace == pytest.approx(speed / 1.15)
    assert words[-1].end_s == pytest.approx(1.15 * 3 * (0.1 + 0.4 / speed))
    assert sound.duration_s == pytest.approx(words[-1].end_s, abs=1e-3)


class InPart(Metronome):
    """The same, which can leave words out."""

    def speak_part(self, text: str, speed: float, part: range) -> Spoken:
        return self.speak(" ".join(text.split()[part.start : part.stop]), speed)


def test_of_a_text_a_part_is_spoken_by_a_voice_that_can() -> None:
    _, words, _ = at_pace(InPart(), TEXT, None, range(1, 3))
    assert [word.text for word in words] == ["river", "water"]
    _, words, _ = at_pace(Metronome(), TEXT, None, range(1, 3))
    assert len(words) == 3


@pytest.mark.skipif(
    not all(map(is_installed, kokoro_files("am_michael"))), reason="facedit doctor --fetch kokoro"
)
def test_kokoro_knows_how_long_it_will_speak() -> None:
    voice, text = KokoroVoice("am_michael"), "We should be home before it gets dark."
    sound, told = voice.speak(text, 1.25), voice.sounding_s(text, 1.25)
    # All but the pauses at both ends and between words.
    assert 0.6 * sound.duration_s < told < 0.95 * sound.duration_s
    assert voice.sounding_s(text, 1.0) == pytest.approx(1.25 * told, rel=0.15)


@pytest.mark.full
@pytest.mark.skipif(
    not all(map(is_installed, kokoro_files("am_michael"))), reason="facedit doctor --fetch kokoro"
)
def test_kokoro_says_a_part_as_in_the_whole() -> None:
    voice = KokoroVoice("am_michael")
    text = "We should be home before it gets dark, or so they say."
    (whole, there), (part, here) = (
        synthesise(text, voice, 1.0, words) for words in (None, range(3, 7))
    )
    assert [word.text for word in here.words] == ["home", "before", "it", "gets"]
    assert part.duration_s < 0.7 * whole.duration_s
    for said, same in zip(here.words[1:], there.words[4:7], strict=True):
        assert same.text == said.text
        assert said.end_s - said.start_s == pytest.approx(same.end_s - same.start_s, abs=0.04)
    # As loud too, though it is shown without the rest.
    said, same = (
        level_db(cut(sound, words[1].start_s, words[1].end_s).samples)
        for sound, words in ((part, here.words), (whole, there.words[3:]))
    )
    assert said == pytest.approx(same, abs=3.0)
    # Two sentences are not laid out together: of them the part is said by itself.
    other = voice.speak_part("It is late. We go home.", 1.0, range(3, 4))
    assert other.duration_s < 1.3
