"""Edits that an engine speaks: planned by a command, with consent; an edit's own voice counts."""

import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from facedit.cache import CONFIG
from facedit.compose.session.consents import FILE, consent_notes
from facedit.compose.session.session import Session
from facedit.compose.takes.marking import mark
from facedit.compose.words.asked_voice import asked_voice
from facedit.compose.words.plans import voices_of
from facedit.errors import UsageError
from facedit.media.wav import write_wav
from facedit.options import EditRequest, GenerateRequest, Run
from facedit.provenance.signing import Signing
from facedit.speech.voices.command import typed_command
from facedit.speech.voices.hibari_voice import HibariVoice
from facedit.speech.voices.voice import synthesise
from talking_clips import gradient, write_clip

SAID = "We fly to the moon and back to the earth. Then we rest for a while in the sun."


def command(folder: Path, says: str) -> str:
    """A program that writes a recording whatever it is asked."""
    write_wav(folder / "says.wav", HibariVoice().speak(says, 1.0), force=True)
    code = "import shutil, sys; shutil.copy(sys.argv[1], sys.argv[2])"
    return f"{sys.executable} -c '{code}' {folder / 'says.wav'} {{out}} {{text}}"


@pytest.mark.skipif(sys.platform == "win32", reason="the command is split as a shell's is")
def test_an_edit_is_spoken_by_a_command_and_marked_a_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(CONFIG, str(tmp_path / "config"))
    sound, words = synthesise(SAID, speed=0.9)
    clip = tmp_path / "clip.mp4"
    write_clip(clip, [gradient(k) for k in range(int(sound.duration_s * 25) + 1)], sound)
    engine = command(tmp_path, "We fly to the sun and back to the earth.")
    request = EditRequest(replace=(("moon", "sun"),), voice_command=engine)
    refused = pytest.raises(UsageError, match=r"copies the speaker's voice: .* by --consent")
    with Session(clip, Run()) as session, refused:
        session.plan(request, words)
    with Session(clip, Run(consent="by letter")) as session:
        planned = session.plan(request, words)
        (snippet,) = planned.snippets
        assert snippet is not None
        assert [word.text for word in snippet.transcript.words] == ["sun"]
        (choice,) = voices_of(planned)
        name = Path(sys.executable).name
        assert str(choice) == f"the speaker's, copied by {name}, as asked for"
        job = SimpleNamespace(
            verb="edit", run=planned.run, imitation=choice.imitation,
            base=SimpleNamespace(plan=planned.plan),
        )  # fmt: skip
        line = mark(job, Signing(None, "no"))
        assert f", in a copy of the speaker's voice by {name}; " in line
        assert line.endswith("consent: by letter")
    with Session(clip, Run()) as session:  # nobody is asked again
        assert session.plan(request, words).run.consent == "by letter"
        whole = session.speak("We fly to the sun.", voice=typed_command(engine))
        assert whole.spoken_by == str(choice)
    kept = tmp_path / "config" / FILE
    assert list(json.loads(kept.read_text()).values()) == ["by letter"]
    kept.write_text("[1")
    with Session(clip, Run()) as session, refused:
        session.plan(request, words)


def test_what_is_in_somebodys_voice_asks_who_agreed() -> None:
    (note,) = consent_notes("an imitation of the speaker's voice", Run())
    assert note.startswith("the new words are in an imitation of the speaker's voice: --consent")
    assert consent_notes("an imitation of the speaker's voice", Run(consent="by letter")) == ()
    assert consent_notes("", Run()) == ()


def test_an_edits_own_voice_counts_before_that_of_all(tmp_path: Path) -> None:
    request = EditRequest(say="a", voice="auto")
    assert asked_voice(request, "am_adam") == "am_adam"
    assert asked_voice(request) == "auto"
    assert asked_voice(GenerateRequest(text="a")) == "auto"


@pytest.mark.parametrize("other", [{"voice": "own"}, {"speech": (Path("me.wav"),)}])
def test_two_do_not_speak_at_once(other: dict) -> None:
    with pytest.raises(UsageError, match="and --voice-command both speak"):
        EditRequest(say="a", voice_command="say {text} {out}", **other)
