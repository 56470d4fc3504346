"""From word edits to a plan: new sounds, joints in quiet places, and the layout in time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

import numpy as np

from facedit.compose.clip import Clip
from facedit.compose.source_words import checked_about, within, words_around
from facedit.editing.diff import WordEdit
from facedit.editing.joints import Joint, default_joints, quiet_joints
from facedit.editing.plan import EditPlan, Fill
from facedit.editing.planner import make_plan
from facedit.errors import BadEdit
from facedit.media.sound import read_sound, read_speech_file
from facedit.options import EditRequest, Run
from facedit.speech.clip_reference import Reference, voice_sounds
from facedit.speech.given_times import unsure
from facedit.speech.low_energy import envelope_db
from facedit.speech.placement import speech_floor
from facedit.speech.snippet import Snippet, cut_from_recording, speech_for_edit
from facedit.speech.voice_choice import VoiceChoice, choose_voice
from facedit.speech.voice_interface import Sex
from facedit.types import Float64, Sound, Transcript, Word

REFERENCE_S = 8.0
"""Sound on either side of an edit that a new voice is matched to."""

ENERGY_HOP_S = 0.005

AROUND = 4
"""Words on either side of an edit that are looked at for a low score."""


@dataclass(frozen=True, slots=True)
class PlannedEdit:
    """An edit that is ready to be made.

    Attributes:
        transcript: The words of the source.
        edits: What changes.
        snippets: Per edit its new sound; None for a deletion.
        plan: The layout in time.
        request: What was asked for.
        run: Options that it is made with unless others are given.
    """

    transcript: Transcript
    edits: tuple[WordEdit, ...]
    snippets: tuple[Snippet | None, ...]
    plan: EditPlan
    request: EditRequest
    run: Run = field(default_factory=Run)


def plan_words(
    clip: Clip,
    transcript: Transcript,
    edits: tuple[WordEdit, ...],
    request: EditRequest,
    joints: tuple[Joint, ...] | None = None,
) -> PlannedEdit:
    """Make the new sounds and lay them out in time.

    ``joints``: source times between which the old sound goes; found in the sound if None.
    ``BadEdit`` if a recording does not hold the new words, ``BadMedia`` if the recording cannot be
    read, ``BadTranscript`` if the words are not said there.
    """
    if joints is None:
        transcript = checked_about(clip, transcript, edits)
    spoken = [edit for edit in edits if edit.new_words]
    voices = _Voices(clip, request.voice or "auto")
    snippets: dict[WordEdit, Snippet] = {}
    with clip.clock.stage("new speech", len(spoken)) as tick:
        recording = read_speech_file(request.speech) if request.speech else None
        for edit in spoken:
            if recording is None:
                snippets[edit] = _spoken(clip, transcript, edit, voices)
            else:
                snippets[edit] = _recorded(clip, transcript, edits, edit, recording)
            tick(len(snippets))
    if joints is None:
        joints = clip.clock.apart(lambda: edit_joints(clip, transcript, edits))
    plan = make_plan(
        edits,
        transcript,
        [snippets[edit].sound.duration_s if edit in snippets else None for edit in edits],
        source_duration_s=clip.info.duration_s,
        frame_rate=clip.info.frame_rate,
        joints=joints,
    )
    return PlannedEdit(transcript, edits, tuple(map(snippets.get, edits)), plan, request)


def voices_of(planned: PlannedEdit) -> tuple[VoiceChoice, ...]:
    """List the voices that speak in an edit, and why.

    Returns each voice and warning once, as first chosen; none where the user's recording speaks.
    """
    choices: dict[tuple[object, ...], VoiceChoice] = {}
    for snippet in planned.snippets:
        if snippet and (choice := snippet.choice):
            who = (choice.voice.name, choice.warning, choice.own, choice.taken_s)
            choices.setdefault(who, choice)
    return tuple(choices.values())


def sound_notes(planned: PlannedEdit) -> tuple[str, ...]:
    """Say where more than a voice sounds under the edited words.

    Returns a line per edit with music or noise under it.
    """
    return tuple(
        f"music or noise under {fill.output_start_s:.2f}-{fill.output_end_s:.2f} s was taken out "
        "of the old sound: what is steady goes on, what changes there is lost; listen to it."
        for snippet, fill in zip(planned.snippets, planned.plan.fills, strict=True)
        if snippet is not None and snippet.floor is not None
    )


def word_notes(planned: PlannedEdit) -> tuple[str, ...]:
    """Say what was mended in given words, and which may not be what is said, or not where."""
    notes = planned.transcript.notes
    words = planned.transcript.words
    about = {
        index
        for edit in planned.edits
        for index in range(max(0, edit.old_start - AROUND), edit.old_end + AROUND)
    }
    doubted = unsure([word for index, word in enumerate(words) if index in about])
    if not doubted:
        return notes
    named = ", ".join(f'"{word.text}" at {word.start_s:.2f} s' for word in doubted)
    return (
        *notes,
        f"of low score, check them and their times: {named}.",
    )


def edit_joints(
    clip: Clip, transcript: Transcript, edits: tuple[WordEdit, ...]
) -> tuple[Joint, ...]:
    """Put the joints of every edit into the quiet beside its words.

    Returns source times between which the old sound goes.
    """
    # Loudness is measured near the joints only; elsewhere it is never looked at.
    duration_s = clip.info.duration_s
    energy = np.full(int(duration_s / ENERGY_HOP_S) + 1, np.inf)
    for start_s, end_s in default_joints(edits, transcript, duration_s):
        for around_s in (start_s, end_s):
            clip.clock.check()
            _measure(energy, clip, around_s - 0.3, around_s + 0.3)
    return quiet_joints(edits, transcript, duration_s, energy, ENERGY_HOP_S)


def whole_clip_plan(
    duration_s: float, frame_rate: Fraction, speech_s: float, text: str = "new speech"
) -> EditPlan:
    """Plan new speech over all (``sync``, ``generate``): one fill, as long as what it replaces.

    Raises BadEdit if the speech is longer than the clip.
    """
    if speech_s > duration_s + 0.5 / float(frame_rate):
        raise BadEdit(
            f"the speech is longer than the clip ({speech_s:.2f} s over {duration_s:.2f} s): "
            "shorten it, or give a longer clip."
        )
    speech_s = min(speech_s, duration_s)
    fill = Fill(
        edit=0,
        kind="substitute",
        source_start_s=0.0,
        source_end_s=duration_s,
        output_start_s=0.0,
        duration_s=duration_s,
        shift_frames=0,
        speech_s=speech_s,
        lead_in_s=0.0,
        lead_out_s=duration_s - speech_s,
        text=text,
    )
    edit = WordEdit(0, 0, (text,))
    return EditPlan((fill,), (edit,), duration_s, frame_rate, 0.0, 0.0)


def _measure(energy: Float64, clip: Clip, start_s: float, end_s: float) -> None:
    """Fill in the loudness of a stretch of the source."""
    first = max(int(start_s / ENERGY_HOP_S), 0)
    last = min(int(end_s / ENERGY_HOP_S), len(energy))
    if last <= first:
        return
    sound = read_sound(clip.path, first * ENERGY_HOP_S, last * ENERGY_HOP_S, info=clip.info)
    envelope = envelope_db(sound.samples, sound.rate)
    at = (np.arange(last - first) + 0.5) * ENERGY_HOP_S * sound.rate
    energy[first:last] = envelope[np.minimum(at.astype(int), len(envelope) - 1)]


class _Voices:
    """Who speaks the new words of one edit: chosen where nobody was chosen nearby.

    One woman and one man a clip: the nearest of several differs from sentence to sentence.
    """

    def __init__(self, clip: Clip, name: str) -> None:
        self._clip, self._name = clip, name
        self._heard: list[tuple[float, float, VoiceChoice]] = []
        self._of_sex: dict[Sex, VoiceChoice] = {}

    def at(self, start_s: float, end_s: float) -> VoiceChoice:
        """Return the voice for words at a place."""
        for low_s, high_s, choice in self._heard:
            if low_s <= start_s and end_s <= high_s:
                return choice
        low_s, high_s = _around(self._clip, start_s, end_s)
        choice = self._clip.once(
            ("voice", self._name, low_s, high_s),
            lambda: self._clip.clock.apart(
                lambda: choose_voice(self._name, _sound(self._clip, low_s, high_s))
            ),
        )
        if not choice.warning:
            choice = self._of_sex.setdefault(choice.voice.speaker.sex, choice)
        self._heard.append((low_s, high_s, choice))
        return choice


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
        lambda: read_sound(clip.path, start_s, end_s, info=clip.info),
        lambda sound: sound.samples.nbytes,
    )


def _reference(clip: Clip, place: tuple[float, float], spoken: Sequence[Word]) -> Reference:
    """Return the sound around a place, and what goes on under the words there."""
    low_s, high_s = _around(clip, *place)
    sound = _sound(clip, low_s, high_s)
    floor = speech_floor(sound, spoken, place[0] - low_s, place[1] - low_s)
    return Reference(sound, spoken, floor, (place[0] - low_s, place[1] - low_s), low_s)


def _spoken(clip: Clip, transcript: Transcript, edit: WordEdit, voices: _Voices) -> Snippet:
    """Let a voice speak the new words of one edit."""
    place = _place(transcript, edit)
    choice = voices.at(*place)
    before, after = words_around(transcript, edit)
    spoken = within(transcript, *_around(clip, *place)).words

    def speak() -> Snippet:
        reference = _reference(clip, place, spoken)
        if choice.own:
            of = ("own voice", *_around(clip, *place), spoken, reference.floor is None)
            sounds = clip.once(of, lambda: voice_sounds(reference), lambda found: found.nbytes)
            reference = replace(reference, sounds=sounds)
        return speech_for_edit(before, edit.new_words, after, choice, reference)

    who = (choice.voice.name, choice.reason, choice.similarity, choice.warning, choice.own)
    key = ("spoken", before, edit.new_words, after, who, place, spoken)
    return clip.once(key, lambda: clip.clock.apart(speak))


def _recorded(
    clip: Clip,
    transcript: Transcript,
    edits: tuple[WordEdit, ...],
    edit: WordEdit,
    recording: Sound,
) -> Snippet:
    """Take the new words of one edit out of the user's recording."""
    sentence, first = _new_sentence(transcript, edits, edit)

    def cut() -> Snippet:
        place = _place(transcript, edit)
        spoken = within(transcript, *_around(clip, *place)).words
        reference = _reference(clip, place, spoken)
        count, language = len(edit.new_words), transcript.language
        return cut_from_recording(recording, sentence, first, count, language, reference)

    return clip.clock.apart(cut)


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
