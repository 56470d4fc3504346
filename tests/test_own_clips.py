"""The page on one's own clips, its commands run in order, on clips that the project makes."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from doc_commands import blocks_of, commands_of, run
from facedit.bench import run_benchmark as bench_run
from facedit.cli import prepare_train_evaluate
from facedit.device import cpu_threads
from facedit.evaluation.evaluate_options import EvaluateOptions
from facedit.weights.fetch import cache_dir
from material import material
from sandbox import in_sandbox

PAGE = Path(__file__).parents[1] / "docs" / "own-clips.md"
pytest.importorskip("skimage.data")


class Unchecked:
    """The measures' proof has its own tests and takes minutes; here it stands."""

    def __str__(self) -> str:
        return "not checked"


@dataclass(frozen=True)
class OneKind(EvaluateOptions):
    """Hide spans of one length, in one way, and not of twelve kinds."""

    __doc__ = EvaluateOptions.__doc__  # the help of the options
    spans: Sequence[int] = (14,)
    protocols: Sequence[str] = ("lips",)


def shortened(text: str) -> str:
    """The same experiment in a moment: few steps, one item, one system."""
    return (
        text.replace("steps = 500", "steps = 1\nframes_per_step = 100")
        .replace("--limit 4", "--limit 1 --tracks reconstruct")
        .replace("truth,ours,mine=ours:weights=", "mine=ours:render=no:weights=")
        .replace("trained/model.safetensors,hold", "trained/model.safetensors")
        .replace("bench build", "bench build --reconstruct 2 --edit 0 --generate 0")
        .replace("evaluate prepared", "evaluate prepared --parts spans --spans-per-clip 1")
    )


@pytest.mark.full
def test_the_commands_of_the_page_run_in_order_and_open_no_socket(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    made = sorted(material(tmp_path_factory).glob("*.mp4"))
    clips = tmp_path / "clips"
    clips.mkdir()
    for name, clip in zip(("monday", "friday"), made, strict=True):
        shutil.copy(clip, clips / f"{name}.mp4")
        shutil.copy(clip.with_suffix(".json"), clips / f"{name}.json")
    # The same pictures and sound in other bytes: a box that players skip.
    (clips / "tuesday.mp4").write_bytes((clips / "monday.mp4").read_bytes() + b"\0\0\0\x08free")
    shutil.copy(clips / "monday.json", clips / "tuesday.json")
    program = "import test_own_clips; test_own_clips.run_commands()"
    done = in_sandbox(program, tmp_path, FACEDIT_CACHE=str(cache_dir()))
    assert done.returncode == 0, done.stdout + done.stderr
    left = {path.name for name in ("home", "tmp") for path in (tmp_path / name).rglob("*")}
    assert left <= {"torchinductor_reader"}  # an empty folder of PyTorch's


def run_commands() -> None:
    """Run the page's commands, and a list's, in the working folder."""
    bench_run.selfcheck = lambda *_, **__: Unchecked()
    prepare_train_evaluate.EvaluateOptions = OneKind
    bench_run.left_out = lambda _: {"phone_r": "not proven"}
    said = []
    with cpu_threads(1):
        for page_block in blocks_of(PAGE):
            block = replace(page_block, text=shortened(page_block.text))
            if block.file:
                Path(block.file).write_text(block.text)
                continue
            for command in commands_of(block):
                print(*command, flush=True)  # the last one is at fault if the system ends this
                answer = run(command)
                assert answer.status == 0, (command, answer.err)
                said.append(answer.out)
        Path("jobs.jsonl").write_text(
            '{"id": "a", "verb": "motion", "source": "clips/monday.mp4"}\n'
        )
        listed = run(["facedit", "batch", "jobs.jsonl", "-o", "listed"])
        assert listed.status == 0, listed.err
    prepared, again, _, _, evaluated, _, built, report = said
    assert "1 set aside for measuring (split dev)" in prepared
    assert "3 clips" in again
    assert "one clip only" in evaluated
    assert "2 reconstruct" in built
    assert "| mine |" in report
    assert "- phone\\_r: not proven" in report
    pools = json.loads(Path("trained/config.json").read_text())["data"]["pools"]
    assert pools[0]["corpora"] == ["clips"]
    assert not any("nan" in text.lower().split() for text in said)
