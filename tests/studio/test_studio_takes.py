"""Two edits, each with its own takes: what is exported is what the command line makes of it."""

from __future__ import annotations

import io
import json
import zipfile
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from starlette.testclient import TestClient

import facedit
from facedit.media.read import read_frames
from facedit.options import EditRequest, Run
from facedit.studio.answers import Studio
from studio.serving import ended, over
from talking_clips import TalkingClips


def test_each_edit_has_its_takes_and_the_export_is_the_command_lines(
    page: TestClient,
    studio: Studio,
    clips: TalkingClips,
    tmp_path: Path,
) -> None:
    pytest.importorskip("opentimelineio")
    clip = f"/api/clips/{page.post('/api/clips', json={'offered': 'one.mp4'}).json()['id']}"
    assert ended(studio, page.post(f"{clip}/transcript", json={})).state == "done"
    state = page.get(clip).json()
    count = len(state["script"]["transcript"]["words"])
    last = {"words": [count - 1, count], "new": "sun", "voice": "default"}
    wish = {"edits": [{"words": [0, 1], "new": ""}, last], "options": {}, "face": None}
    known = {"if-match": state["revision"]}
    saved = page.put(f"{clip}/edits", json=wish, headers=known).json()
    assert saved["estimated"]
    for edit, seeds in zip(saved["edits"], ([1], [2, 3]), strict=True):
        done = ended(studio, page.post(f"{clip}/takes", json={"edit": edit["key"], "seeds": seeds}))
        assert done.state == "done", done
    state = page.get(clip).json()
    assert not state["estimated"]
    _, spoken = state["edits"]
    assert {take["seed"] for take in spoken["takes"]} == {2, 3}
    assert spoken["chosen"] == spoken["takes"][0]["name"]  # the best, until another is chosen
    for sound in ("sound", "context", "source"):
        assert page.get(f"{clip}/sounds/{spoken['spoken'][sound]}").status_code == 200
    assert [word[0] for word in spoken["spoken"]["words"]] == ["sun"]
    take = spoken["takes"][1]
    chosen = page.post(f"{clip}/chosen", json={"edit": spoken["key"], "take": take["name"]})
    assert chosen.json()["edits"][1]["chosen"] == take["name"]
    consent = {"consent": "She agreed."}
    made = ended(studio, page.post(f"{clip}/exports", json=consent))
    assert made.state == "done", made
    files = page.get(clip).json()["exports"]
    names = {file["what"]: file["name"] for file in files}
    assert all(file["current"] for file in files)
    best = {"edit": spoken["key"], "take": spoken["chosen"]}
    page.post(f"{clip}/chosen", json=best)
    assert not any(file["current"] for file in page.get(clip).json()["exports"])
    script = tmp_path / "edit.json"
    script.write_bytes(page.get(f"{clip}/exports/{names['script']}").content)
    mine = json.loads(script.read_text())
    assert [edit["seed"] for edit in mine["edits"]] == [1, take["seed"]]
    old = [edit["old"] for edit in mine["edits"]]
    same = EditRequest(delete=(old[0],), replace=((old[1], "sun"),), voice="default")
    with facedit.open(Path(clips["one.mp4"])) as session:
        session.save_script(session.plan(same), tmp_path / "same.json")
    theirs = json.loads((tmp_path / "same.json").read_text())
    for edit in (*mine["edits"], *theirs["edits"]):
        for option in ("seed", "voice"):
            edit.pop(option, None)
    for part in ("edits", "transcript", "plan"):
        assert mine[part] == theirs[part]
    video, again = tmp_path / "video.mp4", tmp_path / "again.mp4"
    video.write_bytes(page.get(f"{clip}/exports/{names['video']}").content)
    facedit.edit(
        Path(clips["one.mp4"]), again, EditRequest(script=script), run=Run(provenance=False)
    )
    pairs = zip(read_frames(video), read_frames(again), strict=True)
    assert all(np.array_equal(a.rgb(), b.rgb()) for a, b in pairs)
    assert page.get(f"{clip}/exports/{names['video']}/report").status_code == 200
    said = " ".join(word["text"] for word in mine["transcript"]["words"])
    cue = f"1\n00:00:00,000 --> 00:00:01,500\n{said}\n"
    own = page.post(f"{clip}/subtitles?name=own.srt", content=cue.encode()).json()
    package = consent | own | {"what": "package", "spans": "h264", "patch": "png"}
    packed = ended(studio, page.post(f"{clip}/exports", json=package))
    assert packed.state == "done", packed
    (file,) = (packed.result or {})["files"]
    found = zipfile.ZipFile(io.BytesIO(page.get(f"{clip}/exports/{file['name']}").content))
    kinds = {Path(name).suffix for name in found.namelist()}
    assert {".otio", ".mp4", ".srt", ".json", ".wav", ".png"} <= kinds
    (moved,) = (name for name in found.namelist() if name.endswith(".srt"))
    text = found.read(moved).decode().splitlines()[2]
    assert text == "fly to the sun."


def test_words_come_from_a_file_too(page: TestClient, studio: Studio) -> None:
    """They are found in the sound; another page may not save edits of the words before."""
    clip = f"/api/clips/{page.post('/api/clips', json={'offered': 'one.mp4'}).json()['id']}"
    said = {"params": {"name": "said.txt"}, "content": b"We fly, to the moon!"}
    done = ended(studio, page.post(f"{clip}/transcript", **said))  # type: ignore[arg-type]
    assert done.state == "done", done
    state = page.get(clip).json()
    words = state["script"]["transcript"]["words"]
    assert [word["text"] for word in words] == ["We", "fly,", "to", "the", "moon!"]
    assert all(one["end_s"] <= two["start_s"] + 0.02 for one, two in pairwise(words))
    other = {"params": {"name": "said.txt"}, "content": b"nobody ever said a single one of these"}
    failed = ended(studio, page.post(f"{clip}/transcript", **other))  # type: ignore[arg-type]
    assert failed.state == "failed", failed
    assert page.get(clip).json()["revision"] == state["revision"]


def test_one_of_two_faces_is_chosen(page: TestClient, studio: Studio) -> None:
    clip = f"/api/clips/{page.post('/api/clips', json={'offered': 'two.mp4'}).json()['id']}"
    words = ended(studio, page.post(f"{clip}/transcript", json={}))
    assert words.state == "done", words
    state = page.get(clip).json()
    count = len(state["script"]["transcript"]["words"])
    wish = {"edits": [{"words": [count - 1, count], "new": ""}], "options": {}, "face": None}
    saved = page.put(f"{clip}/edits", json=wish, headers={"if-match": state["revision"]}).json()
    (edit,) = saved["edits"]
    looked = studio.look(studio.store.get(clip.rpartition("/")[2]))
    over(studio, studio.jobs.get(looked["id"]))
    (doubt,) = [one for one in page.get(clip).json()["edits"][0]["warnings"] if "faces" in one]
    (left, right) = [face["box"] for face in doubt["faces"]]
    assert (doubt["kind"], left[0] < right[0]) == ("faces", True)
    failed = ended(studio, page.post(f"{clip}/takes", json={"edit": edit["key"], "seeds": [0]}))
    assert failed.state == "failed"
    assert "2 faces" in (failed.error or "")
    assert "choose with Face N" in (failed.error or "")
    known = {"if-match": saved["revision"]}
    (edit,) = page.put(f"{clip}/edits", json=wish | {"face": "2"}, headers=known).json()["edits"]
    done = ended(studio, page.post(f"{clip}/takes", json={"edit": edit["key"], "seeds": [0]}))
    assert done.state == "done", done
    (edit,) = page.get(clip).json()["edits"]
    (take,) = edit["takes"]
    assert page.get(f"{clip}/takes/{take['preview']}").status_code == 200
