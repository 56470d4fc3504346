"""A stranger's folder of clips, with no manifest or a short one, gets through prepare and train."""

import csv
import json
from pathlib import Path

import pytest
from motion_corpus import write_config, write_corpus
from test_motion_prepare import features, talking_track, voice

from facedit.dataset import prepare as prepare_module
from facedit.dataset.footage_list import list_sources
from facedit.dataset.prepare import prepare
from facedit.dataset.prepare_options import PrepareOptions
from facedit.dataset.prepared import ROWS, read_clip, read_rows
from facedit.errors import OutputNotWritable, UsageError
from facedit.training.engine import Trainer
from facedit.training.start import start as train


@pytest.fixture
def footage(tmp_path, monkeypatch):
    """A folder of six stand-in clips whose tracks and features are made up."""
    folder = tmp_path / "my clips"
    folder.mkdir()
    for number in range(6):
        (folder / f"{number}.mp4").write_text(str(number))
    monkeypatch.setattr(prepare_module, "track_of", lambda clip, cache: talking_track()[0])
    monkeypatch.setattr(prepare_module, "speech_of", lambda clip, cache, ear: features(voice(40)))
    monkeypatch.setattr(prepare_module, "measure_offset", lambda *_: None)
    return folder


def manifest(folder: Path, *lines: str) -> Path:
    path = folder / "manifest.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def splits(output: Path) -> dict[str, str]:
    return {row.file: row.split for row in read_rows(output)}


@pytest.mark.parametrize(
    ("clips", "measured"), [(1, []), (2, [1]), (4, [3]), (5, [4]), (11, [4, 9])]
)
def test_where_nothing_says_the_split_every_fifth_clip_is_only_measured(tmp_path, clips, measured):
    lines = [f"{number}.mp4,anna" for number in range(clips)]
    sources = list_sources(manifest(tmp_path, "file,speaker", *lines))
    assert [n for n, one in enumerate(sources) if one.split == "dev"] == measured
    assert {one.split for one in sources} <= {"train", "dev"}


def test_with_enough_speakers_no_speaker_is_on_both_sides(tmp_path):
    lines = [f"{number}.mp4,s{number % 5}" for number in range(15)]
    sources = list_sources(manifest(tmp_path, "file,speaker", *lines))
    assert {one.speaker for one in sources if one.split == "dev"} == {"s4"}
    assert {one.speaker for one in sources if one.split == "train"} == {"s0", "s1", "s2", "s3"}


def test_a_manifest_with_some_splits_is_taken_at_its_word(tmp_path):
    sources = list_sources(manifest(tmp_path, "file,split", *(f"{n}.mp4," for n in range(9)),
                                    "9.mp4,dev"))  # fmt: skip
    assert [one.split for one in sources] == ["train"] * 9 + ["dev"]


def test_a_corpus_that_is_not_named_is_the_folder_of_the_clip(footage, monkeypatch):
    assert {one.corpus for one in list_sources(footage)} == {"my clips"}
    listed = manifest(footage, "file", "0.mp4", "sub/a.mp4")
    assert [one.corpus for one in list_sources(listed)] == ["my clips", "sub"]
    monkeypatch.chdir(footage)
    assert {one.corpus for one in list_sources(Path())} == {"my clips"}


def test_prepare_says_which_clips_are_only_measured(footage, tmp_path):
    done = prepare(footage, tmp_path / "out")
    assert done.splits == {"train": 5, "dev": 1}
    assert "1 set aside for measuring (split dev), chosen here" in str(done)
    listed = manifest(footage, "file,split", *(f"{n}.mp4,{'dev' if n else 'train'}"
                                               for n in range(6)))  # fmt: skip
    again = prepare(listed, tmp_path / "out")
    assert (again.run_clips, again.splits) == (0, {"train": 1, "dev": 5})
    assert "set aside" not in str(again)
    alone = prepare(manifest(tmp_path, "file", "my clips/0.mp4"), tmp_path / "alone")
    assert "0 set aside for measuring" in str(alone)


def test_clips_keep_their_side_when_more_come_in(footage, tmp_path):
    prepare(footage, tmp_path / "out")
    before = splits(tmp_path / "out")
    (footage / "00.mp4").write_text("sorts before all others")
    prepare(footage, tmp_path / "out")
    after = splits(tmp_path / "out")
    assert {file: after[file] for file in before} == before


def test_a_clip_that_is_to_be_learnt_from_now_gets_its_other_voices(footage, tmp_path, monkeypatch):
    monkeypatch.setattr(
        prepare_module, "voices_of", lambda clip, cache, count, *_: (voice(40),) * count
    )
    for split in ("dev", "train"):
        listed = manifest(footage, "file,split", f"0.mp4,{split}", "1.mp4,train")
        prepare(listed, tmp_path / "out", PrepareOptions(voices=1))
    for row in read_rows(tmp_path / "out"):
        assert read_clip(tmp_path / "out", row.sha256, voices=True).voices is not None


def test_a_shorter_manifest_keeps_what_was_prepared_before(footage, tmp_path):
    prepare(footage, tmp_path / "out")
    done = prepare(manifest(footage, "file,split", "3.mp4,dev", "1.mp4,train"), tmp_path / "out")
    assert (done.kept, done.others, done.run_clips) == (6, 4, 0)
    assert "4 clips of earlier runs were not given this time and stay" in str(done)
    files = [row.file for row in read_rows(tmp_path / "out")]
    assert files == ["3.mp4", "1.mp4", "0.mp4", "2.mp4", "4.mp4", "5.mp4"]


def test_a_clip_under_another_name_is_not_learnt_from_twice(footage, tmp_path):
    prepare(footage, tmp_path / "out")
    listed = manifest(tmp_path, "file,split", "my clips/0.mp4,dev", "my clips/1.mp4,train")
    done = prepare(listed, tmp_path / "out")
    assert (done.kept, done.others) == (6, 4)
    assert len({row.sha256 for row in read_rows(tmp_path / "out")}) == 6


def test_two_prepares_do_not_write_into_one_folder(footage, tmp_path, monkeypatch):
    refused = []

    def track_of(clip, cache):
        with pytest.raises(OutputNotWritable, match="facedit prepare, process"):
            prepare(footage, tmp_path / "out")
        refused.append(clip.stem)
        return talking_track()[0]

    monkeypatch.setattr(prepare_module, "track_of", track_of)
    assert prepare(footage, tmp_path / "out").kept == 6
    assert len(refused) == 6


def test_two_trainings_do_not_write_into_one_folder(tmp_path, monkeypatch):
    folder = write_corpus(tmp_path / "prepared")
    config = write_config(tmp_path / "c.toml", folder, tmp_path / "run", steps=2)
    step = Trainer.step
    refused = []

    def stepped(self, number):
        # Nothing is saved yet: only the lock tells that the folder is taken.
        assert not (tmp_path / "run" / "state.safetensors").exists()
        with pytest.raises(OutputNotWritable, match="facedit train, process"):
            train(config)
        refused.append(number)
        return step(self, number)

    monkeypatch.setattr(Trainer, "step", stepped)
    assert train(config).steps == 2
    assert refused == [0, 1]


def without_pools(config: Path) -> Path:
    text = config.read_text()
    start, end = text.index("[[data.pools]]"), text.index("[model]")
    config.write_text(text[:start] + text[end:])
    return config


def test_a_configuration_without_pools_learns_from_all_that_was_prepared(tmp_path):
    folder = write_corpus(tmp_path / "prepared")
    train(without_pools(write_config(tmp_path / "c.toml", folder, tmp_path / "run", steps=1)))
    used = json.loads((tmp_path / "run" / "config.json").read_text())["data"]["pools"]
    assert used == [{"corpora": ["one", "two"], "share": 1.0, "window": 47}]


def test_pools_of_other_corpora_are_refused_with_those_that_are_there(tmp_path):
    folder = write_corpus(tmp_path / "prepared")
    config = write_config(tmp_path / "c.toml", folder, tmp_path / "run", steps=1)
    config.write_text(config.read_text().replace('["two"]', '["grid_s1", "lrs3"]'))
    with pytest.raises(
        UsageError, match=r"no clips of grid_s1, lrs3.*it holds two \(4\), one"
    ) as e:
        train(config)
    assert "pools = []" in str(e.value)
    assert not (tmp_path / "run").exists()


def test_shipped_pools_can_be_taken_out_of_an_own_configuration(tmp_path):
    folder = write_corpus(tmp_path / "prepared")
    write_config(tmp_path / "shipped.toml", folder, tmp_path / "shipped", steps=1)
    own = tmp_path / "own.toml"
    own.write_text(
        f'extends = "shipped.toml"\n[run]\noutput = "{tmp_path / "own"}"\n[data]\npools = []\n'
    )
    assert train(own).steps == 1


def test_clips_that_are_all_measured_or_held_out_are_no_training(tmp_path):
    folder = write_corpus(tmp_path / "prepared")
    rows = list(csv.DictReader((folder / ROWS).open(newline="")))
    with (folder / ROWS).open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(row | {"split": "test"} for row in rows)
    config = write_config(tmp_path / "c.toml", folder, tmp_path / "run", steps=1)
    with pytest.raises(UsageError, match=r"nothing to learn from.*test \(8\)"):
        train(config)
    assert not (tmp_path / "run").exists()
