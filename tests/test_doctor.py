"""Assets by group, and files that changed since they were installed."""

import hashlib
import json
import os
from base64 import urlsafe_b64encode
from dataclasses import replace
from importlib.metadata import Distribution
from pathlib import Path

import pytest

from facedit.bench.judges.judge_files import FILES as JUDGES
from facedit.cli.doctor import Checkup, doctor
from facedit.cli.main import main
from facedit.errors import AssetMissing, BadMedia, BadWeights, UsageError
from facedit.motion.liveportrait.official_files import FILES
from facedit.weights import fetch as assets
from facedit.weights.shipped import ShippedFile, shipped_files


@pytest.mark.parametrize(
    ("group", "needs"),
    [("core", ["core", "kokoro"]), ("bench", ["bench"]), ("kokoro", ["kokoro"])],
)
def test_a_group_brings_what_is_needed_for_it_and_nothing_else(
    group: str, needs: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched: list[str] = []
    monkeypatch.setattr(assets, "fetch", fetched.append)
    doctor(group)
    assert set(fetched) == {name for name, one in assets.ASSETS.items() if one.needed in needs}
    assert fetched[0] in {name for name, one in assets.ASSETS.items() if one.needed == needs[0]}
    assert set(needs) <= set(assets.groups())


def test_core_without_the_voices_warns_and_the_voices_alone_fail(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    fetched: list[str] = []

    def fetch(name: str) -> None:
        if assets.ASSETS[name].needed == "kokoro":
            raise AssetMissing("kokoro-js could not be fetched: no network.")
        fetched.append(name)

    monkeypatch.setattr(assets, "fetch", fetch)
    doctor("core")
    assert {assets.ASSETS[name].needed for name in fetched} == {"core"}
    assert "a woman's voice, speaks for everybody" in caplog.text
    with pytest.raises(AssetMissing, match="kokoro-js"):
        doctor("kokoro")


def test_all_brings_every_group(monkeypatch: pytest.MonkeyPatch) -> None:
    fetched: list[str] = []
    monkeypatch.setattr(assets, "fetch", fetched.append)
    doctor("all")
    assert {assets.ASSETS[name].needed for name in fetched} == set(assets.groups())


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache with a small file in the place of each asset; the list knows their hashes."""
    monkeypatch.setenv("FACEDIT_CACHE", str(tmp_path))
    for name, asset in assets.ASSETS.items():
        path = tmp_path / "assets" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"weights of {name}")
        monkeypatch.setitem(assets.ASSETS, name, replace(asset, sha256=assets.sha256_of(path)))
    return tmp_path / "assets"


def test_a_file_that_changed_is_not_used(installed: Path) -> None:
    name = "stlpips_alex.pth"
    assert assets.asset_path(name) == installed / name
    (installed / name).write_text("something else")
    with pytest.raises(BadWeights, match=r"^stlpips_alex\.pth .*is damaged: .*--fetch bench'"):
        assets.asset_path(name)
    assert assets.is_installed(name)


def test_a_file_is_hashed_again_only_when_it_looks_changed(
    installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[str] = []
    real = assets.sha256_of
    monkeypatch.setattr(assets, "sha256_of", lambda path: hashed.append(path.name) or real(path))
    name = "whisper-base.bin"
    for _ in range(3):
        assets.asset_path(name)
    assert hashed == [name]
    os.utime(installed / name, (1e9, 1e9))
    assets.asset_path(name)
    assert hashed == [name, name]
    # What only looks the same is found by doctor, which hashes whatever it sees.
    status = (installed / name).stat()
    text = (installed / name).read_text()
    (installed / name).write_text(text.replace("weights", "weighty"))
    os.utime(installed / name, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert assets.state_of(name) == "installed"
    found = doctor()
    assert found.assets[name]["state"] == "DAMAGED"
    assert found.obstacles == (f"{name} is DAMAGED: run 'facedit doctor --fetch core'",)
    assert str(found).splitlines()[-1].startswith("ready to edit: no; whisper-base.bin is DAMAGED")


def test_doctor_says_whether_a_video_can_be_edited(
    installed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor"]) == 0
    assert capsys.readouterr().out.endswith("\nready to edit: yes\n")
    (installed / "kokoro.onnx").unlink()  # optional
    assert doctor().to_dict()["ready"] is True
    (installed / "face_landmarker.task").unlink()
    assert main(["doctor", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["ready"] is False
    assert answer["summary"].startswith("ready to edit: no; face_landmarker.task is not installed")
    assert answer["assets"]["face_landmarker.task"]["state"] == "not installed"


def test_a_shipped_file_that_is_not_what_pip_installed_is_damaged(tmp_path: Path) -> None:
    weights = tmp_path / "facedit" / "weights" / "mouth.safetensors"
    weights.parent.mkdir(parents=True)
    weights.write_bytes(b"whole")
    digest = urlsafe_b64encode(hashlib.sha256(b"whole").digest()).decode().rstrip("=")
    record = tmp_path / "facedit-1.dist-info" / "RECORD"
    record.parent.mkdir()
    record.write_text(f"facedit/weights/mouth.safetensors,sha256={digest},5\n")
    installation = Distribution.at(record.parent)

    def mouth() -> ShippedFile:
        files = shipped_files(tmp_path / "facedit", installation)
        return next(file for file in files if file.name == "mouth")

    assert not mouth().damaged
    weights.write_bytes(b"wHole")
    assert mouth().damaged
    checkup = Checkup("3", {}, (mouth(),), {})
    assert checkup.obstacles == ("mouth is damaged: install facedit again",)
    assert "DAMAGED" in str(checkup)


VERBS = {
    "edit": ("edit", "in.mp4", "-o", "{out}/x.mp4", "--delete", "moon"),
    "plan": ("edit", "in.mp4", "--plan", "--delete", "moon"),
    "sync": ("sync", "in.mp4", "new.wav", "-o", "{out}/x.mp4"),
    "generate": ("generate", "face.png", "new.wav", "-o", "{out}/x.mp4"),
    "transcribe": ("transcribe", "in.mp4"),
    "prepare": ("prepare", "clips", "-o", "{out}/x"),
    "demo": ("demo", "-o", "{out}/x"),
}


@pytest.mark.parametrize("verb", VERBS)
def test_what_is_missing_is_said_at_once_and_before_any_work(
    verb: str, installed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The inputs do not even exist: nothing was opened."""
    (installed / "face_landmarker.task").unlink()
    (installed / "whisper-base.bin").unlink()
    out = tmp_path / "out"
    out.mkdir()
    assert main([part.format(out=out) for part in VERBS[verb]]) == AssetMissing.exit_status
    assert capsys.readouterr().err == (
        "facedit: face_landmarker.task, whisper-base.bin are not installed: "
        "run 'facedit doctor --fetch core'.\n"
    )


@pytest.mark.parametrize("verb", ["edit", "plan", "generate"])
def test_a_voice_that_is_not_installed_is_said_before_any_work(
    verb: str, installed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("kokoro.onnx", "kokoro/am_adam.bin"):
        (installed / name).unlink()
    arguments = [part.format(out=tmp_path) for part in VERBS[verb]]
    if verb == "generate":
        arguments[2:3] = ["--text", "hello"]
    assert main([*arguments, "--voice", "am_adam"]) == AssetMissing.exit_status
    error = capsys.readouterr().err
    assert "kokoro.onnx, kokoro/am_adam.bin are not installed" in error
    assert error.endswith("run 'facedit doctor --fetch kokoro'.\n")
    assert main([*arguments, "--voice", "caruso"]) == UsageError.exit_status
    assert "caruso" in capsys.readouterr().err


def test_motion_needs_the_landmarker_alone(
    installed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (installed / "whisper-base.bin").unlink()
    arguments = ["motion", "in.mp4", "-o", str(tmp_path / "m.csv")]
    assert main(arguments) == BadMedia.exit_status  # the video is missing, nothing else
    (installed / "face_landmarker.task").unlink()
    assert main(arguments) == AssetMissing.exit_status
    assert "face_landmarker.task (face detector" in capsys.readouterr().err


def test_several_groups_are_fetched_by_several_commands(installed: Path) -> None:
    for name in ("whisper-base.bin", "stlpips_alex.pth"):
        (installed / name).unlink()
    message = r"whisper-base.* --fetch core' and 'facedit doctor --fetch bench'\.$"
    with pytest.raises(AssetMissing, match=message):
        assets.require("core", "bench")


def test_what_is_kept_of_clips_is_counted_and_cleared(
    installed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = installed.parent / "clips" / "faces"
    kept.mkdir(parents=True)
    (kept / "one.npz").write_bytes(bytes(1234))
    main(["doctor"])
    assert f"kept of your clips: 1 entries, 1234 bytes in {kept.parent}" in capsys.readouterr().out
    main(["doctor", "--clear-cache", "--json"])
    assert json.loads(capsys.readouterr().out)["kept"]["bytes"] == 0
    assert not kept.exists()
    assert installed.exists()


def test_files_that_users_bring_are_listed_with_their_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FACEDIT_MODELS", str(tmp_path))
    (tmp_path / "base_models").mkdir()
    (tmp_path / "base_models" / "motion_extractor.pth").write_bytes(b"another")
    (tmp_path / "warping_module.safetensors").write_bytes(b"converted")
    (tmp_path / "WavLM-Large.pt").write_bytes(b"the other form")
    checkup = doctor()
    states = {name: entry["state"] for name, entry in checkup.to_dict()["brought"].items()}
    judges = [file.names[0] for file in JUDGES.values()]
    assert {states.pop(name) for name in judges} == {"missing"}
    assert states == {
        "appearance_feature_extractor.pth": "missing",
        "motion_extractor.pth": "not as published",
        "warping_module.pth": "there",
        "spade_generator.pth": "missing",
        "stitching_retargeting_module.pth": "missing",
        "landmark.onnx": "missing",
        "det_10g.onnx": "missing",
        "2d106det.onnx": "missing",
        "wavlm-large/pytorch_model.bin": "there",
    }
    assert f"official files that you bring, into {tmp_path} (FACEDIT_MODELS)" in str(checkup)
    line = next(line for line in str(checkup).splitlines() if "motion_extractor.pth" in line)
    hub = "huggingface.co/KwaiVGI/LivePortrait"
    for fact in ("not as published", "MIT", hub, "251e6a94", "space and renderer liveportrait"):
        assert fact in line
    assert "no hash known" in str(checkup)
    assert not checkup.obstacles or "motion_extractor" not in str(checkup.obstacles)
    kind = type(FILES["motion_extractor.pth"])
    path = tmp_path / "base_models" / "motion_extractor.pth"
    published = kind((path.name,), "", "MIT", "", hashlib.sha256(b"another").hexdigest())
    assert published.state == "as published"


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """What was asked of a hub that gives every file its own path as content."""
    asked = []

    def download(repository: str, path: str, *, revision: None, local_dir: Path) -> str:
        asked.append((repository, path))
        file = Path(local_dir) / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(path)
        return str(file)

    monkeypatch.setattr("huggingface_hub.hf_hub_download", download)
    monkeypatch.setenv("FACEDIT_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("FACEDIT_CACHE", str(tmp_path / "cache"))
    return asked


def test_official_files_come_once_their_licences_are_accepted(
    hub: list[tuple[str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UsageError, match=r"motion_extractor.pth \(MIT\) .*--accept-licences"):
        doctor("liveportrait")
    assert not hub
    with pytest.raises(UsageError, match=r"det_10g.onnx \(non-commercial research\)"):
        doctor("insightface")
    assert not hub
    with pytest.raises(BadWeights, match="not as published"):
        doctor("liveportrait", accept_licences=True)
    assert len(hub) == 1
    assert [path for path in (tmp_path / "models").rglob("*") if path.is_file()] == []
    hub.clear()

    checkup = doctor("wavlm", accept_licences=True)
    assert hub == [("microsoft/wavlm-large", "pytorch_model.bin")]
    found = tmp_path / "models" / "wavlm" / "wavlm-large" / "pytorch_model.bin"
    assert found.read_text() == "pytorch_model.bin"
    doctor("wavlm", accept_licences=True)
    assert len(hub) == 1
    assert checkup.to_dict()["ready"] is False


def test_without_a_network_the_line_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import huggingface_hub

    def offline(*_: object, **__: object) -> str:
        raise huggingface_hub.errors.OfflineModeIsEnabled("HF_HUB_OFFLINE is set.\nTurn it off.")

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", offline)
    monkeypatch.setenv("FACEDIT_MODELS", str(tmp_path))
    says = r"^syncnet_v2.model of huggingface.co/ByteDance.*cannot be had: HF_HUB_OFFLINE is set.$"
    with pytest.raises(AssetMissing, match=says):
        doctor("judges", accept_licences=True)
