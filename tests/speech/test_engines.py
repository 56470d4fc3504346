"""Engines of other people: shown whole words of the speaker, held to limits, believed nothing."""

import json
import sys
import wave
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from facedit.cache import CONFIG
from facedit.errors import BadPlugin, UsageError
from facedit.media.wav import write_wav
from facedit.scratch import scratch_folder
from facedit.speech.fit.clip_reference import Reference
from facedit.speech.fit.passages import said_by, words_by_engine
from facedit.speech.fit.shown import LONGEST_S, SHORTEST_S, reference_of
from facedit.speech.fit.voice_choice import choose_voice
from facedit.speech.signal.low_energy import level_db
from facedit.speech.sound_ops import mono
from facedit.speech.voices import command as command_module
from facedit.speech.voices.command import CommandEngine, typed_command
from facedit.speech.voices.engine_settings import engine_named, engine_names, settings_file
from facedit.speech.voices.hibari_voice import HibariVoice
from facedit.speech.voices.voice import synthesise, voice_named, voices
from facedit.speech.voices.voice_interface import Passage, Spoken
from facedit.types import Sound, Word

FAKE = """
import math, os, shutil, struct, subprocess, sys, time, wave

manner, out, good, *told = sys.argv[1:]

def write(path, samples, rate=24_000):
    with wave.open(path, "wb") as file:
        file.setnchannels(1), file.setsampwidth(2), file.setframerate(rate)
        file.writeframes(b"".join(struct.pack("<h", int(32767 * s)) for s in samples))

if manner == "good":
    shutil.copy(good, out)
elif manner == "hangs":
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    time.sleep(60)
elif manner == "huge":
    with open("filler", "wb") as file:
        while True:
            file.write(bytes(1_000_000)), file.flush(), time.sleep(0.01)
elif manner == "silent":
    write(out, [0.0] * 24_000)
elif manner == "endless":
    with wave.open(out, "wb") as file:
        file.setnchannels(1), file.setsampwidth(2), file.setframerate(24_000)
        file.writeframes(bytes([0, 32, 0, 224]) * 24_000 * 30)
elif manner == "nan":
    data = struct.pack("<4f", 0.1, math.nan, 0.1, 0.1) * 5000
    head = struct.pack("<4sIHHIIHH", b"fmt ", 16, 3, 1, 24_000, 96_000, 4, 32)
    body = b"WAVE" + head + struct.pack("<4sI", b"data", len(data)) + data
    with open(out, "wb") as file:
        file.write(b"RIFF" + struct.pack("<I", len(body)) + body)
elif manner == "rate":
    with wave.open(good) as file:
        frames = file.readframes(file.getnframes())
    with wave.open(out, "wb") as file:
        file.setnchannels(1), file.setsampwidth(2), file.setframerate(72_000)
        file.writeframes(frames)
elif manner == "fails":
    print("loading"), print("no graphics card was found")
    sys.exit(1)
elif manner == "elsewhere":
    shutil.copy(good, os.path.join(os.path.dirname(out), "mine.wav"))
elif manner == "link":
    os.symlink(good, out)
elif manner == "pipe":
    os.mkfifo(out)
elif manner == "text":
    open(out, "w").write("RIFF is not what follows")
elif manner == "tells":
    open(told[0], "w").write("\\n".join(told[1:]))
    shutil.copy(good, out)
"""
BEFORE, NEW, AFTER = ["The", "weather", "will", "be"], ["stormy"], ["again", "tomorrow"]


@pytest.fixture(autouse=True)
def afresh(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing of earlier runs is taken, and there are no settings of the developer's."""
    monkeypatch.setenv("FACEDIT_NO_CACHE", "1")
    monkeypatch.setenv(CONFIG, str(tmp_path))


@pytest.fixture
def fake(tmp_path: Path):
    """Make an engine that says something in a manner."""

    def made(manner: str, says: str = "", *told: str, seconds: float = 30.0) -> CommandEngine:
        script, good = tmp_path / "engine.py", tmp_path / "good.wav"
        script.write_text(FAKE)
        if says:
            write_wav(good, HibariVoice().speak(says, 1.0), force=True)
        line = (sys.executable, str(script), manner, "{out}", str(good), *told)
        used = line if any("{text" in part for part in line) else (*line, "{text}")
        return CommandEngine("mine", used, seconds=seconds)

    return made


@pytest.fixture(scope="module")
def reference() -> Reference:
    """The clip: hibari says the sentence and more, of which "sunny" is edited."""
    said = "The weather will be sunny again tomorrow morning. It rained for most of the week."
    sound, known = synthesise(said, speed=0.9)
    sunny = known.words[4]
    return Reference(sound, known.words, place_s=(sunny.start_s, sunny.end_s))


def passage(text: str = "stormy") -> Passage:
    return Passage(text, "en", Sound(np.full((24_000, 1), 0.1, np.float32), 24_000), "hello")


def test_new_words_are_cut_out_of_what_an_engine_says(fake, reference: Reference) -> None:
    engine = fake("good", " ".join([*BEFORE, *NEW, *AFTER]))
    choice = choose_voice(engine, reference.sound)
    made = words_by_engine(BEFORE, NEW, AFTER, choice, reference, "en")
    assert [word.text for word in made.transcript.words] == NEW
    assert 0.2 < made.sound.duration_s < 0.9
    assert made.voice == "mine"
    assert str(made.choice) == "the speaker's, copied by mine, as asked for"
    assert made.choice.imitation == "a copy of the speaker's voice by mine"


def test_an_engine_is_shown_the_words_the_speaker_and_the_stretch_to_edit(
    fake, reference: Reference, tmp_path: Path
) -> None:
    told = [
        "{text}", "{text_file}", "{reference}", "{reference_text}", "{language}", "{clip}",
        "{clip_text}", "{start_s}", "{end_s}", "{folder}",
    ]  # fmt: skip
    kept = tmp_path / "told"
    engine = fake("tells", " ".join([*BEFORE, *NEW, *AFTER]), str(kept), *told)
    words_by_engine(BEFORE, NEW, AFTER, choose_voice(engine, reference.sound), reference, "en")
    text, text_file, shown, shown_text, language, clip, clip_text, start_s, end_s, folder = (
        kept.read_text().splitlines()
    )
    assert text == "The weather will be stormy again tomorrow"
    assert clip_text == "The weather will be sunny again tomorrow"
    assert "weather will be sunny" in shown_text
    assert language == "en"
    first, end = reference.words[0].start_s, reference.words[4].end_s
    assert float(end_s) == pytest.approx(end - max(0.0, first - 0.1), abs=0.01)
    assert 0.2 < float(end_s) - float(start_s) < 1.0
    assert {Path(one).parent for one in (text_file, shown, clip)} == {Path(folder)}
    assert not Path(folder).exists()


@pytest.mark.parametrize(
    ("manner", "what"),
    [
        ("silent", "mine gave nothing but silence"),
        ("endless", r"mine speaks for 60 s where 23 s are plenty"),
        ("nan", "what mine wrote is no sound .*not numbers"),
        ("fails", r"ended with status 1: loading no graphics card was found\.$"),
        ("elsewhere", r"mine ended well and wrote nothing to \{out\}"),
        ("link", "mine wrote no plain file"),
        ("pipe", "mine wrote no plain file"),
        ("text", "what mine wrote is no sound"),
    ],
)
def test_what_is_no_speech_is_refused_in_one_line(fake, manner: str, what: str) -> None:
    with pytest.raises(BadPlugin, match=what) as caught:
        said_by(fake(manner, "Stormy."), passage())
    assert "\n" not in str(caught.value)


def test_one_that_never_ends_is_ended_and_all_that_it_started(fake) -> None:
    before = _children()
    with pytest.raises(BadPlugin, match=r"took more than 0 s and was stopped"):
        said_by(fake("hangs", seconds=0.4), passage())
    assert _children() <= before


def _children() -> set[str]:
    """Processes of Linux that sleep for a minute, by their command lines."""
    lines = [file.read_bytes() for file in Path("/proc").glob("[0-9]*/cmdline") if file.exists()]
    return {line.decode() for line in lines if b"time.sleep(60)" in line}


def test_one_that_fills_the_disk_is_ended(fake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command_module, "MOST_BYTES", 5_000_000)
    with pytest.raises(BadPlugin, match="wrote more than 5 MB and was stopped"):
        said_by(fake("huge"), passage())
    with scratch_folder() as place:
        assert not list(place.parent.glob(".facedit-*/filler"))


@pytest.mark.parametrize(
    ("manner", "says"),
    [("good", "Please remember to feed the goldfish."), ("rate", "The weather will be stormy.")],
)
def test_other_words_and_a_wrong_rate_are_heard(
    fake, reference: Reference, manner: str, says: str
) -> None:
    choice = choose_voice(fake(manner, says), reference.sound)
    with pytest.raises(BadPlugin, match="mine says something else than the new words “stormy”"):
        words_by_engine(BEFORE, NEW, AFTER, choice, reference, "en")


def test_the_same_is_asked_once(fake, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("FACEDIT_NO_CACHE")
    monkeypatch.setenv("FACEDIT_CACHE", str(tmp_path / "cache"))
    engine = fake("good", "Stormy.")
    first = said_by(engine, passage())
    (tmp_path / "good.wav").unlink()
    np.testing.assert_array_equal(said_by(engine, passage()).samples, first.samples)
    with pytest.raises(BadPlugin, match="ended with status 1"):
        said_by(engine, passage("windy"))


def test_it_finds_its_own_packages_and_not_ours(fake, monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PYTHONPATH", "/ours")
    kept = tmp_path / "seen"
    code = f"import os; open({str(kept)!r}, 'w').write(repr(dict(os.environ)))"
    engine = CommandEngine(
        "mine", (sys.executable, "-c", code, "{text}", "{out}"), environment={"HF_HUB_OFFLINE": "1"}
    )
    with pytest.raises(BadPlugin, match="wrote nothing"):
        said_by(engine, passage())
    seen = kept.read_text()
    assert "/ours" not in seen
    assert "'HF_HUB_OFFLINE': '1'" in seen


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("nowhere-to-be-found {text} {out}", "no program nowhere-to-be-found"),
        ("sh -c {texts} {out}", r"\{texts\} is no placeholder: text, text_file"),
        ("sh {text}", r"must name \{text\} or \{text_file\}, and \{out\}"),
        ("", "name a program"),
        ("sh 'open", "--voice-command: No closing quotation"),
    ],
)
def test_a_command_that_cannot_work_is_refused_before_any_work(line: str, what: str) -> None:
    with pytest.raises(UsageError, match=what):
        typed_command(line)


def test_nothing_goes_through_a_shell_and_no_word_is_an_option(tmp_path: Path) -> None:
    kept = tmp_path / "seen"
    code = f"import sys; open({str(kept)!r}, 'w').write(repr(sys.argv[1:]))"
    engine = CommandEngine("mine", (sys.executable, "-c", code, "{text}", "{out}"))
    with pytest.raises(BadPlugin, match="wrote nothing"):
        said_by(engine, passage("--out=/etc/x; $(touch here) 'a' {out}"))
    assert repr("out=/etc/x; $(touch here) 'a' {out}") in kept.read_text()


def test_settings_name_engines(tmp_path: Path) -> None:
    file = settings_file()
    assert engine_names() == ()
    command = json.dumps([sys.executable, "{text}", "{out}"])
    file.write_text(f'[voices.pocket]\ncommand = {command}\nlanguages = ["en"]\nseconds = 20\n')
    engine = voice_named("pocket")
    assert engine == engine_named("pocket")
    assert (engine.name, engine.languages, engine.seconds) == ("pocket", ("en",), 20.0)
    assert "pocket" in voices()
    with pytest.raises(UsageError, match="nobody is heard here"):
        choose_voice("pocket", None)
    with pytest.raises(UsageError, match="pocket speaks en and the words are in de"):
        said_by(engine, replace(passage(), language="de"))
    for text, what in (
        ("[voice.pocket]", "unknown voice .did you mean voices"),
        ("[voices.pocket]\ncommand = []", "names no program"),
        ("[voices.pocket]\ncomand = ['x']", "unknown comand .did you mean command"),
        ("voices = 3", "voices must be a table"),
        ("[voices", "cannot be read as TOML"),
    ):
        file.write_text(text)
        with pytest.raises(UsageError, match=what):
            engine_named("pocket")


def test_an_engine_of_another_package_may_know_its_words_or_fail(reference: Reference) -> None:
    @dataclass(frozen=True)
    class Plugged:
        name: str = "plugged"
        languages: tuple[str, ...] = ("en",)
        broken: bool = False

        def say(self, shown: Passage) -> Sound:
            if self.broken:
                raise ValueError("no breath")
            return Spoken(*astuple(HibariVoice().speak(shown.text, 1.0)))

    def astuple(sound: Sound) -> tuple[np.ndarray, int]:
        return sound.samples, sound.rate

    made = words_by_engine(
        BEFORE, NEW, AFTER, choose_voice(Plugged(), reference.sound), reference, "en"
    )
    assert [word.text for word in made.transcript.words] == NEW
    with pytest.raises(BadPlugin, match=r"plugged cannot speak \(ValueError: no breath\)"):
        said_by(Plugged(broken=True), passage())


def test_the_reference_is_the_clearest_run_of_whole_words_between_pauses() -> None:
    rate = 16_000
    words = [Word(f"w{k}", 0.5 * k, 0.5 * k + 0.45) for k in range(40)]
    for k in range(10, 26):
        words[k] = replace(words[k], score=0.4)
    gap = [replace(word, start_s=word.start_s + 1, end_s=word.end_s + 1) for word in words[26:]]
    words[26:] = gap
    wave_ = np.zeros((round(22 * rate), 1), np.float32)
    for word in words:
        wave_[round(word.start_s * rate) : round(word.end_s * rate)] = 0.1
    sound, text = reference_of(Sound(wave_, rate), words)
    assert SHORTEST_S <= sound.duration_s <= LONGEST_S + 1
    first = int(text.split()[0][1:])
    assert first >= 26
    assert text.split() == [f"w{k}" for k in range(first, first + len(text.split()))]
    assert level_db(mono(sound)[: rate // 200]) < -60  # cut in the silence
    with pytest.raises(UsageError, match="3 to 12 s of the speaker's words"):
        reference_of(Sound(wave_, rate), words[:4])


def test_what_is_shown_is_mono_at_24_khz(fake, reference: Reference, tmp_path: Path) -> None:
    kept = tmp_path / "shown.wav"
    code = "import shutil, sys; shutil.copy(sys.argv[1], sys.argv[2])"
    engine = CommandEngine(
        "mine", (sys.executable, "-c", code, "{reference}", str(kept), "{text}", "{out}")
    )
    with pytest.raises(BadPlugin, match="wrote nothing"):
        said_by(engine, replace(passage(), reference=Sound(np.zeros((8000, 2), np.float32), 8000)))
    with wave.open(str(kept)) as file:
        assert (file.getnchannels(), file.getframerate(), file.getsampwidth()) == (1, 24_000, 2)
        assert file.getnframes() == 24_000
