"""The new sound of an edit item, made again from its recipe wherever the benchmark runs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from facedit.bench.items import Item, SoundRecipe
from facedit.compose.source.clip import Clip
from facedit.compose.words.new_words import REFERENCE_S
from facedit.compose.words.plans import edit_joints, plan_words
from facedit.editing.diff import WordEdit
from facedit.editing.joints import Joint
from facedit.errors import BadMedia, UsageError
from facedit.media.info import VideoInfo
from facedit.media.probe import probe
from facedit.media.sound import read_sound
from facedit.options import EditRequest
from facedit.progress import StageClock
from facedit.speech.fit.snippet import Snippet
from facedit.speech.signal.levels import active_level_db
from facedit.speech.signal.match import fit_duration, match_loudness
from facedit.speech.sound_ops import cut, from_mono, mono, resampled
from facedit.types import Sound, Transcript
from facedit.units import sample_at
from facedit.weights.fetch import sha256_of

FADE_S = 0.005
"""Fade at either end of words cut from another clip."""

TOLERANCE_S = 0.010
"""How much longer or shorter than planned a sound may come out (other CPUs round differently)."""


def item_sound(item: Item, clips_root: Path, info: VideoInfo) -> Snippet | None:
    """Make the new sound of an item, as long as its plan has it; None if nothing new is said.

    ``UsageError`` if it is not as long as it was at the build, or a file is another one.
    """
    if item.track != "edit" or not item.new_words:
        return None
    snippet, _ = edit_sound(
        clips_root / item.clip.file, info, item.clip.transcript, item.edit, item.sound, clips_root,
        item.joint_s,
    )  # fmt: skip
    assert snippet is not None
    made_s = snippet.sound.duration_s
    if abs(made_s - item.speech_s) > TOLERANCE_S:
        raise UsageError(
            f"{item.id}: its sound was {item.speech_s:.3f} s long when the benchmark was built and "
            f"is {made_s:.3f} s now: voices or libraries differ; build the benchmark again."
        )
    return replace(snippet, sound=fit_duration(snippet.sound, item.speech_s))


def edit_sound(
    path: Path,
    info: VideoInfo,
    transcript: Transcript,
    edit: WordEdit,
    recipe: SoundRecipe,
    clips_root: Path,
    joint: Joint | None = None,
) -> tuple[Snippet | None, Joint]:
    """Make the new sound of an edit (None for a deletion) and find where the old one goes.

    ``joint``: source times between which the old sound goes; found in the sound if None.
    ``UsageError`` if the recipe's file is missing or is another one.
    """
    clip = Clip(path, StageClock(), info=info)
    if edit.new_words and recipe.source in ("voice", "recording"):
        request = EditRequest(
            say=edit.text,
            voice=recipe.voice or None,
            speech=(_file(recipe, clips_root),) if recipe.source == "recording" else (),
        )
        joints = None if joint is None else (joint,)
        planned = plan_words(clip, transcript, (edit,), request, joints)
        (fill,) = planned.plan.fills
        return planned.snippets[0], (fill.source_start_s, fill.source_end_s)
    if joint is None:
        (joint,) = edit_joints(clip, transcript, (edit,))
    if not edit.new_words:
        return None, joint
    if recipe.source != "speaker":
        raise UsageError(f"The new words “{edit.text}” have no sound ({recipe.source}).")
    low_s, high_s = max(joint[0] - REFERENCE_S, 0.0), min(joint[1] + REFERENCE_S, info.duration_s)
    reference = read_sound(path, low_s, high_s, info=info)
    sound = speaker_sound(_file(recipe, clips_root), recipe.start_s, recipe.end_s, reference)
    words = Transcript(recipe.words, sound.duration_s, transcript.language, recipe.file)
    return Snippet(sound, words, recipe.file), joint


def speaker_sound(donor: Path, start_s: float, end_s: float, reference: Sound) -> Sound:
    """Cut words of the same speaker out of another clip, at the reference's rate and channels.

    The donor's speech as a whole is brought to the level of the clip's, so that words stay as loud
    among each other as they were said. ``BadMedia`` if the donor ends before the words do.
    """
    info = probe(donor, need_sound=True)
    if not 0 <= start_s < end_s <= info.duration_s:
        raise BadMedia(
            f"{donor}: has no {start_s:.2f}-{end_s:.2f} s ({info.duration_s:.2f} s long)."
        )
    low_s, high_s = max(start_s - REFERENCE_S, 0.0), min(end_s + REFERENCE_S, info.duration_s)
    around = read_sound(donor, low_s, high_s, info=info)
    level = active_level_db(mono(reference), reference.rate)
    levelled = match_loudness(mono(around), around.rate, level)
    words = cut(from_mono(levelled, around.rate), start_s - low_s, end_s - low_s)
    samples = resampled(mono(words), words.rate, reference.rate).copy()
    fade = min(sample_at(FADE_S, reference.rate), len(samples) // 2)
    ramp = np.linspace(0.0, 1.0, fade, endpoint=False, dtype=np.float32)
    samples[:fade] *= ramp
    samples[len(samples) - fade :] *= ramp[::-1]
    return from_mono(samples, reference.rate, reference.samples.shape[1])


def _file(recipe: SoundRecipe, clips_root: Path) -> Path:
    """Return the recipe's file once it is sure that it is the right one."""
    path = clips_root / recipe.file
    if not path.is_file():
        raise UsageError(f"{recipe.file}: is not in the clips' folder {clips_root}.")
    if recipe.sha256 and sha256_of(path) != recipe.sha256:
        raise UsageError(f"{recipe.file}: is another file than when the benchmark was built.")
    return path
