"""One verb trains all networks."""

from pathlib import Path

import pytest

from facedit.errors import OutputExists, UsageError
from facedit.training import start as starting
from facedit.training.mouth import mouth_task

MOUTH = """
kind = "mouth"
[run]
output = "{folder}/out"
[optim]
steps = 1
[data]
baked = "{folder}/baked"
[data.corpora]
grid_s1 = 1.0
"""


def config(tmp_path, extra=""):
    path = tmp_path / "mouth.toml"
    path.write_text(MOUTH.format(folder=tmp_path) + extra)
    return path


def test_pictures_that_are_missing_are_asked_for(tmp_path):
    with pytest.raises(UsageError, match=r"\[data.bake\]"):
        starting.start(config(tmp_path))


def test_pictures_that_were_half_made_are_made(tmp_path, monkeypatch):
    made = []
    monkeypatch.setattr(mouth_task, "bake", lambda *args: made.append(args))
    monkeypatch.setattr(mouth_task, "load_baked", lambda folder: [])
    (tmp_path / "baked").mkdir()
    source = (
        f'[data.bake]\ndata = "d"\ntracks = "{tmp_path}"\nclips = 3\nevery = {{ grid_s1 = 2 }}\n'
    )
    with pytest.raises(UsageError, match="none of the corpora"):
        starting.start(config(tmp_path, source))
    assert made == [(Path("d"), tmp_path, tmp_path / "baked", {"grid_s1": 3}, {"grid_s1": 2})]
    (tmp_path / "baked" / "clips.csv").write_text("name,corpus,speaker,frames\n")
    with pytest.raises(UsageError, match="none of the corpora"):
        starting.start(config(tmp_path))
    assert len(made) == 1


def test_a_run_is_not_overwritten_and_not_resumed_from_nothing(tmp_path):
    with pytest.raises(UsageError, match="no run to resume"):
        starting.start(config(tmp_path), resume=True)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "state.safetensors").write_bytes(b"")
    with pytest.raises(OutputExists, match="--resume"):
        starting.start(config(tmp_path))


def test_what_is_no_toml_is_refused_in_one_line(tmp_path):
    path = tmp_path / "broken.toml"
    path.write_text("kind = ")
    with pytest.raises(UsageError, match="cannot be read as TOML"):
        starting.start(path)
    with pytest.raises(UsageError):
        starting.start(tmp_path / "missing.toml")
