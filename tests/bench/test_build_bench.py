"""``bench build`` as a whole, on clips in which a still face speaks."""

import csv
import json
from dataclasses import replace

import numpy as np
import pytest

from facedit.bench.item_sound import item_sound
from facedit.bench.items import CARD, HEADER, ITEMS, read_bench
from facedit.bench.make_items.build import build
from facedit.bench.make_items.build_options import BuildOptions
from facedit.bench.make_items.labels import edit_length, edit_position
from facedit.bench.make_items.span_items import EDGE
from facedit.errors import OutputExists, UsageError
from facedit.media.probe import probe
from facedit.media.sound import read_sound
from facedit.speech.signal.levels import active_level_db
from facedit.speech.sound_ops import mono
from facedit.speech.text.transcript_io import save_transcript
from facedit.speech.voices.voice import synthesise
from talking_clips import gradient, write_clip

skimage = pytest.importorskip("skimage.data")

SAID = {
    "a/lbaf2n": ("anna", "Lay blue at F two now."),
    "a/srbm9a": ("anna", "Set red by M nine again."),
    "b/boxes": ("bert", "So they gave us two red boxes. We took them to the lab."),
    "b/listed": ("bert", "We came home very late on Friday"),
}
EDITS = (
    ("b/listed.mp4", "replace", "late", "early"),
    ("b/listed.mp4", "insert before", "We", "As I said,"),
    ("b/listed.mp4", "delete", "on Friday", ""),
    ("b/listed.mp4", "say", "", "We came home very late on Sunday"),
    ("b/listed.mp4", "delete", "on Monday", ""),
)
COUNTS = BuildOptions(name="small", seed=3, reconstruct=14, edit=12, generate=3)


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    """A folder of clips with a manifest; one shows no face, one is no video."""
    folder = tmp_path_factory.mktemp("clips")
    face = skimage.astronaut()[:224, 112:336]
    rows = []
    for name, (speaker, text) in SAID.items():
        path = folder / f"{name}.mp4"
        path.parent.mkdir(exist_ok=True)
        sound, words = synthesise(text)
        write_clip(path, [face] * int(sound.duration_s * 25 + 1), sound)
        save_transcript(words, path.with_suffix(".json"))
        rows.append((f"{name}.mp4", "dev", path.parent.name, speaker, "CC0", "made here"))
    write_clip(folder / "noface.mp4", [gradient(k) for k in range(30)], sound)
    (folder / "broken.mp4").write_bytes(b"no video")
    rows += [(f"{name}.mp4", "dev", "c", "", "", "") for name in ("noface", "broken", "missing")]
    rows.append(("b/boxes.mp4", "train", "b", "bert", "", ""))
    with (folder / "manifest.csv").open("w", newline="") as file:
        head = ("file", "split", "corpus", "speaker", "licence", "origin")
        csv.writer(file).writerows([head, *rows])
    with (folder / "edits.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("file", "change", "words", "new"), *EDITS])
    return folder


@pytest.fixture(scope="module")
def options(clips):
    return replace(COUNTS, split="dev", texts=clips / "edits.csv", tracks=clips.parent / "tracks")


@pytest.fixture(scope="module")
def built(clips, options, tmp_path_factory):
    output = tmp_path_factory.mktemp("bench") / "one"
    return build(clips / "manifest.csv", output, options=options)


@pytest.fixture(scope="module")
def bench(built):
    return read_bench(built.folder)


def test_the_numbers_are_as_asked_for(built, bench):
    assert built.items == {"reconstruct": 14, "edit": 12, "generate": 3}
    assert len(bench.items) == 29
    assert (bench.name, bench.version, bench.seed) == ("small", "1", 3)
    assert (built.folder / bench.clips).resolve().joinpath("a/lbaf2n.mp4").is_file()


def test_the_same_clips_and_seed_give_the_same_bytes(clips, options, built):
    other = built.folder.with_name("two")
    build(clips / "manifest.csv", other, options=options)
    for name in (ITEMS, CARD, HEADER):
        assert (other / name).read_bytes() == (built.folder / name).read_bytes(), name


def test_what_is_left_out_is_said(built):
    why = {one.what: one.why for one in built.left_out}
    assert why["noface.mp4"] == "no face was found"
    assert why["broken.mp4"].startswith("unreadable:")
    assert why["missing.mp4"].startswith("unreadable:")
    assert "does not occur" in why["edits.csv, line 6"]
    card = (built.folder / CARD).read_text()
    for one in built.left_out:
        assert one.why in card
    assert str(built.folder.parent) not in card


def test_the_card_names_licences_and_origins(built, bench):
    card = (built.folder / CARD).read_text()
    for clip in {item.clip.file for item in bench.items}:
        assert f"| {clip} |" in card
    assert "CC0" in card
    assert "made here" in card
    assert "No footage" in card


def test_spans_lie_in_speech_and_leave_kept_frames(clips, bench):
    spans = [item for item in bench.items if item.track == "reconstruct"]
    for item in spans:
        first, last = (round(time * 25) for time in item.hidden_s)
        frames = int(item.clip.duration_s * 25)
        assert last - first in (8, 14, 20, 40)
        assert 0 <= first < last <= frames
        kept = (first, frames - last)
        assert (min(kept) if item.position == "middle" else max(kept)) >= EDGE - 1
        spoken = sum(
            max(min(word.end_s, item.hidden_s[1]) - max(word.start_s, item.hidden_s[0]), 0)
            for word in item.clip.words
        )
        assert spoken > 0.25 * (item.hidden_s[1] - item.hidden_s[0]), item.id
    assert len({item.id for item in spans}) == len(spans)


def test_every_edit_lays_out_and_is_of_its_class(bench):
    edits = [item for item in bench.items if item.track == "edit"]
    for item in edits:
        plan = item.plan()
        (fill,) = plan.fills
        assert fill.kind == item.kind
        assert (fill.speech_s > 0) == bool(item.new_words)
        assert item.length == edit_length(item.edit)
        assert item.position == edit_position(
            item.edit, len(item.clip.words), item.joint_s, item.clip.duration_s
        )
    assert {item.kind for item in edits} == {"substitute", "insert", "delete"}
    assert any(item.old_start == 0 for item in edits)
    assert any(item.old_end == len(item.clip.words) for item in edits)


def test_sounds_come_out_as_long_as_planned(clips, bench):
    for source in ("voice", "speaker"):
        item = next(i for i in bench.items if i.sound.source == source)
        info = probe(clips / item.clip.file)
        snippet = item_sound(item, clips, info)
        assert snippet.sound.rate == info.sound_rate
        assert abs(len(snippet.sound.samples) - item.speech_s * info.sound_rate) < 1
        with pytest.raises(UsageError, match="build the benchmark again"):
            item_sound(replace(item, speech_s=item.speech_s + 0.05), clips, info)
    cut = next(i for i in bench.items if i.kind == "delete")
    assert item_sound(cut, clips, probe(clips / cut.clip.file)) is None


def test_words_of_the_same_speaker_lie_inside_another_clip(clips, bench):
    borrowed = [item for item in bench.items if item.sound.source == "speaker"]
    assert borrowed
    for item in borrowed:
        sound = item.sound
        assert sound.file != item.clip.file
        assert sound.file.startswith("a/")
        info = probe(clips / sound.file)
        assert 0 <= sound.start_s < sound.end_s <= info.duration_s
        assert [w.text.strip(".").lower() for w in sound.words] == list(item.new_words)
        for word in sound.words:
            assert 0 <= word.start_s <= word.end_s <= sound.end_s - sound.start_s + 1e-3


def test_borrowed_words_are_brought_to_the_level_of_the_clip(clips, bench):
    item = next(i for i in bench.items if i.sound.source == "speaker" and i.length == "medium")
    snippet = item_sound(item, clips, probe(clips / item.clip.file))
    own = read_sound(clips / item.clip.file)
    level = active_level_db(mono(own), own.rate)
    assert abs(active_level_db(mono(snippet.sound), snippet.sound.rate) - level) < 4
    assert np.abs(snippet.sound.samples[[0, -1]]).max() < 1e-3


def test_edits_of_the_list_are_all_there(bench):
    texts = [i.new_text for i in bench.items if i.clip.file == "b/listed.mp4" and i.track == "edit"]
    assert sorted(texts) == [
        "As I said, We came home very late on Friday",
        "We came home very early on Friday",
        "We came home very late",
        "We came home very late on Sunday",
    ]


def test_another_file_of_the_same_name_is_noticed(clips, bench):
    item = next(i for i in bench.items if i.sound.source == "speaker")
    other = replace(item, sound=replace(item.sound, sha256="0" * 64))
    with pytest.raises(UsageError, match="another file"):
        item_sound(other, clips, probe(clips / item.clip.file))


def test_a_benchmark_is_replaced_on_purpose_only(clips, options, built):
    with pytest.raises(OutputExists, match="--force"):
        build(clips / "manifest.csv", built.folder, options=options)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name,split\nx,dev\n", "no column 'file'"),
        ("file,split\nmissing.mp4,dev\n", "no clip can be used; missing.mp4"),
        ("file,split\nx.mp4,train\n", "no clip of the split 'dev'"),
        ("file,split\n", "lists no clips"),
        ("file,split\n/x/y.mp4,dev\n", "outside the clips' folder"),
    ],
)
def test_a_manifest_that_is_of_no_use(tmp_path, text, message):
    (tmp_path / "m.csv").write_text(text)
    with pytest.raises(UsageError, match=message):
        build(tmp_path / "m.csv", tmp_path / "out", options=BuildOptions(split="dev"))
    assert not (tmp_path / "out" / HEADER).exists()


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("b/listed.mp4,swap,late,early", "'swap' is none of"),
        ("b/nobody.mp4,delete,late,", "there is no clip"),
    ],
)
def test_a_list_that_is_malformed(clips, options, tmp_path, row, message):
    (tmp_path / "e.csv").write_text(f"file,change,words,new\n{row}\n")
    few = replace(options, reconstruct=0, generate=0, texts=tmp_path / "e.csv")
    with pytest.raises(UsageError, match=message):
        build(clips / "manifest.csv", tmp_path / "out", options=few)


def test_a_list_without_its_columns(clips, options, tmp_path):
    (tmp_path / "e.jsonl").write_text(json.dumps({"file": "b/listed.mp4"}) + "\n")
    with pytest.raises(UsageError, match="line 1: the column 'change' is missing"):
        build(
            clips / "manifest.csv",
            tmp_path / "out",
            options=replace(options, texts=tmp_path / "e.jsonl"),
        )


@pytest.mark.parametrize("counts", [{"edit": -1}, {"reconstruct": 0, "edit": 0, "generate": 0}])
def test_numbers_that_make_no_benchmark(counts):
    with pytest.raises(UsageError):
        BuildOptions(**counts)
