"""The live page in a real browser, with a file for a microphone: what it shows against offline."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import cv2
import numpy as np
import pytest

pytest.importorskip("starlette")
pytest.importorskip("websockets")
pytest.importorskip("skimage")

import uvicorn
from skimage import data

from browser import CHROMIUM, browser
from facedit.face.distances import lip_opening
from facedit.live import serve_live
from facedit.live.live_face import LiveFrame
from facedit.live.live_motion import LiveMotion
from facedit.live.live_options import LiveOptions
from facedit.live.open_live import Live, open_live
from facedit.live.pace import Pace
from facedit.media.wav import write_wav
from facedit.options import Run
from facedit.report.seam_steps import motion_steps
from facedit.speech.voice import synthesise
from facedit.studio.serve import HOST, listen
from facedit.types import Float32, Sound

pytestmark = [
    pytest.mark.full,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine"),
]
TOKEN = "the-key-of-this-run"


@contextmanager
def served(live: Live, port: int, told: list[str]) -> Iterator[int]:
    listening = listen(port)
    found = listening.getsockname()[1]
    app = serve_live.live_app(live, TOKEN, found, told.append)
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=1))
    thread = Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield found
    finally:
        server.should_exit = True
        thread.join()
        listening.close()


def test_a_microphone_is_heard_and_the_face_speaks_as_offline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sound, _ = synthesise("We fly to the moon, and back to the earth before the morning.")
    pause = np.zeros((sound.rate, 1), np.float32)
    said = Sound(np.concatenate([pause, sound.samples, pause]), sound.rate)
    write_wav(tmp_path / "said.wav", said)
    cv2.imwrite(str(tmp_path / "face.png"), data.astronaut()[..., ::-1])
    live = open_live(tmp_path / "face.png", LiveOptions(), Run(), print)
    blocks: list[Float32] = []
    frames: list[LiveFrame] = []
    told: list[str] = []
    hear, pack = serve_live.pcm_samples, serve_live.packed

    def heard(data: bytes) -> Float32:
        blocks.append(hear(data))
        return blocks[-1]

    def packed(frame: LiveFrame) -> bytes:
        frames.append(frame)
        return pack(frame)

    monkeypatch.setattr(serve_live, "pcm_samples", heard)
    monkeypatch.setattr(serve_live, "packed", packed)
    looks = Path(os.environ.get("LIVE_LOOKS", tmp_path))
    with browser(tmp_path / "profile", 800, 760, tmp_path / "said.wav") as page:
        with served(live, 0, told) as port:
            page.go(f"http://{HOST}:{port}/?token={TOKEN}")
            page.until("document.getElementById('start')")
            page.picture(looks / "live-before.png")
            page.js("document.getElementById('start').click()")
            page.until("figures.connects === 1")
            page.js("document.getElementById('microphone').click()")
            page.until("figures.received >= 75")
            page.picture(looks / "live-speaks.png")
            first = page.js("figures")
        count = len(frames)
        page.until("document.getElementById('status').textContent.includes('lost')")
        with served(live, port, told):
            page.until("figures.connects === 2")
            page.until(f"figures.received > {first['received'] + 20}")
        print(first, page.js("figures"), told)
        assert all(f"//{HOST}:{port}/" in asked for asked in page.asked if "blob:" not in asked)
        assert [one for one in page.complaints if "/api/live" not in one] == []
    assert first["shown"] > 0
    assert [frame.index for frame in frames[:count]] == list(range(count))
    # The same face by itself, of the same sound.
    samples = np.concatenate(blocks)[: (count + 8) * 640]
    assert np.abs(samples).max() > 0.05
    again = live.face()
    offline = again.push(samples)
    for mine, theirs in list(zip(frames, offline, strict=False))[:count:7]:
        assert np.array_equal(mine.sound, theirs.sound)
        if not mine.repeated:
            assert np.array_equal(mine.frame.rgb(), theirs.frame.rgb())
    chunked, whole = (moved(live, samples, pace) for pace in (live.options.pace, Pace(10**6)))
    opening = [lip_opening(live.models.space.decode(one, again.motion.canvas.identity))
               for one in (chunked, whole)]  # fmt: skip
    likeness = np.corrcoef(*opening)[0, 1]
    assert likeness > 0.6, likeness
    steps = motion_steps(chunked[:, live.models.space.groups["lips"]])
    seams = np.arange(1, len(chunked)) % live.options.chunk == 0
    assert np.percentile(steps[seams], 95) < 1.3 * np.percentile(steps[~seams], 95)


def moved(live: Live, samples: Float32, pace: Pace) -> Float32:
    motion = LiveMotion(live.person, live.models, live.run, pace)
    return np.concatenate(
        [chunk.motion for part in (motion.push(samples), motion.finish()) for chunk in part]
    )
