"""Speech for a whole clip: read from a recording, or spoken by a voice near the speaker's."""

from __future__ import annotations

from pathlib import Path

from facedit.compose.frames.person import speaker_of
from facedit.compose.session.verbs import Speech
from facedit.compose.source.clip import Clip
from facedit.media.sound import read_speech_file
from facedit.speech.fit.passages import text_by_engine
from facedit.speech.fit.snippet import speech_for
from facedit.speech.fit.voice_choice import VoiceChoice, choose_voice
from facedit.speech.recognition.sound_cache import cached_transcript
from facedit.speech.voices.voice_interface import Engine
from facedit.types import Sound


def make_speech(
    speaker: Clip | None, text: str | None, recording: Path | None, voice: str | Engine
) -> Speech:
    """Read a recording, or let a text be spoken.

    ``speaker``: shows whose voice ``auto`` shall be near to; None for nobody's. ``BadMedia`` if the
    recording is bad, ``UsageError`` if nothing can be spoken.
    """
    if recording is not None:
        return Speech(read_speech_file(recording), None, recording.name)

    def speak(choice: VoiceChoice, heard: Sound | None) -> Speech:
        if choice.engine is not None and heard is not None:
            known = cached_transcript(heard)
            said, spoken = text_by_engine(text or "", choice, heard, known)
            return Speech(said, spoken, str(choice), choice)
        sound, words, choice = speech_for(text or "", choice, heard)
        return Speech(sound, words, str(choice), choice)

    if speaker is None:
        return speak(choose_voice(voice, None), None)

    def near() -> Speech:
        choice = speaker.once(("voice", voice), lambda: choose_voice(voice, speaker_of(speaker)))
        return speak(choice, speaker_of(speaker) if choice.own or choice.engine else None)

    return speaker.clock.apart(near)
