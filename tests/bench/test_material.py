"""Clips that the project makes for itself."""

import pytest

from facedit.bench.make_items.rules import rule_edits
from facedit.bench.material import PARTS, portrait_of, spoken
from facedit.dataset.grid_names import sentence_of
from facedit.face.landmarker import Landmarker
from facedit.speech.signal.levels import median_pitch
from facedit.speech.sound_ops import mono

skimage = pytest.importorskip("skimage.data")


def test_two_speakers_look_and_sound_different():
    photo = skimage.astronaut()
    for speaker in ("plain", "mirrored"):
        (face,) = Landmarker().detect(portrait_of(photo, speaker))
        assert face
    pitches = []
    for speaker in ("plain", "mirrored"):
        part = next(part for part in PARTS if part.speaker == speaker)
        sound, _ = spoken(part)
        pitches.append(median_pitch(mono(sound), sound.rate))
    assert pitches[1] < 0.93 * pitches[0]


def test_what_is_said_gives_edits_of_both_kinds():
    sentences = [part.text.split() for part in PARTS]
    assert sum(sentence_of(words) is not None for words in sentences) == 2
    kinds = {edit.kind for words in sentences for edit in rule_edits(words)}
    assert kinds == {"substitute", "insert", "delete"}
