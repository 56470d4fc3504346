"""The live page in a real browser, with a file for a microphone: what it shows against offline."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import av
import cv2
import numpy as np
import pytest

pytest.importorskip("starlette")
pytest.importorskip("websockets")
pytest.importorskip("skimage")

import uvicorn
from skimage import data

from browser import CHROMIUM, browser
from facedit.face.choice import FaceChoice
from facedit.face.distances import lip_opening
from facedit.face.landmarker import Landmarker
from facedit.face.track import track_face
from facedit.live import serve_live
from facedit.live.live_face import LiveFrame
from facedit.live.live_motion import LiveMotion
from facedit.live.live_options import LiveOptions
from facedit.live.motion_process import MotionProcess
from facedit.live.open_live import Live, open_live
from facedit.live.pace import Pace
from facedit.media.wav import write_wav
from facedit.options import Run
from facedit.report.seam_steps import motion_steps
from facedit.speech.voices.voice import synthesise
from facedit.studio.serve import HOST, listen
from facedit.types import Float32, Float64, Sound

pytestmark = [
    pytest.mark.full,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine"),
]
TOKEN = "the-key-of-this-run"


@contextmanager
def served(live: Live, port: int, told: list[str], process: MotionProcess | None) -> Iterator[int]:
    listening = listen(port)
    found = listening.getsockname()[1]
    app = serve_live.live_app(live, TOKEN, found, told.append, process)
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=1))
    thread = Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield found
    finally:
        server.should_exit = True
        thread.join()
        listening.close()


RECORD = """(() => {
  const connect = AudioNode.prototype.connect;
  const tape = (window.tape = { parts: [] });
  AudioNode.prototype.connect = function (to, ...rest) {
    if (to instanceof AudioDestinationNode && this instanceof GainNode) {
      tape.heard = new MediaStreamAudioDestinationNode(this.context);
      connect.call(this, tape.heard);
    }
    return connect.call(this, to, ...rest);
  };
  tape.start = () => {
    const seen = document.getElementById("face").captureStream();
    const both = new MediaStream([...seen.getTracks(), ...tape.heard.stream.getTracks()]);
    const options = { mimeType: "video/webm;codecs=vp8,opus", videoBitsPerSecond: 4e6 };
    tape.recorder = new MediaRecorder(both, options);
    tape.recorder.ondataavailable = ({ data }) => tape.parts.push(data);
    tape.recorder.start();
  };
  tape.stop = () => new Promise((done) => {
    tape.recorder.onstop = () => {
      const reader = new FileReader();
      reader.onload = () => done(reader.result.split(",")[1]);
      reader.readAsDataURL(new Blob(tape.parts));
    };
    tape.recorder.stop();
  });
})()"""
"""Lets what the page shows and plays be recorded, as a viewer has it."""

SECOND = """new Promise((done) => {
  const second = new WebSocket(`ws://${location.host}/api/live`);
  second.onclose = ({ code, reason }) => done(`${code} ${reason}`);
})"""


def viewed(recording: Path) -> tuple[Float64, Float32, Float32]:
    """Return the times of recorded pictures, the openings of their lips, and the sound, 16 kHz."""
    heard, pictures = [], []
    resampler = av.AudioResampler("fltp", "mono", 16_000)
    with av.open(str(recording)) as found:
        for frame in found.decode(video=0, audio=0):
            if isinstance(frame, av.VideoFrame):
                pictures.append((float(frame.time), frame.to_ndarray(format="rgb24")))
                continue
            begins = frame.time
            heard += [(begins, one.to_ndarray()[0]) for one in resampler.resample(frame)]
    times = np.array([time_s for time_s, _ in pictures])
    track = track_face(iter(pictures), FaceChoice(), landmarker=Landmarker())
    sound = np.concatenate([samples for _, samples in heard])
    return times - heard[0][0], lip_opening(track.landmarks), sound


def place(part: Float32, whole: Float32) -> float:
    """Return at how many seconds of a sound a part of it begins."""
    size = 1 << (len(part) + len(whole)).bit_length()
    alike = np.fft.irfft(np.fft.rfft(whole, size) * np.conj(np.fft.rfft(part, size)))
    return (int(np.argmax(alike)) + size // 2) % size / 16_000 - size / 2 / 16_000


def lag(times: Float64, viewed: Float32, opening: Float32) -> tuple[float, float]:
    """Return how many seconds later than 25 openings a second the viewed ones come; r there."""
    own = np.arange(len(opening)) / 25
    shifts = np.arange(-0.4, 0.401, 0.01)
    found = [np.corrcoef(viewed, np.interp(times - one, own, opening))[0, 1] for one in shifts]
    return float(shifts[int(np.argmax(found))]), float(np.max(found))


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
    with (
        live.motion_process() as process,
        browser(tmp_path / "profile", 800, 760, tmp_path / "said.wav") as page,
    ):
        with served(live, 0, told, process) as port:
            page.go(f"http://{HOST}:{port}/?token={TOKEN}")
            page.until("document.getElementById('start')")
            page.picture(looks / "live-before.png")
            page.js(RECORD)
            page.js("document.getElementById('start').click()")
            page.until("figures.connects === 1")
            page.js("document.getElementById('microphone').click()")
            page.until("figures.received >= 30")
            page.js("tape.start()")
            page.until("figures.received >= 190")
            (looks / "live.webm").write_bytes(base64.b64decode(page.js("tape.stop()")))
            page.picture(looks / "live-speaks.png")
            assert (
                page.js(SECOND) == f"{serve_live.TAKEN} another page is speaking: close it first."
            )
            first = page.js("figures")
        count = len(frames)
        page.until("document.getElementById('status').textContent.includes('lost')")
        with served(live, port, told, process):
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
    times, lips, sound = viewed(looks / "live.webm")
    times = times + place(sound, samples)
    for one, least in zip(opening, (0.8, 0.5), strict=True):
        late_s, alike = lag(times, lips, one)
        print(f"as viewed: lips {1000 * late_s:+.0f} ms after their sound, r {alike:.3f}")
        assert abs(late_s) <= 0.06
        assert alike > least
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
