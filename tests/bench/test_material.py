"""Clips that the project makes for itself."""

import pytest

from facedit.bench.make_items.rules import rule_edits
from facedit.bench.material import PARTS, make_material, portrait_of, spoken
from facedit.dataset.footage_list import list_sources
from facedit.dataset.grid_names import sentence_of
from facedit.errors import OutputExists
from facedit.face.landmarker import Landmarker
from facedit.media.probe import probe
from facedit.speech.levels import median_pitch
from facedit.speech.sound import mono
from facedit.speech.transcript_io import load_transcript

skimage = pytest.importorskip("skimage.data")


def test_a_clip_has_its_words_beside_it(tmp_path):
    part = PARTS[0]
    made = make_material(tmp_path / "clips", parts=(part,))
    (source,) = list_sources(made.manifest)
    assert (source.speaker, source.split) == (part.speaker, "dev")
    assert source.licence
    info = probe(source.path, need_sound=True)
    assert (info.width, info.height, info.frame_rate) == (256, 256, 25)
    words = load_transcript(source.path.with_suffix(".json"), info.duration_s)
    assert words.text == part.text
    assert sorted(p.name for p in made.folder.iterdir()) == [
        "manifest.csv", f"{part.name}.json", f"{part.name}.mp4",
    ]  # fmt: skip
    with pytest.raises(OutputExists, match="--force"):
        make_material(made.folder)


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
