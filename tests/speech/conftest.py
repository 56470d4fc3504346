"""Speech that tests hear: made by the default voice, once per session."""

import pytest

from facedit.speech.voices.hibari_voice import HibariVoice
from facedit.types import Sound

SENTENCE = "The weather will be sunny again tomorrow morning."


@pytest.fixture(scope="session")
def spoken() -> Sound:
    """The default voice saying SENTENCE at 24 kHz, mono."""
    return HibariVoice().speak(SENTENCE, 1.0)


@pytest.fixture(scope="session")
def sentence() -> str:
    """What ``spoken`` says."""
    return SENTENCE
