"""The sound of an edit's new words: whose voice speaks them, or which recording holds them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from facedit.compose.source.clip import Clip
from facedit.compose.words.source_words import within, words_around
from facedit.editing.diff import WordEdit
from facedit.media.probe import probe
from facedit.media.sound import read_sound, read_speech_file
from facedit.speech.fit.clip_reference import Footage, Reference, voice_sounds
from facedit.speech.fit.passages import words_by_engine
from facedit.speech.fit.recordings import best_take
from facedit.speech.fit.snippet import Snippet, speech_for_edit, words_from_elsewhere
from facedit.speech.fit.voice_choice import VoiceChoice, choose_voice
from facedit.speech.recognition.sound_cache import cached_transcript
from facedit.speech.signal.placement import speech_background
from facedit.speech.sound_ops import from_mono, mono, resampled
from facedit.speech.text.languages import refuse_to_speak
from facedit.speech.voices.voice import VOICES
from facedit.speech.voices.voice_interface import Engine, Sex, language_of
from facedit.types import Sound, Transcript, Word

FOOTAGE_S = 60.0
"""How much of a speaker's footage is listened to."""

REFERENCE_S = 8.0
"""Sound on either side of an edit that a new voice is matched to."""


class Voices:
    """Who speaks the new words of one edit: chosen where nobody was chosen nearby.

    One woman and one man a clip: the nearest of several differs from sentence to sentence.

    Args:
        clip: The clip.
        footage: Another video of its speaker, if there is one.
    """

    def __init__(self, clip: Clip, footage: Path | None = None) -> None:
        self._clip = clip
        self.footage = footage
        self._heard: list[tuple[str | Engine, float, float, VoiceChoice]] = []
        self._of_sex: dict[tuple[str | Engine, Sex | None], VoiceChoice] = {}

    def at(
        self, start_s: float, end_s: float, name: str | Engine, language: str = "en"
    ) -> VoiceChoice:
        """Return the voice of a name, or the nearest, for words of a language at a place."""
        for other, low_s, high_s, choice in self._heard:
            if other == name and low_s <= start_s and end_s <= high_s:
                return choice
        low_s, high_s = _around(self._clip, start_s, end_s)
        choice = self._clip.once(
            ("voice", name, low_s, high_s, self.footage, language),
            lambda: self._clip.clock.apart(
                lambda: choose_voice(name, self._heard_at(low_s, high_s), language)
            ),
        )
        if not choice.warning:
            choice = self._of_sex.setdefault((name, choice.speaker.sex), choice)
        self._heard.append((name, low_s, high_s, choice))
        return choice

    def _heard_at(self, low_s: float, high_s: float) -> Sound:
        """Return the clip's sound, and behind it the footage's."""
        here = _sound(self._clip, low_s, high_s)
        if self.footage is None:
            return here
        there = said_in_footage(self._clip, self.footage, None).sound
        more = resampled(mono(there), there.rate, here.rate)
        return from_mono(np.concatenate([mono(here), more]), here.rate)


def _place(transcript: Transcript, edit: WordEdit) -> tuple[float, float]:
    """Return where in the source an edit is, in seconds."""
    words = transcript.words
    start_s = words[min(edit.old_start, len(words) - 1)].start_s
    end_s = words[max(edit.old_end - 1, 0)].end_s
    return min(start_s, end_s), max(start_s, end_s)


def _around(clip: Clip, start_s: float, end_s: float) -> tuple[float, float]:
    """Return the stretch of sound that new words at a place are fitted to."""
    return max(start_s - REFERENCE_S, 0.0), min(end_s + REFERENCE_S, clip.info.duration_s)


def _sound(clip: Clip, start_s: float, end_s: float) -> Sound:
    """Return a stretch of a clip's sound."""
    return clip.once(
        ("sound", start_s, end_s),
        lambda: clip.heard.read(start_s, end_s),
        lambda sound: sound.samples.nbytes,
    )


def _reference(clip: Clip, place: tuple[float, float], spoken: Sequence[Word]) -> Reference:
    """Return the sound around a place, and what goes on under the words there."""
    low_s, high_s = _around(clip, *place)
    sound = _sound(clip, low_s, high_s)
    background = speech_background(sound, spoken, place[0] - low_s, place[1] - low_s)
    return Reference(sound, spoken, background, (place[0] - low_s, place[1] - low_s), low_s)


def said_in_footage(clip: Clip, file: Path, language: str | None) -> Footage:
    """Listen to a speaker's footage: its first minute, and the words in it.

    ``BadMedia`` if it cannot be read.
    """
    changed = file.stat().st_mtime_ns if file.is_file() else 0

    def listen() -> Footage:
        info = probe(file, need_sound=True)
        sound = read_sound(file, 0.0, min(info.duration_s, FOOTAGE_S), info=info, mono=True)
        return Footage(sound, cached_transcript(sound, language).words, file.name)

    return clip.once(
        ("footage", file, changed, language),
        lambda: clip.clock.apart(listen),
        lambda found: found.sound.samples.nbytes,
    )


def _fitted_footage(
    clip: Clip, file: Path | None, language: str, reference: Reference, own: bool
) -> Footage | None:
    """Bring footage of the speaker into the clip, once: as it sounds about the first edit."""
    if file is None:
        return None
    heard = said_in_footage(clip, file, language)

    def fit() -> Footage:
        fitted = heard.as_in(reference)
        if not own:
            return fitted
        return replace(fitted, sounds=voice_sounds(Reference(fitted.sound, fitted.words)))

    def size(found: Footage) -> int:
        return found.sound.samples.nbytes + (found.sounds.nbytes if found.sounds else 0)

    return clip.once(("footage in the clip", file, heard.words, own), fit, size)


def spoken_words(
    clip: Clip, transcript: Transcript, edit: WordEdit, voices: Voices, voice: str | Engine
) -> Snippet:
    """Let a voice speak the new words of one edit, or an engine copy the speaker's."""
    place = _place(transcript, edit)
    language = transcript.language
    choice = voices.at(*place, voice, language)
    before, after, new = *words_around(transcript, edit), edit.new_words
    spoken = within(transcript, *_around(clip, *place)).words

    def speak() -> Snippet:
        reference = _reference(clip, place, spoken)
        if choice.own or choice.engine is not None:
            footage = _fitted_footage(clip, voices.footage, language, reference, choice.own)
            reference = replace(reference, footage=footage)
        if choice.engine is not None:
            return words_by_engine(before, new, after, choice, reference, language)
        if choice.own:
            of = ("own voice", *_around(clip, *place), spoken, reference.background is None)
            sounds = clip.once(of, lambda: voice_sounds(reference), lambda found: found.nbytes)
            reference = replace(reference, sounds=sounds)
        spoke = choice
        if language != "en" and choice.voice.name in VOICES.built_in:
            if choice.own and (found := words_from_elsewhere(new, choice, reference, language)):
                return found
            if language_of(choice.voice) != language:
                raise refuse_to_speak(choice.voice.name, language, edit.text)
            spoke, reference = replace(choice, own=False), replace(reference, sounds=None)
        return speech_for_edit(before, new, after, spoke, reference, language)

    who = (
        choice.engine or choice.voice.name,
        choice.reason,
        choice.similarity,
        choice.warning,
        choice.own,
    )
    key = ("spoken", before, edit.new_words, after, who, place, spoken, voices.footage)
    return clip.once(key, lambda: clip.clock.apart(speak))


def recorded_words(
    clip: Clip,
    transcript: Transcript,
    edits: tuple[WordEdit, ...],
    edit: WordEdit,
    files: tuple[Path, ...],
) -> Snippet:
    """Take the new words of one edit out of the user's recording, of several the best."""
    changed = tuple(file.stat().st_mtime_ns if file.is_file() else 0 for file in files)
    recordings = [
        (
            file.name,
            clip.once(
                ("recording", file, at),
                partial(read_speech_file, file),
                lambda sound: sound.samples.nbytes,
            ),
        )
        for file, at in zip(files, changed, strict=True)
    ]
    sentence, first = _new_sentence(transcript, edits, edit)

    def cut() -> Snippet:
        place = _place(transcript, edit)
        spoken = within(transcript, *_around(clip, *place)).words
        reference = _reference(clip, place, spoken)
        count, language = len(edit.new_words), transcript.language
        return best_take(recordings, sentence, first, count, language, reference)

    key = ("recorded", files, changed, tuple(sentence), first, _place(transcript, edit))
    return clip.once(key, lambda: clip.clock.apart(cut))


def _new_sentence(
    transcript: Transcript, edits: tuple[WordEdit, ...], wanted: WordEdit
) -> tuple[list[str], int]:
    """Return the words of the whole new sentence, and where one edit's new words start in it."""
    words: list[str] = []
    position = first = 0
    for edit in edits:
        words += [word.text for word in transcript.words[position : edit.old_start]]
        if edit is wanted:
            first = len(words)
        words += edit.new_words
        position = edit.old_end
    return words + [word.text for word in transcript.words[position:]], first
