"""A recording of new words is taken in as a wav, whole or not at all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from starlette.testclient import TestClient

from facedit.media.sound import read_speech_file
from facedit.studio.answers import Studio
from talking_clips import TalkingClips


def test_the_sound_of_what_is_sent_is_kept(
    page: TestClient, studio: Studio, clips: TalkingClips
) -> None:
    """Of a video as well: a phone's clip of somebody who says the new words."""
    clip = page.post("/api/clips", json={"offered": "one.mp4"}).json()["id"]
    folder = studio.store.get(clip).folder
    for name in ("speech.wav", "one.mp4"):
        content = Path(clips[name]).read_bytes()
        answer = page.post(f"/api/clips/{clip}/recordings?name={name}", content=content)
        assert answer.status_code == 201, answer.text
        kept = read_speech_file(folder / answer.json()["speech"])
        assert kept.duration_s >= clips.sound.duration_s - 0.01
        length = min(len(kept.samples), len(clips.sound.samples))
        told = np.corrcoef(kept.samples[:length, 0], clips.sound.samples[:length, 0])[0, 1]
        assert told > 0.9


def test_what_is_no_sound_is_refused_and_leaves_nothing(
    page: TestClient, studio: Studio, clips: TalkingClips
) -> None:
    clip = page.post("/api/clips", json={"offered": "one.mp4"}).json()["id"]
    folder = studio.store.get(clip).folder
    silent = Path(clips["silent.mp4"]).read_bytes()
    for name, content, status in (
        ("note.txt", b"not a sound", 415),
        ("silent.mp4", silent, 415),
        ("huge.wav", b"0" * 1_000_001, 413),
    ):
        answer = page.post(f"/api/clips/{clip}/recordings?name={name}", content=content)
        assert answer.status_code == status, answer.text
        assert answer.json()["error"].startswith(name)
        assert str(folder) not in answer.text
    assert not list(folder.glob("recording-*"))
