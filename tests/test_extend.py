"""The examples of docs/extend.md, installed as a distribution, on the whole road."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from facedit.bench.items import ClipFacts, Item, SoundRecipe
from facedit.bench.prepared_item import build_case
from facedit.bench.reference import original_of
from facedit.bench.render_item import make_video
from facedit.bench.scoring import drawn_scene, scene_of
from facedit.bench.systems.ours import Setting, ours
from facedit.cli.doctor import doctor
from facedit.cli.main import main
from facedit.dataset.prepare import prepare
from facedit.dataset.prepare_options import PrepareOptions
from facedit.dataset.prepared import read_clip, read_meta, read_rows
from facedit.errors import UsageError
from facedit.evaluation.evaluate import evaluate
from facedit.evaluation.evaluate_options import EvaluateOptions
from facedit.face.choice import FaceChoice
from facedit.face.landmarker import Landmarker
from facedit.face.track import track_face
from facedit.media.probe import probe
from facedit.media.read import read_frames
from facedit.model.checkpoint import load_model
from facedit.progress import StageClock
from facedit.render.mouths import Mouths
from facedit.render.renderer_interface import Choice, FrameTask
from facedit.render.still_renderer import Still
from facedit.speech.encoders.encoders import encoder_named, encoder_of
from facedit.speech.encoders.features import extract
from facedit.speech.fit.clip_reference import Reference
from facedit.speech.fit.snippet import speech_for_edit
from facedit.speech.fit.voice_choice import choose_voice
from facedit.speech.recognition.sound_cache import cached_features
from facedit.speech.voices.voice import synthesise
from facedit.types import Sound, UInt8
from facedit.weights.fetch import sha256_of
from talking_clips import TalkingClips, make_talking_clips, write_clip
from toy import install_toy

pytest.importorskip("skimage.data")
pytest.importorskip("accelerate")

CONFIG = """
[run]
output = "{folder}/trained"
validate_every = 2

[data]
folder = "{folder}/prepared"
speech_dims = 4
hold_out_speakers = ["b"]

[[data.pools]]
corpora = ["toys"]
share = 1.0
window = 24

[model]
preset = "tiny"

[optim]
steps = 2
frames_per_step = 48
warmup = 1
"""


@dataclass(frozen=True)
class Road:
    """What the command line made with the toy parts."""

    folder: Path
    clips: TalkingClips
    weights: Path


@pytest.fixture(scope="module", autouse=True)
def toy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The toy distribution beside facedit."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        install_toy(tmp_path_factory.mktemp("site"), monkeypatch)
        yield


@pytest.fixture(scope="module")
def road(tmp_path_factory: pytest.TempPathFactory) -> Road:
    """Two clips, prepared and learnt from by the command line."""
    folder = tmp_path_factory.mktemp("toys")
    rows, faces = [], chewing()
    for speaker, sentence in (("a", "we fly to the moon"), ("b", "go back to the earth")):
        (folder / speaker).mkdir()
        clips = make_talking_clips(folder / speaker, sentence)
        count = probe(Path(clips["one.mp4"])).frame_count
        write_clip(
            Path(clips["one.mp4"]), [faces[k % len(faces)] for k in range(count)], clips.sound
        )
        rows.append(f"{speaker}/one.mp4,train,toys,{speaker}")
    (folder / "clips.csv").write_text("\n".join(["file,split,corpus,speaker", *rows]))
    (folder / "toy.toml").write_text(CONFIG.format(folder=folder))
    say(
        "prepare", folder / "clips.csv", "-o", folder / "prepared", "--space", "toy",
        "--encoder", "toy",
    )  # fmt: skip
    say("train", folder / "toy.toml")
    return Road(folder, clips, folder / "trained" / "model.safetensors")


def chewing() -> list[UInt8]:
    """A face whose mouth opens and closes once."""
    from skimage import data

    face = np.ascontiguousarray(data.astronaut()[:224, 112:336])
    track = track_face([(0.0, face)], FaceChoice(largest=True), landmarker=Landmarker())
    points, renderer = track.landmarks[0], Mouths(None).of_picture(Still(face, track.landmarks[0]))
    below = points[:, 1] > points[[13, 14], 1].mean()  # the lips' inner edges
    frames = []
    for opened in np.sin(np.linspace(0, np.pi, 7)[:-1]):
        target = points.copy()
        target[below, 1] += 8 * opened
        patch = renderer.render(FrameTask(face, points, target, Choice()))
        frame = face.copy()
        height, width = patch.rgb.shape[:2]
        frame[patch.y : patch.y + height, patch.x : patch.x + width] = patch.rgb
        frames.append(frame)
    return frames


def say(*words: object) -> None:
    """Run the command line."""
    assert main([str(word) for word in words]) == 0


def test_its_voice_speaks_and_says_who_and_when() -> None:
    sound, transcript = synthesise("One two three.", "toy")
    assert [word.text for word in transcript.words] == ["One", "two", "three."]
    assert transcript.words[1].start_s == pytest.approx(0.33)
    assert sound.duration_s == pytest.approx(3 * 0.33, abs=0.001)
    assert str(choose_voice("toy", None)) == "toy (Humming man), as asked for"
    assert doctor().voices["toy"] == "Humming man"


def test_an_edit_speaks_with_it() -> None:
    clip = Sound(np.random.default_rng(0).normal(0, 0.05, (32_000, 2)).astype(np.float32), 16_000)
    snippet = speech_for_edit(["a"], ["new", "word"], ["here"], "toy", Reference(clip))
    assert snippet.voice == "toy"
    assert [word.text for word in snippet.transcript.words] == ["new", "word"]
    assert snippet.sound.duration_s == pytest.approx(2 * 0.33, abs=0.1)


def test_its_encoder_makes_the_features_that_its_name_asks_for() -> None:
    hum, _ = synthesise("One two", "toy")
    encoder = encoder_named("toy", "cpu")
    features = extract(hum, 10, encoder)
    assert features.encoder == "toy/loudness+energy+vad"
    assert features.states.shape == (10, 8)
    assert encoder_of(features.encoder).name == encoder.name
    assert cached_features(hum, 10, encoder).encoder == features.encoder
    assert np.corrcoef(features.states[:, 0], features.energy)[0, 1] > 0.5


def test_clips_are_prepared_and_learnt_from(road: Road) -> None:
    meta = read_meta(road.folder / "prepared")
    assert (meta.space, meta.encoder) == ("toy", "toy/loudness+energy+vad")
    row = read_rows(road.folder / "prepared")[0]
    clip = read_clip(road.folder / "prepared", row.sha256)
    assert clip.motion.shape[1] == 10
    assert clip.identity.shape == (10,)
    np.testing.assert_allclose(clip.motion.mean(axis=0), 0, atol=0.1)
    # Left and right of the lower face change places in the mirror.
    np.testing.assert_allclose(clip.mirrored[:, 0], clip.motion[:, 1], atol=1e-4)
    model = load_model(road.weights)
    assert (model.space, model.encoder) == (meta.space, meta.encoder)
    options = EvaluateOptions(weights=road.weights, split="train")
    with pytest.raises(UsageError, match="space toy cannot be measured"):
        evaluate(road.folder / "prepared", road.folder / "none", options)


def test_an_encoder_without_a_spectrum_hears_no_other_voices(road: Road, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="toy/loudness cannot hear clips in other voices"):
        prepare(road.folder / "clips.csv", tmp_path / "no", PrepareOptions(encoder="toy", voices=1))


def test_an_edit_is_drawn_with_them(road: Road) -> None:
    source, output = Path(road.clips["one.mp4"]), road.folder / "edited.mp4"
    say(
        "edit", source, "-o", output, "--weights", road.weights, "--voice", "toy",
        "--transcript", road.clips["words.json"], "--replace", "back", "home", "--no-progress",
    )  # fmt: skip
    report = json.loads((road.folder / "edited.mp4.report" / "report.json").read_text())
    assert report["provenance"]["voice"] == "toy (Humming man), as asked for"
    assert report["figures"]["renderer"] == "toy"
    (span,) = report["spans"]
    assert span["lips"] is None
    first = next(iter(read_frames(output))).rgb()
    assert np.abs(first - next(iter(read_frames(source))).rgb().astype(float)).mean() < 2


@pytest.mark.parametrize("only", [(), ("--picture-only",)])
def test_a_face_speaks_with_them(road: Road, only: tuple[str, ...]) -> None:
    output = road.folder / f"spoken{len(only)}.mp4"
    say(
        "generate", road.clips["one.mp4"], "-o", output, "--weights", road.weights,
        "--text", "Good day", "--voice", "toy", "--no-progress", *only,
    )  # fmt: skip
    assert probe(output).duration_s == pytest.approx(0.66, abs=0.05)
    frames = [frame.rgb().astype(float) for frame in read_frames(output)]
    # What the space wanted lighter or darker, the renderer made so: the lower face, no other.
    apart = np.ptp(frames, axis=0).mean(axis=(1, 2))
    assert apart[-20:].max() < 2 < apart[len(apart) // 2 : -60].max()


def test_the_renderer_must_draw_what_the_space_gives(
    road: Road, capsys: pytest.CaptureFixture[str]
) -> None:
    line = ["generate", road.clips["one.mp4"], "-o", str(road.folder / "no.mp4"), "--text", "Hi"]
    assert main([*line, "--weights", str(road.weights), "--renderer", "mouths"]) == 2
    assert "mouths draws landmarks, the weights' motion space toy gives toy cells" in (
        capsys.readouterr().err
    )
    assert main([*line, "--renderer", "toy"]) == 2
    assert "toy draws toy cells, the weights' motion space mesh" in capsys.readouterr().err


@pytest.mark.parametrize("track", ["reconstruct", "generate"])
def test_it_is_benchmarked_by_its_videos(road: Road, track: str, tmp_path: Path) -> None:
    file = Path(road.clips["one.mp4"])
    words = road.clips.words.words
    clip = ClipFacts(
        file.name, sha256_of(file), "toys", "b", duration_s=probe(file).duration_s, words=words
    )
    sound = SoundRecipe("own")
    hidden = (words[1].start_s, words[2].end_s)
    kind = "span" if track == "reconstruct" else "everything"
    item = Item("toy", track, kind, "short", "middle", clip, sound, hidden_s=hidden)
    case = build_case(item, file.parent, tmp_path, StageClock())
    system = ours("ours", "", Setting(weights=str(road.weights), render=True))
    output = tmp_path / "out.mp4"
    made = make_video(case, system, Mouths(None), output, 1, StageClock())
    # Motion that cannot be said as landmarks is not compared with the truth's; the video is.
    assert made.drawn is None
    original = original_of(case)
    scene = scene_of(case, original, output, made.drawn)
    assert scene.drawn is None
    assert np.isfinite(scene.output.motion).all()
    grid = ours("grid", "", Setting(weights="grid", render=False))
    drawn = make_video(case, grid, Mouths(None), output, 2, StageClock()).drawn
    assert drawn.shape == (2, *case.canvas.values.shape)
    kept = ~case.canvas.mask
    np.testing.assert_array_equal(drawn[0][kept], case.canvas.values[kept])
    if track == "reconstruct":
        assert drawn_scene(case, original, drawn).drawn.shape[1] == case.canvas.values.shape[1]
        hidden_rows = case.canvas.mask.any(axis=1)
        assert np.abs(drawn[0] - case.canvas.values)[hidden_rows].max() < 10
