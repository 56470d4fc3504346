"""Parts by name: our own, and those that other distributions offer."""

from pathlib import Path

import pytest

from facedit import api
from facedit.cli.doctor import doctor
from facedit.errors import BadPlugin, UsageError
from facedit.options import GenerateRequest, Run
from facedit.speech.fit.voice_choice import choose_voice
from facedit.speech.voices.hibari_voice import HibariVoice
from facedit.speech.voices.voice import VOICES, synthesise, voice_named, voices
from facedit.weights.fetch import is_installed
from toy import install

GROUP = "facedit.voices"
VOICE = """
from facedit.speech.voices.voice_interface import Speaker

class Voice:
    def __init__(self, name):
        self.name, self.speaker = name, Speaker("man")

    def speak(self, text, speed):
        raise ValueError("no breath")
"""


@pytest.fixture
def offer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Install a distribution ``other`` that offers voices: module:attribute by name, and texts."""

    def installed(voices: dict[str, str], distribution: str = "other", **modules: str) -> None:
        install(tmp_path / distribution, distribution, {GROUP: voices}, modules, monkeypatch)

    return installed


def test_an_unknown_name_lists_the_known_ones(offer) -> None:
    offer({"bass": "bass_voice:Voice"}, bass_voice=VOICE)
    with pytest.raises(UsageError, match=r"caruso: choose .*hibari.*bass"):
        VOICES.make("caruso", "caruso")
    with pytest.raises(UsageError, match=r"caruso: choose auto, hibari.*bass"):
        voice_named("caruso")


def test_what_cannot_be_imported_is_named_with_its_owner(offer) -> None:
    offer(
        {"torn": "torn_voice:Voice", "none": "whole_voice:Absent", "odd": "whole_voice:int"},
        torn_voice="import nothing_of_this_name",
        whole_voice=VOICE,
    )
    with pytest.raises(BadPlugin, match=r"voice torn of other 1\.0 .*nothing_of_this_name"):
        voice_named("torn")
    with pytest.raises(BadPlugin, match=r"voice none of other 1\.0 .*Absent"):
        voice_named("none")
    with pytest.raises(BadPlugin, match=r"voice odd of other 1\.0 "):
        voice_named("odd")
    # It harms nobody who does not ask for it, and doctor says so.
    assert {"torn", "none", "odd"} <= set(voices())
    assert "nothing_of_this_name" in doctor().voices["torn"]


def test_what_is_not_the_interface_is_refused(offer) -> None:
    offer({"mute": "mute_voice:dict"}, mute_voice="")
    with pytest.raises(BadPlugin, match=r"mute of other 1\.0"):
        voice_named("mute")
    offer({"deaf": "deaf_voice:make"}, "second", deaf_voice="def make(name): return object()")
    with pytest.raises(BadPlugin, match=r"deaf of second 1\.0 is no Voice"):
        voice_named("deaf")


def test_nobody_takes_the_name_of_a_built_in_part(offer) -> None:
    offer({"hibari": "thief_voice:Voice", "default": "thief_voice:Voice"}, thief_voice=VOICE)
    assert isinstance(voice_named("hibari"), HibariVoice)
    assert isinstance(voice_named("default"), HibariVoice)
    assert VOICES.names().count("hibari") == 1


def test_one_name_of_two_distributions_is_nobodys(offer) -> None:
    offer({"bass": "bass_voice:Voice"}, bass_voice=VOICE)
    offer({"bass": "bass_voice:Voice"}, "second")
    with pytest.raises(BadPlugin, match=r"bass of (other|second) 1\.0 and .* remove one"):
        voice_named("bass")


def test_a_voice_that_fails_or_says_no_sound_is_one_line(offer) -> None:
    silent = VOICE.replace('raise ValueError("no breath")', "return text")
    offer(
        {"bass": "bass_voice:Voice", "text": "text_voice:Voice"}, bass_voice=VOICE,
        text_voice=silent,
    )  # fmt: skip
    with pytest.raises(BadPlugin, match=r"voice bass cannot speak \(ValueError: no breath\)"):
        synthesise("Hello", "bass")
    with pytest.raises(BadPlugin, match="what the voice text says is no sound"):
        synthesise("Hello", "text")


def test_an_unknown_renderer_is_refused_before_any_work(tmp_path: Path) -> None:
    request, run = GenerateRequest(text="Hi"), Run(renderer="brush")
    with pytest.raises(UsageError, match="no renderer is named brush: choose mouths"):
        api.generate(tmp_path / "absent.png", tmp_path / "out.mp4", request, run=run)


TWIN = """
from facedit.speech.voices.hibari_voice import HibariVoice
from facedit.speech.voices.speaker import embed
from facedit.speech.voices.voice_interface import Speaker

SOUND = HibariVoice().speak("The weather will be sunny again tomorrow morning.", 1.0)

class Voice(HibariVoice):
    speaker = Speaker("woman", "Twin", embed(SOUND))

class Stranger(HibariVoice):
    speaker = Speaker("woman")
"""


def test_auto_chooses_among_those_that_say_what_they_sound_like(
    offer, caplog: pytest.LogCaptureFixture
) -> None:
    """A voice that says nothing of itself is taken by name alone; a broken one ends nothing."""
    if not is_installed("resemblyzer.pt"):
        pytest.skip("the speaker embedding is not installed: facedit doctor --fetch kokoro")
    offer(
        {"twin": "twin_voice:Voice", "stranger": "twin_voice:Stranger", "torn": "torn_voice:Voice"},
        twin_voice=TWIN, torn_voice="import nothing_of_this_name",
    )  # fmt: skip
    speaker = HibariVoice().speak("The weather will be sunny again tomorrow morning.", 1.0)
    choice = choose_voice("auto", speaker)
    assert str(choice).startswith("twin (Twin woman), the nearest to the speaker")
    assert choice.similarity == pytest.approx(1, abs=1e-3)
    assert "torn of other 1.0 cannot be used" in caplog.text
    assert choose_voice("stranger", speaker).voice.name == "stranger"
