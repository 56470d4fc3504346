"""From word edits to a plan: new sounds, joints in quiet places, and the layout in time."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from facedit.compose.source.clip import Clip
from facedit.compose.words.asked_voice import asked_voice
from facedit.compose.words.new_words import Voices, recorded_words, spoken_words
from facedit.compose.words.source_words import checked_about
from facedit.editing.diff import WordEdit
from facedit.editing.edit_options import NONE, EditOptions
from facedit.editing.joints import Joint, default_joints, quiet_joints
from facedit.editing.plan import EditPlan, Fill
from facedit.editing.planner import SILENT, make_plan
from facedit.errors import BadEdit
from facedit.options import EditRequest, Run
from facedit.speech.fit.snippet import Snippet
from facedit.speech.fit.voice_choice import VoiceChoice
from facedit.speech.recognition.given_times import unsure
from facedit.speech.signal.low_energy import envelope_db
from facedit.types import Float64, Transcript, Word

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
        own: Options that edits have of their own, one an edit.
    """

    transcript: Transcript
    edits: tuple[WordEdit, ...]
    snippets: tuple[Snippet | None, ...]
    plan: EditPlan
    request: EditRequest
    run: Run = field(default_factory=Run)
    own: tuple[EditOptions, ...] = ()

    def with_seed(self, edit: int, seed: int) -> PlannedEdit:
        """Return the plan with a seed of its own for an edit, and for those in its picture span."""
        (mine,) = (span.fills for span in self.plan.picture_spans() if edit in span.fills)
        own = tuple(
            replace(own, seed=seed) if number in mine else own
            for number, own in enumerate(self.own)
        )
        return replace(self, own=own)

    @property
    def output_words(self) -> tuple[Word, ...]:
        """What is said in the output, with times in it."""
        spoken = [snippet.transcript.words if snippet else () for snippet in self.snippets]
        return self.plan.output_words(self.transcript, spoken)

    @property
    def recordings(self) -> tuple[str, ...]:
        """The user's recordings that are heard, each once."""
        named = [own.speech for own in self.own if own.speech]
        return tuple(dict.fromkeys([*map(str, self.request.speech), *named]))


def plan_words(
    clip: Clip,
    transcript: Transcript,
    edits: tuple[WordEdit, ...],
    request: EditRequest,
    joints: tuple[Joint, ...] | None = None,
    own: tuple[EditOptions, ...] = (),
    folder: Path = Path(),
) -> PlannedEdit:
    """Make the new sounds and lay them out in time.

    ``joints``: source times between which the old sound goes; found in the sound if None; ``own``:
    options that edits have of their own, or none; ``folder``: where their recordings are.
    ``BadEdit`` if a recording does not hold the new words, ``BadMedia`` if the recording cannot be
    read, ``BadTranscript`` if the words are not said there.
    """
    if joints is None:
        transcript = checked_about(clip, transcript, edits)
    own = own or (NONE,) * len(edits)
    own = tuple(map(_showing, edits, own))
    spoken = [pair for pair in zip(edits, own, strict=True) if pair[0].kind not in SILENT]
    voices = Voices(clip, request.footage)
    snippets: dict[WordEdit, Snippet] = {}
    with clip.clock.stage("new speech", len(spoken)) as tick:
        for edit, options in spoken:
            files = request.speech or ((folder / options.speech,) if options.speech else ())
            if not files:
                voice = asked_voice(request, options.voice)
                snippets[edit] = spoken_words(clip, transcript, edit, voices, voice)
            else:
                snippets[edit] = recorded_words(clip, transcript, edits, edit, files)
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
    sounds = tuple(map(snippets.get, edits))
    return PlannedEdit(transcript, edits, sounds, plan, request, own=own)


def _showing(edit: WordEdit, own: EditOptions) -> EditOptions:
    """Let an edit that is an expression alone have it, and the whole face for it."""
    if edit.kind != "express":
        return own
    return replace(own, expression=edit.expression, region=own.region or "face")


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
        f"music or noise under {fill.output_start_s:.2f}-{fill.output_end_s:.2f} s was taken "
        "out of the old sound and goes on: steady sound whole, notes that change there softer; "
        "listen to it."
        for snippet, fill in zip(planned.snippets, planned.plan.fills, strict=True)
        if snippet is not None and snippet.background is not None
    )


def word_notes(planned: PlannedEdit) -> tuple[str, ...]:
    """Say what was mended in given words, and which may not be what is said, or not where.

    Also what is amiss with the user's recordings.
    """
    recorded = (note for one in planned.snippets if one is not None for note in one.notes)
    notes = (*planned.transcript.notes, *dict.fromkeys(recorded))
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
        f"These words are of low score; check them and their times: {named}.",
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
    sound = clip.heard.read(first * ENERGY_HOP_S, last * ENERGY_HOP_S)
    envelope = envelope_db(sound.samples, sound.rate)
    at = (np.arange(last - first) + 0.5) * ENERGY_HOP_S * sound.rate
    energy[first:last] = envelope[np.minimum(at.astype(int), len(envelope) - 1)]
