"""Which weights a run uses, what the report says of them, and what is refused."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from facedit.compose.source.weights import SPEAKER_KIND, choose_weights
from facedit.compose.takes.marking import marked
from facedit.errors import AssetMissing, BadMedia, BadWeights, UsageError
from facedit.model import weight_sets
from facedit.model.checkpoint import load_model, save_model, weights_path
from facedit.model.weight_sets import WEIGHT_SETS, ChosenWeights, WeightSet
from facedit.motion.mesh_space import FILES, MeshSpace
from facedit.motion.space import space_named
from facedit.options import Run


def _sha(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _write(path: Path, **header: str) -> Path:
    save_file({"x": np.zeros(1, np.float32)}, path, header)
    return path


@pytest.fixture(scope="module")
def speaker(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A speaker's weights as ``facedit adapt`` writes them, from the default ones."""
    path = tmp_path_factory.mktemp("speaker") / "anna.safetensors"
    base = weights_path("default")
    notes = {"kind": SPEAKER_KIND, "base": "default", "base_sha256": _sha(base), "licence": "own"}
    save_model(replace(load_model(base), notes=notes), path)
    return path


def test_the_default_set_is_named_with_the_hashes_of_its_files() -> None:
    chosen = choose_weights(Run())
    assert [path.stem for path in chosen.files] == ["motion-base", "mouth", "cover", "mesh"]
    facts = chosen.facts()
    for path in chosen.files:
        assert f"{path.stem} {_sha(path)[:12]}" in facts["weights"]
    assert facts["licence of the weights"].startswith("research use only")
    line = marked("edit", "synthetic", Run(consent="yes"))
    assert f"weights default {_sha(chosen.motion)[:12]} (research use only" in line
    assert line.endswith("consent: yes")


def test_a_free_motion_model_in_a_space_of_research_footage_is_not_free(tmp_path: Path) -> None:
    """The licence of a set is that of everything it uses: the space counts."""
    mouth = _write(tmp_path / "mouth.safetensors", licence="CC BY 4.0")
    for space, free in (("mesh", False), ("mesh-grid", True)):
        motion = _write(tmp_path / f"{space}.safetensors", licence="CC BY 4.0", space=space)
        licence = ChosenWeights("x", motion, mouth, mouth).licence
        assert (licence == "CC BY 4.0") is free
        assert ("research" in licence) is not free


def test_spaces_by_name_have_the_same_dims() -> None:
    first, second = (MeshSpace.named(name) for name in FILES)
    assert first.names == second.names
    assert second.metadata["corpora"] == {"grid_s1": second.metadata["clips"]}
    with pytest.raises(UsageError, match="wax: choose mesh, mesh-grid"):
        space_named("wax")


def test_a_set_that_is_not_whole_is_refused_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weight_sets, "weights_folder", lambda: tmp_path)
    half = WeightSet("half", "motion-half", "mouth-half", "cover-half", "")
    monkeypatch.setitem(WEIGHT_SETS, "half", half)
    for name in ("motion-half", "cover-half"):
        _write(tmp_path / f"{name}.safetensors")
    with pytest.raises(AssetMissing, match=r"half .*\(mouth-half\.safetensors\)"):
        choose_weights(Run(weights="half"))
    _write(tmp_path / "mouth-half.safetensors")
    assert weight_sets.set_of("half") is WEIGHT_SETS["half"]
    assert weight_sets.set_of("motion-half") is WEIGHT_SETS["half"]
    assert weight_sets.set_of("other") is None


def test_a_file_of_motion_weights_goes_with_the_default_mouth(speaker: Path) -> None:
    chosen = choose_weights(Run(weights=str(speaker)))
    assert chosen.motion == speaker
    assert chosen.mouth.stem == "mouth"


def test_a_speaker_replaces_the_motion_of_its_own_base_alone(speaker: Path, tmp_path: Path) -> None:
    chosen = choose_weights(Run(speaker=speaker))
    assert (chosen.motion, chosen.mouth.stem) == (speaker, "mouth")
    assert "anna.safetensors" in chosen.facts()["weights"]
    notes = {"kind": SPEAKER_KIND, "base": "other", "base_sha256": "0" * 64}
    odd = _write(tmp_path / "odd.safetensors", notes=json.dumps(notes))
    with pytest.raises(UsageError, match="made from other 000000000000"):
        choose_weights(Run(speaker=odd))


def test_what_is_no_speaker_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadMedia, match="no such file"):
        choose_weights(Run(speaker=tmp_path / "none.safetensors"))
    text = tmp_path / "text.safetensors"
    text.write_text("hello")
    for path in (text, weights_path("default")):
        with pytest.raises(BadWeights, match="no speaker's weights"):
            choose_weights(Run(speaker=path))


def test_a_set_without_a_cover_network_refuses_to_refuse() -> None:
    """What takes a free mouth for a covered one is not asked."""
    chosen = choose_weights(Run(weights="grid"))
    assert chosen.cover is None
    assert [path.stem for path in chosen.files] == ["motion-grid", "mouth-grid", "mesh-grid"]
    with pytest.raises(UsageError, match="--on-covered fail needs the weights default"):
        choose_weights(Run(weights="grid", on_covered="fail"))
