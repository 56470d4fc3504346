"""The lines of docs/voices.md for known engines: run, with programs that take what theirs take."""

import re
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from facedit.cache import CONFIG
from facedit.speech.fit.passages import said_by
from facedit.speech.voices.command import PLACEHOLDERS, CommandEngine
from facedit.speech.voices.engine_settings import engine_named, engine_names
from facedit.speech.voices.voice_interface import Passage
from facedit.types import Sound

PAGE = (Path(__file__).parents[2] / "docs" / "voices.md").read_text(encoding="utf-8")

WRITE = """
import argparse, os, sys, wave
def write(path):
    with wave.open(path, "wb") as file:
        file.setnchannels(1), file.setsampwidth(2), file.setframerate(24_000)
        file.writeframes(bytes([0, 32, 0, 224]) * 24_000)
def take(*flags, switches=(), positional=()):
    parser = argparse.ArgumentParser(allow_abbrev=False)
    for name in positional: parser.add_argument(name)
    for flag in flags: parser.add_argument(flag, required=True)
    for flag in switches: parser.add_argument(flag, action="store_true")
    given = vars(parser.parse_args())
    assert given.get("text", given.get("gen_text")) == "a stormy day", given
    return given
"""
PROGRAMS = {
    "pocket-tts": """
given = take("--text", "--voice", "--output-path", switches=["--quiet"], positional=["verb"])
assert given["verb"] == "generate"
wave.open(given["voice"]).close(), write(given["output_path"])
""",
    "f5-tts_infer-cli": """
given = take("--ref_audio", "--ref_text", "--gen_text", "--output_dir", "--output_file")
assert given["ref_text"] == "hello there"
wave.open(given["ref_audio"]).close()
write(os.path.join(given["output_dir"], given["output_file"]))
""",
    "tts": """
given = take("--model_name", "--text", "--speaker_wav", "--language_idx", "--out_path")
assert given["language_idx"] == "en" and os.environ["COQUI_TOS_AGREED"] == "1"
wave.open(given["speaker_wav"]).close(), write(given["out_path"])
""",
}
PACKAGES = {
    "torchaudio": "from writer import write\ndef save(path, sound, rate): write(path)\n",
    "chatterbox/tts": """
import wave
class ChatterboxTTS:
    sr = 24_000
    @classmethod
    def from_pretrained(cls, device): return cls()
    def generate(self, text, audio_prompt_path=None):
        assert text == "a stormy day"
        wave.open(audio_prompt_path).close()
""",
    "f5_tts/infer/speech_edit": """
import os, wave
from writer import write
output_dir = "tests"
audio_to_edit = "theirs.wav"
origin_text = "theirs"
target_text = "theirs"
parts_to_edit = [
    [1.42, 2.44],
]
fix_duration = [1.2]
use_ema = True
if not os.path.exists(output_dir):
    os.makedirs(output_dir)
wave.open(audio_to_edit).close()
assert (origin_text, target_text) == ("a sunny day", "a stormy day")
assert parts_to_edit == [[0.25, 0.5]] and fix_duration is None
write(f"{output_dir}/speech_edit_out.wav")
""",
}


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Bring the page's settings, with programs of our own at the places that they name."""
    (toml,) = re.findall(r"```toml\n# settings.toml\n(.*?)```", PAGE, re.DOTALL)
    (script,) = re.findall(r"```python\n# f5_edit.py.*?\n(.*?)```", PAGE, re.DOTALL)
    monkeypatch.setenv("FACEDIT_NO_CACHE", "1")
    monkeypatch.setenv(CONFIG, str(tmp_path))
    packages = tmp_path / "packages"
    for name, text in {"writer": WRITE, **PACKAGES}.items():
        file = packages / f"{name}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    for path in set(re.findall(r'"(/opt/[^"]+)"', toml)):
        ours = tmp_path / path.lstrip("/")
        ours.parent.mkdir(parents=True, exist_ok=True)
        code = script if ours.suffix == ".py" else WRITE + PROGRAMS.get(ours.name, "")
        if ours.name == "python":
            ours.symlink_to(sys.executable)
        else:
            ours.write_text(f"#!{sys.executable}\n{code}")
            ours.chmod(0o755)
    (tmp_path / "settings.toml").write_text(toml.replace('"/opt/', f'"{tmp_path}/opt/'))

    def engine(name: str) -> CommandEngine:
        found = engine_named(name)
        assert found is not None
        variables = {**found.environment, "PYTHONPATH": str(packages)}
        return replace(found, environment=variables)

    return engine


@pytest.mark.parametrize("name", ["pocket", "f5", "f5-edit", "chatterbox", "xtts"])
@pytest.mark.skipif(sys.platform == "win32", reason="the programs are scripts with a first line")
def test_every_line_says_the_words_with_what_its_engine_takes(installed, name: str) -> None:
    tone = Sound(np.full((24_000, 1), 0.1, np.float32), 24_000)
    shown = Passage(
        "a stormy day", "en", tone, "hello there", tone, "a sunny day", span_s=(0.25, 0.5)
    )
    assert said_by(installed(name), shown).duration_s == pytest.approx(2.0)
    assert name in engine_names()


def test_the_page_names_every_placeholder() -> None:
    table = PAGE.split("| placeholder |")[1].split("\n\n")[0]
    assert set(re.findall(r"`\{([a-z_]+)\}`", table)) == set(PLACEHOLDERS)
