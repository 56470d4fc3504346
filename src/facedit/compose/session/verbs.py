"""The verbs as jobs: what lies under the output and what is heard; what follows is the same."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from facedit.compose.frames.base import Base
from facedit.compose.frames.output_sound import OutputSound, compose_sound, with_sound
from facedit.compose.frames.person import Person, find_person
from facedit.compose.frames.picture_base import picture_base
from facedit.compose.frames.spans import track_video
from facedit.compose.session.consents import consent_notes
from facedit.compose.source.clip import Clip
from facedit.compose.takes.job import Job, clip_facts
from facedit.compose.words.plans import (
    PlannedEdit,
    sound_notes,
    voices_of,
    whole_clip_plan,
    word_notes,
)
from facedit.media.image import is_image
from facedit.options import Run
from facedit.progress import StageClock
from facedit.speech.fit.voice_choice import VoiceChoice
from facedit.types import Sound, Transcript


@dataclass(frozen=True, slots=True)
class Speech:
    """What somebody is to say.

    Attributes:
        sound: The sound.
        words: Its words, if they are known.
        spoken_by: Whose voice it is, for the report.
        choice: Why that voice speaks; None of a recording.
    """

    sound: Sound
    words: Transcript | None
    spoken_by: str
    choice: VoiceChoice | None = None

    @property
    def imitation(self) -> str:
        """What of the speaker's voice it is: an imitation, a copy, or nothing."""
        return "" if self.choice is None else self.choice.imitation


def edit_job(clip: Clip, planned: PlannedEdit, run: Run, base: Base | None = None) -> Job:
    """Keep a video but for the words that change; ``base``: what lies under it if not its pictures.

    ``NoFace`` or ``AmbiguousFace`` if the face is not found.
    """
    info, plan, voices = clip.info, planned.plan, voices_of(planned)
    imitation = " and ".join(dict.fromkeys(one.imitation for one in voices if one.imitation))
    return Job(
        verb="edit",
        source=clip_facts(info, info.frame_count),
        made_of=(clip,),
        base=base or track_video(clip, plan, run),
        sound=planned_sound(clip, planned),
        transcript=planned.transcript,
        output_words=planned.output_words,
        voice="; ".join((*map(str, voices), *planned.recordings)) or "none",
        run=run,
        clock=clip.clock,
        notes=(
            *(choice.warning for choice in voices if choice.warning),
            *word_notes(planned),
            *sound_notes(planned),
            *consent_notes(imitation, run),
        ),
        imitation=imitation,
        own=planned.own,
    )


def planned_sound(clip: Clip, planned: PlannedEdit) -> OutputSound:
    """Lay out what is heard in the output of a plan.

    Returns the sound; nothing is read yet.
    """
    return compose_sound(clip.path, clip.info, planned.plan, planned.snippets, whole=True)


def sync_job(clip: Clip, speech: Speech, run: Run) -> Job:
    """Keep the pictures of a video but for what its whole new sound moves.

    ``BadEdit`` if the speech is longer than the video; ``NoFace`` or ``AmbiguousFace`` if the face
    is not found.
    """
    info = clip.info
    plan = whole_clip_plan(info.duration_s, info.frame_rate, speech.sound.duration_s)
    if not info.has_sound:
        info = with_sound(info, speech.sound)
    return Job(
        verb="sync",
        source=clip_facts(info, info.frame_count),
        made_of=(clip,),
        base=track_video(clip, plan, run, info),
        sound=compose_sound(clip.path, info, plan, (speech.sound,), crossfade_s=0.0),
        transcript=None,
        output_words=speech.words.words if speech.words else (),
        voice=speech.spoken_by,
        run=run,
        clock=clip.clock,
        imitation=speech.imitation,
        notes=consent_notes(speech.imitation, run),
    )


def generate_job(
    clip: Clip, footage: Clip | None, speech: Speech, run: Run, picture_only: bool
) -> Job:
    """Show one picture for as long as somebody speaks.

    ``clip``: the picture, or a video of the person; ``picture_only``: take one picture of a video
    and nothing else. ``NoFace`` or ``AmbiguousFace`` if the face is not found.
    """
    person = find_person(clip, run, picture_only=picture_only, footage=footage)
    clips = (clip,) if footage is None else (clip, footage)
    return person_job(person, speech, run, clip.clock, clips)


def person_job(
    person: Person, speech: Speech, run: Run, clock: StageClock, clips: tuple[Clip, ...] = ()
) -> Job:
    """Let a person speak; ``clips``: where they are seen, the picture's first."""
    words = speech.words
    said = words.text if words else speech.spoken_by
    paths = [clip.path for clip in clips] or [Path()]
    base = picture_base(person, speech.sound, said, paths[-1].name)
    warning = speech.choice.warning if speech.choice else ""
    videos = [clip for clip in clips if not is_image(clip.path)]
    return Job(
        verb="generate",
        source=clip_facts(base.info, 1, paths[0], 0.0),
        made_of=clips,
        base=base,
        sound=compose_sound(paths[0], base.info, base.plan, (speech.sound,), crossfade_s=0.0),
        transcript=words,
        output_words=words.words if words else (),
        voice=speech.spoken_by,
        run=run,
        clock=clock,
        notes=(
            *([warning] if warning else []),
            *(n for one in videos for n in one.info.notes),
            *consent_notes(speech.imitation, run),
        ),
        imitation=speech.imitation,
    )
