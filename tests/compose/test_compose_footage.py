"""Footage of the speaker: what they say there is theirs too."""

from pathlib import Path

import pytest

from facedit.compose.session.session import Session
from facedit.compose.words import new_words
from facedit.compose.words.plans import voices_of
from facedit.errors import NoSound, UsageError
from facedit.options import EditRequest
from facedit.speech.own_voice import elsewhere
from facedit.speech.voices.voice import synthesise
from talking_clips import gradient, write_clip

LONG = (
    "They drive back home and rest for a while, and then they cook a meal of rice and beans for "
    "all of the others."
)


def written(path: Path, says: str) -> tuple[Path, object]:
    """A clip without a face in which the default voice says something."""
    sound, words = synthesise(says, speed=0.9)
    write_clip(path, [gradient(k) for k in range(int(sound.duration_s * 25) + 1)], sound)
    return path, words


def test_a_word_said_in_footage_is_taken_from_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(elsewhere, "MOST_COST", 9.0)
    clip, words = written(tmp_path / "clip.mp4", "We fly to the moon.")
    more, said = written(tmp_path / "more.mp4", LONG)
    monkeypatch.setattr(new_words, "cached_transcript", lambda *_: said)  # which takes a second
    request = EditRequest(replace=(("fly", "drive"),), voice="own", footage=more)
    with Session(clip) as session:
        alone = EditRequest(replace=request.replace, voice="own")
        with pytest.raises(UsageError, match="4 s of speech are needed"):
            session.plan(alone, words)
        planned = session.plan(request, words)
        (choice,) = voices_of(planned)
        assert (
            str(choice) == f"the speaker's own, said in more.mp4 at {said.words[1].start_s:.2f} s"
        )
        snippet = planned.snippets[0]
        assert snippet is not None
        assert snippet.sound.rate == session.info.sound_rate
        assert snippet.sound.duration_s == pytest.approx(
            said.words[1].end_s - said.words[1].start_s, abs=0.15
        )
        silent = tmp_path / "silent.mp4"
        write_clip(silent, [gradient(k) for k in range(10)], None)
        with pytest.raises(NoSound):
            session.plan(EditRequest(replace=request.replace, voice="own", footage=silent), words)
