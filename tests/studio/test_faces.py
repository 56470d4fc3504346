"""A clip of two people: one must be chosen, and what is made of one is not the other's."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from facedit.studio.answers import Studio
from facedit.studio.app import make_app
from facedit.studio.clip_store import Store
from facedit.studio.job_queue import Job
from facedit.studio.studio_options import StudioOptions
from studio.conftest import ADDRESS, PORT, TOKEN
from talking_clips import TalkingClips


def ended(studio: Studio, answer: Any) -> Job:
    """Wait for a job by the events that tell of it."""
    return over(studio, studio.jobs.get(answer.json()["id"]))


def over(studio: Studio, job: Job) -> Job:
    async def listen() -> None:
        stream = studio.events.stream(None)
        await anext(stream)
        while not job.is_over:
            await asyncio.wait_for(anext(stream), 60)
        await stream.aclose()

    asyncio.run(listen())
    return job


def test_one_of_two_faces_is_chosen(
    clips: TalkingClips, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("facedit.cache.results_dir", lambda: tmp_path / "kept")
    studio = Studio(Store(tmp_path / "studio", [Path(clips["two.mp4"])]), "cpu")
    page = TestClient(make_app(studio, StudioOptions(), TOKEN, PORT), base_url=ADDRESS)
    page.get(f"/?token={TOKEN}")
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
    studio.close()
