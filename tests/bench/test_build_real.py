"""Building from real clips, and the dev set that is committed."""

from pathlib import Path

import pytest

from facedit.bench.item_sound import item_sound
from facedit.bench.items import CARD, read_bench
from facedit.bench.make_items.build import build
from facedit.bench.make_items.build_options import BuildOptions
from facedit.dataset.grid_names import parses
from facedit.media.probe import probe
from facedit.weights.fetch import sha256_of

DEV = Path(__file__).parents[2] / "benchmarks" / "dev"


@pytest.fixture(scope="module")
def dev():
    return read_bench(DEV)


def test_grid_clips_lend_each_other_words(shared_data, tmp_path):
    clips = tmp_path / "clips"
    clips.mkdir()
    for name in ("grid_s1/pgik1a", "grid_s1/swiu4n"):
        for suffix in (".mp4", ".align"):
            source = shared_data / f"{name}{suffix}"
            (clips / source.name).symlink_to(source)
    arabic = next((shared_data / "lrw_ar").glob("*.mp4"))
    (clips / "ar_1.mp4").symlink_to(arabic)
    (clips / "manifest.csv").write_text(
        "file,speaker,corpus\npgik1a.mp4,s1,grid\nswiu4n.mp4,s1,grid\nar_1.mp4,x,lrw\n"
    )
    (tmp_path / "said.csv").write_text("file,language,text\nar_*,ar,\n")
    options = BuildOptions(reconstruct=9, edit=6, generate=1, transcripts=tmp_path / "said.csv")
    built = build(clips / "manifest.csv", tmp_path / "out", options=options)
    assert built.items == {"reconstruct": 9, "edit": 6, "generate": 1}
    items = read_bench(tmp_path / "out").items
    edits = [item for item in items if item.track == "edit"]
    assert {item.kind for item in edits} == {"substitute", "insert", "delete"}
    for item in edits:
        assert parses(item.new_text.split())
        assert item.sound.source == ("speaker" if item.new_words else "own")
        item.plan()
    # Nobody's Arabic is edited, but it is hidden and filled.
    assert {item.clip.corpus for item in items if item.track == "reconstruct"} == {"grid", "lrw"}
    assert "another language (ar)" in (tmp_path / "out" / CARD).read_text()


def test_the_dev_set_is_balanced(dev):
    spans = [item for item in dev.items if item.track == "reconstruct"]
    edits = [item for item in dev.items if item.track == "edit"]
    assert len(spans) == 150
    assert 85 <= len(edits) <= 100
    cells: dict[tuple[str, str], int] = {}
    for item in edits:
        cells[item.kind, item.length] = cells.get((item.kind, item.length), 0) + 1
    assert len(cells) == 9
    assert min(cells.values()) >= 8
    assert max(cells.values()) <= 14
    assert len({item.clip.corpus for item in spans}) == 8
    for item in edits:
        item.plan()
        if item.clip.corpus.startswith("grid"):
            assert parses(item.new_text.split()), item.id


def test_the_dev_set_is_of_the_clips_beside_the_checkout(shared_data, dev):
    files = {item.clip.file: item.clip.sha256 for item in dev.items}
    for file, sha256 in files.items():
        assert sha256_of(shared_data / file) == sha256, file


@pytest.mark.parametrize("source", ["speaker", "voice"])
def test_sounds_of_the_dev_set_can_be_made_again(shared_data, dev, source):
    """Every twelfth: a voice that speaks otherwise than at the build is refused."""
    for item in [item for item in dev.items if item.sound.source == source][::12]:
        info = probe(shared_data / item.clip.file)
        snippet = item_sound(item, shared_data, info)
        assert abs(len(snippet.sound.samples) - item.speech_s * info.sound_rate) < 1
        assert len(snippet.transcript.words) == len(item.new_words)


def test_no_path_of_this_machine_is_in_the_dev_set():
    for file in DEV.iterdir():
        text = file.read_text(encoding="utf-8")
        assert "/home/" not in text
        assert str(DEV.parents[1]) not in text
