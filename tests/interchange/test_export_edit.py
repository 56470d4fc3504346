"""``facedit export``: one folder, whole or not at all, from the same wishes as ``facedit edit``."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import facedit
from doc_commands import blocks_of, commands_of, run
from facedit.errors import AssetMissing, OutputExists
from facedit.interchange.export_edit import export_edit, source_notes
from facedit.interchange.export_options import ExportOptions
from facedit.interchange.otio_timeline import require_library
from facedit.media.carried import Carried
from facedit.media.info import ColourTags, new_video_info
from facedit.media.output import whole_folder
from facedit.media.probe import probe
from facedit.media.read import read_frames
from facedit.options import EditRequest
from facedit.provenance.verify import verify
from facedit.speech.text.transcript_io import load_transcript
from interchange.export_cases import conformed, read_otio
from talking_clips import make_talking_clips

pytest.importorskip("skimage")

PAGE = Path(__file__).parents[2] / "docs" / "export.md"
FOLDERS = ("spans", "patches", "sounds", "words")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A reader's folder after the commands of the guide's page."""
    folder = tmp_path_factory.mktemp("reader")
    clips = make_talking_clips(folder, "we meet on Tuesday")
    shutil.copy(clips["one.mp4"], folder / "in.mp4")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for block in blocks_of(PAGE):
            for command in commands_of(block) if block.language == "" else ():
                if command[0] == "facedit":
                    answer = run([*command, "--consent", "mine", "--json", "--no-progress"])
                    assert answer.status == 0, answer.err
                    name = command[command.index("-o") + 1] if "-o" in command else "plan"
                    (folder / f"{name}.answer").write_text(answer.out)
        yield folder


def test_the_answer_names_every_file_that_is_there(folder: Path) -> None:
    kinds = {"video", "timeline", "sounds", "words", "text", "script", "report"}
    for name, more in (("package", "spans"), ("comp", "patches")):
        answer = json.loads((folder / f"{name}.answer").read_text())
        assert set(answer["files"]) == kinds | {more}
        named = {Path(file) for files in answer["files"].values() for file in files}
        made = folder / name
        top = {path for path in made.iterdir() if path.name not in FOLDERS}
        below = {path for one in FOLDERS for path in (made / one).glob("*")}
        assert named == {path.relative_to(folder) for path in top | below}
    assert any("no XML or EDL" in note for note in answer["notes"])


def test_spans_and_patches_of_the_real_road_are_the_video(folder: Path) -> None:
    """All timelines, cut together, are the edited video but for the encoders."""
    video = [frame.rgb() for frame in read_frames(folder / "package" / "in-edited.mp4")]
    spans = conformed(folder / "package" / "in-edited.otio", "V1")
    under = conformed(folder / "comp" / "in-edited-patch.otio", "V1")
    above = conformed(folder / "comp" / "in-edited-patch.otio", "V2")
    assert len(video) == len(spans) == len(under) == len(above)
    assert sum(patch is not None for patch in above) > 8
    for shown, span, plate, patch in zip(video, spans, under, above, strict=True):
        picture = plate.astype(float)
        if patch is not None:
            alpha = patch[..., 3:] / 255
            picture = alpha * patch[..., :3] + (1 - alpha) * plate
        assert np.abs(picture - span).mean() < 1.5
        assert np.abs(picture - shown).mean() < 3
    # Only round the mouth is anything laid over the original.
    shares = [(patch[..., 3] > 0).mean() for patch in above if patch is not None]
    assert 0.005 < np.mean(shares) < 0.4


def test_files_say_what_they_are_and_are_signed(folder: Path) -> None:
    package = folder / "package"
    (span,), (sound,), (words,) = (
        list((package / one).iterdir()) for one in ("spans", "sounds", "words")
    )
    assert span.name == "in_0001_Thursday.mov"
    assert (probe(span).codec, probe(span).profile) == ("prores", "HQ")
    picture = next((folder / "comp" / "patches").rglob("*.png"))
    for file in (span, sound, words, package / "in-edited.mp4", picture):
        data = file.read_bytes()
        assert b"synthetic face and speech" in data
        assert b"consent: mine" in data
        if file != picture:
            assert verify(file).exit_status == 0, file
    assert json.loads((package / "report" / "report.json").read_text())["seams"]


def test_words_and_script_are_the_edits(folder: Path) -> None:
    package = folder / "package"
    for kind in (".TextGrid", ".srt", ".vtt"):
        words = load_transcript(package / f"in-edited{kind}", 60.0)
        assert words.text.lower().split()[-1].startswith("thursday")
    made, given = (
        json.loads(path.read_text()) for path in (package / "in-edit.json", folder / "e.json")
    )
    assert made["edits"] == given["edits"]
    assert made["plan"] == given["plan"]


def test_a_folder_that_goes_elsewhere_looks_for_the_original_beside_it(folder: Path) -> None:
    request = EditRequest(script=folder / "e.json")
    (folder / "own.srt").write_text("1\n00:00:00,000 --> 00:01:00,000\n- We meet\non Tuesday.\n")
    with facedit.open(folder / "in.mp4") as clip:
        made = export_edit(
            clip,
            clip.plan(request),
            folder / "sent",
            ExportOptions(spans="h264", video=False, subtitles=folder / "own.srt"),
            original_beside=True,
        )
    timeline = read_otio(folder / "sent" / "in-edited.otio")
    urls = {clip.media_reference.target_url for clip in timeline.find_clips()}
    assert urls == {
        "in.mp4", "spans/in_0001_Thursday.mov", "sounds/in_0001_Thursday.wav",
    }  # fmt: skip
    assert "video" not in made.files
    own = (folder / "sent" / "in-edited.srt").read_text()
    assert own.rstrip().endswith("\n- We meet\non Thursday.")


@pytest.mark.parametrize(("height", "told"), [(480, True), (1080, False)])
def test_colours_that_dnxhr_cannot_say_are_told(height: int, told: bool) -> None:
    info = replace(new_video_info(1280, height), colour=ColourTags())
    for spans in ("dnxhr", "prores"):
        notes = source_notes(info, ExportOptions(spans=spans), Carried())
        assert any("BT.709" in note for note in notes) == (told and spans == "dnxhr")


def test_a_folder_with_files_is_left_alone(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    before = sorted(folder.rglob("*"))
    answer = run(["facedit", "export", "in.mp4", "-o", "package", "--script", "e.json"])
    says = "package: is not empty; choose another folder, or add --force."
    assert (answer.status, answer.err) == (6, f"facedit: {says}\n")
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize(
    ("more", "status", "says"),
    [
        (["--spans", "dnxhr"], 2, "from 256x120 on, these are 224x224; choose prores."),
        (["--handles", "-1"], 2, "--handles -1: choose 0 to 500."),
        (["--say", "we meet on Tuesday"], 5, "nothing to export"),
        (["--replace", "nowhere", "x"], 5, "nowhere"),
        (["-o", "in.mp4"], 6, "in.mp4: is a file; give a folder."),
        (["--subtitles", "words.json"], 2, "--subtitles takes .srt or .vtt files"),
        (["-o", "none/out"], 6, "the folder none does not exist"),
    ],
)
def test_bad_wishes_are_one_line_and_leave_nothing(
    more: list[str],
    status: int,
    says: str,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(folder)
    before = sorted(path.name for path in folder.iterdir())
    words = (
        ["--transcript", "words.json"]
        if {"--replace", "--say"} & {*more}
        else ["--script", "e.json"]
    )
    answer = run(["facedit", "export", "in.mp4", "-o", "bad", *words, *more, "--no-progress"])
    assert (answer.status, answer.err.count("\n")) == (status, 1), answer.err
    assert says in answer.err
    assert sorted(path.name for path in folder.iterdir()) == before


def test_without_the_library_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "facedit.interchange.otio_timeline.importlib.util.find_spec", lambda name: None
    )
    with pytest.raises(AssetMissing, match=r"pip install 'facedit\[export\]'"):
        require_library()


def test_a_folder_comes_whole_or_not_at_all(tmp_path: Path) -> None:
    def interrupted() -> None:
        with whole_folder(tmp_path / "out") as made:
            (made / "half").write_text("")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert list(tmp_path.iterdir()) == []
    with whole_folder(tmp_path / "out") as made:
        (made / "sub").mkdir()
        (made / "sub" / "a").write_text("new")
    assert (tmp_path / "out").stat().st_mode & 0o077 == (tmp_path.stat().st_mode | 0o055) & 0o055
    (tmp_path / "out" / "mine").write_text("mine")
    with whole_folder(tmp_path / "out", force=True) as made:
        (made / "sub").mkdir()
        (made / "sub" / "a").write_text("newer")
    found = {path.name: path.read_text() for path in tmp_path.rglob("*") if path.is_file()}
    assert found == {"mine": "mine", "a": "newer"}
    with (
        pytest.raises(OutputExists, match="is the input itself"),
        whole_folder(tmp_path / "out", force=True, inputs=[tmp_path / "out" / "mine"]) as made,
    ):
        (made / "mine").write_text("theirs")
    assert (tmp_path / "out" / "mine").read_text() == "mine"
