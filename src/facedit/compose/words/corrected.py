"""What was heard, corrected by hand: words that are written anew are found in the sound again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from facedit.compose.source.clip import Clip
from facedit.compose.words.source_words import aligned_about
from facedit.editing.corrections import Correction, correct
from facedit.editing.diff import WordEdit
from facedit.runs import runs
from facedit.speech.text.word_times import in_order
from facedit.types import Transcript

_BESIDE = 3
"""Words on either side that are aligned with those written anew."""


def corrected(
    clip: Clip, transcript: Transcript, corrections: Sequence[Correction]
) -> tuple[Transcript, Callable[[WordEdit], WordEdit | None]]:
    """Correct what was heard in a clip.

    Args:
        clip: The clip.
        transcript: The words as they were heard.
        corrections: What is wrong with them.

    Returns:
        The words, and what tells where an edit of the old ones lies now. (``BadEdit`` if the
        corrections do not fit the words, ``BadTranscript`` if they are not what is said.)
    """
    found = correct(transcript.words, corrections)
    words = list(found.words)
    for start, stop in runs(np.isin(np.arange(len(words)), found.untimed)):
        first, end = max(0, start - _BESIDE), min(len(words), stop + _BESIDE)
        aligned = aligned_about(clip, replace(transcript, words=tuple(words[first:end]))).words
        words[start:stop] = aligned[start - first : stop - first]
    timed = in_order(words, transcript.duration_s)
    return replace(transcript, words=timed), found.moved
