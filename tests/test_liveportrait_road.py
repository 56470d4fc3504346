"""LivePortrait's motion on the whole road, on official files whose weights a rule makes.

Crops are half as wide, and only ``generate`` draws by the networks themselves: a frame of them is
a second's work and more.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from facedit.cli.main import main
from facedit.dataset.prepared import read_clip, read_meta, read_rows
from facedit.media.probe import probe
from facedit.media.read import read_frames
from facedit.media.wav import write_wav
from facedit.model.checkpoint import load_model
from facedit.motion.liveportrait import crop, expression_map
from facedit.motion.liveportrait.seen import ROW
from facedit.render.liveportrait.painter import Painter
from facedit.speech.encoders import wavlm_encoder
from facedit.speech.voices.voice import synthesise
from facedit.types import Sound, UInt8
from liveportrait_golden import official_files
from talking_clips import write_clip
from toy import install_toy
from wavlm_golden import in_unilm_form

pytest.importorskip("skimage.data")
pytest.importorskip("accelerate")

RATE = 8
CONFIG = """
extends = "paper-exact"

[run]
output = "{folder}/trained"
bf16 = false

[data]
folder = "{folder}/prepared"
speech_dims = 4

[model]
preset = "tiny"
speech_width = 16

[optim]
steps = 20
frames_per_step = 24
accumulate = 1
warmup = 1
"""
"""The paper's own, but small."""


@dataclass(frozen=True)
class Road:
    """What the command line made with official files."""

    folder: Path
    clip: Path
    words: Path
    weights: Path


@pytest.fixture(scope="module", autouse=True)
def models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Official files, WavLM's small, small crops, and the toy voice."""
    folder = tmp_path_factory.mktemp("models")
    (folder / "liveportrait").symlink_to(official_files(tmp_path_factory) / "liveportrait")
    in_unilm_form("tiny_large", folder).rename(folder / "WavLM-Large.pt")
    wavlm_encoder._loaded.cache_clear()
    with pytest.MonkeyPatch.context() as patch:
        small = replace(wavlm_encoder.LARGE, layers=3, width=48)
        patch.setattr(wavlm_encoder, "LARGE", small)
        patch.setenv("FACEDIT_MODELS", str(folder))
        patch.setattr(crop, "NETWORK_SIZE", 128)
        patch.setattr(crop, "SOURCE_SIZE", 256)
        install_toy(tmp_path_factory.mktemp("site"), patch)
        yield folder


def face() -> UInt8:
    from skimage import data

    return np.ascontiguousarray(data.astronaut()[:224, 112:336])


def spoken(folder: Path, text: str) -> tuple[Path, Path]:
    """A clip of a face, and its words."""
    sound, transcript = synthesise(text)
    count = int(sound.duration_s * RATE) + 1
    clip, words = folder / "clip.mp4", folder / "words.json"
    write_clip(clip, [np.roll(face(), k % 2, axis=1) for k in range(count)], sound, rate=RATE)
    said = [{"word": w.text, "start": w.start_s, "end": w.end_s} for w in transcript.words]
    words.write_text(json.dumps({"words": said}))
    return clip, words


@pytest.fixture(scope="module")
def road(tmp_path_factory: pytest.TempPathFactory) -> Road:
    folder = tmp_path_factory.mktemp("liveportrait")
    clip, words = spoken(folder, "we fly to the moon")
    (folder / "clips.csv").write_text("file,split,corpus,speaker\nclip.mp4,train,faces,a\n")
    (folder / "lp.toml").write_text(CONFIG.format(folder=folder))
    say(
        "prepare", folder / "clips.csv", "-o", folder / "prepared", "--space", "liveportrait",
        "--encoder", "wavlm-large",
    )  # fmt: skip
    say("train", folder / "lp.toml")
    return Road(folder, clip, words, folder / "trained" / "model.safetensors")


def say(*words: object) -> None:
    """Run the command line."""
    assert main([str(word) for word in words]) == 0


@pytest.mark.parametrize("damaged", [False, True])
def test_what_is_missing_is_said_once_before_any_clip(
    damaged: bool,
    road: Road,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("FACEDIT_MODELS", str(tmp_path))
    if damaged:
        (tmp_path / "motion_extractor.pth").write_bytes(b"no weights")
    line = ["prepare", road.folder / "clips.csv", "-o", tmp_path / "out", "--space", "liveportrait"]
    assert main([str(word) for word in line]) == 7
    (said,) = [one for one in capsys.readouterr().err.splitlines() if "motion_extractor.pth" in one]
    assert ("LivePortrait is not there" in said) is not damaged


@pytest.fixture
def copying(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw the source itself, inverted."""
    monkeypatch.setattr(
        Painter, "draw", lambda self, picture, x_s, x_d: 255 - cv2.resize(picture, (256, 256))
    )


def test_clips_are_prepared_and_learnt_from(road: Road) -> None:
    assert read_meta(road.folder / "prepared").space == "liveportrait"
    (row,) = read_rows(road.folder / "prepared")
    clip = read_clip(road.folder / "prepared", row.sha256)
    assert clip.motion.shape[1] == clip.mirrored.shape[1] == 75
    assert clip.identity.shape == (ROW,)
    assert np.isfinite(clip.motion).all()
    assert not np.allclose(clip.motion, clip.mirrored, atol=0.01)
    model = load_model(road.weights)
    assert (model.space, model.encoder) == ("liveportrait", "wavlm-large/0-3+energy+vad")
    shares = model.net.mix
    assert shares is not None
    assert shares.abs().min() > 0  # learnt


def test_a_word_is_exchanged_and_all_else_is_as_shot(road: Road, copying: None) -> None:
    output = road.folder / "edited.mp4"
    say(
        "edit", road.clip, "-o", output, "--weights", road.weights, "--voice", "toy",
        "--transcript", road.words, "--replace", "fly", "go", "--no-progress",
    )  # fmt: skip
    report = json.loads((road.folder / "edited.mp4.report" / "report.json").read_text())
    assert report["figures"]["renderer"] == "liveportrait"
    before, after = ([f.rgb().astype(int) for f in read_frames(p)] for p in (road.clip, output))
    assert np.abs(after[0] - before[0]).mean() < 2
    assert np.abs(after[-1] - before[-1]).mean() < 2
    # Amid the new word the face is drawn, and the border of the picture is as shot.
    middle, border = (slice(60, 140), slice(80, 140)), (slice(None), slice(0, 20))
    apart = [
        min(np.abs(after[4][part] - one[part]).mean() for one in before)
        for part in (middle, border)
    ]
    assert apart[0] > 20 > 4 > apart[1]


def test_lips_follow_another_sound(road: Road, copying: None) -> None:
    output, sound = road.folder / "synced.mp4", road.folder / "other.wav"
    write_wav(sound, synthesise("go on for now", "toy")[0])
    say(
        "sync", road.clip, sound, "-o", output, "--weights", road.weights, "--no-progress",
    )  # fmt: skip
    assert probe(output).frame_count == pytest.approx(probe(road.clip).frame_count, abs=1)


@pytest.mark.full
def test_a_picture_speaks_by_the_networks(road: Road) -> None:
    picture, sound = road.folder / "face.png", road.folder / "short.wav"
    Image.fromarray(face()).save(picture)
    hum = synthesise("a", "toy")[0]
    write_wav(sound, Sound(hum.samples[: hum.rate * 2 // 25], hum.rate))
    output = road.folder / "spoken.mp4"
    say("generate", picture, sound, "-o", output, "--weights", road.weights, "--no-progress")
    first = next(iter(read_frames(output))).rgb().astype(int)
    apart = np.abs(first - face()).mean(axis=2)
    assert apart[80:160, 80:140].mean() > 5  # random weights draw no face


def test_our_own_motion_can_be_drawn_by_it(
    road: Road, copying: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Footage tells how the expression follows; of so little that is nothing but noise."""
    monkeypatch.setattr(expression_map, "LEAST_FRAMES", 8)
    picture, sound = road.folder / "one.png", road.folder / "syllable.wav"
    Image.fromarray(face()).save(picture)
    write_wav(sound, synthesise("a", "toy")[0])
    output = road.folder / "drawn.mp4"
    line = ["generate", picture, sound, "-o", output, "--weights", "grid", "--no-progress"]
    say(*line, "--renderer", "liveportrait", "--footage", road.clip)
    report = json.loads((road.folder / "drawn.mp4.report" / "report.json").read_text())
    assert report["figures"]["renderer"] == "liveportrait"
    assert {"expression error, lips", "expression error, face"} < report["figures"].keys()
    first = next(iter(read_frames(output))).rgb().astype(int)
    assert np.abs(first - face())[60:140, 80:140].mean() > 20
