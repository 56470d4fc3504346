"""The nodes keep to what ComfyUI asks of a node, and their values fit one another."""

from __future__ import annotations

import importlib.util
import inspect
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from facedit.media.probe import probe
from talking_clips import make_talking_clips

FOLDER = Path(__file__).parents[1] / "integrations" / "comfyui"
_PRIMITIVES = ("STRING", "INT", "FLOAT", "BOOLEAN")


def load() -> ModuleType:
    """Import the folder as ComfyUI does: as a package, by its file."""
    file = FOLDER / "__init__.py"
    spec = importlib.util.spec_from_file_location("custom_facedit", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["custom_facedit"] = module
    spec.loader.exec_module(module)
    return module


NODES: dict[str, Any] = load().NODE_CLASS_MAPPINGS


def call(name: str, /, **given: object) -> tuple[Any, ...]:
    """Run a node with its defaults, as the executor does."""
    kind = NODES[name]
    inputs = {
        key: entry[1].get("default") if len(entry) > 1 else None
        for key, entry in kind.INPUT_TYPES()["required"].items()
    }
    made = getattr(kind(), kind.FUNCTION)(**inputs | given)
    result: tuple[Any, ...] = made["result"] if isinstance(made, dict) else made
    assert len(result) == len(kind.RETURN_TYPES)
    return result


@pytest.mark.parametrize("name", NODES)
def test_a_node_is_as_comfyui_asks(name: str) -> None:
    kind = NODES[name]
    inputs = kind.INPUT_TYPES()["required"]
    made = {one for node in NODES.values() for one in node.RETURN_TYPES}
    for entry in inputs.values():
        assert entry[0] in made | set(_PRIMITIVES)
        assert entry[0] not in _PRIMITIVES or "default" in entry[1]
    assert list(inspect.signature(getattr(kind, kind.FUNCTION)).parameters)[1:] == list(inputs)
    assert len(kind.RETURN_NAMES) == len(kind.RETURN_TYPES)
    assert kind.CATEGORY == "facedit"
    assert name in load().NODE_DISPLAY_NAME_MAPPINGS


def test_what_a_node_is_given_wrongly_is_said() -> None:
    with pytest.raises(ValueError, match="'Tuesday' has no '->'"):
        call("FaceditEditWords", replace="big -> small\nTuesday")
    with pytest.raises(ValueError, match="without a folder"):
        call("FaceditGenerate", name="../out", text="hi", face="a.jpg")


def test_a_changed_file_runs_a_node_again(tmp_path: Path) -> None:
    clip = tmp_path / "a.mp4"
    clip.write_bytes(b"1")
    before = NODES["FaceditOpenClip"].IS_CHANGED(video=str(clip))
    assert before == NODES["FaceditOpenClip"].IS_CHANGED(video=str(clip))
    clip.write_bytes(b"22")
    assert before != NODES["FaceditOpenClip"].IS_CHANGED(video=str(clip))


@pytest.mark.full
def test_a_graph_of_nodes_makes_videos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("skimage")
    clips = make_talking_clips(tmp_path, "we fly to the moon")
    monkeypatch.chdir(tmp_path)
    clip, words = call("FaceditOpenClip", video=clips["one.mp4"])
    assert "moon" in words.lower()
    plan, after = call("FaceditEditWords", clip=clip, delete="fly")
    assert "fly" not in after
    videos = [call("FaceditTake", plan=plan, seed=seed)[0] for seed in (0, 1)]
    videos += call("FaceditSync", clip=clip, speech=clips["speech.wav"])
    videos += call("FaceditGenerate", face=clips["one.mp4"], text="hello")
    assert [Path(video).name for video in videos] == [
        "edit_00001.mp4", "edit_00002.mp4", "sync_00001.mp4", "face_00001.mp4"
    ]  # fmt: skip
    assert all(probe(video).duration_s > 0.3 for video in videos)
