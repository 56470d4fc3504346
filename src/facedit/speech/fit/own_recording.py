"""New words out of the user's own recording, which holds them alone or in their sentence."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence

from facedit.editing.words import tokenise
from facedit.errors import BadTranscript, UsageError
from facedit.speech.fit.clip_reference import Reference
from facedit.speech.fit.snippet import Snippet, cut_words, over_room, words_alone
from facedit.speech.recognition.align import align
from facedit.speech.recognition.forced import force_align, mean_score
from facedit.speech.recognition.whisper_words import attend
from facedit.speech.signal.levels import active_level_db
from facedit.speech.signal.match import match_colour, match_loudness
from facedit.speech.signal.placement import placed, speech_gains, spoken_channel
from facedit.speech.signal.room import in_room
from facedit.speech.sound_ops import from_mono, mono, resampled, speech_samples
from facedit.types import Float32, Sound

_log = logging.getLogger(__name__)


def cut_from_recording(
    recording: Sound,
    sentence: Sequence[str],
    first: int,
    count: int,
    language: str = "en",
    reference: Reference | None = None,
) -> Snippet:
    """Take ``count`` new words out of the user's own recording.

    The recording may hold the new words alone or the whole new sentence, whose word ``first`` is
    the first new one; the better alignment decides. Rate, channels and loudness are matched to the
    clip's, the reference, if given, and so are the channels where its voice is (found by its
    words, or by loudness). BadTranscript is raised if the recording holds neither, UsageError if no
    words are wanted.
    """
    new = list(tokenise(" ".join(sentence[first : first + count])))
    front = tokenise(" ".join(sentence[:first]))
    whole = [*front, *new, *tokenise(" ".join(sentence[first + count :]))]
    if not new:
        raise UsageError("There are no new words to take from the recording.")
    samples = speech_samples(recording)
    fits_alone, fits_whole = (_fit(samples, words, language) for words in (new, whole))
    _log.info("Recording: the new words alone fit %.1f, the sentence %.1f.", fits_alone, fits_whole)
    if len(whole) > len(new) and fits_whole > fits_alone:
        text, skip = whole, len(front)
    else:
        text, skip = new, 0
    try:
        wanted = slice(skip, skip + len(new))
        words = align(recording, " ".join(text), language, wanted=wanted).words
    except BadTranscript as error:
        raise BadTranscript(
            f"The recording ({recording.duration_s:.1f} s) holds neither the new words "
            f"“{' '.join(new)}” nor the whole new sentence."
        ) from error
    sound = dry = recording
    if reference is not None:
        rate, voiced = reference.sound.rate, reference.voiced()
        channel = resampled(mono(recording), recording.rate, rate)
        dry = from_mono(channel, rate)
        gains = speech_gains(voiced, reference.words)
        clip = spoken_channel(voiced, gains)
        channel = match_colour(channel, clip, rate)
        channel = match_loudness(channel, rate, active_level_db(clip, rate))
        channel = in_room(channel, rate, words, clip, reference.words)
        sound = placed(channel, rate, gains)
    beside, heard = cut_words(sound, words, skip, len(new), language, dry)
    background = None
    if reference is not None:
        beside, background = over_room(beside, reference, gains), reference.background
    return Snippet(words_alone(beside), heard, "recording", background=background, beside=beside)


def _fit(samples: Float32, tokens: list[str], language: str) -> float:
    """Measure how well a text fits a recording; only comparisons on one recording mean anything."""
    if language == "en":
        found = force_align(samples, tokens)
        return mean_score(found) if found is not None else -math.inf
    words = attend(samples, tokens, language)
    return sum(word.score for word in words) / len(words)
