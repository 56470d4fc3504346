import csv
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from facedit.dataset import encode_clip as encode
from facedit.dataset import prepare as module
from facedit.dataset.encode_clip import Unusable, encode_clip, longest_run
from facedit.dataset.footage_list import list_sources
from facedit.dataset.offset import measure_offset, moved
from facedit.dataset.prepare import prepare
from facedit.dataset.prepare_options import PrepareOptions
from facedit.dataset.prepared import ROWS, read_clip, read_meta, read_rows, write_meta
from facedit.dataset.prepared_page import PAGE
from facedit.errors import UsageError
from facedit.face.canonical import mirror_points
from facedit.face.store import save_track
from facedit.lip_sync.sync_weights import load_sync
from facedit.motion.mesh_space import MeshSpace
from facedit.scale.workers import Workers
from facedit.speech.encoders.encoders import features_name
from facedit.speech.encoders.whisper_base import WhisperBase
from facedit.types import FaceTrack, Sound, SpeechFeatures
from facedit.weights.fetch import sha256_of

SPACE = MeshSpace.load()


def talking_track(frames=40, missing=(), cuts=()):
    """A head of 100 px that nods and opens its mouth, made by the motion space itself."""
    rng = np.random.default_rng(0)
    time = np.arange(frames) / 25
    values = np.zeros((frames, SPACE.dims), np.float32)
    values[:, 0] = 2 * np.sin(2 * np.pi * 2 * time)
    values[:, SPACE.groups["head"].start] = np.sin(2 * np.pi * 0.7 * time)
    identity = SPACE.identity(SPACE.canonical[None] * 100, np.ones(1, np.float32))
    landmarks = SPACE.decode(values, identity) + np.array([180, 140, 0], np.float32)
    landmarks += 0.01 * rng.standard_normal(landmarks.shape).astype(np.float32)
    confidence = np.ones(frames, np.float32)
    landmarks[list(missing)], confidence[list(missing)] = np.nan, 0
    return FaceTrack(time, landmarks.astype(np.float32), confidence, 360, 288, cuts), values


def voice(frames, speaking=1.0):
    return np.full((frames, 6), speaking, np.float32)


def features(values):
    return SpeechFeatures.from_values(values, features_name())


def test_encoding_recovers_the_motion_and_mirrors_it():
    track, values = talking_track()
    clip = encode_clip(track, features(voice(40)), SPACE)
    assert clip.motion.shape == clip.mirrored.shape == (40, SPACE.dims)
    # Smoothing rounds peaks and the neutral is the clip's mean, so correlation is what is kept.
    assert np.corrcoef(clip.motion[:, 0], values[:, 0])[0, 1] > 0.99
    head = SPACE.groups["head"].start
    # Nodding looks the same in a mirror, and so does an opening mouth.
    assert np.corrcoef(clip.motion[:, head], clip.mirrored[:, head])[0, 1] > 0.99
    assert np.corrcoef(clip.motion[:, 0], clip.mirrored[:, 0])[0, 1] > 0.95
    assert clip.opening.std() > 0.01


def test_turning_the_head_turns_the_other_way_in_the_mirror():
    track, _ = talking_track()
    values = np.zeros((40, SPACE.dims), np.float32)
    yaw = SPACE.groups["head"].start + 1
    values[:, yaw] = np.sin(np.arange(40) / 6)
    values[:, 0] = np.sin(np.arange(40) / 2)  # a mouth that never moves would not be kept
    identity = SPACE.identity(SPACE.canonical[None] * 100, np.ones(1, np.float32))
    landmarks = SPACE.decode(values, identity) + np.array([180, 140, 0], np.float32)
    clip = encode_clip(replace(track, landmarks=landmarks), features(voice(40)), SPACE)
    assert np.corrcoef(clip.motion[:, yaw], clip.mirrored[:, yaw])[0, 1] < -0.99


def test_the_longest_stretch_with_a_face_in_one_shot_is_kept():
    track, _ = talking_track(60, missing=range(10, 20))
    assert len(encode_clip(track, features(voice(60)), SPACE).motion) == 40
    track, _ = talking_track(60, cuts=(22 / 25,))
    assert len(encode_clip(track, features(voice(60)), SPACE).motion) == 38


def test_sound_shorter_than_the_picture_ends_the_clip():
    track, _ = talking_track(40)
    assert len(encode_clip(track, features(voice(31)), SPACE).motion) == 31


@pytest.mark.parametrize(
    ("frames", "speaking", "reason"), [(15, 1.0, "too short"), (40, 0.0, "no speech")]
)
def test_clips_that_teach_nothing_are_dropped_with_the_reason(frames, speaking, reason):
    track, _ = talking_track(frames)
    with pytest.raises(Unusable, match=reason):
        encode_clip(track, features(voice(frames, speaking)), SPACE)


def test_longest_run_is_within_one_shot():
    seen = np.array([1, 1, 0, 1, 1, 1, 1], bool)
    shot = np.array([0, 0, 0, 0, 0, 1, 1])
    assert longest_run(seen, shot) == slice(0, 2)
    assert longest_run(seen, np.zeros(7, int)) == slice(3, 7)
    run = longest_run(np.zeros(7, bool), shot)
    assert run.stop == run.start


def test_mirror_is_its_own_inverse_and_swaps_the_eyes():
    mirror = mirror_points()
    assert (mirror[mirror] == np.arange(478)).all()
    assert mirror[33] == 263
    assert mirror[61] == 291
    assert mirror[4] == 4


@pytest.fixture
def clips(tmp_path, monkeypatch):
    """A folder of stand-in clips whose tracks and features are made up by name."""
    folder = tmp_path / "clips" / "corpus"
    folder.mkdir(parents=True)
    for name in ("a", "b", "short"):
        (folder / f"{name}.mp4").write_text(name)
    calls = []

    def track_of(clip, cache):
        calls.append(clip.stem)
        return talking_track(15 if clip.stem == "short" else 40)[0]

    monkeypatch.setattr(module, "track_of", track_of)
    monkeypatch.setattr(
        module, "speech_of", lambda clip, cache, ear: features(4 / ear.layer * voice(40))
    )
    return tmp_path, calls


def test_prepare_lists_every_clip_with_its_fate(clips):
    base, _ = clips
    done = prepare(base / "clips", base / "out")
    assert done.kept == 2
    assert done.dropped == {"face too short": 1}
    with (base / "out" / ROWS).open(newline="") as file:
        rows = {row["file"]: row for row in csv.DictReader(file)}
    assert rows["corpus/short.mp4"]["status"] == "dropped"
    assert "15 of 15 frames" in rows["corpus/short.mp4"]["reason"]
    assert rows["corpus/a.mp4"]["corpus"] == "corpus"
    kept = read_rows(base / "out")
    assert [row.frames for row in kept] == [40, 40]
    assert read_clip(base / "out", kept[0].sha256).motion.shape == (40, SPACE.dims)
    assert read_meta(base / "out").dim_names == tuple(SPACE.names)


def test_prepare_goes_on_where_it_stopped(clips):
    base, calls = clips
    prepare(base / "clips", base / "out")
    whole = (base / "out" / ROWS).read_text()
    lines = whole.splitlines(keepends=True)
    (base / "out" / ROWS).write_text("".join(lines[:2]) + lines[2][:10])  # torn in the middle
    calls.clear()
    done = prepare(base / "clips", base / "out")
    assert calls == ["b", "short"]
    assert done.kept == 2
    assert (base / "out" / ROWS).read_text() == whole


def test_prepare_refuses_a_folder_of_another_space(clips):
    base, _ = clips
    prepare(base / "clips", base / "out")
    meta = read_meta(base / "out")
    write_meta(base / "out", replace(meta, encoder="another"))
    with pytest.raises(UsageError, match="another motion space or encoder"):
        prepare(base / "clips", base / "out")


def test_another_layer_is_heard_and_the_offset_still_measured(clips, monkeypatch):
    """Clips hold the layer asked for; the sync network hears its own, from the same frames."""
    base, _ = clips
    judged = []

    def judge(net, motion, speech):
        judged.append((len(motion), speech))

    monkeypatch.setattr(module, "measure_offset", judge)
    monkeypatch.setattr(module, "voices_of", lambda *_: (5 * voice(40),))
    prepare(base / "clips", base / "out", PrepareOptions(encoder="whisper-base/2", voices=1))
    assert read_meta(base / "out").encoder == "whisper-base/2+energy+vad"
    row = read_rows(base / "out")[0]
    clip = read_clip(base / "out", row.sha256, voices=True)
    np.testing.assert_array_equal(clip.speech, 2 * voice(40))
    np.testing.assert_array_equal(clip.voices, 5 * voice(40)[None])
    assert [length for length, _ in judged] == [40, 40]
    for _, speech in judged:
        np.testing.assert_array_equal(speech, voice(40))
    with pytest.raises(UsageError, match="another motion space or encoder"):
        prepare(base / "clips", base / "out")


@pytest.mark.parametrize("layer", [0, 7])
def test_a_layer_that_is_none_is_refused(clips, layer):
    with pytest.raises(UsageError, match=f"layers 1 to 6, not {layer}"):
        prepare(
            clips[0] / "clips", clips[0] / "out", PrepareOptions(encoder=f"whisper-base/{layer}")
        )
    assert not (clips[0] / "out").exists()


def test_features_of_two_layers_are_kept_apart(monkeypatch, tmp_path):
    monkeypatch.setattr(encode, "read_sound", lambda clip, mono: clip)

    def extract(_, encoder):
        return features(encoder.layer * voice(9))

    monkeypatch.setattr(encode, "extract", extract)
    for layer in (4, 2, 4, 2):
        heard = encode.speech_of(tmp_path / "a.mp4", tmp_path / "a.npz", WhisperBase(layer))
        np.testing.assert_array_equal(heard.values, voice(9) * layer)
    assert {path.name for path in tmp_path.iterdir()} == {"a.npz", "a.layer2.npz"}


def test_what_went_wrong_by_no_fault_of_the_clip_is_tried_again(clips, monkeypatch):
    base, calls = clips

    def broken(clip, cache):
        if clip.stem == "b":
            raise ZeroDivisionError("a fault of ours")
        return talking_track()[0]

    whole = module.track_of
    monkeypatch.setattr(module, "track_of", broken)
    done = prepare(base / "clips", base / "out")
    assert done.dropped == {"ZeroDivisionError": 1}
    assert done.kept == 2
    monkeypatch.setattr(module, "track_of", whole)
    done = prepare(base / "clips", base / "out")
    assert calls == ["b"]
    assert done.dropped == {}
    assert (done.kept, done.run_clips, done.run_frames) == (3, 1, 40)


def test_a_table_of_an_earlier_version_is_taken_over(clips):
    base, calls = clips
    prepare(base / "clips", base / "out")
    with (base / "out" / ROWS).open(newline="") as file:
        rows = list(csv.DictReader(file))
    names = [name for name in rows[0] if name != "confidence"]
    with (base / "out" / ROWS).open("w", newline="") as file:
        writer = csv.DictWriter(file, names, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    calls.clear()
    assert prepare(base / "clips", base / "out").kept == 2
    assert calls == []


def test_the_page_says_what_was_kept_and_why_the_rest_was_not(clips):
    base, _ = clips
    (base / "clips" / "corpus" / "a.mp4").rename(base / "clips" / "corpus" / "<a>.mp4")
    prepare(base / "clips", base / "out")
    page = (base / "out" / PAGE).read_text()
    assert "2 of 3" in page
    assert "face too short" in page
    assert "corpus/short.mp4: face too short: 15 of 15 frames" in page
    assert "<a>" not in page
    assert "&lt;a&gt;" in page


@pytest.fixture
def cached_clips(tmp_path):
    """Stand-in clips of three lengths, all tracked and heard already: no video is decoded."""
    lines = ["file,split,corpus,speaker"]
    for name, frames in (("c", 44), ("a", 40), ("short", 15), ("b", 60), ("gone", 40)):
        lines.append(f"{name}.mp4,train,corpus,{name}")
        clip = tmp_path / f"{name}.mp4"
        if name == "gone":
            continue
        clip.write_text(name)
        for kind in ("tracks", "speech"):
            (tmp_path / "caches" / kind).mkdir(parents=True, exist_ok=True)
        cached = f"{sha256_of(clip)}.npz"
        save_track(tmp_path / "caches" / "tracks" / cached, talking_track(frames)[0])
        np.savez(tmp_path / "caches" / "speech" / cached, values=voice(frames))
    (tmp_path / "manifest.csv").write_text("\n".join(lines))
    return tmp_path


def prepared_by(workers, base, monkeypatch):
    monkeypatch.chdir(base)
    out = base / f"out-{workers.replace(':', '-')}"
    shutil.copytree(base / "caches", out)
    done = prepare(Path("manifest.csv"), out, PrepareOptions(workers=Workers.parse(workers)))
    clips = {path.name: path.read_bytes() for path in (out / "clips").iterdir()}
    return done, (out / ROWS).read_text(), clips


def test_the_table_and_the_clips_do_not_depend_on_who_works(cached_clips, monkeypatch):
    done, table, clips = prepared_by("1", cached_clips, monkeypatch)
    assert (done.kept, done.frames) == (3, 144)
    assert done.dropped == {"face too short": 1, "unreadable": 1}
    names = [line.split(",")[0] for line in table.splitlines()[1:]]
    assert names == ["c.mp4", "a.mp4", "short.mp4", "b.mp4", "gone.mp4"]
    others = prepared_by("2", cached_clips, monkeypatch)
    assert others[1:] == (table, clips)


def test_other_voices_are_heard_of_training_clips_only(cached_clips, monkeypatch):
    monkeypatch.chdir(cached_clips)
    shutil.copytree("caches", "out")
    text = Path("manifest.csv").read_text()
    Path("manifest.csv").write_text(text.replace("a.mp4,train", "a.mp4,dev"))
    noise = np.random.default_rng(0).normal(0, 0.1, (48_000, 1)).astype(np.float32)
    monkeypatch.setattr(encode, "read_sound", lambda clip, mono: Sound(noise, 16_000))
    monkeypatch.setattr(module, "encoder_named", lambda *_: Echo())
    done = prepare(Path("manifest.csv"), Path("out"), PrepareOptions(voices=2))
    assert done.kept == 3
    rows = {row.file: row for row in read_rows(Path("out"))}
    voices = read_clip(Path("out"), rows["b.mp4"].sha256, voices=True).voices
    assert voices.shape[:2] == (2, 60)
    assert not np.allclose(voices[0], voices[1])
    with pytest.raises(UsageError, match=r"npz holds no other voices: prepare anew with --voices"):
        read_clip(Path("out"), rows["a.mp4"].sha256, voices=True)
    assert read_clip(Path("out"), rows["b.mp4"].sha256).voices is None
    with pytest.raises(UsageError, match="2 other voices"):
        prepare(Path("manifest.csv"), Path("out"))


def test_a_folder_is_prepared_in_the_space_asked_for(cached_clips, monkeypatch):
    monkeypatch.chdir(cached_clips)
    for name in ("mesh", "mesh-grid"):
        shutil.copytree("caches", name)
        prepare(Path("manifest.csv"), Path(name), PrepareOptions(space=name))
    metas = [read_meta(Path(name)) for name in ("mesh", "mesh-grid")]
    assert [meta.space for meta in metas] == ["mesh", "mesh-grid"]
    row = read_rows(Path("mesh"))[0]
    one, other = (read_clip(Path(name), row.sha256) for name in ("mesh", "mesh-grid"))
    assert one.motion.shape[1] == len(metas[0].dim_names)
    assert not np.array_equal(one.motion[:, :4], other.motion[:, :4])
    np.testing.assert_allclose(one.opening, other.opening, atol=0.02)
    with pytest.raises(UsageError, match="another motion space"):
        prepare(Path("manifest.csv"), Path("mesh"), PrepareOptions(space="mesh-grid"))
    with pytest.raises(UsageError, match="nose: choose mesh, mesh-grid"):
        prepare(Path("manifest.csv"), Path("new"), PrepareOptions(space="nose"))


class Echo:
    """An encoder that gives the spectrum back."""

    name, channels, device = "whisper-base/4", 80, "cpu"

    def __init__(self, spectrum=None):
        self.spectrum = spectrum

    def through(self, spectrum):
        return Echo(spectrum)

    def encode(self, samples):
        return np.log(self.spectrum(samples) + 1e-6)[:, ::4].T.astype(np.float32)


def test_sources_come_from_a_manifest(tmp_path):
    (tmp_path / "m.csv").write_text("file,split,corpus,speaker\nx/a.mp4,dev,c,s\n")
    (source,) = list_sources(tmp_path / "m.csv")
    assert (source.split, source.corpus, source.speaker) == ("dev", "c", "s")
    assert source.path == tmp_path / "x" / "a.mp4"


@pytest.mark.parametrize("text", ["", "name,split\na,b\n", "file\n"])
def test_manifests_without_clips_are_refused(tmp_path, text):
    (tmp_path / "m.csv").write_text(text)
    with pytest.raises(UsageError):
        list_sources(tmp_path / "m.csv")


def test_a_missing_folder_is_refused(tmp_path):
    with pytest.raises(UsageError, match="neither"):
        list_sources(tmp_path / "nowhere")


@pytest.mark.shared
def test_a_real_clip_is_tracked_heard_and_encoded(shared_data, tmp_path):
    folder = tmp_path / "clips"
    folder.mkdir()
    (folder / "a.mp4").symlink_to(shared_data / "lrs3" / sorted_first(shared_data / "lrs3"))
    done = prepare(folder, tmp_path / "out")
    assert done.kept == 1
    (row,) = read_rows(tmp_path / "out")
    clip = read_clip(tmp_path / "out", row.sha256)
    assert clip.speech.shape == (row.frames, 1026)
    assert np.isfinite(clip.motion).all()
    assert 0.005 < clip.opening.std() < 0.2
    with (tmp_path / "out" / ROWS).open(newline="") as file:
        (line,) = csv.DictReader(file)
    net = load_sync()
    found = measure_offset(net, clip.motion, clip.speech)
    assert abs(found.offset) <= 1
    assert (line["offset"], line["sync"]) == (str(found.offset), f"{found.confidence:.3f}")
    # Sound that comes five frames late, or early, is found to, and put right.
    for late in (5, -5):
        shifted = replace(clip, speech=np.roll(clip.speech, late, axis=0))
        assert measure_offset(net, clip.motion, shifted.speech).offset == found.offset + late
        again = moved(shifted, late)
        kept = slice(5, None) if late < 0 else slice(None, -5)
        np.testing.assert_array_equal(again.motion, clip.motion[kept])
        np.testing.assert_array_equal(again.speech, clip.speech[kept])
    # The caches serve a second run: it gives the same without decoding anything.
    (tmp_path / "out" / ROWS).unlink()
    prepare(folder, tmp_path / "out")
    again = read_clip(tmp_path / "out", row.sha256)
    np.testing.assert_allclose(again.motion, clip.motion, atol=1e-5)


def sorted_first(folder):
    return sorted(path.name for path in folder.glob("*.mp4"))[0]
