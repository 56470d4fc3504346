"""The commands of README and guide run as they stand, on files named as there."""

from __future__ import annotations

import runpy
import shutil
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from doc_commands import Block, blocks_of, commands_of, run
from facedit.cli.main import build_parser
from facedit.media.wav import write_wav
from facedit.provenance.certificates import new_pair
from facedit.provenance.verify import verify
from facedit.speech.text.transcript_io import save_transcript
from facedit.speech.voices.voice import synthesise
from facedit.weights.fetch import cache_dir
from sandbox import in_sandbox
from talking_clips import make_talking_clips

ROOT = Path(__file__).parents[1]
SAID = "We meet on Tuesday at noon in the very very big hall."
NETWORK = ("pip", "make", "torchrun")
"""Programs whose lines need a network, or more machines."""

SAME = {"interview.mp4": "in.mp4", "fixed.mp4": "out.mp4"}
"""Names that pages have for one file."""

CACHES = {"assets", "clips", "verified", "whisper-base"}
"""What a run may keep."""

GUIDE = tuple(ROOT / "docs" / f"{name}.md" for name in ("edit", "generate"))
"""Pages whose commands the full suite runs too; of ``own-clips.md``: ``test_own_clips.py``."""

CHARACTERS = ROOT / "docs" / "characters.md"

LIKE_ANOTHER = {"--say", "--delete", "--transcript", "--save-script"}
"""Options of README's edits that are drawn as its first edit is; the full suite draws them too."""

ON_OUTPUTS = ROOT / "docs" / "provenance.md"
"""A page about what the others' commands made."""

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def shell_blocks(page: Path) -> list[Block]:
    return [block for block in blocks_of(page) if block.language == ""]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_of_every_page_is_one_that_there_is(page: Path) -> None:
    """Each ``facedit`` line has a verb and options that exist; each script is in the repository."""
    for block in shell_blocks(page):
        for words in commands_of(block):
            if "facedit" in words and words[0] not in ("pip", "make"):
                build_parser().parse_args(words[words.index("facedit") + 1 :])
            elif words[0] == "python" and words[1].endswith(".py"):
                assert (ROOT / words[1]).is_file(), f"{page.name}:{block.line}: {words[1]}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a reader has: clips of a person, a photograph, recordings, subtitles."""
    from skimage import data, io

    folder = tmp_path_factory.mktemp("reader")
    made = make_talking_clips(folder, SAID)
    for name in ("interview.mp4", "in.mp4", "clip.mp4"):
        shutil.copy(made["one.mp4"], folder / name)
    io.imsave(folder / "face.jpg", data.astronaut(), check_contrast=False)
    write_wav(folder / "me.wav", synthesise("ten")[0])
    write_wav(folder / "speech.wav", synthesise("We meet at noon.")[0], force=True)
    save_transcript(made.words, folder / "in.srt")
    (folder / "words.txt").write_text(SAID)
    studio = new_pair("Studio B")
    (folder / "chain.pem").write_text(studio.chain)
    (folder / "key.pem").write_text(studio.key)
    return folder


@pytest.mark.parametrize("guide", [False, pytest.param(True, marks=pytest.mark.full)])
def test_the_commands_of_readme_and_guide_open_no_socket_and_leave_no_id(
    folder: Path, guide: bool
) -> None:
    """A process that looks a name up, as telemetry would, is ended by the system."""
    sandboxed(folder, f"import test_readme; test_readme.run_commands({guide})")


@pytest.mark.full
def test_the_commands_about_characters_open_no_socket_and_leave_no_id(folder: Path) -> None:
    sandboxed(folder, "import test_readme; test_readme.run_characters()")


def sandboxed(folder: Path, program: str) -> None:
    # Weights stay where they are; everything that a run keeps goes to a cache of its own.
    cache = folder / "cache"
    shutil.rmtree(cache, ignore_errors=True)
    cache.mkdir()
    (cache / "assets").symlink_to(cache_dir() / "assets")
    if (cache_dir() / "verified").is_dir():  # hashed already, when they were fetched
        shutil.copytree(cache_dir() / "verified", cache / "verified")
    done = in_sandbox(
        program, folder, FACEDIT_CACHE=str(cache), FACEDIT_CONFIG=str(folder / "config")
    )
    assert done.returncode == 0, done.stdout + done.stderr
    left = {path.name for name in ("home", "tmp") for path in (folder / name).rglob("*")}
    assert left == set()
    assert {path.name for path in cache.iterdir()} <= CACHES


def run_commands(guide: bool) -> None:
    """Run the commands in the order of the pages, as a reader would who tries them one by one."""
    pages = (ROOT / "README.md", *(GUIDE if guide else ()))
    commands = [
        words
        for page in pages
        for block in shell_blocks(page)
        for words in commands_of(block)
        if words[0] not in NETWORK and "--fetch" not in words
    ]
    commands += [["facedit", "transcribe", "in.mp4"], ["facedit", "doctor"]]
    seen: set[tuple[str, ...]] = set()
    for words in commands:
        plain = tuple(SAME.get(word, word) for word in words)
        if plain in seen:
            continue
        if plain[-2] == "--transcript" and any(plain[:-1] == one[:-1] for one in seen):
            words = [*words, "--plan"]  # the same words from another file are the same video
        elif not guide and LIKE_ANOTHER.intersection(words):
            words = [*words, "--plan"]  # heard, aligned, spoken and laid out, not drawn
        seen.add(plain)
        print(*words, flush=True)  # the last one is at fault where the system ends the process
        answer = run(words)
        assert (answer.status, words) == (0, words), answer.err
        if (
            "--plan" not in words
            and "-o" in words
            and words[words.index("-o") + 1].endswith(".mp4")
        ):
            check_video(Path(words[words.index("-o") + 1]))
    assert len(seen) >= (18 if guide else 8)
    (Path("made") / "out.mp4").replace("out.mp4")
    about = [words for block in shell_blocks(ON_OUTPUTS) for words in commands_of(block)]
    for words in about:
        if words[0] not in NETWORK:
            answer = run(words)
            assert (answer.status, words) == (0, words), answer.err
    assert len(about) > 3
    Path("out.mp4").unlink()


def run_characters() -> None:
    """Run the commands about motion without pictures."""
    for words in [one for block in shell_blocks(CHARACTERS) for one in commands_of(block)]:
        answer = run(words)
        assert (answer.status, words) == (0, words), answer.err
    check_take(Path("take.csv"), Path("fixed.csv"))


def check_take(path: Path, edited: Path) -> None:
    """Its rows are kept but for those of the new word; the new sound is as long."""
    old, new = (one.read_text().splitlines() for one in (path, edited))
    same = [row in old for row in new]
    assert all(same[:15])
    assert not all(same)
    with av.open(str(edited.with_suffix(".wav"))) as file:
        assert abs(file.duration / 1e6 - (len(new) - 1) / 25) < 0.1


def check_video(path: Path) -> None:
    """It plays, moves, is signed, and is not left in the next command's way; so is its report."""
    with av.open(str(path)) as file:
        pictures = [frame.to_ndarray(format="gray8") for frame in file.decode(video=0)]
    assert len(pictures) > 20
    steps = [np.abs(b.astype(int) - a).max() for a, b in pairwise(pictures)]
    assert max(steps) > 20
    assert (path.parent / f"{path.name}.report" / "report.html").is_file()
    assert verify(path).exit_status == 0
    Path("made").mkdir(exist_ok=True)
    path.replace(Path("made") / path.name)
    shutil.rmtree(f"{path}.report")


@pytest.mark.parametrize(
    "page", ["README.md", pytest.param("docs/python.md", marks=pytest.mark.full)]
)
def test_the_programs_of_a_page_run(
    page: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    programs = [block.text for block in blocks_of(ROOT / page) if "result = " in block.text]
    assert programs
    for program in programs:
        Path("program.py").write_text(program)
        made = runpy.run_path("program.py")
        for result in (made["result"], *([made["again"]] if "again" in made else [])):
            assert (result.report / "report.html").is_file()
            check_video(result.outputs[0])
