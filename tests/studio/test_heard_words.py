"""Words are kept part by part as they are heard, and edited meanwhile."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("starlette")

from facedit.editing.diff import WordEdit
from facedit.editing.edit_options import EditOptions
from facedit.editing.script import EditScript, ScriptSource, loads
from facedit.errors import BadTranscript, Cancelled
from facedit.scale.task_process import Tell
from facedit.studio.clip_store import Store, StoredClip
from facedit.studio.heard_words import corrected, forget, hear, is_heard, take_given
from facedit.studio.refused import Refused
from facedit.types import Transcript, Word

SOURCE = ScriptSource("one.mp4", 180.0, Fraction(25))


@pytest.fixture
def clip(tmp_path: Path) -> StoredClip:
    store = Store(tmp_path / "studio")
    made = store.make()
    made.note(source=str(tmp_path / "one.mp4"))
    return store.get(made.id)


def part(number: int) -> Transcript:
    """The words of one minute of three, a word every ten seconds."""
    words = tuple(
        Word(f"w{6 * number + k}", 60.0 * number + 10 * k, 60.0 * number + 10 * k + 5, 0.9)
        for k in range(6)
    )
    return Transcript(words, 60.0 * (number + 1), "en", "heard")


class Ear:
    """Recognises three minutes, as often as it is asked, and may be ended after a part."""

    def __init__(self, clip: StoredClip) -> None:
        self.clip, self.news = clip, []
        self.asked_s: list[float] = []

    def hear(self, parts: int = 3) -> None:
        def recognise(start_s: float, tell: Tell) -> None:
            self.asked_s.append(start_s)
            for number in range(int(start_s // 60), 3):
                if number == parts:
                    raise Cancelled("cancelled")
                found = part(number)
                tell((None, replace(found, words=found.words[:2], duration_s=found.words[1].end_s)))
                tell((SOURCE, found))

        hear(self.clip, recognise, self.news.append)


def test_words_come_part_by_part_and_are_edited_meanwhile(clip: StoredClip) -> None:
    ear = Ear(clip)
    with pytest.raises(Cancelled):
        ear.hear(parts=1)
    assert [(one["from"], len(one["words"]), one["until_s"], one["final"]) for one in ear.news] == [
        (0, 2, 15.0, False), (0, 6, 60.0, True),
    ]  # fmt: skip
    assert not is_heard(clip)
    script = loads(clip.known_script())
    assert (len(script.transcript.words), script.transcript.duration_s) == (6, 180.0)
    edit = replace(script, edits=(WordEdit(1, 2, ("other",)),), own=(EditOptions(),))
    before = clip.revision(clip.save_script(edit))
    ear.hear()
    assert ear.asked_s == [0.0, 60.0]
    assert is_heard(clip)
    script = loads(clip.known_script())
    assert [word.text for word in script.transcript.words] == [f"w{k}" for k in range(18)]
    assert [(one.old_start, one.old_end, one.text) for one in script.edits] == [(1, 2, "other")]
    # What a page knows of the edits is still so: it may save over it.
    assert clip.revision(clip.known_script()) == before
    ear.hear()
    assert ear.asked_s == [0.0, 60.0]


def test_a_server_that_ended_in_between_hears_no_word_twice(clip: StoredClip) -> None:
    ear = Ear(clip)
    with pytest.raises(Cancelled):
        ear.hear(parts=2)
    clip.note(heard_s=60.0)  # as if it had ended after the words were kept, before that was noted
    ear.hear()
    texts = [word.text for word in loads(clip.known_script()).transcript.words]
    assert texts == [f"w{k}" for k in range(18)]


def test_a_clip_in_which_nobody_speaks_is_refused_and_asked_again(clip: StoredClip) -> None:
    def silence(_: float, tell: Tell) -> None:
        tell((SOURCE, Transcript((), 180.0)))

    for _ in range(2):
        with pytest.raises(BadTranscript, match="no words were recognised"):
            hear(clip, silence, lambda _: None)
    assert not is_heard(clip)


def test_words_are_heard_anew_or_given_only_where_none_is_edited(clip: StoredClip) -> None:
    ear = Ear(clip)
    ear.hear()
    before = clip.revision(clip.known_script())
    forget(clip, "de")
    assert (is_heard(clip), clip.notes()["language"]) == (False, "de")
    ear.hear()
    assert ear.asked_s == [0.0, 0.0]
    given = Transcript((Word("so", 1.0, 2.0), Word("ist", 3.0, 4.0)), 180.0, "de", "in.srt")
    assert take_given(clip, SOURCE, given) == {"words": 2}
    script = loads(clip.known_script())
    assert (script.transcript.text, is_heard(clip)) == ("so ist", True)
    assert clip.revision(clip.known_script()) != before  # no page saves edits of the other words
    edit = replace(script, edits=(WordEdit(1, 2, ("other",)),), own=(EditOptions(),))
    clip.save_script(edit)
    for attempt in (lambda: forget(clip), lambda: take_given(clip, SOURCE, given)):
        with pytest.raises(Refused, match="take the edits back first"):
            attempt()
    assert loads(clip.known_script()).edits == edit.edits


def test_corrections_lose_nothing_that_is_saved_meanwhile(clip: StoredClip) -> None:
    Ear(clip).hear()
    calls: list[Any] = []
    before = clip.revision(clip.known_script())

    def correct() -> tuple[str, EditScript]:
        text = clip.known_script()
        script = loads(text)
        if not calls:  # a page saves while the words are fitted
            edit = WordEdit(2, 3, ("meanwhile",))
            clip.save_script(replace(script, edits=(edit,), own=(EditOptions(),)))
        calls.append(text)
        words = (replace(script.transcript.words[0], text="right"), *script.transcript.words[1:])
        return text, replace(script, transcript=replace(script.transcript, words=words))

    corrected(clip, None, correct)
    script = loads(clip.known_script())
    assert len(calls) == 2
    assert script.transcript.words[0].text == "right"
    assert [edit.text for edit in script.edits] == ["meanwhile"]
    assert clip.revision(clip.known_script()) != before
    with pytest.raises(Refused, match="corrected elsewhere"):
        corrected(clip, None, correct)
