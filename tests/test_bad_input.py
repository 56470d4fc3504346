"""Bad input through the whole command line: one clear line, a status, nothing left behind."""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest

from facedit.cache import SWITCH
from facedit.cli.main import main
from facedit.media.output import none_left_behind
from facedit.report.report_files import report_files
from talking_clips import TalkingClips, gradient, make_talking_clips, write_clip

USAGE, MEDIA, FACE, WORDS, OUTPUT, WEIGHTS = 2, 3, 4, 5, 6, 7


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> TalkingClips:
    folder = tmp_path_factory.mktemp("in put's “folder”")
    made = make_talking_clips(folder)
    _damaged(folder)
    _transcripts(folder)
    return made


def _damaged(folder: Path) -> None:
    """Files that are not what their names say."""
    (folder / "empty.mp4").write_bytes(b"")
    (folder / "empty.wav").write_bytes(b"")
    (folder / "text.mp4").write_text("Dear all,\nthe video is attached.\n" * 30)
    (folder / "text.wav").write_text("RIFF me a riff\n" * 30)
    (folder / "noise.mp4").write_bytes(np.random.default_rng(3).bytes(4000))
    (folder / "concat.mp4").write_text("ffconcat version 1.0\nfile one.mp4\n")
    (folder / "m3u8.mp4").write_text("#EXTM3U\n#EXTINF:2,\none.mp4\n#EXT-X-ENDLIST\n")
    one = (folder / "one.mp4").read_bytes()
    (folder / "cut.mp4").write_bytes(one[: len(one) // 2])
    pictures = [gradient(k) for k in range(50)]
    write_clip(folder / "front.mp4", pictures, None, {"movflags": "+faststart"})
    front = (folder / "front.mp4").read_bytes()
    (folder / "front.mp4").write_bytes(front[: len(front) * 6 // 10])
    _bomb(folder / "bomb.mov", (8192, 8192))
    (folder / "free-take2.mp4").write_bytes(b"mine")
    from skimage import data, io

    io.imsave(folder / "face.png", data.astronaut()[:224, 112:336], check_contrast=False)
    io.imsave(folder / "stripes.png", gradient(0), check_contrast=False)
    (folder / "half.png").write_bytes((folder / "face.png").read_bytes()[:2000])
    io.imsave(folder / "dot.png", np.zeros((1, 1, 3), np.uint8), check_contrast=False)
    io.imsave(folder / "line.png", np.zeros((1, 100_000), np.uint8), check_contrast=False)
    (folder / "phone.heic").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(4000))
    pair = np.concatenate([data.astronaut()[:224, 112:336]] * 2, axis=1)
    io.imsave(folder / "pair.jpg", pair, check_contrast=False)


def _bomb(path: Path, size: tuple[int, int]) -> None:
    """A mov of a few hundred bytes whose one picture claims to be huge."""
    with av.open(str(path), "w") as file:
        stream = file.add_stream("png", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "rgb24"
        file.mux(stream.encode(av.VideoFrame(64, 64, "rgb24")))
        file.mux(stream.encode(None))
    raw = bytearray(path.read_bytes())
    picture = raw.index(b"IHDR") + 4
    raw[picture : picture + 8] = struct.pack(">II", *size)
    path.write_bytes(raw)


def _transcripts(folder: Path) -> None:
    """Transcripts that are malformed, or of something else."""
    good = json.loads((folder / "words.json").read_text())
    other = OTHER.split()
    wrong = [{**word, "word": text} for word, text in zip(good["words"], other, strict=True)]
    late = [{**word, "start": 60 + k, "end": 61 + k} for k, word in enumerate(good["words"])]
    for name, document in (
        ("other.json", {"words": wrong}),
        ("late.json", {"words": late}),
        ("no_words.json", {"words": []}),
        ("numbers.json", {"words": [1, 2, 3]}),
        ("nan.json", {"words": [{"word": "we", "start": float("nan"), "end": 1}]}),
        ("script_of_nothing.json", {"version": 1}),
    ):
        (folder / name).write_text(json.dumps(document))
    (folder / "broken.json").write_text('{"words": [{"word": "we", ')
    (folder / "broken.srt").write_text("1\n00:00:00,000 -> soon\nwe fly\n")
    (folder / "broken.TextGrid").write_text('File type = "ooTextFile"\nObject class = "Cat"\n')
    (folder / "broken.align").write_text("0 10000 sil\nten twenty we\n")
    (folder / "words.docx").write_bytes(b"PK\x03\x04rest")
    (folder / "latin.txt").write_bytes("we fly to the caf\xe9".encode("latin-1"))
    (folder / "other.txt").write_text(OTHER)
    (folder / "no_file.csv").write_text("file,split\none.mp4,train\n,train\n")
    (folder / "known.txt").write_text("we fly to the moon and back to the earth")
    (folder / "empty.txt").write_text("")
    (folder / "empty.json").write_text("")


OTHER = "seven green bottles hanging on the long garden wall today"
SPEAK = ("generate", "{in}/face.png", "--text", "hello", "-o", "{out}/x.mp4")
EDIT = ("edit", "{one}", "-o", "{out}/x.mp4", "--transcript", "{words}")
MOON = ("--replace", "moon", "station")
PLAIN = ("edit", "{one}", "-o", "{out}/x.mp4")


def _edit_of(name: str) -> tuple[str, ...]:
    return ("edit", name, "-o", "{out}/x.mp4", "--transcript", "{words}", *MOON)


CASES: dict[str, tuple[tuple[str, ...], int, str]] = {
    # Inputs that are no videos.
    "missing": (_edit_of("{in}/none such.mp4"), MEDIA, "no such file"),
    "folder": (_edit_of("{in}"), MEDIA, "is a folder"),
    "empty": (_edit_of("{in}/empty.mp4"), MEDIA, "0 bytes"),
    "text": (_edit_of("{in}/text.mp4"), MEDIA, "not a video"),
    "noise": (_edit_of("{in}/noise.mp4"), MEDIA, "not a video"),
    "ffconcat": (_edit_of("{in}/concat.mp4"), MEDIA, "playlist"),
    "m3u8": (_edit_of("{in}/m3u8.mp4"), MEDIA, "playlist"),
    "index at the end, cut": (_edit_of("{in}/cut.mp4"), MEDIA, "0 frames readable"),
    "index at the front, cut": (
        ("sync", "{in}/front.mp4", "{in}/speech.wav", "-o", "{out}/x.mp4"),
        MEDIA,
        "of 50 frames readable",
    ),
    "bomb": (_edit_of("{in}/bomb.mov"), MEDIA, "33.2 megapixels"),
    "picture for a video": (_edit_of("{in}/face.png"), MEDIA, "is a PNG picture, not a video"),
    "sound for a video": (_edit_of("{in}/speech.wav"), MEDIA, "is a sound, not a video"),
    "no sound": (_edit_of("{in}/silent.mp4"), MEDIA, "no sound"),
    "sync text": (("sync", "{in}/text.mp4", "{in}/speech.wav", "-o", "{out}/x.mp4"), MEDIA, "text"),
    "sync with text": (("sync", "{one}", "{in}/text.wav", "-o", "{out}/x.mp4"), MEDIA, "text.wav"),
    "sync with nothing": (("sync", "{one}", "{in}/empty.wav", "-o", "{out}/x.mp4"), MEDIA, "0 by"),
    "sync with silence": (
        ("sync", "{one}", "{in}/silent.mp4", "-o", "{out}/x.mp4"),
        MEDIA,
        "holds no sound",
    ),
    "sync with playlist": (("sync", "{one}", "{in}/m3u8.mp4", "-o", "{out}/x.mp4"), MEDIA, "playl"),
    "generate from text": (
        ("generate", "{in}/text.mp4", "{in}/speech.wav", "-o", "{out}/x.mp4"), MEDIA, "not a video",
    ),
    "generate from half a picture": (
        ("generate", "{in}/half.png", "{in}/speech.wav", "-o", "{out}/x.mp4"), MEDIA, "half.png",
    ),
    "generate from a dot": (
        ("generate", "{in}/dot.png", "{in}/speech.wav", "-o", "{out}/x.mp4"), MEDIA, "1x1 pixels",
    ),
    "generate from a line": (
        ("generate", "{in}/line.png", "{in}/speech.wav", "-o", "{out}/x.mp4"), MEDIA, "100000x1",
    ),
    "generate from HEIC": (
        ("generate", "{in}/phone.heic", "{in}/speech.wav", "-o", "{out}/x.mp4"), MEDIA, "as JPEG",
    ),
    "edit a picture": (_edit_of("{in}/pair.jpg"), MEDIA, "is a JPEG picture, not a video"),
    "generate from two faces": (
        ("generate", "{in}/pair.jpg", "{in}/speech.wav", "-o", "{out}/x.mp4"), FACE, "--face N",
    ),
    "generate from sound": (
        ("generate", "{in}/speech.wav", "{in}/speech.wav", "-o", "{out}/x.mp4"), MEDIA, "a sound",
    ),
    "generate with picture as speech": (
        ("generate", "{in}/face.png", "{in}/face.png", "-o", "{out}/x.mp4"), MEDIA, "face.png",
    ),
    "transcribe text": (("transcribe", "{in}/text.mp4"), MEDIA, "text.mp4"),
    "transcribe silence": (("transcribe", "{in}/silent.mp4"), MEDIA, "has no sound"),
    "transcribe to a video": (
        ("transcribe", "{one}", "-o", "{out}/x.mp4"), USAGE, ".json, .TextGrid, .vtt, .srt",
    ),
    "motion of text": (("motion", "{in}/text.mp4", "-o", "{out}/x.csv"), MEDIA, "not a video"),
    "motion of a picture": (("motion", "{in}/face.png", "-o", "{out}/x.csv"), MEDIA, "face.png"),
    "motion as a video": (("motion", "{one}", "-o", "{out}/x.mp4"), USAGE, ".glb, .npz or .pkl"),
    # Faces.
    "edit no face": (_edit_of("{in}/none.mp4"), FACE, "no face"),
    "motion no face": (("motion", "{in}/none.mp4", "-o", "{out}/x.csv"), FACE, "no face"),
    "generate no face": (
        ("generate", "{in}/stripes.png", "{in}/speech.wav", "-o", "{out}/x.mp4"), FACE, "no face",
    ),
    "edit two faces": (_edit_of("{in}/two.mp4"), FACE, "--face N"),
    "motion two faces": (("motion", "{in}/two.mp4", "-o", "{out}/x.csv"), FACE, "--face N"),
    "sync seventh face": (
        ("sync", "{one}", "{in}/speech.wav", "-o", "{out}/x.mp4", "--face", "7"), FACE, "found 1:",
    ),
    "face elsewhere": (
        ("motion", "{one}", "-o", "{out}/x.csv", "--face", "0,0,9,9"), FACE, "found 1:",
    ),
    "face garbage": ((*EDIT, *MOON, "--face", "the left one"), USAGE, "largest"),
    "face zero": (("motion", "{one}", "-o", "{out}/x.csv", "--face", "0"), USAGE, "largest"),
    "face nan": (
        ("motion", "{one}", "-o", "{out}/x.csv", "--face", "nan,0,inf,9"), USAGE, "largest",
    ),
    # Words.
    "words that do not occur": ((*EDIT, "--delete", "mars"), WORDS, "mars"),
    "ambiguous word": ((*EDIT, "--delete", "the"), WORDS, "the#2"),
    "third of two": ((*EDIT, "--delete", "the#3"), WORDS, "the"),
    "word at no time": ((*EDIT, "--delete", "the@x"), WORDS, "the@x"),
    "delete nothing": ((*EDIT, "--delete", ""), WORDS, "does not occur"),
    "say nothing": ((*EDIT, "--say", " "), WORDS, "--say"),
    "replace by nothing": ((*EDIT, "--replace", "moon", "…"), WORDS, "brings no words"),
    "overlapping edits": (
        (*EDIT, "--delete", "moon and", "--replace", "and back", "off"), WORDS, "the same words",
    ),
    "transcript of something else": (
        (*PLAIN, "--transcript", "{in}/other.json", "--delete", "garden"), WORDS, "not what is",
    ),
    "text of something else": (
        (*PLAIN, "--transcript", "{in}/other.txt", "--delete", "garden"), WORDS, "not what is said",
    ),
    "aligning something else": (
        ("transcribe", "{one}", "--text", "{in}/other.txt"), WORDS, "not what is said",
    ),
    "speech longer than the clip": (
        ("sync", "{in}/short.mp4", "{in}/speech.wav", "-o", "{out}/x.mp4"), WORDS, "longer than",
    ),
    "script is no JSON": ((*PLAIN, "--script", "{in}/broken.srt"), WORDS, "line 2"),
    "script is a transcript": ((*PLAIN, "--script", "{words}"), WORDS, "script"),
    "script is missing": ((*PLAIN, "--script", "{in}/none.json"), WORDS, "none.json"),
    "script is a folder": ((*PLAIN, "--script", "{in}"), WORDS, "is a folder"),
    # Sounds and voices of new words.
    "recording is text": ((*EDIT, *MOON, "--speech", "{in}/text.wav"), MEDIA, "text.wav"),
    "recording is missing": ((*EDIT, *MOON, "--speech", "{in}/none.wav"), MEDIA, "no such file"),
    "recording of something else": (
        (*EDIT, "--say", "seven green bottles hanging on the garden wall", "--speech",
         "{in}/speech.wav"), WORDS, "holds neither",
    ),
    "unknown voice": ((*EDIT, *MOON, "--voice", "caruso"), USAGE, "caruso"),
    "unknown voice of a text": (
        ("generate", "{in}/face.png", "--text", "hello", "--voice", "caruso", "-o", "{out}/x.mp4"),
        USAGE, "caruso",
    ),
    "generate nothing said": (("generate", "{in}/face.png", "-o", "{out}/x.mp4"), USAGE, "--text"),
    "generate empty text": (
        ("generate", "{in}/face.png", "--text", " … ", "-o", "{out}/x.mp4"), USAGE, "say",
    ),
    "generate with a picture as footage": (
        (*SPEAK, "--footage", "{in}/face.png"),
        MEDIA, "face.png",
    ),
    "generate with no footage": (
        (*SPEAK, "--footage", "{in}/no.mp4"),
        MEDIA, "no such file",
    ),
    "generate with footage of nobody": (
        (*SPEAK, "--footage", "{in}/none.mp4"),
        FACE, "no face",
    ),
    "generate with footage that shall not be used": (
        (*SPEAK, "--footage", "{one}", "--picture-only"),
        USAGE, "contradict",
    ),
    "unknown language": (("transcribe", "{one}", "--language", "klingon"), WORDS, "klingon"),
    "unknown device": ((*EDIT, *MOON, "--device", "abacus"), USAGE, "abacus"),
    "unknown weights": ((*EDIT, *MOON, "--weights", "best"), WEIGHTS, "best"),
    "weights are a text": ((*EDIT, *MOON, "--weights", "{in}/text.mp4"), WEIGHTS, "text.mp4"),
    # Outputs.
    "no such output folder": (
        ("edit", "{one}", "-o", "{out}/no/x.mp4", "--transcript", "{words}", *MOON), OUTPUT, "no",
    ),
    "output exists": (
        ("edit", "{one}", "-o", "{in}/two.mp4", "--transcript", "{words}", *MOON),
        OUTPUT, "--force",
    ),
    "second take exists": (
        ("edit", "{one}", "-o", "{in}/free.mp4", "--takes", "2", "--transcript", "{words}", *MOON),
        OUTPUT, "free-take2.mp4: exists",
    ),
    "transcript exists": (("transcribe", "{one}", "-o", "{words}"), OUTPUT, "--force"),
    "output is a folder": (
        ("edit", "{one}", "-o", "{out}", "--transcript", "{words}", *MOON), OUTPUT, "is a folder",
    ),
    "output in a file": (
        ("edit", "{one}", "-o", "{in}/empty.txt/x.mp4", "--transcript", "{words}", *MOON),
        OUTPUT, "empty.txt",
    ),
    "output is the input": (
        ("edit", "{one}", "-o", "{one}", "--force", "--transcript", "{words}", *MOON),
        OUTPUT, "input itself",
    ),
    "output is the transcript": (
        ("edit", "{one}", "-o", "{words}", "--force", "--transcript", "{words}", *MOON),
        OUTPUT, "words.json",
    ),
    "output is no video": (
        ("edit", "{one}", "-o", "{out}/x.gif", "--transcript", "{words}", *MOON), OUTPUT, "'.gif'",
    ),
    "output in the kernel's": (
        ("edit", "{one}", "-o", "/proc/x.mp4", "--transcript", "{words}", *MOON), OUTPUT, "/proc",
    ),
    "output's name too long": (
        ("edit", "{one}", "-o", "{out}/" + 300 * "x" + ".mp4", "--transcript", "{words}", *MOON),
        OUTPUT, "written",
    ),
    "report's name too long": (
        ("edit", "{one}", "-o", "{out}/" + 250 * "x" + ".mp4", "--transcript", "{words}", *MOON),
        OUTPUT, ".report",
    ),
    "report in a file": (
        (*EDIT, *MOON, "--report", "{in}/empty.txt"), OUTPUT, "is a file",
    ),
    "script's folder missing": (
        (*EDIT, *MOON, "--save-script", "{out}/no/s.json"), OUTPUT, "does not exist",
    ),
}  # fmt: skip

for _name in (
    "late.json", "no_words.json", "numbers.json", "nan.json", "broken.json",
    "empty.json", "none.json", "broken.srt", "broken.TextGrid", "broken.align", "words.docx",
    "latin.txt", "empty.mp4",
):  # fmt: skip
    CASES[f"transcript {_name}"] = (
        (*PLAIN, "--transcript", f"{{in}}/{_name}", *MOON),
        WORDS,
        _name,
    )


@pytest.fixture
def short(clips: TalkingClips) -> None:
    """A clip shorter than the speech."""
    path = clips.folder / "short.mp4"
    if not path.exists():
        write_clip(path, [gradient(k) for k in range(20)], clips.sound)


@pytest.fixture(autouse=True)
def unchanged(clips: TalkingClips, short: None, tmp_path: Path) -> Iterator[None]:
    """After every test the inputs are what they were, and the output folder is as it was left."""
    before = _snapshot(clips.folder)
    yield
    assert _snapshot(clips.folder) == before


def _snapshot(folder: Path) -> dict[str, str]:
    """Every file of a folder, hidden ones too, and its hash."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        if path.is_file()
        else "folder"
        for path in sorted(folder.rglob("*"))
    }


def run(
    arguments: tuple[str, ...],
    clips: TalkingClips,
    out: Path,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> tuple[int, str]:
    """Run a verb that shall fail; returns its status and its one line."""
    names = {"in": clips.folder, "out": out, "one": clips["one.mp4"], "words": clips["words.json"]}
    filled = [argument.format(**names) for argument in arguments]
    shows_progress = filled[0] in ("edit", "sync", "generate", "transcribe", "motion", "adapt")
    quiet = ["--no-progress"] if shows_progress else []
    before = _snapshot(out)
    capsys.readouterr()
    status = main([*filled, *quiet])
    streams = capsys.readouterr()
    assert _snapshot(out) == before
    assert streams.out == ""
    assert [record for record in caplog.records if record.levelname != "INFO"] == []
    assert streams.err.startswith("facedit: ")
    assert streams.err.count("\n") == 1
    assert streams.err.endswith("\n")
    assert "Traceback" not in streams.err
    return status, streams.err


@pytest.mark.parametrize("name", CASES)
def test_bad_input(
    name: str,
    clips: TalkingClips,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    arguments, status, said = CASES[name]
    found, line = run(arguments, clips, tmp_path, capsys, caplog)
    assert said in line
    assert found == status, line


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("prepare", "{in}/none", "-o", "{out}/p"), USAGE, "neither"),
        (("prepare", "{in}/text.mp4", "-o", "{out}/p"), USAGE, "no column 'file'"),
        (("prepare", "{in}/no_file.csv", "-o", "{out}/p"), USAGE, "line 3"),
        (("train", "{in}/none.toml"), USAGE, "none.toml"),
        (("train", "{words}"), USAGE, "TOML"),
        (("evaluate", "{in}", "-o", "{out}/e"), USAGE, "meta.json"),
        (("adapt", "{in}/none such", "-o", "{out}/a.safetensors"), MEDIA, "no such file"),
        (("adapt", "{out}", "-o", "{out}/a.safetensors"), USAGE, "lists no clips"),
        (("adapt", "{in}/text.mp4", "-o", "{out}/a.safetensors"), MEDIA, "none of 1 clips"),
        (("adapt", "{in}/none.mp4", "-o", "{out}/a.safetensors"), FACE, "no face"),
        (("adapt", "{one}", "-o", "{in}/empty.txt"), OUTPUT, "--force"),
        (("adapt", "{one}", "-o", "{out}/no/a.safetensors"), OUTPUT, "does not exist"),
        (("adapt", "{one}", "-o", "{out}/a", "--weights", "best"), WEIGHTS, "best"),
        (("adapt", "{one}", "-o", "{out}/a", "--steps", "0"), USAGE, "--steps 0"),
        (("adapt", "{one}", "-o", "{out}/a", "--seconds", "0"), USAGE, "--seconds 0"),
        (("demo", "-o", "{in}/empty.txt"), OUTPUT, "empty.txt"),
        (("demo", "-o", "{in}"), OUTPUT, "--force"),
        (("doctor", "--fetch", "the moon"), USAGE, "the moon"),
    ],
)
def test_bad_input_of_the_other_verbs(
    arguments: tuple[str, ...],
    status: int,
    said: str,
    clips: TalkingClips,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    found, line = run(arguments, clips, tmp_path, capsys, caplog)
    assert said in line
    assert found == status, line


@pytest.mark.parametrize(
    "name", ["-x.mp4", "näßchen 顔.mp4", "a'b\"c $HOME;.mp4", "two\nlines.mp4"]
)
def test_odd_names_stay_names(
    name: str,
    clips: TalkingClips,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A path is a path: found where it is, and named in one line where it is not."""
    (tmp_path / name).write_bytes(Path(clips["none.mp4"]).read_bytes())
    found = ("motion", f"{{out}}/{name}", "-o", "{out}/x.csv")
    assert run(found, clips, tmp_path, capsys, caplog)[0] == FACE
    missing = ("motion", f"{{out}}/no{name}", "-o", "{out}/x.csv")
    status, line = run(missing, clips, tmp_path, capsys, caplog)
    assert status == MEDIA
    assert "no such file" in line


def test_a_leading_dash_is_an_option_unless_it_follows_two(
    clips: TalkingClips, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("-x.mp4").write_bytes(Path(clips["none.mp4"]).read_bytes())
    with pytest.raises(SystemExit) as end:
        main(["motion", "-x.mp4", "-o", "x.csv"])
    assert end.value.code == USAGE
    assert main(["motion", "-o", "x.csv", "--no-progress", "--", "-x.mp4"]) == FACE


def test_script_of_another_clip(
    clips: TalkingClips,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A script made for one clip says so when it is run on another."""
    script = tmp_path / "s.json"
    made = ["--transcript", clips["words.json"], "--delete", "moon", "--save-script", str(script)]
    assert main(["edit", clips["one.mp4"], "--plan", "--no-progress", *made]) == 0
    other = ("edit", "{in}/two.mp4", "-o", "{out}/x.mp4", "--script", str(script))
    status, line = run(other, clips, tmp_path, capsys, caplog)
    assert status == WORDS
    assert "one.mp4" in line
    assert "two.mp4" in line


def test_plan_speaks_json_and_writes_nothing(
    clips: TalkingClips, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wish = ["--transcript", clips["words.json"], *MOON]
    out = ["-o", str(tmp_path / "x.mp4"), "--no-progress", "--json"]
    assert main(["edit", clips["one.mp4"], "--plan", *wish, *out]) == 0
    streams = capsys.readouterr()
    answer = json.loads(streams.out)
    assert [fill["kind"] for fill in answer["plan"]["segments"] if "kind" in fill] == ["substitute"]
    assert streams.err == ""
    assert list(tmp_path.iterdir()) == []


STAGES = {
    "mouths": ("edit", "facedit.compose.frames.track_window._bytes"),
    "models": ("edit", "facedit.compose.session.open_clip.load_models"),
    "planning": ("edit", "facedit.compose.words.plans.make_plan"),
    "composing": ("sync", "facedit.compose.session.verbs.compose_sound"),
    "a picture": ("generate", "facedit.compose.frames.person.load_still"),
    "motion": ("motion", "facedit.motion.export.blendshape_weights"),
    "writing motion": ("motion", "facedit.motion.export.write_live_link"),
    "writing words": ("transcribe", "facedit.types.Transcript.to_dict"),
}


@pytest.mark.parametrize("stage", STAGES)
def test_ctrl_c_leaves_nothing_behind(
    stage: str,
    clips: TalkingClips,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    verb, place = STAGES[stage]
    stopped = []

    def stop(*args: object, **kwargs: object) -> None:
        stopped.append(place)
        raise KeyboardInterrupt

    monkeypatch.setattr(place, stop)
    arguments = {
        "edit": (*EDIT, "--delete", "moon", "--save-script", "{out}/s.json"),
        "sync": ("sync", "{one}", "{in}/speech.wav", "-o", "{out}/x.mp4"),
        "generate": ("generate", "{in}/face.png", "{in}/speech.wav", "-o", "{out}/x.mp4"),
        "motion": ("motion", "{one}", "-o", "{out}/x.csv"),
        "transcribe": ("transcribe", "{one}", "--text", "{in}/known.txt", "-o", "{out}/x.json"),
    }[verb]
    status, line = run(arguments, clips, tmp_path, capsys, caplog)
    assert stopped == [place]
    assert status == 130
    assert "stopped" in line


@pytest.mark.parametrize("verb", ["edit", "motion", "transcribe"])
def test_a_full_disk_is_one_line(
    verb: str,
    clips: TalkingClips,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """No file may grow beyond some kilobytes: what a full disk does, without filling one."""
    resource = pytest.importorskip("resource")
    arguments = {
        "edit": (*EDIT, "--delete", "moon", "--save-script", "{out}/s.json"),
        "motion": ("motion", "{one}", "-o", "{out}/x.csv"),
        "transcribe": ("transcribe", "{one}", "--text", "{in}/known.txt", "-o", "{out}/x.json"),
    }[verb]
    # A cache that cannot be written would have a complaint of its own.
    monkeypatch.setenv(SWITCH, "1")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500 if verb == "transcribe" else 20_000, hard))
    try:
        status, line = run(arguments, clips, tmp_path, capsys, caplog)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert status == OUTPUT, line
    assert "cannot be written" in line


def test_ctrl_c_in_a_take_takes_all_of_it_back(tmp_path: Path) -> None:
    """What was there before stays, what the run made goes, whatever ended it."""
    mine, new = tmp_path / "mine.mp4", tmp_path / "new.mp4"
    folder = tmp_path / "new.mp4.report"
    mine.write_bytes(b"mine")

    def run_that_is_stopped() -> None:
        with none_left_behind([mine, new, *report_files(folder)]):
            mine.write_bytes(b"replaced")
            new.write_bytes(b"video")
            folder.mkdir()
            (folder / "report.json").write_text("{}")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_that_is_stopped()
    assert list(tmp_path.iterdir()) == [mine]
    with none_left_behind([new]):
        new.write_bytes(b"video")
    assert new.exists()
