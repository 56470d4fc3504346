"""``facedit live`` where it is used: raw sound in and a file out, typed text and a camera."""

import io
import runpy
import sys
from contextlib import nullcontext
from pathlib import Path
from threading import Event
from types import SimpleNamespace

import av
import numpy as np
import pytest

from facedit.cli.main import main
from facedit.compose.frames.person import Person
from facedit.compose.source.models import Models
from facedit.live.live_face import LiveFace, LiveFrame
from facedit.live.live_options import LiveOptions
from facedit.live.open_live import Live, play
from facedit.live.pace import Pace
from facedit.live.run_live import run_live
from facedit.live.sound_sources import Sayings, played
from facedit.options import Run
from facedit.speech.voices.voice import synthesise
from facedit.types import Sound

cv2 = pytest.importorskip("cv2")
skimage = pytest.importorskip("skimage.data")


def test_raw_sound_becomes_a_film_of_a_real_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    picture, film = tmp_path / "face.png", tmp_path / "film.mp4"
    cv2.imwrite(str(picture), skimage.astronaut()[:256, 96:352, ::-1])
    from facedit.speech.sound_ops import speech_samples

    samples = speech_samples(synthesise("mama")[0])[: 20 * 640]
    data = (32767 * samples).astype("<i2").tobytes()
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(data)))
    # A process takes seconds to begin: test_live_real.py.
    monkeypatch.setattr(Live, "motion_process", lambda _: nullcontext())
    given = ["live", str(picture), "--speech", "-", "-o", str(film), "--no-progress"]
    assert main(given) == 0
    assert "from sound to picture" in capsys.readouterr().err
    with av.open(str(film)) as found:
        assert "synthetic face" in found.metadata["comment"]
        shown, heard = [], []
        for frame in found.decode(video=0, audio=0):
            if isinstance(frame, av.VideoFrame):
                shown.append(frame)
            else:
                heard.append(frame.to_ndarray()[0])
    assert [round(25 * frame.time) for frame in shown] == list(range(len(shown)))
    assert len(shown) == -(-len(samples) // 640)
    sound = np.concatenate(heard)[: len(samples)]
    assert np.corrcoef(sound, samples[: len(sound)])[0, 1] > 0.95  # in step to the sample
    mouths = np.stack([frame.to_ndarray(format="gray")[100:150, 90:170] for frame in shown])
    assert np.ptp(mouths.astype(float), axis=0).max() > 40
    assert main(given) == 6  # not over what is there
    assert main([*given[:4], "--to", "page"]) == 2


def test_typed_text_is_shown_by_a_virtual_camera(
    person: Person, models: Models, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent, told = [], []

    class Camera:
        def __init__(self, width: int, height: int, fps: float) -> None:
            self.size = (height, width, 3)
            assert fps == 25

        def send(self, picture: np.ndarray) -> None:
            assert picture.shape == self.size
            sent.append(picture)

        def sleep_until_next_frame(self) -> None:
            pass

        def close(self) -> None:
            sent.append(None)

    monkeypatch.setitem(sys.modules, "pyvirtualcam", SimpleNamespace(Camera=Camera))
    monkeypatch.setattr(sys, "stdin", io.StringIO("One. Two.\n\nThree.\n"))
    options = LiveOptions(text=True, to="camera", chunk=3, ahead=1, steps=1)
    sound = Sound(np.full((1920, 1), 0.3, np.float32), 16_000)
    spoken: list[str] = []

    def speak(text: str) -> Sound:
        spoken.append(text)
        return sound

    tally = play(Live(person, models, Run(steps=1), options, speak), told.append)
    assert spoken == ["One.", "Two.", "Three."]
    assert tally.frames >= 9
    assert len(sent) == tally.frames + 1
    assert sent[-1] is None
    assert told == []


def test_the_first_sentence_is_shown_while_the_second_is_made(
    person: Person, models: Models
) -> None:
    shown, waited = Event(), []

    def speak(text: str) -> Sound:
        if text == "Two.":
            waited.append(shown.wait(60))
        return Sound(np.full((1920, 1), 0.3, np.float32), 16_000)

    def show(frame: LiveFrame) -> None:
        if frame.sound.any():
            shown.set()

    sayings = Sayings(speak, print)
    sayings.say("One. Two.")
    sayings.end()
    face = LiveFace(person, models, Run(steps=1), Pace(3, 1))
    run_live(face, played(sayings.take, lambda: 0.0, lambda _: None), show)
    assert waited == [True]


def test_a_camera_without_its_package_is_refused_in_one_line(
    person: Person, models: Models, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyvirtualcam", None)
    live = Live(person, models, Run(), LiveOptions(text=True, to="camera"), lambda _: Sound)
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    with pytest.raises(FileNotFoundError, match="pip install pyvirtualcam"):
        play(live, print)


def test_the_assistant_answers_by_a_film(
    person: Person, models: Models, monkeypatch: pytest.MonkeyPatch
) -> None:
    example = runpy.run_path(str(Path(__file__).parents[2] / "examples" / "assistant.py"))
    spoken: list[str] = []

    def speak(text: str) -> Sound:
        spoken.append(text)
        return Sound(np.full((1280, 1), 0.3, np.float32), 16_000)

    live = Live(person, models, Run(steps=1), LiveOptions(text=True, steps=1), speak)
    monkeypatch.setitem(example["main"].__globals__, "open_live", lambda *_: live)
    film = io.BytesIO()
    monkeypatch.setattr(sys, "stdin", io.StringIO("Hello\n"))
    monkeypatch.setattr(sys, "stdout", SimpleNamespace(buffer=film))
    example["main"]("face.jpg")
    assert spoken == ["You said: Hello.", "Tell me more."]
    with av.open(io.BytesIO(film.getvalue())) as found:
        assert len(list(found.decode(video=0))) >= 4
