"""From a user's request to word edits: the source's words and what becomes of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import fmean, median

from facedit.compose.source.clip import Clip
from facedit.editing.diff import WordEdit, diff, merge_close
from facedit.editing.requests import (
    Delete,
    Express,
    InsertAfter,
    InsertBefore,
    Replace,
    Request,
    resolve,
)
from facedit.editing.words import tokenise
from facedit.errors import BadEdit, BadTranscript
from facedit.media.held_sound import HeldSound
from facedit.media.pcm import remix
from facedit.media.sound import iter_sound
from facedit.options import EditRequest
from facedit.speech.recognition.align import PHONE_ALIGNMENT
from facedit.speech.recognition.given_times import checked_times
from facedit.speech.recognition.sound_cache import cached_words
from facedit.speech.recognition.transcript_parts import joined, transcript_parts
from facedit.speech.recognition.whisper_words import Heard, Recogniser
from facedit.speech.text.transcript_io import load_transcript, needs_alignment
from facedit.speech.text.word_times import in_order
from facedit.types import Sound, Transcript

SLIVER_S = 0.15
"""Kept speech shorter than this between two edits is spoken anew with them."""

CHECKED_S = 30.0
"""Sounds up to this long are checked against a given transcript word by word, longer ones about the
edits."""

PART_MARGIN_S = 0.1
"""Sound on either side of the words of a part of what is said in which they are looked for."""

ABOUT = 8
"""Words on either side of an edit that are checked with it in a longer sound."""

ABOUT_MARGINS_S = (PART_MARGIN_S, 1.0)
"""Sound beside them that is listened to: for times that are right, and that are wrong by less."""

LEAST_LEFT_OUT = 0.8
"""Share of a sound that words may span and still be taken for a part of what is said."""


def source_transcript(
    clip: Clip,
    file: Path | None,
    language: str | None,
    recogniser: Recogniser | None = None,
) -> Transcript:
    """Return the words of the source: given, aligned or recognised.

    ``file``: its transcript, or a file of the bare words, if there is one; ``language``: language
    code; recognised if None; ``recogniser``: what recognises the words; Whisper base if None.
    Raises BadTranscript if the given words are not what is said, or nobody speaks.
    """
    if file is not None:
        changed = file.stat().st_mtime_ns if file.is_file() else 0
        key = ("given words", file, changed, language)
        return clip.once(key, lambda: _given(clip, file, language))
    by = recogniser or Recogniser()
    of = ("words", language, by.identity)
    found = clip.once(of, lambda: joined(recognised_parts(clip, language, by)))
    if not found.words:
        raise BadTranscript(f"{clip.path.name}: no words were recognised; give --transcript.")
    return found


def recognised_parts(
    clip: Clip,
    language: str | None,
    recogniser: Recogniser | None = None,
    told: Heard | None = None,
    start_s: float = 0.0,
) -> Iterator[Transcript]:
    """Recognise what is said in a clip, or from a time on, as it is read.

    The arguments are those of ``source_transcript``; ``told`` is told of the words of the part that
    is under way. Yields the words of each part.
    """
    info = clip.info
    with clip.clock.stage("recognising words", 100) as tick:
        sound = iter_sound(clip.path, start_s=start_s, end_s=info.duration_s, info=info)
        parts = transcript_parts(
            (Sound(remix(block.samples, 1), block.rate) for block in sound),
            language,
            recogniser,
            told,
            lambda time_s: tick(round(100 * time_s / info.duration_s)),
            start_s,
        )
        while (part := clip.clock.apart(lambda: next(parts, None))) is not None:
            yield part


def _given(clip: Clip, file: Path, language: str | None) -> Transcript:
    """Read the words of a clip."""
    with clip.clock.stage("reading the transcript"):
        return clip.clock.apart(lambda: given_transcript(file, clip.heard, language=language))


def given_transcript(file: Path, heard: HeldSound, *, language: str | None = None) -> Transcript:
    """Read a transcript and make sure that it is of this source.

    ``file``: a transcript with times, or a ``.txt`` of the bare words; ``heard``: the sound of the
    source; ``language``: language of
    the words; what the file says if None. Returns words with times; files without word times are
    aligned to the sound, and so are those whose times do not fit it. Raises BadTranscript if the
    file is malformed, or not what is said.
    """
    info = heard.info
    given = load_transcript(file, info.duration_s)
    given = replace(given, language=language or given.language)
    untimed = needs_alignment(given)
    if untimed or info.duration_s <= CHECKED_S:
        sound = heard.read(0.0, info.duration_s, mono=True)
        try:
            aligned = cached_words(sound, given.text, given.language)
        except BadTranscript:
            # More may be said than is written: then the words must fit where they are written.
            start_s = max(0.0, given.words[0].start_s - PART_MARGIN_S)
            end_s = min(info.duration_s, given.words[-1].end_s + PART_MARGIN_S)
            if untimed or end_s - start_s > LEAST_LEFT_OUT * info.duration_s:
                raise
            sound = heard.read(start_s, end_s, mono=True)
            aligned = _moved(
                cached_words(sound, given.text, given.language), start_s, given.duration_s
            )
        return aligned if untimed else checked_times(given, aligned)
    return given


def checked_about(clip: Clip, transcript: Transcript, edits: Sequence[WordEdit]) -> Transcript:
    """Hold the given times about the edits of a long clip against the sound.

    Returns the words; where those about an edit lie elsewhere in the sound, they are measured anew
    and the others move with them. ``BadTranscript`` if they are not what is said there.
    """
    info = clip.info
    measured = PHONE_ALIGNMENT in transcript.origin or transcript.origin.startswith("whisper")
    if measured or info.duration_s <= CHECKED_S:
        return transcript
    words, notes = list(transcript.words), transcript.notes
    for edit in edits:
        first, end = max(0, edit.old_start - ABOUT), min(len(words), edit.old_end + ABOUT)
        part = replace(transcript, words=tuple(words[first:end]), notes=())
        if words[end - 1].end_s - words[first].start_s > CHECKED_S - 2 * max(ABOUT_MARGINS_S):
            continue  # so many words go that no time among them matters
        told = checked_times(part, aligned_about(clip, part))
        checked, notes = told.words, (*notes, *told.notes)
        late_s = median(a.start_s - b.start_s for a, b in zip(part.words, checked, strict=True))
        words = [
            replace(word, start_s=word.start_s - late_s, end_s=word.end_s - late_s)
            for word in words
        ]
        words[first:end] = checked
    notes = tuple(dict.fromkeys(notes))
    return replace(transcript, words=in_order(words, info.duration_s), notes=notes)


def aligned_about(clip: Clip, part: Transcript) -> Transcript:
    """Align words with the sound about where they are said to be, as it fits best."""
    found: list[Transcript] = []
    for margin_s in ABOUT_MARGINS_S:
        start_s = max(0.0, part.words[0].start_s - margin_s)
        end_s = min(clip.info.duration_s, part.words[-1].end_s + margin_s)
        sound = clip.heard.read(start_s, end_s, mono=True)
        try:
            aligned = cached_words(sound, part.text, part.language)
        except BadTranscript:
            if not found and margin_s == ABOUT_MARGINS_S[-1]:
                raise
        else:
            found.append(_moved(aligned, start_s, clip.info.duration_s))
    return max(found, key=lambda one: fmean(word.score for word in one.words))


def _moved(transcript: Transcript, by_s: float, duration_s: float) -> Transcript:
    """Put the words of a part of a sound to where they are in the whole."""
    words = tuple(
        replace(word, start_s=word.start_s + by_s, end_s=word.end_s + by_s)
        for word in transcript.words
    )
    return replace(transcript, words=words, duration_s=duration_s)


def word_edits(transcript: Transcript, request: EditRequest) -> tuple[WordEdit, ...]:
    """Turn a request into word edits.

    Returns edits in order and apart; none if the new words are the old ones. Raises BadEdit if the
    new sentence is empty; also if a word does not occur, is ambiguous, or edits overlap.
    """
    if request.say is not None:
        if not tokenise(request.say):
            raise BadEdit("--say holds no words: give the whole new sentence, or --delete words.")
        edits = diff(transcript.words, request.say, transcript.language)
        return merge_close(edits, transcript.words, SLIVER_S)
    wishes: list[Request] = [Replace(old, new) for old, new in request.replace]
    wishes += [Delete(words) for words in request.delete]
    wishes += [InsertBefore(word, text) for word, text in request.insert_before]
    wishes += [InsertAfter(word, text) for word, text in request.insert_after]
    shown: dict[str, tuple[str, ...]] = {}
    for words, expression in request.express:
        shown[words] = (*shown.get(words, ()), expression)
    wishes += [Express(words, expression) for words, expression in shown.items()]
    return merge_close(resolve(transcript, wishes), transcript.words, SLIVER_S)


def words_around(
    transcript: Transcript, edit: WordEdit, count: int = 6
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the words before and after an edit, for a voice to speak in context."""
    before = transcript.words[max(edit.old_start - count, 0) : edit.old_start]
    after = transcript.words[edit.old_end : edit.old_end + count]
    return tuple(word.text for word in before), tuple(word.text for word in after)


def within(transcript: Transcript, start_s: float, end_s: float) -> Transcript:
    """Return the words inside a window, timed from its start."""
    words = tuple(
        replace(word, start_s=word.start_s - start_s, end_s=word.end_s - start_s)
        for word in transcript.words
        if word.start_s >= start_s and word.end_s <= end_s
    )
    return replace(transcript, words=words, duration_s=end_s - start_s)
