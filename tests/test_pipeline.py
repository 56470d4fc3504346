"""The whole road, every stage real: a public-domain portrait speaks, and its words are edited."""

import json
import runpy
from dataclasses import replace
from functools import cache
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from facedit import api
from facedit.compose.frames import spans
from facedit.errors import UsageError
from facedit.face.choice import FaceChoice
from facedit.face.distances import lip_opening
from facedit.face.landmarker import Landmarker
from facedit.face.track import track_face
from facedit.media.probe import probe
from facedit.media.read import read_frames
from facedit.media.sound import read_sound
from facedit.media.wav import write_wav
from facedit.model.checkpoint import load_model, save_model, weights_path
from facedit.options import EditRequest, GenerateRequest, Run
from facedit.speech.fit.voice_choice import VoiceChoice
from facedit.speech.text.transcript_io import save_transcript
from facedit.speech.voices.hibari_voice import HibariVoice
from facedit.speech.voices.kokoro_voice import KokoroVoice
from facedit.speech.voices.voice import synthesise
from facedit.types import Sound
from facedit.weights.fetch import ASSETS, asset_path, members
from media.clips import psnr
from standin import plugged_in

skimage = pytest.importorskip("skimage.data")
TEXT = "We fly to the moon on Monday."
QUIET = Run()
SEEDED = Run(seed=3, steps=4)
"""What is asked of it has nothing to do with how smooth the motion is."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("road")


@pytest.fixture(scope="module")
def portrait(folder):
    path = folder / "portrait.png"
    picture = cv2.resize(
        skimage.astronaut()[:320, 60:380], (256, 256), interpolation=cv2.INTER_AREA
    )
    cv2.imwrite(str(path), picture[..., ::-1])
    return path


@pytest.fixture(scope="module")
def talking(folder, portrait):
    path = folder / "talking.mp4"
    api.generate(portrait, path, GenerateRequest(text=TEXT), run=QUIET)
    return path


@pytest.fixture(scope="module")
def words(folder, talking):
    _, transcript = synthesise(TEXT, "default")
    path = folder / "words.json"
    save_transcript(transcript, path)
    return path


@pytest.fixture(scope="module")
def edited(folder, talking, words):
    path = folder / "edited.mp4"
    request = EditRequest(
        replace=(("moon", "station"),), delete=("on",), transcript=words, voice="default"
    )
    return api.edit(talking, path, request, run=QUIET)


def pictures(path):
    return [frame.rgb() for frame in read_frames(path)]


def test_what_lies_before_an_edit_is_copied_packet_by_packet(talking, edited):
    (report,) = edited.to_dict()["reports"]
    copied = report["figures"]["pictures copied"]
    assert report["figures"]["rendering"] == "smart"
    assert copied > 10
    before, after = [], []
    for path, packets in ((talking, before), (edited.outputs[0], after)):
        with av.open(str(path)) as file:
            packets += [bytes(packet) for packet in file.demux(video=0)][:copied]
    assert before == after


def comment(path):
    with av.open(str(path)) as file:
        return file.metadata["comment"]


def test_a_portrait_speaks(talking):
    sound, _ = synthesise(TEXT, "default")
    info = probe(talking)
    assert info.duration_s == pytest.approx(sound.duration_s, abs=1.01 / 25)
    assert (info.width, info.height, info.sound_rate) == (256, 256, sound.rate)
    frames = ((frame.time_s, frame.rgb()) for frame in read_frames(talking))
    track = track_face(frames, FaceChoice.parse(None), landmarker=Landmarker())
    assert (track.confidence > 0.5).all()
    opening = lip_opening(track.landmarks)
    assert np.ptp(opening) > 0.04  # of the outer-eye distance: the mouth opens and closes
    assert "generate: synthetic" in comment(talking)
    report = json.loads((Path(f"{talking}.report") / "report.json").read_text())
    assert report["figures"]["region"] == "head"  # nobody chose: the verb's own


def test_who_speaks_and_why_is_told(talking, edited, words, monkeypatch, tmp_path_factory):
    """A picture has no voice to compare with; a film gets the only voice, not in silence."""
    report = json.loads((Path(f"{talking}.report") / "report.json").read_text())
    assert report["provenance"]["voice"].startswith("hibari (American woman), the default")
    assert "--voice NAME takes another" in report["warnings"][0]
    assert "\nvoice: hibari (American woman), as asked for\n" in str(edited)
    assert edited.to_dict()["voices"][0]["speaker"] == "American woman"
    assert edited.to_dict()["reports"][0]["provenance"]["voice"].startswith("hibari (American")
    cache = tmp_path_factory.mktemp("cache")  # without Kokoro: hibari is the only voice
    for name in members("core"):
        if ASSETS[name].needed == "core":
            (cache / "assets" / name).parent.mkdir(parents=True, exist_ok=True)
            (cache / "assets" / name).symlink_to(asset_path(name))
    monkeypatch.setenv("FACEDIT_CACHE", str(cache))
    request = EditRequest(replace=(("fly", "drive"),), transcript=words)
    lines = str(api.plan_edit(talking, request, run=QUIET)).splitlines()
    assert lines[-2].startswith("voice: hibari (American woman), the only one installed")
    assert lines[-1].startswith("note: hibari, a woman's voice, is the only one installed")


@pytest.mark.parametrize("use", ["shown", pytest.param("lent", marks=pytest.mark.full)])
def test_of_a_video_mouths_and_manner_are_used(talking, portrait, folder, use):
    """A video says more than a picture: it is used, said in the report, and can be left out."""
    said, drawn = {}, {}
    own = (talking, {}) if use == "shown" else (portrait, {"footage": talking})
    for name, face, choice in ((use, *own), ("alone", talking, {"picture_only": True})):
        path = folder / f"{use}-{name}.mp4"
        run = Run(adapt=name == "alone")
        result = api.generate(
            face, path, GenerateRequest(text="Moon.", voice="default", **choice), run=run
        )
        said[name] = result.details["reports"][0]["figures"]
        drawn[name] = pictures(path)
    assert said[use]["footage"] == "talking.mp4"
    assert said[use]["mouths"] > 0
    start_s, end_s = said[use]["way of speaking"]
    assert 0 <= start_s < end_s
    assert len(drawn[use]) == len(drawn["alone"])
    assert psnr(drawn[use][-10], drawn["alone"][-10]) < 50
    assert "mouths" not in said["alone"]
    assert said["alone"]["mouth adaptation steps"] == 0  # asked for: one picture has none
    request = GenerateRequest(text="Moon.", picture_only=True, footage=talking)
    with pytest.raises(UsageError, match="contradict"):
        api.generate(talking, folder / "x.mp4", request, run=QUIET)


def test_what_was_not_edited_is_what_was_shot(talking, edited):
    (output,) = edited.outputs
    plan = edited.details["reports"][0]["plan"]
    spans = plan["picture_spans"]
    before, after = pictures(talking), pictures(output)
    assert len(after) == len(before) + sum(
        part["shift_frames"] for part in plan["segments"] if not part["keep"]
    )
    shift, kept = 0, 0
    for part in plan["segments"]:
        if not part["keep"]:
            shift += part["shift_frames"]
            continue
        for index in range(len(before)):
            time_s = (index + shift) / 25
            inside = part["source"][0] <= index / 25 < part["source"][1]
            if inside and not any(start <= time_s < end for start, end in spans):
                assert psnr(before[index], after[index + shift]) > 42  # RGB of 4:2:0, two encodes
                kept += 1
    assert kept > 20


def test_new_words_are_heard_and_seen(talking, edited):
    (output,) = edited.outputs
    report = edited.details["reports"][0]
    assert [word["text"] for word in report["output_words"]] == [
        "We", "fly", "to", "the", "station", "Monday."
    ]  # fmt: skip
    fill = next(part for part in report["plan"]["segments"] if part.get("text") == "station")
    start_s, end_s = fill["output"]
    heard = read_sound(output, start_s, end_s).samples
    assert np.sqrt((heard**2).mean()) > 0.01
    span = next(span for span in report["spans"] if span["text"])
    target = np.array(span["lips"]["target"], float)
    source = np.array(span["lips"]["source"], float)
    times = np.array(span["lips"]["times_s"])
    inside = (times >= start_s) & (times < end_s)
    assert np.abs(target - source)[inside].max() > 2.0  # per cent of the eye distance
    outside = (times < span["output"][0]) | (times >= span["output"][1])
    elsewhere = [other["output"] for other in report["spans"] if other is not span]
    for start, end in elsewhere:
        outside &= (times < start) | (times >= end)
    assert np.allclose(target[outside], source[outside], atol=1e-3)


def test_every_seam_is_reported_and_the_file_is_marked(edited):
    report = json.loads((edited.report / "report.json").read_text())
    assert {seam["side"] for seam in report["seams"]} == {"in", "out"}
    assert len(report["seams"]) >= 2
    assert "synthetic face and speech at" in comment(edited.outputs[0])
    page = (edited.report / "report.html").read_text()
    assert "station" in page
    assert "<script" not in page


@pytest.fixture(scope="module")
def takes(folder, talking, words, portrait):
    """Two takes of an edit, or of a picture that speaks, when asked for: the road is the same."""
    run, spoken = replace(SEEDED, takes=2), GenerateRequest(text="Moon.", voice="default")
    out = {verb: folder / f"{verb}-takes.mp4" for verb in ("edit", "generate")}

    @cache
    def made(verb):
        if verb == "edit":
            return api.edit(talking, out[verb], replaced("sun", words), run=run)
        return api.generate(portrait, out[verb], spoken, run=run)

    return made


def replaced(word, words):
    return EditRequest(replace=(("moon", word),), transcript=words, voice="default")


def of_seed(result, seed):
    """The take that a seed made; the best is the first."""
    seeds = [report["figures"]["seed"] for report in result.details["reports"]]
    return result.outputs[seeds.index(seed)]


def test_the_seed_decides_the_motion(folder, talking, words, takes):
    again = folder / "again.mp4"
    api.edit(talking, again, replaced("sun", words), run=SEEDED)
    same, other = (of_seed(takes("edit"), seed) for seed in (3, 4))
    again, first, second = (pictures(path) for path in (again, same, other))
    assert all(np.array_equal(a, b) for a, b in zip(again, first, strict=True))
    assert any(not np.array_equal(a, b) for a, b in zip(again, second, strict=True))


BOTH = pytest.mark.parametrize("verb", ["edit", pytest.param("generate", marks=pytest.mark.full)])


@BOTH
def test_takes_are_written_beside_each_other(folder, takes, verb):
    result, out = takes(verb), folder / f"{verb}-takes.mp4"
    assert [path.name for path in result.outputs] == [out.name, f"{verb}-takes-take2.mp4"]
    figures = [report["figures"] for report in result.details["reports"]]
    assert sorted(one["seed"] for one in figures) == [3, 4]
    assert all(
        f"{path}  (seed {one['seed']}, {one['manner']};" in str(result)
        for one, path in zip(figures, result.outputs, strict=True)
    )
    one, two = (pictures(path) for path in result.outputs)
    assert len(one) == len(two)
    assert any(not np.array_equal(a, b) for a, b in zip(one, two, strict=True))


def test_new_sound_over_the_same_pictures(folder, talking):
    sound, _ = synthesise("Nobody knows why.", "default")
    write_wav(folder / "why.wav", sound)
    result = api.sync(talking, folder / "why.wav", folder / "sync.mp4", run=SEEDED)
    before, after = probe(talking), probe(result.outputs[0])
    assert (after.frame_count, after.frame_rate) == (before.frame_count, before.frame_rate)
    ours, theirs = pictures(result.outputs[0])[10], pictures(talking)[10]
    assert psnr(ours[:60], theirs[:60]) > 42  # hair and forehead are as shot
    tail = read_sound(result.outputs[0], sound.duration_s + 0.1, before.duration_s - 0.05).samples
    assert np.abs(tail).max() < 0.01  # silence where the new speech has ended


def test_saying_the_same_words_copies_the_file(folder, talking, words):
    request = EditRequest(say=TEXT.upper(), transcript=words)
    result = api.edit(talking, folder / "same.mp4", request, run=QUIET)
    assert result.outputs[0].read_bytes() == talking.read_bytes()


def test_a_saved_script_runs_again(folder, talking, words):
    script = folder / "script.json"
    request = EditRequest(delete=("Monday",), transcript=words, voice="default")
    planned = api.plan_edit(talking, request, save_script=script, run=QUIET)
    again = api.plan_edit(talking, EditRequest(script=script), run=QUIET)
    assert again.details["plan"] == planned.details["plan"]


def test_a_plan_can_be_had_without_rendering(folder, talking, words):
    request = EditRequest(replace=(("fly", "drive"),), transcript=words, voice="default")
    before = set(folder.iterdir())
    result = api.plan_edit(talking, request, run=QUIET)
    assert '"fly" becomes "drive"' in str(result)
    assert "voice: hibari (American woman), as asked for" in str(result)
    assert [voice["name"] for voice in result.details["voices"]] == ["hibari"]
    assert set(folder.iterdir()) == before


@pytest.mark.parametrize(
    ("near_s", "speak"), [(8.0, ["af_one"]), (0.1, ["af_one", "am_two"])], ids=["near", "apart"]
)
def test_a_clip_keeps_one_womans_and_one_mans_voice(talking, words, monkeypatch, near_s, speak):
    """The nearest of 28 voices differs from sentence to sentence; the person does not.

    Who spoke near one edit is not looked for again.
    """

    class Named(HibariVoice):
        """The small voice, by the name and the facts of another."""

        @property
        def speaker(self):
            return KokoroVoice(self.name).speaker

    near = iter(
        VoiceChoice(Named(name), "the nearest") for name in ("af_one", "am_two", "af_three")
    )
    monkeypatch.setattr("facedit.compose.words.new_words.choose_voice", lambda *_: next(near))
    monkeypatch.setattr("facedit.compose.words.new_words.REFERENCE_S", near_s)
    wishes = (("We", "They"), ("fly", "drive"), ("moon", "sea"))
    result = api.plan_edit(talking, EditRequest(replace=wishes, transcript=words), run=QUIET)
    assert [voice["name"] for voice in result.details["voices"]] == speak


def test_ones_own_recording_is_used(folder, talking, words):
    sound, _ = synthesise("We walk to the moon on Monday.", "default")
    recording = folder / "recording.wav"
    write_wav(recording, Sound(0.5 * sound.samples, sound.rate))
    request = EditRequest(replace=(("fly", "walk"),), transcript=words, speech=(recording,))
    result = api.plan_edit(talking, request, run=QUIET)
    (fill,) = (part for part in result.details["plan"]["segments"] if not part["keep"])
    assert 0.1 < fill["speech_s"] < 0.6  # one word of the sentence, not all of it
    assert result.details["voices"] == []  # nobody else speaks


def test_the_examples_run(folder, talking, capsys):
    examples = Path(__file__).parents[1] / "examples"
    masks = runpy.run_path(str(examples / "own_masks.py"))
    masks["main"](str(talking), "0.5")
    assert len(capsys.readouterr().out.splitlines()) >= 5
    words = runpy.run_path(str(examples / "edit_words.py"))
    words["main"](str(talking), str(folder / "example.mp4"), "moon", "sea")
    assert capsys.readouterr().out.count(" s, in: ") == 1


@BOTH
def test_another_device_makes_the_same_pictures(talking, portrait, takes, words, folder, verb):
    there = folder / f"{verb}_there.mp4"
    with plugged_in() as name:
        if verb == "edit":
            api.edit(talking, there, replaced("sun", words), run=replace(SEEDED, device=name))
        else:
            spoken = GenerateRequest(text="Moon.", voice="default")
            api.generate(portrait, there, spoken, run=SEEDED)  # found without being named
    for ours, theirs in zip(pictures(of_seed(takes(verb), 3)), pictures(there), strict=True):
        assert psnr(ours, theirs) > 40


def test_weights_are_given_the_speech_layer_that_they_name(portrait, folder, monkeypatch):
    """Weights made for another layer hear that one; for features that nobody makes they refuse."""
    asked = []
    whole = spans.cached_features

    def features(sound, frames, encoder):
        asked.append(encoder.layer)
        return whole(sound, frames, encoder)

    monkeypatch.setattr(spans, "cached_features", features)
    model = load_model(weights_path("default"))
    for name, layers in (("whisper-base/2+energy+vad", [2]), ("wavlm/2", [])):
        asked.clear()
        path = folder / "layer.safetensors"
        save_model(replace(model, encoder=name), path)
        run = Run(weights=str(path), force=True)
        if layers:
            api.generate(portrait, folder / "layer.mp4", GenerateRequest(text="Moon."), run=run)
        else:
            with pytest.raises(UsageError, match="wavlm/2"):
                api.generate(portrait, folder / "layer.mp4", GenerateRequest(text="Moon."), run=run)
        assert asked == layers
