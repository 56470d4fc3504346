"""What the figures in docs/journal/speech.md promise, on real clips."""

import csv

import numpy as np
import pytest

from facedit.errors import BadTranscript
from facedit.media.sound import read_speech_file
from facedit.speech.recognition.align import align
from facedit.speech.text.transcript_io import load_transcript

pytestmark = pytest.mark.shared


@pytest.fixture(scope="module")
def clips(shared_data):
    """Ten GRID clips of the dev split: sound and hand-checked words."""
    with (shared_data / "manifest.csv").open() as file:
        rows = [r for r in csv.DictReader(file) if r["corpus"] == "grid_s1" and r["split"] == "dev"]
    loaded = []
    for row in rows[::4][:10]:
        path = shared_data / row["file"]
        sound = read_speech_file(path)
        loaded.append((sound, load_transcript(path.with_suffix(".align"), sound.duration_s)))
    return loaded


def test_word_times_are_within_a_frame(clips):
    errors = [
        abs(found.start_s - true.start_s)
        for sound, truth in clips
        for found, true in zip(align(sound, truth.text).words, truth.words, strict=True)
    ]
    assert np.median(errors) <= 0.02
    assert np.percentile(errors, 90) <= 0.06


def test_the_words_of_another_clip_are_refused(clips):
    refused = 0
    for (sound, _), (_, other) in zip(clips[:4], clips[3:7], strict=True):
        try:
            align(sound, other.text)
        except BadTranscript:
            refused += 1
    assert refused >= 3
