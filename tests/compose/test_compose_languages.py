"""Words of other languages than English: who says them, or who could."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from facedit.compose.session.session import Session
from facedit.errors import UsageError
from facedit.options import EditRequest
from facedit.speech.own_voice import elsewhere
from facedit.speech.text.languages import LANGUAGES, OTHERS, ability
from facedit.speech.voices.voice import synthesise
from facedit.types import Transcript
from talking_clips import gradient, write_clip

PAGE = (Path(__file__).parents[2] / "docs" / "voices.md").read_text(encoding="utf-8")
SAID = "We fly to the moon and back to the earth. Then we rest for a while under the sun."
"""What is heard, whatever it is said to be."""

IN = {
    "es": "Volamos a la luna y de vuelta hasta la tierra. Todos descansan un rato bajo el sol.",
    "fr": "Nous volons vers la lune et retour sur la terre. Puis on repose un peu sous le soleil.",
    "de": "Wir fliegen bis zum Mond und zurück auf die Erde. Dann ruhen wir eine Weile in Sonne.",
    "ar": "نحن نطير إلى القمر ثم نعود مرة أخرى إلى الأرض. ثم نستريح قليلا جدا تحت ضوء الشمس.",
    "zh": "我们 飞 去 月球 然后 再 回 到 地球. 然后 我们 在 太阳 下面 好好 休息 一 会.",
}


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Transcript]:
    """A clip of seven seconds, and its words with their times."""
    sound, words = synthesise(SAID, speed=0.75)
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    write_clip(path, [gradient(k) for k in range(int(sound.duration_s * 25) + 1)], sound)
    return path, words


def written(words: Transcript, language: str) -> Transcript:
    """The same times with words of another language."""
    texts = IN[language].split()
    assert len(texts) <= len(words.words)
    said = tuple(replace(word, text=text) for word, text in zip(words.words, texts, strict=False))
    return replace(words, words=said, language=language)


@pytest.mark.parametrize("language", IN)
def test_our_voices_do_not_say_words_of_it_and_say_who_could(clip, language: str) -> None:
    words = written(clip[1], language)
    request = EditRequest(
        replace=((words.words[3].text + "#1", words.words[1].text),), voice="hibari"
    )
    what = f"hibari does not speak “{language}”.*: .*record them .*--speech.*--voice own"
    with Session(clip[0]) as session, pytest.raises(UsageError, match=what):
        session.plan(request, words)


@pytest.mark.parametrize(
    "language",
    [pytest.param(one, marks=[pytest.mark.full] if one in ("fr", "de") else []) for one in IN],
)
def test_words_that_the_speaker_says_elsewhere_are_taken(
    clip, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(elsewhere, "MOST_COST", 9.0)
    monkeypatch.setattr("facedit.speech.fit.voice_choice.voices", lambda: ["hibari"])
    words = written(clip[1], language)
    new = words.words[1].text
    request = EditRequest(replace=((words.words[4].text + "#1", new),), voice="own")
    with Session(clip[0]) as session:
        (snippet,) = session.plan(request, words).snippets
        assert snippet is not None
        assert [word.text for word in snippet.transcript.words] == [new]
        assert snippet.transcript.language == language
        said_s = words.words[1].start_s
        assert str(snippet.choice) == f"the speaker's own, said in the clip at {said_s:.2f} s"
        nowhere = replace(request, replace=((words.words[4].text + "#1", "Xyzzy"),))
        with pytest.raises(UsageError, match=r"does not speak .* the words “Xyzzy”"):
            session.plan(nowhere, words)


def test_the_page_shows_the_table() -> None:
    table = PAGE.split("## Languages")[1].split("\n\n")[1]
    rows = [re.split(r" *\| *", line.strip("| ")) for line in table.splitlines()[2:]]
    assert len(rows) == len(LANGUAGES) + 1
    for row, (code, one) in zip(rows, [*LANGUAGES.items(), ("", OTHERS)], strict=True):
        assert (f"`{code}`" in row[0]) == bool(code)
        assert ability(code or "de") == one
        assert row[1].startswith(one.transcribe)
        assert row[2].startswith(one.align)
        assert row[3].startswith("our voices" if one.speak else "not by our voices")
        assert row[4] == one.own
