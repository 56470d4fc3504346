"""A run that goes well says so on standard output, and nothing at all on standard error."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from facedit.cli.main import main
from facedit.provenance.verify import verify
from talking_clips import TalkingClips, gradient, make_talking_clips, write_clip

RUNS = {
    "transcribe": ("transcribe", "{one}", "-o", "{out}/x.srt", "--json"),
    "edit": ("edit", "{one}", "-o", "{out}/x.mp4", "--transcript", "{words}", "--delete", "moon",
             "--save-script", "{out}/x.json"),
    "sync": ("sync", "{in}/cut.mp4", "{in}/speech.wav", "-o", "{out}/x.mp4", "--allow-truncated",
             "--json"),
    "generate": ("generate", "{in}/face.jpg", "--text", "Moon.", "-o", "{out}/x.mp4", "--json"),
    "motion": ("motion", "{one}", "-o", "{out}/x.npz", "--json"),
}  # fmt: skip
LEFT = {
    "transcribe": {"x.srt"},
    "edit": {"x.mp4", "x.mp4.report", "x.json"},
    "sync": {"x.mp4", "x.mp4.report"},
    "generate": {"x.mp4", "x.mp4.report"},
    "motion": {"x.npz"},
}


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> TalkingClips:
    folder = tmp_path_factory.mktemp("clips")
    made = make_talking_clips(folder, "we fly to the moon")
    from PIL import Image
    from skimage import data

    face = data.astronaut()[:224, 112:336]
    Image.fromarray(face).save(folder / "face.jpg")
    # A recording that broke off: its index promises 2.8 s, about 2.2 are there.
    noisy = [face // 2 + gradient(k)[:1, :1] // 4 for k in range(70)]
    write_clip(folder / "cut.mp4", noisy, None, {"movflags": "+faststart"})
    whole = (folder / "cut.mp4").read_bytes()
    (folder / "cut.mp4").write_bytes(whole[: len(whole) * 8 // 10])
    return made


def hidden_numbers(value: object) -> list[str]:
    """Texts in an answer that are a number, perhaps with a unit or a remark behind it."""
    if isinstance(value, str):
        return [value] if re.match(r"[-+]?\d+([.,]\d+)?\b(?!\S)", value) else []
    if isinstance(value, dict):
        # The summary and what is spoken are texts for people.
        value = [part for name, part in value.items() if name not in ("summary", "text")]
    return (
        [found for part in value for found in hidden_numbers(part)]
        if isinstance(value, list)
        else []
    )


@pytest.mark.parametrize(
    "verb",
    # Those that render are long; README's commands, of which each is run, are of them too.
    [
        pytest.param(verb, marks=[pytest.mark.full] * (verb in ("sync", "generate")))
        for verb in RUNS
    ],
)
def test_a_good_run_is_quiet(
    verb: str, clips: TalkingClips, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """File descriptors are watched, so that native libraries are heard too."""
    names = {"in": clips.folder, "out": tmp_path, "one": clips["one.mp4"]}
    filled = [part.format(**names, words=clips["words.json"]) for part in RUNS[verb]]
    capfd.readouterr()
    assert main([*filled, "--no-progress"]) == 0
    streams = capfd.readouterr()
    assert streams.err == ""
    assert streams.out.endswith("\n")
    assert set(os.listdir(tmp_path)) == LEFT[verb]
    if verb in ("edit", "sync", "generate"):
        found = verify(tmp_path / "x.mp4")
        assert (found.exit_status, found.verb, len(found.changes)) == (0, verb, 1)
    if "--json" not in filled:
        return
    answer = json.loads(streams.out)
    assert next(iter(answer)) == "summary"
    assert hidden_numbers(answer) == []
    if verb == "generate":
        (voice,) = answer["reports"][0]["warnings"]
        assert voice.startswith("hibari is a woman's voice")
        assert f"note: {voice}" in answer["summary"]
    if verb == "sync":
        assert answer["outputs"] == [str(tmp_path / "x.mp4")]
        assert any("truncated" in note for note in answer["reports"][0]["warnings"])
