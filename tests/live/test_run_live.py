"""How a live face is played: delays, sparing, what is spoken; no clock of this machine is asked."""

import io
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from facedit.errors import UsageError
from facedit.live.live_face import LiveFrame
from facedit.live.live_motion import Chunk
from facedit.live.live_options import LiveOptions
from facedit.live.pace import Pace
from facedit.live.run_live import SoundClock, run_live
from facedit.live.sound_sources import Sayings, from_sound, pcm_blocks, played, sentences
from facedit.media.info import new_video_info
from facedit.media.pixels import frame_from_rgb
from facedit.types import Float32, Sound

BLOCK = 640
PICTURE = frame_from_rgb(np.zeros((16, 16, 3), np.uint8), 0.0, new_video_info(16, 16))


class Toy:
    """A face whose frames cost time on a clock of its own."""

    def __init__(self, pace: Pace, picture_s: float, chunk_s: float = 0.0) -> None:
        self.pace, self.now_s = pace, 0.0
        self._picture_s, self._chunk_s = picture_s, chunk_s
        self.motion = self.pictures = self
        self._heard = self.done = 0
        self.every: list[int] = []
        self.many: list[int] = []

    def push(self, samples: Float32, many: int) -> Iterator[Chunk]:
        self._heard += len(samples) // BLOCK
        count = many * self.pace.chunk
        while self._heard - self.done >= count + self.pace.ahead:
            self.many.append(many)
            self.now_s += self._chunk_s
            self.done += count
            sound = np.zeros((count, BLOCK), np.float32)
            yield Chunk(self.done - count, np.zeros((count, 1)), sound)

    def finish(self) -> Iterator[Chunk]:
        return iter(())

    def helper(self, chunk: Chunk) -> None:
        return None

    def show(self, chunk: Chunk, every: int, helper: None) -> Iterator[LiveFrame]:
        self.every.append(every)
        for k in range(len(chunk.motion)):
            repeated = bool((chunk.first + k) % every)
            self.now_s += 0 if repeated else self._picture_s
            yield LiveFrame(chunk.first + k, PICTURE, chunk.sound[k], repeated)

    def clock(self) -> float:
        return self.now_s


def silence(frames: int) -> Iterator[Float32]:
    return iter([np.zeros(BLOCK, np.float32)] * frames)


def test_sound_that_was_waited_for_has_just_come() -> None:
    now_s = 10.0

    def source() -> Iterator[Float32]:
        nonlocal now_s
        for wait_s in (0.0, 0.04, 0.0, 1.0, 0.04):
            now_s += wait_s
            yield np.zeros(BLOCK, np.float32)

    times = SoundClock(lambda: now_s)
    delays = []
    for frame, _ in enumerate(times.timed(source())):
        delays.append(round(times.delay_s(frame), 6))
    assert delays == [
        0.04,
        0.04,
        0.0,
        0.04,
        0.04,
    ]  # the third did not wait: it came with the second


@pytest.mark.parametrize(("picture_s", "spared"), [(0.01, False), (0.2, True)])
def test_pictures_are_spared_when_time_runs_out(picture_s: float, spared: bool) -> None:
    toy, shown = Toy(Pace(4, 4), picture_s), []
    tally = run_live(toy, silence(60), shown.append, toy.clock)  # type: ignore[arg-type]
    assert [frame.index for frame in shown] == list(range(56))  # none is left out
    assert (max(toy.every) > 1, tally.repeated > 0) == (spared, spared)
    assert tally.frames == 56
    if spared:
        assert tally.late > 0
        assert tally.delay_s(0.99) > tally.delay_s(0.5) > 0.1


@pytest.mark.parametrize("times", [0.5, 3.0])
def test_motion_that_is_too_dear_is_drawn_in_longer_chunks_and_keeps_up(times: float) -> None:
    toy, shown = Toy(Pace(4, 4), 0.0, chunk_s=times * 0.16), []
    tally = run_live(toy, silence(1000), shown.append, toy.clock)  # type: ignore[arg-type]
    assert [frame.index for frame in shown] == list(range(toy.done))
    assert toy.done > 980
    assert (max(toy.many) > 1) == (times > 1)
    assert tally.delay_s(1.0) < 5.0  # of 40 s, for which single chunks would take 120 s


def test_what_goes_wrong_while_sound_comes_ends_the_run() -> None:
    def source() -> Iterator[Float32]:
        yield from silence(10)
        raise UsageError("the microphone is gone.")

    toy = Toy(Pace(4, 4), 0.0)
    with pytest.raises(UsageError, match="microphone"):
        run_live(toy, source(), lambda _: None, toy.clock)  # type: ignore[arg-type]


def test_raw_sound_is_read_to_its_end() -> None:
    values = np.arange(-1000, 1001, dtype="<i2")
    blocks = list(pcm_blocks(io.BytesIO(values.tobytes() + b"\x01")))
    assert [len(block) for block in blocks] == [640, 640, 640, 81]
    assert np.array_equal(np.concatenate(blocks) * 32768, values)


def test_a_recording_is_played_as_time_goes_by() -> None:
    now_s, sound = 0.0, Sound(np.linspace(-1, 1, 1500, dtype=np.float32)[:, None], 16_000)

    def sleep(seconds: float) -> None:
        nonlocal now_s
        now_s += seconds

    def clock() -> float:
        return now_s

    came = []
    for block in played(from_sound(sound), clock, sleep):
        came.append((round(now_s, 6), len(block)))
        now_s += 0.03  # work meanwhile costs no time
    assert came == [(0.04, 640), (0.08, 640), (0.12, 220)]


def test_sentences_are_spoken_one_by_one_and_silence_lies_between() -> None:
    assert sentences("One, two. Three?  Four… five") == ["One, two.", "Three?", "Four…", "five"]
    spoken, told = [], []

    def speak(text: str) -> Sound:
        spoken.append(text)
        if "bad" in text:
            raise UsageError("cannot be read.")
        return Sound(np.full((1000, 1), 0.5, np.float32), 16_000)

    sayings = Sayings(speak, told.append)
    assert not np.any(sayings.take(640))  # nothing is said yet, and it is not over
    sayings.say("One. Something bad. Two.")
    sayings.end()
    blocks = []
    while (block := sayings.take(640)) is not None:
        blocks.append(block)
        time.sleep(0)
    said = np.concatenate(blocks)
    assert spoken == ["One.", "Something bad.", "Two."]
    assert told == ["cannot be read."]
    assert int(np.count_nonzero(said)) == 2000


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"text": True, "speech": Path("-")}, "two ways"),
        ({"to": "page", "text": True}, "its own microphone"),
        ({"to": "mp4"}, "say what is spoken"),
        ({"to": "camera", "text": True, "output": Path("x.mp4")}, "writes no file"),
        ({"chunk": 0}, "--chunk"),
        ({"ahead": 50}, "choose 42 or less"),
    ],
)
def test_options_that_contradict_each_other_are_refused(
    options: dict[str, object], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        LiveOptions(**options)  # type: ignore[arg-type]
    assert LiveOptions().sink == "page"
    assert replace(LiveOptions(), text=True).sink == "mp4"
