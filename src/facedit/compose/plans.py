"""From word edits to a plan: new sounds, joints in quiet places, and the layout in time."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from facedit.compose.words import within, words_around
from facedit.editing.diff import WordEdit
from facedit.editing.joints import Joint, default_joints, quiet_joints
from facedit.editing.plan import EditPlan, Fill
from facedit.editing.planner import make_plan
from facedit.errors import BadEdit
from facedit.media.info import VideoInfo
from facedit.media.sound import read_sound, read_speech_file
from facedit.options import EditRequest
from facedit.progress import StageClock
from facedit.speech.background import background_floor
from facedit.speech.low_energy import envelope_db
from facedit.speech.snippet import Snippet, cut_from_recording, speech_for_edit
from facedit.speech.voice_choice import VoiceChoice, choose_voice
from facedit.speech.voice_interface import Sex
from facedit.types import Float64, Sound, Transcript

REFERENCE_S = 8.0
"""Sound on either side of an edit that a new voice is matched to."""

ENERGY_HOP_S = 0.005


@dataclass(frozen=True, slots=True)
class PlannedEdit:
    """An edit that is ready to be made.

    Attributes:
        transcript: The words of the source.
        edits: What changes.
        snippets: Per edit its new sound; None for a deletion.
        plan: The layout in time.
    """

    transcript: Transcript
    edits: tuple[WordEdit, ...]
    snippets: tuple[Snippet | None, ...]
    plan: EditPlan


def plan_words(
    source: Path,
    info: VideoInfo,
    transcript: Transcript,
    edits: tuple[WordEdit, ...],
    request: EditRequest,
    clock: StageClock,
    joints: tuple[Joint, ...] | None = None,
) -> PlannedEdit:
    """Make the new sounds and lay them out in time.

    Args:
        source: The source video.
        info: What is known of it.
        transcript: Its words.
        edits: What changes.
        request: Names the voice or the recording.
        clock: Times the stages.
        joints: Source times between which the old sound goes; found in the sound if None.

    Returns:
        The planned edit. (``BadEdit`` if a recording does not hold the new words, ``BadMedia`` if
        the recording cannot be read.)
    """
    spoken = [edit for edit in edits if edit.new_words]
    with clock.stage("new speech", len(spoken)) as tick:
        recording = read_speech_file(request.speech) if request.speech else None
        snippets: list[Snippet | None] = []
        chosen: dict[Sex, VoiceChoice] = {}
        for edit in edits:
            snippets.append(
                _snippet(source, info, transcript, edits, edit, recording, request, chosen)
                if edit.new_words
                else None
            )
            tick(sum(snippet is not None for snippet in snippets))
    if joints is None:
        joints = edit_joints(source, info, transcript, edits)
    plan = make_plan(
        edits,
        transcript,
        [None if snippet is None else snippet.sound.duration_s for snippet in snippets],
        source_duration_s=info.duration_s,
        frame_rate=info.frame_rate,
        joints=joints,
    )
    return PlannedEdit(transcript, edits, tuple(snippets), plan)


def voices_of(planned: PlannedEdit) -> tuple[VoiceChoice, ...]:
    """List the voices that speak in an edit, and why.

    Args:
        planned: The planned edit.

    Returns:
        Each voice and warning once, as first chosen; none where the user's recording speaks.
    """
    choices: dict[tuple[str, str], VoiceChoice] = {}
    for snippet in planned.snippets:
        if snippet and (choice := snippet.choice):
            choices.setdefault((choice.voice.name, choice.warning), choice)
    return tuple(choices.values())


def sound_notes(planned: PlannedEdit) -> tuple[str, ...]:
    """Say where more than a voice sounds under the edited words.

    Args:
        planned: The planned edit.

    Returns:
        A line per edit with music or noise under it.
    """
    return tuple(
        f"music or noise under {fill.output_start_s:.2f}-{fill.output_end_s:.2f} s was taken out "
        "of the old sound: what is steady goes on, what changes there is lost; listen to it."
        for snippet, fill in zip(planned.snippets, planned.plan.fills, strict=True)
        if snippet is not None and snippet.floor is not None
    )


def edit_joints(
    source: Path, info: VideoInfo, transcript: Transcript, edits: tuple[WordEdit, ...]
) -> tuple[Joint, ...]:
    """Put the joints of every edit into the quiet beside its words.

    Args:
        source: The source video.
        info: What is known of it.
        transcript: Its words.
        edits: What changes.

    Returns:
        Source times between which the old sound goes.
    """
    # Loudness is measured near the joints only; elsewhere it is never looked at.
    energy = np.full(int(info.duration_s / ENERGY_HOP_S) + 1, np.inf)
    for start_s, end_s in default_joints(edits, transcript, info.duration_s):
        for around_s in (start_s, end_s):
            _measure(energy, source, info, around_s - 0.3, around_s + 0.3)
    return quiet_joints(edits, transcript, info.duration_s, energy, ENERGY_HOP_S)


def whole_clip_plan(
    duration_s: float, frame_rate: Fraction, speech_s: float, text: str = "new speech"
) -> EditPlan:
    """Plan new speech over all (``sync``, ``generate``): one fill, as long as what it replaces.

    Args:
        duration_s: Length of the clip.
        frame_rate: Frames per second.
        speech_s: Length of the new speech.
        text: What is said, for the report.

    Returns:
        The plan.

    Raises:
        BadEdit: If the speech is longer than the clip.
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


def _measure(energy: Float64, source: Path, info: VideoInfo, start_s: float, end_s: float) -> None:
    """Fill in the loudness of a stretch of the source."""
    first = max(int(start_s / ENERGY_HOP_S), 0)
    last = min(int(end_s / ENERGY_HOP_S), len(energy))
    if last <= first:
        return
    sound = read_sound(source, first * ENERGY_HOP_S, last * ENERGY_HOP_S, info=info)
    envelope = envelope_db(sound.samples, sound.rate)
    at = (np.arange(last - first) + 0.5) * ENERGY_HOP_S * sound.rate
    energy[first:last] = envelope[np.minimum(at.astype(int), len(envelope) - 1)]


def _snippet(
    source: Path,
    info: VideoInfo,
    transcript: Transcript,
    edits: tuple[WordEdit, ...],
    edit: WordEdit,
    recording: Sound | None,
    request: EditRequest,
    chosen: dict[Sex, VoiceChoice],
) -> Snippet:
    """Make the new sound of one edit; add its voice to those of the clip."""
    words = transcript.words
    start_s = words[min(edit.old_start, len(words) - 1)].start_s
    end_s = words[max(edit.old_end - 1, 0)].end_s
    low_s = max(min(start_s, end_s) - REFERENCE_S, 0.0)
    high_s = min(max(start_s, end_s) + REFERENCE_S, info.duration_s)
    reference = read_sound(source, low_s, high_s, info=info)
    floor = background_floor(reference, min(start_s, end_s) - low_s, max(start_s, end_s) - low_s)
    if recording is not None:
        sentence, first = _new_sentence(transcript, edits, edit)
        return cut_from_recording(
            recording, sentence, first, len(edit.new_words), transcript.language, reference, floor
        )
    before, after = words_around(transcript, edit)
    spoken = within(transcript, low_s, high_s).words
    voice = choose_voice(request.voice or "auto", reference)
    if not voice.warning:
        # One woman and one man a clip: the nearest of several differs from sentence to sentence.
        voice = chosen.setdefault(voice.voice.speaker.sex, voice)
    return speech_for_edit(before, edit.new_words, after, voice, reference, spoken, floor=floor)


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
