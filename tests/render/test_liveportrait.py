"""Our LivePortrait against what the official code computed on weights that a rule makes."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn import functional

from facedit.errors import AssetMissing, BadWeights
from facedit.motion.liveportrait import motion_extractor
from facedit.motion.liveportrait.keypoints import (
    FaceMotion,
    degrees_of,
    nearest_rotation,
    rotation_of,
)
from facedit.motion.liveportrait.official_files import NETWORKS, find_networks
from facedit.render.liveportrait import blocks, warping
from facedit.render.liveportrait.networks import LivePortrait, load_liveportrait
from facedit.render.liveportrait.stitching import retargeted, stitched
from facedit.render.liveportrait.warping import Warped
from golden.seeded import picture
from liveportrait_golden import (
    SMALL,
    Golden,
    as_input,
    noise,
    official,
    official_files,
    save_pth,
    save_safetensors,
)

TOLERANCE = 2e-5
GOLDEN = Golden()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return official_files(tmp_path_factory)


@pytest.fixture(scope="module")
def networks(files: Path) -> LivePortrait:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FACEDIT_MODELS", str(files))
        return load_liveportrait()


@pytest.fixture(autouse=True)
def _inference() -> Any:
    with torch.inference_mode():
        yield


def faces() -> Tensor:
    return as_input(picture(256, 256, 0), noise(256, 256, 1))


def motion_differences(networks: LivePortrait) -> dict[str, float]:
    raw, motion = networks.motion(faces()), networks.motion.motion_of(faces())
    found = {f"M/raw/{name}": GOLDEN.difference(f"M/raw/{name}", raw[name]) for name in raw}
    found["M/R"] = GOLDEN.difference("M/R", motion.rotation)
    found["M/x_s"] = GOLDEN.difference("M/x_s", motion.moved())
    return found


def warping_differences(networks: LivePortrait) -> dict[str, float]:
    return differences_of(*warp(networks))


def differences_of(volume: Tensor, warped: Warped) -> dict[str, float]:
    return {
        "f": GOLDEN.difference("small/f", volume),
        "occlusion": GOLDEN.difference("small/occlusion", warped.occlusion),
        "deformation": GOLDEN.difference("small/deformation", warped.deformation),
        "warped": GOLDEN.difference("small/warped", warped.features),
    }


def warp(networks: LivePortrait) -> tuple[Tensor, Warped]:
    volume = networks.appearance(as_input(picture(128, 128, 0), noise(128, 128, 1)))
    source, driving = GOLDEN["small/kp_source"], GOLDEN["small/kp_driving"]
    return volume, networks.warping(volume, source, driving)


def test_motion_is_read_as_there(networks: LivePortrait) -> None:
    assert max(motion_differences(networks).values()) < TOLERANCE


def test_pictures_are_drawn_as_there(networks: LivePortrait) -> None:
    volume, warped = warp(networks)
    assert max(differences_of(volume, warped).values()) < TOLERANCE
    assert GOLDEN.difference("small/image", networks.decoder(warped.features[:1])) < TOLERANCE


@pytest.mark.full
def test_pictures_of_full_size_are_drawn_as_there(networks: LivePortrait) -> None:
    """At 256 -> 512 pixels; ``-s`` shows the differences."""
    golden = Golden("golden_full.npz")
    volume = networks.appearance(as_input(picture(256, 256, 0)))
    warped = networks.warping(volume, golden["full/kp_source"], golden["full/kp_driving"])
    image = networks.decoder(warped.features)
    made = {"f": volume, "occlusion": warped.occlusion, "deformation": warped.deformation,
        "warped": warped.features, "image": image}  # fmt: skip
    differences = {name: golden.difference(f"full/{name}", one) for name, one in made.items()}
    print({name: f"{apart:.1e}" for name, apart in differences.items()})
    assert max(differences.values()) < TOLERANCE
    row = (image[0, :, 256].T.clamp(0, 1) * 255).byte()
    assert (row.int() - golden["full/uint8_row"].int()).abs().max() <= 1


def test_angles_and_rotations_are_theirs() -> None:
    assert GOLDEN.difference("bins/degrees", degrees_of(GOLDEN["bins/logits"])) < 1e-4
    pitch, yaw, roll = GOLDEN["R/degrees"].unbind(-1)
    assert GOLDEN.difference("R/matrices", rotation_of(pitch, yaw, roll)) < 1e-6


def test_keypoints_move_as_there(networks: LivePortrait) -> None:
    read = networks.motion.motion_of(faces())
    one = FaceMotion(*(getattr(read, f.name)[:1].expand(4, -1, -1) if f.name in ("keypoints",
        "expression", "rotation") else getattr(read, f.name)[:1].expand(4, -1)
        for f in fields(read)))  # fmt: skip
    talk = replace(one, expression=GOLDEN["talk/exp"], rotation=GOLDEN["talk/R"],
        translation=GOLDEN["talk/t"])  # fmt: skip
    x_s, x_d = one.moved(), talk.moved()
    assert GOLDEN.difference("absolute/x_d", x_d) < 1e-6
    relative = GOLDEN["relative/x_d"]
    assert GOLDEN.difference("stitching/x_d", stitched(networks.stitching, x_s, relative)) < 1e-6
    eyes = retargeted(networks.eyes, x_s, GOLDEN["eye/ratios"])
    lips = retargeted(networks.lips, x_s, GOLDEN["lip/ratios"])
    assert GOLDEN.difference("eye/delta", eyes) < 1e-6
    assert GOLDEN.difference("lip/delta", lips) < 1e-6


def test_the_nearest_rotation_turns_and_does_not_mirror() -> None:
    rotation = GOLDEN["talk/R"].double()
    assert torch.allclose(nearest_rotation(rotation * 1.7), rotation, atol=1e-6)
    mirrored = torch.diag(torch.tensor([1.0, 1.0, -1.0], dtype=torch.float64))
    assert torch.linalg.det(nearest_rotation(mirrored)) == pytest.approx(1.0)


MUTANTS: dict[str, tuple[Callable[[Any], None], Callable[[LivePortrait], dict[str, float]]]] = {
    "an approximate GELU": (
        lambda patch: patch.setattr(
            functional, "gelu", lambda x, real=functional.gelu: real(x, approximate="tanh")
        ),
        motion_differences,
    ),
    "no response norm": (
        lambda patch: patch.setattr(
            motion_extractor.ResponseNorm, "forward", lambda self, x: x
        ),
        motion_differences,
    ),
    "corners aligned": (
        lambda patch: patch.setattr(
            functional, "grid_sample",
            lambda x, grid, real=functional.grid_sample, **_: real(x, grid, align_corners=True),
        ),
        warping_differences,
    ),
    "another slope": (
        lambda patch: patch.setattr(
            blocks.ConvBlock, "forward",
            lambda self, x: functional.leaky_relu(self.norm(self.conv(x)), 0.2),
        ),
        warping_differences,
    ),
    "another heat": (
        lambda patch: patch.setattr(warping, "_HEAT_VARIANCE", 0.1),
        warping_differences,
    ),
    "source and driver swapped": (
        lambda patch: patch.setattr(
            warping, "_moves", lambda grid, a, b, real=warping._moves: real(grid, b, a)
        ),
        warping_differences,
    ),
}  # fmt: skip


QUICK = ("an approximate GELU", "no response norm")


@pytest.mark.parametrize(
    "mutant",
    [name if name in QUICK else pytest.param(name, marks=pytest.mark.full) for name in MUTANTS],
)
def test_a_network_with_a_fault_is_found(
    mutant: str, networks: LivePortrait, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_it, differences = MUTANTS[mutant]
    break_it(monkeypatch)
    assert max(differences(networks).values()) > 2 * TOLERANCE


def test_the_safetensors_form_is_the_same(
    files: Path, networks: LivePortrait, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in files.rglob("*.pth"):
        if path.stem not in ("motion_extractor", SMALL):
            (tmp_path / path.name).symlink_to(path)
    for network in ("motion_extractor", SMALL):
        save_safetensors(network, tmp_path)
    monkeypatch.setenv("FACEDIT_MODELS", str(tmp_path))
    other = load_liveportrait()
    for part in ("motion", "stitching", "eyes", "lips"):
        mine, theirs = (getattr(one, part).state_dict() for one in (other, networks))
        assert mine.keys() == theirs.keys()
        assert all(torch.equal(mine[name], theirs[name]) for name in theirs)


def test_all_missing_files_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACEDIT_MODELS", str(tmp_path))
    (tmp_path / "warping_module.pth").write_bytes(b"")
    with pytest.raises(AssetMissing) as error:
        load_liveportrait()
    line = str(error.value)
    assert "warping_module" not in line
    for network in NETWORKS:
        assert (f"{network}.pth" in line) == (network != "warping_module")


@pytest.mark.parametrize("fault", ["empty", "other", "cut", "bomb", "shape", "less"])
def test_a_bad_file_is_one_line(
    fault: str, files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in files.rglob("*.pth"):
        if path.stem != "motion_extractor":
            (tmp_path / path.name).symlink_to(path)
    bad, state = tmp_path / "motion_extractor.pth", official("appearance_feature_extractor")
    if fault == "empty":
        bad.write_bytes(b"")
    elif fault == "other":
        torch.save(state, bad)
    elif fault == "cut":
        torch.save(state, bad)
        bad.write_bytes(bad.read_bytes()[:1000])
    elif fault == "bomb":
        bad.write_bytes(pickle.dumps({"detector.norm.weight": print}, protocol=2))
    else:
        whole = torch.load(next(files.rglob("motion_extractor.pth")), weights_only=True)
        taken = whole.pop("detector.fc_kp.bias")
        if fault == "shape":
            whole["detector.fc_kp.bias"] = taken[:-1].clone()
        torch.save(whole, bad)
    monkeypatch.setenv("FACEDIT_MODELS", str(tmp_path))
    with pytest.raises(BadWeights, match="motion_extractor") as error:
        load_liveportrait()
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 500


def spoilt(fault: str, files: Path, folder: Path) -> Path:
    """Save a network in which something is wrong; the name says in which."""
    network, _, what = fault.partition(": ")
    state = official(network) if network == SMALL else torch.load(
        next(files.rglob(f"{network}.pth")), weights_only=True, mmap=True
    )  # fmt: skip
    file = folder / f"{network}.pth"
    if what in ("an extra name", "a missing name"):
        file = file.with_suffix(".safetensors")
        if network == SMALL:
            save_safetensors(network, folder)
            state = load_file(file)
        name = next(iter(state))
        state["another"] = state[name].clone()
        if what == "a missing name":
            del state[name], state["another"]
        save_file(state, file)
        return file
    if what.endswith("norm"):  # one convolution is enough, of 220 MB
        state = {name: one for name, one in state.items() if name.startswith("up_1.conv_0.")}
    if what == "no norm":
        del state[next(name for name in state if name.endswith("weight_u"))]
    elif what == "another norm":
        name = next(name for name in state if name.endswith("weight_v"))
        state[name] = state[name][:-1].clone()
    elif what == "a part missing":
        save_pth(network, folder)
        nested = torch.load(file, weights_only=True)
        del nested["retarget_mouth"]
        state = nested
    elif what == "a part empty":
        state = {"retarget_shoulder": {}}
    elif what == "numbers for tensors":
        state = dict.fromkeys(state, 1.0)  # type: ignore[arg-type]
    torch.save(state, file)
    return file


@pytest.mark.parametrize(
    "fault",
    [
        "spade_generator: no norm", "appearance_feature_extractor: an extra name",
        "appearance_feature_extractor: a missing name", f"{SMALL}: a part missing",
        f"{SMALL}: a missing name",
        *(
            pytest.param(one, marks=pytest.mark.full)
            for one in (
                "spade_generator: another norm", "motion_extractor: numbers for tensors",
                f"{SMALL}: flat", f"{SMALL}: a part empty",
            )
        ),
    ],
)  # fmt: skip
def test_names_that_do_not_fit_are_one_line(
    fault: str, files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = spoilt(fault, files, tmp_path)
    for path in files.rglob("*.pth"):
        if path.stem != bad.stem:
            (tmp_path / path.name).symlink_to(path)
    monkeypatch.setenv("FACEDIT_MODELS", str(tmp_path))
    with pytest.raises(BadWeights, match=bad.name) as error:
        load_liveportrait()
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 500


def test_models_of_animals_are_told_from_those_of_people(
    files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    animals = tmp_path / "liveportrait_animals" / "base_models"
    animals.mkdir(parents=True)
    for path in files.rglob("*.pth"):
        (animals / path.name).symlink_to(path)
    for folder in (tmp_path, animals):
        monkeypatch.setenv("FACEDIT_MODELS", str(folder))
        with pytest.raises(BadWeights, match="for animals") as error:
            load_liveportrait()
        assert "\n" not in str(error.value)
    people = tmp_path / "liveportrait" / "base_models"
    people.mkdir(parents=True)
    for path in files.rglob("*.pth"):
        (people / path.name).symlink_to(path)
    monkeypatch.setenv("FACEDIT_MODELS", str(tmp_path))
    assert find_networks(*NETWORKS)["warping_module"].parent == people
