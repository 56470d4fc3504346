"""Which voice speaks for whom: by pitch and likeness, and never silently one of the other sex."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from facedit.errors import UsageError
from facedit.speech.fit.voice_choice import (
    CLEAR,
    choose_voice,
    odds_of_woman,
    sex_of,
    suited,
)
from facedit.speech.voices.voice import VOICES
from facedit.types import Sound
from facedit.weights.fetch import ASSETS

NEAR = {"hibari": 0.5, "af_sky": 0.60, "bf_lily": 0.55, "am_liam": 0.58, "bm_george": 0.57}


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., None]:
    """An empty cache, and how to put voices into it (empty files: choosing does not read them)."""
    monkeypatch.setenv("FACEDIT_CACHE", str(tmp_path))
    empty = hashlib.sha256(b"").hexdigest()

    def put(*voices: str) -> None:
        for name in ("kokoro.onnx", *(f"kokoro/{voice}.bin" for voice in voices)):
            path = tmp_path / "assets" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
            monkeypatch.setitem(ASSETS, name, replace(ASSETS[name], sha256=empty))

    return put


def at_pitch(sound: Sound, factor: float) -> Sound:
    """Play a sound faster or slower: its pitch (about 200 Hz) goes with it."""
    return Sound(sound.samples, round(sound.rate * factor))


def test_names_say_who_speaks() -> None:
    assert [sex_of(name) for name in NEAR] == ["woman", "woman", "woman", "man", "man"]
    assert [str(VOICES.make(name, name).speaker) for name in NEAR] == [
        "American woman",
        "American woman",
        "British woman",
        "American man",
        "British man",
    ]


def test_the_nearest_voice_is_one_of_the_speakers_sex() -> None:
    # The nearest of all is a woman's; the men's are nearer as a whole, and the pitch is a man's.
    name, odds = suited(NEAR, 110.0, list(NEAR))
    assert name == "am_liam"
    assert odds < -CLEAR
    # As near to the men's, but high: rather a woman.
    assert suited(NEAR, 230.0, list(NEAR))[0] == "af_sky"
    # Another sex only where there is no other voice.
    assert suited(NEAR, 110.0, ["hibari", "bf_lily"])[0] == "bf_lily"
    assert suited({}, None, ["hibari"]) == ("hibari", 0.0)


def test_likeness_and_pitch_both_count() -> None:
    # Real speakers: a man who shouts at 242 Hz, a woman at 250 Hz who is nearer to the men's
    # voices, a president, a woman at 168 Hz.
    assert odds_of_woman(-0.064, 242.0) < 0 < odds_of_woman(-0.005, 250.0)
    assert odds_of_woman(-0.104, 134.0) < -CLEAR < CLEAR < odds_of_woman(0.083, 168.0)


def test_a_man_gets_a_mans_voice_where_one_is_installed(
    install: Callable[..., None], spoken: Sound
) -> None:
    install("af_sky", "am_liam")
    low = choose_voice("auto", at_pitch(spoken, 0.55))
    assert (low.voice.name, low.warning) == ("am_liam", "")
    assert "nearest to the speaker" in str(low)
    high = choose_voice("auto", at_pitch(spoken, 1.2))
    assert (sex_of(high.voice.name), high.warning) == ("woman", "")


def test_a_man_never_gets_a_womans_voice_in_silence(
    install: Callable[..., None], spoken: Sound
) -> None:
    for installed in ((), ("af_sky",)):
        install(*installed)
        choice = choose_voice("auto", at_pitch(spoken, 0.55))
        assert sex_of(choice.voice.name) == "woman"
        assert "a woman's voice, but the speaker sounds like a man" in choice.warning
        assert "doctor --fetch kokoro" in choice.warning
        assert "--speech" in choice.warning
        assert choice.to_dict()["warning"] == choice.warning


def test_the_only_voice_and_an_unclear_speaker_are_told(
    install: Callable[..., None], spoken: Sound
) -> None:
    assert "the only one installed" in choose_voice("auto", spoken).warning
    install("am_liam")
    between = choose_voice("auto", at_pitch(spoken, 0.8))
    assert "neither clearly like a woman nor like a man" in between.warning


def test_the_nearest_voice_speaks_the_speakers_language(
    install: Callable[..., None], spoken: Sound
) -> None:
    install("am_liam", "ef_dora", "em_alex", "ff_siwis")
    low, high = at_pitch(spoken, 0.55), at_pitch(spoken, 1.2)
    chosen = [choose_voice("auto", one, "es").voice.name for one in (low, high)]
    assert chosen == ["em_alex", "ef_dora"]
    french = choose_voice("auto", low, "fr")
    assert french.voice.name == "ff_siwis"
    assert "a woman's voice, but the speaker sounds like a man" in french.warning
    # Nobody speaks German: the voice that is refused later is an English one.
    assert choose_voice("auto", low, "de").voice.name == "am_liam"


def test_without_a_speaker_auto_is_the_default_and_says_so(install: Callable[..., None]) -> None:
    choice = choose_voice("auto", None)
    assert str(choice) == (
        "hibari (American woman), the default: there is no speaker to compare with"
    )
    assert "--voice NAME" in choice.warning


def test_a_voice_that_was_asked_for_is_taken_without_a_word(
    install: Callable[..., None], spoken: Sound
) -> None:
    choice = choose_voice("default", at_pitch(spoken, 0.55))
    assert str(choice) == "hibari (American woman), as asked for"
    assert choice.warning == ""
    with pytest.raises(UsageError, match="caruso"):
        choose_voice("caruso", spoken)


def test_own_imitates_the_speaker_with_the_nearest_voice(
    install: Callable[..., None], spoken: Sound
) -> None:
    install("af_sky", "am_liam")
    twice = Sound(np.concatenate([spoken.samples] * 2), round(spoken.rate * 0.55))
    choice = choose_voice("own", twice)
    assert choice.own
    assert str(choice).startswith("the speaker's own, imitated from am_liam (American man), ")
    assert choice.to_dict()["imitates the speaker"] is True
    assert not choose_voice("auto", twice).own


def test_own_is_refused_where_hardly_anybody_is_heard(spoken: Sound) -> None:
    with pytest.raises(UsageError, match=r"4 s of speech are needed and 2\.\d s are heard"):
        choose_voice("own", spoken)
    with pytest.raises(UsageError, match=r"0\.0 s are heard here: --voice auto"):
        choose_voice("own", None)
