"""The command line itself: help, versions, mistakes in the arguments, answers for machines."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from facedit import __version__
from facedit.cli.doctor import Checkup
from facedit.cli.main import main
from facedit.cli.terminal import FAULT, INTERRUPTED, ended
from facedit.errors import one_line
from facedit.weights.shipped import shipped_files

VERBS = (
    "edit", "sync", "generate", "transcribe", "motion", "adapt", "prepare", "train", "evaluate",
    "doctor", "demo", "studio", "bench build", "bench run", "bench score", "bench selfcheck",
    "bench export", "bench material", "batch",
)  # fmt: skip
HEAVY = (
    "torch",
    "cv2",
    "av",
    "numpy",
    "onnxruntime",
    "ctranslate2",
    "ai_edge_litert",
    "tqdm",
    "jinja2",
    "starlette",
    "uvicorn",
)


def test_help_of_every_verb_imports_nothing_heavy() -> None:
    """One fresh interpreter asks for the help of all verbs, then lists what got imported."""
    program = (
        "import sys\n"
        "from facedit.cli.main import main\n"
        f"for verb in (None, *{VERBS!r}):\n"
        "    try:\n"
        "        main(['--help'] if verb is None else [*verb.split(), '--help'])\n"
        "    except SystemExit as end:\n"
        "        assert end.code == 0, (verb, end.code)\n"
        f"print('imported', [name for name in {HEAVY!r} if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.rstrip().endswith("imported []")
    for verb in VERBS:
        assert f"usage: facedit {verb} " in done.stdout


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["--version"])
    assert end.value.code == 0
    assert capsys.readouterr().out == f"facedit {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "VERB"),
        (["sing"], "sing"),
        (["edit"], "IN"),
        (["sync", "a.mp4", "a.wav"], "-o"),
        (["edit", "a.mp4", "-o", "b.mp4", "--replace", "one"], "--replace"),
        (["edit", "a.mp4", "-o", "b.mp4", "--delete", "a", "--takes", "two"], "two"),
        (["edit", "a.mp4", "-o", "b.mp4", "--delete", "a", "--region", "hands"], "hands"),
        (["edit", "a.mp4", "--unheard", "x"], "--unheard"),
    ],
)
def test_wrong_arguments_are_one_line(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 2
    streams = capsys.readouterr()
    assert streams.out == ""
    assert streams.err.count("\n") == 1
    assert said in streams.err
    assert "--help' explains" in streams.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-o", "out.mp4"], "say what to change"),
        (["-o", "out.mp4", "--say", "a b", "--delete", "a"], "use one"),
        (["-o", "out.mp4", "--say", "a b", "--script", "s.json"], "use one"),
        (["--say", "a b"], "-o OUT"),
        (["-o", "out.mp4", "--delete", "a", "--takes", "0"], "--takes 0"),
        (["-o", "out.mp4", "--delete", "a", "--steps", "0"], "--steps 0"),
    ],
)
def test_edits_that_say_nothing_or_too_much(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Refused before the input is opened: it does not even exist."""
    assert main(["edit", "nowhere.mp4", *arguments]) == 2
    streams = capsys.readouterr()
    assert streams.out == ""
    assert streams.err.count("\n") == 1
    assert said in streams.err


def test_what_libraries_read_when_they_are_imported_is_set_by_then() -> None:
    """How much oneDNN keeps; and NumPy's threads: each number of them rounds products otherwise."""
    code = """if True:
        import os, sys
        from facedit.cli.main import main
        print({"numpy", "torch"} & set(sys.modules))
        main(["edit", "nowhere.mp4", "-o", "out.mp4"])
        assert 100 < int(os.environ["ONEDNN_PRIMITIVE_CACHE_CAPACITY"]) < 500
        assert os.environ["OPENBLAS_NUM_THREADS"] == "1"
        """
    plain = {name: text for name, text in os.environ.items() if not name.startswith(("ON", "OP"))}
    assert subprocess.check_output([sys.executable, "-c", code], env=plain) == b"set()\n"


def test_doctor_speaks_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["facedit"] == __version__
    assert found["libraries"]["av"]
    assert found["assets"]["face_landmarker.task"]["licence"] == "Apache-2.0"


def test_answers_that_are_plain_figures_are_json_too(capsys: pytest.CaptureFixture[str]) -> None:
    """No verb writes its own: tables in tables become objects, the summary stands first."""
    given = ["--set", "run.output=runs/x", "--set", "optim.steps=7"]
    assert main(["train", "debug", "--print-config", "--json", *given]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["summary"] == "7 steps into runs/x"
    assert (found["run"]["output"], found["optim"]["steps"]) == ("runs/x", 7)


def test_doctor_names_our_own_weights(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Whole files with hash and licence; where one is missing it says so."""
    assert main(["doctor"]) == 0
    text = capsys.readouterr().out
    for name in ("motion-base", "mouth", "mesh", "face_mesh", "voice_bank"):
        assert f"  {name} " in text
    (tmp_path / "weights").mkdir()
    mouth = tmp_path / "weights" / "mouth.safetensors"
    save_file({"x": np.zeros(3, np.float32)}, mouth, {"notes": '{"licence": "CC0"}'})
    bank = tmp_path / "weights" / "voice_bank.safetensors"
    bank.write_bytes(b"damaged")
    bank.with_suffix(".md").write_text("# Bank\n| Licence | **Apache-2.0**: free |\n")
    found = {file.name: file for file in shipped_files(tmp_path)}
    assert found["mouth"].licence == "CC0"
    assert found["mouth"].sha256 == hashlib.sha256(mouth.read_bytes()).hexdigest()
    assert found["voice_bank"].licence == "Apache-2.0"
    assert not found["motion-base"].installed
    empty = Checkup("3", {}, tuple(found.values()), {})
    line = next(line for line in str(empty).splitlines() if "motion-base" in line)
    assert "MISSING" in line


def test_one_line_keeps_to_one_printable_line() -> None:
    assert one_line("a\nb\x1b[31m\tc\udcff é") == "a b\\x1b[31m c\\udcff é"


def test_an_unexpected_fault_is_one_line_unless_verbose(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def broken() -> str:
        raise ZeroDivisionError("by\nnought")

    assert ended(broken, verbose=False) == FAULT
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "ZeroDivisionError: by nought" in err
    with pytest.raises(ZeroDivisionError):
        ended(broken, verbose=True)


def test_an_error_s_notes_are_told_with_it(capsys: pytest.CaptureFixture[str]) -> None:
    def stopped() -> str:
        error = KeyboardInterrupt()
        error.add_note("Finished and kept: a.mp4.")
        raise error

    assert ended(stopped, verbose=False) == INTERRUPTED
    assert capsys.readouterr().err == (
        "facedit: stopped; no unfinished output was left. Finished and kept: a.mp4.\n"
    )


def test_a_closed_pipe_leaves_no_traceback() -> None:
    """``facedit doctor | head -0``."""
    read = subprocess.Popen(["true"], stdin=subprocess.PIPE)
    read.wait()
    done = subprocess.run(
        [sys.executable, "-m", "facedit", "doctor"],
        stdout=read.stdin,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert done.stderr == ""
    assert done.returncode == 0


@pytest.mark.parametrize(
    "verb",
    ["edit", "sync", "generate", "demo", "prepare", "train", "evaluate", "adapt",
     "bench run", "bench score", "bench selfcheck"],
)  # fmt: skip
def test_every_verb_that_runs_a_network_lets_the_device_be_chosen(
    verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main([*verb.split(), "--help"])
    said = " ".join(capsys.readouterr().out.split())
    assert "--device DEVICE where networks compute: auto, cpu, cuda or mps (auto)" in said
