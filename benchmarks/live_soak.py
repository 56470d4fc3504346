"""Plays a recording into a live face as it is spoken, and measures what comes back and when.

    python benchmarks/live_soak.py FACE SPEECH [--minutes 10] [--page] [--chunk 4] [--ahead 4]

The recording is repeated for so many minutes. Without --page the frames go nowhere; with it the
page's server runs in a process of its own, and a client speaks and listens over its WebSocket.
Prints frames per second, the delay of pictures, late ones, memory and CPU time, whether each frame
brings the very sound that was played, and by how much the lips, tracked again in the first and in
the last pictures, are apart in time from those that ``generate`` gives the recording.
"""

from __future__ import annotations

import argparse
import http.client
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread

import cv2
import numpy as np

from facedit.face.choice import FaceChoice
from facedit.face.distances import lip_opening
from facedit.face.landmarker import Landmarker
from facedit.face.track import track_face
from facedit.live.live_face import LiveFace, LiveFrame
from facedit.live.live_options import LiveOptions
from facedit.live.open_live import open_live
from facedit.live.pace import AHEAD, CHUNK, Pace
from facedit.live.run_live import LATE_S, run_live
from facedit.live.sinks import jpeg
from facedit.live.sound_sources import played
from facedit.media.sound import read_speech_file
from facedit.options import Run
from facedit.speech.sound_ops import speech_samples
from facedit.types import Float32, Float64
from facedit.units import MOTION_FPS, SPEECH_SAMPLES_PER_FRAME, frame_time

LONGEST_WINDOW, REACH = 500, 5
MEMORY_AT_MIN = (0, 1, 2, 5, 10, 20, 30, 60)
WORST_S = 10


def used(pid: int) -> tuple[float, float]:
    """Return the CPU seconds and the memory in MiB of a process and those that it has begun."""
    ticks = pages = 0
    for file in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = file.read_text().rpartition(")")[2].split()
        except OSError:  # it has just ended
            continue
        if pid in (int(file.parent.name), int(fields[1])):
            ticks += int(fields[11]) + int(fields[12])
            pages += int(fields[21])
    return ticks / os.sysconf("SC_CLK_TCK"), pages * os.sysconf("SC_PAGE_SIZE") / 2**20


@dataclass
class Soak:
    """What was played, and what came back.

    Attributes:
        loop: The recording, 16 kHz, whole frames.
        frames: How many frames of it are played, over and over.
        folder: Where the pictures of two windows are put.
        pid: The process that is watched.
    """

    loop: Float32
    frames: int
    folder: Path
    pid: int
    start_s: float = 0.0
    left_s: list[float] = field(default_factory=list)
    fresh: list[bool] = field(default_factory=list)
    foreign: int = 0
    memory: dict[int, float] = field(default_factory=dict)
    cpu_s: list[float] = field(default_factory=list)
    _picture: bytes = b""

    def sound(self, index: int) -> Float32:
        """Return what is played at a frame."""
        at = index * SPEECH_SAMPLES_PER_FRAME % len(self.loop)
        return self.loop[at : at + SPEECH_SAMPLES_PER_FRAME]

    @property
    def windows(self) -> tuple[range, range]:
        """The first frames, and as many of the last time that the recording is played."""
        loop = len(self.loop) // SPEECH_SAMPLES_PER_FRAME
        last = max(self.frames // loop - 1, 0) * loop
        length = min(loop, LONGEST_WINDOW)
        return range(length), range(last, last + length)

    def blocks(self) -> Iterator[Float32]:
        """Play."""
        given = iter(range(self.frames))

        def take(_: int) -> Float32 | None:
            index = next(given, None)
            return None if index is None else self.sound(index)

        self.start_s = time.monotonic()
        self.cpu_s.append(used(self.pid)[0])
        yield from played(take)

    def came(
        self, index: int, repeated: bool, sound: Float32, picture: Callable[[], bytes]
    ) -> None:
        """Note a frame that has left."""
        now_s = time.monotonic()
        if index != len(self.left_s):
            raise SystemExit(f"frame {index} came after {len(self.left_s) - 1}.")
        self.left_s.append(now_s)
        self.fresh.append(not repeated)
        self.foreign += int(np.abs(sound - self.sound(index)).max() > 2 / 32768)
        if any(index in window for window in self.windows):
            self._picture = self._picture if repeated and self._picture else picture()
            (self.folder / f"{index:06}.jpg").write_bytes(self._picture)
        minute = int((now_s - self.start_s) / 60)
        if minute in MEMORY_AT_MIN and minute not in self.memory:
            self.memory[minute] = used(self.pid)[1]

    def ended(self) -> None:
        """Note that nothing more comes."""
        cpu_s, memory = used(self.pid)
        self.cpu_s.append(cpu_s)
        self.memory[round((time.monotonic() - self.start_s) / 60)] = memory

    def openings(self, window: range) -> Float64:
        """Track the pictures of a window again, and measure how far the lips are open."""
        shown = (
            (frame_time(index), cv2.imread(str(self.folder / f"{index:06}.jpg"))[..., ::-1].copy())
            for index in window
            if (self.folder / f"{index:06}.jpg").exists()
        )
        return tracked(shown)


def tracked(shown: Iterator[tuple[float, np.ndarray]]) -> Float64:
    """Return the openings of the lips in pictures."""
    track = track_face(shown, FaceChoice(), landmarker=Landmarker())
    return lip_opening(track.landmarks).astype(np.float64)


def lag(one: Float64, other: Float64) -> tuple[float, float]:
    """Return by how many ms the first is later than the second, and their correlation at once."""
    count = min(len(one), len(other))
    one, other = one[:count], other[:count]
    inside = slice(REACH, count - REACH)
    found = [
        np.corrcoef(one[REACH + k : count - REACH + k], other[inside])[0, 1]
        for k in range(-REACH, REACH + 1)
    ]
    best = int(np.clip(np.argmax(found), 1, 2 * REACH - 1))
    before, at, after = found[best - 1 : best + 2]
    fine = 0.5 * (before - after) / min(before - 2 * at + after, -1e-9)
    return 1000 / MOTION_FPS * (best - REACH + fine), found[REACH]


def say(soak: Soak, chunk: int, ahead: int) -> None:
    """Print what was measured."""
    left_s = np.array(soak.left_s) - soak.start_s
    index = np.arange(len(left_s))
    lasted_s = frame_time(len(left_s))
    needed = np.minimum((index // chunk + 1) * chunk + ahead, soak.frames)
    delay_ms = 1000 * (left_s - index / MOTION_FPS)
    work_ms = 1000 * (left_s - needed / MOTION_FPS)
    fresh_s = left_s[np.array(soak.fresh)]
    bins = np.bincount((fresh_s / WORST_S).astype(int))[1:-1] / WORST_S
    print(f"{len(left_s)} frames ({lasted_s:.1f} s) of {soak.frames} in {left_s[-1]:.1f} s")
    print(f"frames a second: {(len(left_s) - 1) / (left_s[-1] - left_s[0]):.2f}")
    worst = f"{bins.min():.1f}" if len(bins) else "-"
    print(f"new pictures a second: {len(fresh_s) / lasted_s:.2f}; worst {WORST_S} s: {worst}")
    for name, values in (
        ("from the beginning of a frame's sound to its picture", delay_ms),
        ("from the first frame of a chunk", delay_ms[::chunk]),
        ("from the last sample that it needs to its picture", work_ms),
    ):
        parts = [f"{np.percentile(values, share):.0f}" for share in (50, 95, 99, 100)]
        print(f"{name}: median, 95 %, 99 %, most: {', '.join(parts)} ms")
    usual_ms = 1000 * frame_time(chunk + ahead)
    late = np.mean(delay_ms > usual_ms + 1000 * LATE_S)
    print(f"late frames (over {usual_ms + 1000 * LATE_S:.0f} ms): {100 * late:.2f} %")
    minutes = np.array_split(delay_ms, max(round(lasted_s / 60), 1))
    first, last = (float(np.median(minutes[k])) for k in (0, -1))
    print(f"median delay in the first minute {first:.0f} ms, in the last {last:.0f} ms")
    cpu_s = soak.cpu_s[1] - soak.cpu_s[0]
    print(f"CPU seconds for a second of speech: {cpu_s / lasted_s:.2f}")
    memory = ", ".join(f"{minute} min {size:.0f}" for minute, size in soak.memory.items())
    print(f"memory in MiB at {memory}")
    print(f"frames that bring other sound than was played then: {soak.foreign}")


def say_lags(soak: Soak, face: LiveFace) -> None:
    """Print how far the lips are from those of ``generate`` in time."""
    count = len(soak.windows[0])
    sound = np.concatenate([soak.sound(index) for index in range(count)])
    frames = (*face.push(sound), *face.finish())
    offline = tracked((frame_time(one.index), one.frame.rgb()) for one in frames)
    for name, window in zip(("first", "last"), soak.windows, strict=True):
        late_ms, likeness = lag(soak.openings(window), offline)
        print(
            f"lips in the {name} {count} pictures: {late_ms:+.0f} ms against generate, "
            f"r {likeness:.3f}"
        )


@contextmanager
def served(args: argparse.Namespace) -> Iterator[tuple[int, str]]:
    """Run the page's server; yields its process and address."""
    command = [sys.executable, "-m", "facedit", "live", str(args.face), "--no-open"]
    command += ["--chunk", str(args.chunk), "--ahead", str(args.ahead), "--no-progress"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        address = ""
        while not address:
            line = server.stderr.readline()
            if not line:
                raise SystemExit("the server did not start.")
            address = next((word for word in line.split() if word.startswith("http")), "")
        Thread(target=lambda: sys.stderr.writelines(server.stderr), daemon=True).start()
        try:
            yield server.pid, address
        finally:
            server.terminate()


def over_socket(soak: Soak, address: str) -> None:
    """Speak and listen as the page does."""
    from websockets.sync.client import connect

    host, _, asked = address.removeprefix("http://").partition("/")
    page = http.client.HTTPConnection(host)
    page.request("GET", f"/{asked}")
    cookie = page.getresponse().getheader("set-cookie", "").partition(";")[0]
    with connect(
        f"ws://{host}/api/live", additional_headers={"Cookie": cookie}, origin=f"http://{host}"
    ) as socket:

        def speak() -> None:
            for block in soak.blocks():
                socket.send((32767 * block).round().astype("<i2").tobytes())

        speaker = Thread(target=speak, daemon=True)
        speaker.start()
        while True:
            try:
                message = socket.recv(5.0)
            except TimeoutError:
                break
            if isinstance(message, str):
                continue
            index, repeated = int.from_bytes(message[:4], "little"), bool(message[4])
            heard, picture = message[5:][: 2 * SPEECH_SAMPLES_PER_FRAME], message[5 + 1280 :]
            sound = np.frombuffer(heard, "<i2").astype(np.float32) / 32768
            soak.came(index, repeated, sound, lambda picture=picture: picture)
        speaker.join()
        soak.ended()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("face", type=Path)
    parser.add_argument("speech", type=Path)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--page", action="store_true")
    parser.add_argument("--chunk", type=int, default=CHUNK)
    parser.add_argument("--ahead", type=int, default=AHEAD)
    args = parser.parse_args()
    samples = speech_samples(read_speech_file(args.speech))
    loop = samples[: len(samples) // SPEECH_SAMPLES_PER_FRAME * SPEECH_SAMPLES_PER_FRAME]
    frames = round(60 * MOTION_FPS * args.minutes)
    options = LiveOptions(speech=args.speech, chunk=args.chunk, ahead=args.ahead)
    with tempfile.TemporaryDirectory() as folder:
        if args.page:
            with served(args) as (pid, address):
                soak = Soak(loop, frames, Path(folder), pid)
                over_socket(soak, address)
            live = open_live(args.face, options, Run(steps=options.steps), print)
        else:
            live = open_live(args.face, options, Run(steps=options.steps), print)
            soak = Soak(loop, frames, Path(folder), os.getpid())

            def show(frame: LiveFrame) -> None:
                soak.came(frame.index, frame.repeated, frame.sound, lambda: jpeg(frame))

            with live.motion_process() as process:
                print(run_live(live.face(process), soak.blocks(), show))
                soak.ended()
        say(soak, args.chunk, args.ahead)
        pace = Pace(10**6, 0, wider=1.0, gate=False)
        say_lags(soak, LiveFace(live.person, live.models, Run(), pace))


if __name__ == "__main__":
    main()
