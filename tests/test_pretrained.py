"""Weights to a folder and back, or from a hub that is asked for one file and may not answer."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from facedit.errors import AssetMissing
from facedit.model.checkpoint import MotionModel, load_model
from facedit.render.network import MouthNetwork


def test_weights_come_back_from_a_folder_as_they_were_saved(tmp_path: Path) -> None:
    model, mouth = load_model("default"), MouthNetwork()
    model.save_pretrained(tmp_path / "mine")
    mouth.save_pretrained(tmp_path / "mine", licence="CC BY 4.0")
    again = MotionModel.from_pretrained(tmp_path / "mine")
    assert (again.dim_names, again.sampler, again.window) == (
        model.dim_names, model.sampler, model.window
    )  # fmt: skip
    assert again.notes == model.notes
    for name, value in model.net.state_dict().items():
        assert torch.equal(again.net.state_dict()[name], value), name
    half = {name: value.half().float() for name, value in mouth.state_dict().items()}
    found = MouthNetwork.from_pretrained(tmp_path / "mine").state_dict()
    assert all(torch.equal(found[name], value) for name, value in half.items())
    assert "license_name: CC BY 4.0" in (tmp_path / "mine" / "README.md").read_text()


def test_a_repository_is_asked_for_its_one_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_model("grid").save_pretrained(tmp_path)
    asked: list[tuple[str, str, object]] = []

    def download(repository: str, path: str, *, revision: str | None, local_dir: None) -> str:
        asked.append((repository, path, revision))
        return str(tmp_path / path)

    monkeypatch.setattr("huggingface_hub.hf_hub_download", download)
    assert MotionModel.from_pretrained("someone/grid", revision="v1").notes["licence"]
    assert asked == [("someone/grid", "motion.safetensors", "v1")]


@pytest.mark.parametrize("where", ["nowhere", "../up/there", "a/b/c"])
def test_what_is_neither_folder_nor_repository_is_said(where: str) -> None:
    with pytest.raises(AssetMissing, match="OWNER/NAME"):
        MouthNetwork.from_pretrained(where)


def test_a_hub_that_is_switched_off_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(AssetMissing, match="someone/grid cannot be had"):
        MotionModel.from_pretrained("someone/grid")
