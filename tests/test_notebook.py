"""The notebook of the examples, in a fresh kernel and in a folder with a clip."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from talking_clips import make_talking_clips

NOTEBOOK = Path(__file__).parents[1] / "examples" / "edit_words.ipynb"


@pytest.mark.full
def test_the_notebook_runs_from_its_first_cell_to_its_last(tmp_path: Path) -> None:
    pytest.importorskip("skimage")
    pytest.importorskip("ipykernel")
    client = pytest.importorskip("nbclient")
    notebook = pytest.importorskip("nbformat").read(NOTEBOOK, as_version=4)
    clips = make_talking_clips(tmp_path, "we fly to the moon")
    shutil.copy(clips["one.mp4"], tmp_path / "in.mp4")
    kernel = client.NotebookClient(
        notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}}
    )
    kernel.execute()
    made = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    assert not [output for output in made if output.output_type == "error"]
    texts = [str(output.get("data", output).get("text/plain", "")) for output in made]
    assert "moon" in texts[0]
    assert "nobody" in texts[1]
    assert (tmp_path / "out.mp4").is_file()
    assert (tmp_path / "take.mp4").read_bytes() != (tmp_path / "out.mp4").read_bytes()
