"""The edit script: a versioned JSON document that holds an edit, to be changed by hand and rerun.

Only text in and out: who reads and writes the file is not decided here. An edit may be written
by word numbers, as ``dumps`` does::

    {"words": [3, 4], "old": "blue", "new": "red"}

and perhaps options of its own (``EditOptions``); without ``new``, but with an ``expression``, the
words stay and the face shows it. By hand it may be a request: ``{"replace": "blue", "by": "red"}``,
``{"delete": "now#2"}``, ``{"insert": "very", "after": "a"}``, ``{"insert": "very", "before":
"big"}``, ``{"express": "blue", "expression": ["smile:0.5"]}``, or one ``{"say": "the whole new
sentence"}`` alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from fractions import Fraction

from facedit.editing.diff import WordEdit, check_order, diff
from facedit.editing.edit_options import NAMES, NONE, EditOptions, read_edit_options
from facedit.editing.jsonread import Node, parse
from facedit.editing.plan import EditPlan
from facedit.editing.planner import SILENT, Margins, make_plan
from facedit.editing.requests import (
    Delete,
    Express,
    InsertAfter,
    InsertBefore,
    Replace,
    Request,
    expressive,
    resolve,
)
from facedit.editing.words import key, tokenise
from facedit.errors import BadEdit
from facedit.inputs import check_pace
from facedit.types import Transcript, Word

VERSION = 1
"""Version of the document that this code reads and writes."""

_LONGEST_S = 1e6
_LINE = 110
_WORDS = "\0" * 20
"""Stands for the words while all else is written; no text that is read holds it."""

_WORD = tuple(item.name for item in fields(Word))

# A list or object whose lines open no other one. Strings hold no raw line feed, so that what
# follows one is structure.
_SMALL = re.compile(r"[{\[]\n(?:[^\n]*[^\n{\[]\n)*?\s*[}\]]")


@dataclass(frozen=True, slots=True)
class ScriptSource:
    """The clip that an edit script is for.

    The hash of the file, in hexadecimal, serves to notice another file; None if not taken.
    """

    name: str
    duration_s: float
    frame_rate: Fraction
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class EditScript:
    """An edit that can be stored.

    The options are settings of the run (voice, seed, region ...), any JSON values by name; the plan
    is there once the new sound is known; ``own`` are the options that edits have of their own, one
    an edit.
    """

    source: ScriptSource
    transcript: Transcript
    edits: tuple[WordEdit, ...]
    options: Mapping[str, object] = field(default_factory=dict)
    plan: EditPlan | None = None
    own: tuple[EditOptions, ...] = ()

    def __post_init__(self) -> None:
        """Let edits of which nothing is said have no options of their own."""
        if not self.own:
            object.__setattr__(self, "own", (NONE,) * len(self.edits))


def dumps(script: EditScript) -> str:
    """Write an edit script as JSON text, indented, ending in a line feed."""
    words = script.transcript.words
    document = {
        "facedit": VERSION,
        "source": {
            "name": script.source.name,
            "sha256": script.source.sha256,
            "duration_s": script.source.duration_s,
            "frame_rate": str(script.source.frame_rate),
        },
        "transcript": {
            **replace(script.transcript, words=()).to_dict(),
            "words": [_WORDS] if words else [],
        },
        "edits": [
            {
                "words": [edit.old_start, edit.old_end],
                "old": _joined(words, edit),
                **({} if edit.kind == "express" else {"new": edit.text}),
                **own.to_dict(),
            }
            for edit, own in zip(script.edits, script.own, strict=True)
        ],
        "options": dict(script.options),
        "plan": script.plan.to_dict() if script.plan else None,
    }
    text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)
    # One line a word and an edit; twice, for lists inside objects.
    text = _SMALL.sub(_on_one_line, _SMALL.sub(_on_one_line, text)) + "\n"
    return text.replace(json.dumps(_WORDS), ",\n      ".join(map(_word_line, words)))


def edited(script: EditScript, edits: object, options: object) -> EditScript:
    """Give a script other edits and options, as data that ``loads`` would read there; without plan.

    BadEdit is raised if they are malformed or do not fit the words.
    """
    root = parse(json.dumps({"edits": edits, "options": options}))
    found, own = _read_edits(root.child("edits"), script.transcript)
    members = root.child("options").members()
    return replace(script, edits=found, options=members, plan=None, own=own)


def loads(text: str) -> EditScript:
    """Read an edit script; the message of BadEdit names the place that is malformed.

    The plan is laid out anew from its joints and lengths of speech, so that these may be changed by
    hand; its other numbers are for reading only. A plan of other edits than the script's (they were
    changed by hand) is left out.
    """
    root = parse(text)
    version = root.child("facedit")
    if version.value != VERSION:
        raise BadEdit(
            version.says(f"version {version.value!r} is not known, this program reads {VERSION}")
        )
    root.only(("facedit", "source", "transcript", "edits", "options", "plan"))
    source = _read_source(root.child("source"))
    transcript = _read_transcript(root.child("transcript"))
    edits, own = _read_edits(root.child("edits"), transcript)
    options = root.optional("options")
    plan = root.optional("plan")
    return EditScript(
        source,
        transcript,
        edits,
        options.members() if options else {},
        _read_plan(plan, edits, source, transcript) if plan else None,
        own,
    )


def _word_line(word: Word) -> str:
    """Write a word on one line unless it is long; a long clip has thousands."""
    values = {name: getattr(word, name) for name in _WORD}
    line = json.dumps(values, ensure_ascii=False, allow_nan=False)
    if len(line) <= _LINE:
        return line
    return json.dumps(values, indent=2, ensure_ascii=False).replace("\n", "\n      ")


def _joined(words: tuple[Word, ...], edit: WordEdit) -> str:
    return " ".join(word.text for word in words[edit.old_start : edit.old_end])


def _on_one_line(match: re.Match[str]) -> str:
    """Put a small object or list on one line unless it is long."""
    lines = [line.strip() for line in match[0][1:-1].split("\n")]
    joined = match[0][0] + " ".join(line for line in lines if line) + match[0][-1]
    return joined if len(joined) <= _LINE else match[0]


def _read_source(node: Node) -> ScriptSource:
    node.only(("name", "sha256", "duration_s", "frame_rate"))
    sha256 = node.optional("sha256")
    if sha256 and not re.fullmatch(r"[0-9a-f]{64}", sha256.text()):
        raise BadEdit(sha256.says("expected 64 hexadecimal digits"))
    duration_s = node.child("duration_s")
    if duration_s.number(0, _LONGEST_S) <= 0:
        raise BadEdit(duration_s.says("must be more than 0"))
    return ScriptSource(
        node.child("name").text(),
        duration_s.number(),
        _read_rate(node.child("frame_rate")),
        sha256.text() if sha256 else None,
    )


def _read_rate(node: Node) -> Fraction:
    """Read a frame rate written as ``25`` or ``30000/1001``."""
    text = str(node.value)
    match = re.fullmatch(r"(\d{1,9})(?:/([1-9]\d{0,8}))?", text)
    rate = Fraction(int(match[1]), int(match[2] or 1)) if match else Fraction(0)
    if not 0 < rate <= 1000:
        raise BadEdit(node.says(f"{text!r} is no frame rate like '25' or '30000/1001'"))
    return rate


def _read_transcript(node: Node) -> Transcript:
    found = Transcript.from_dict(node.value, f"Edit script: {node.path}", BadEdit)
    words = [word.text for word in found.words]
    check_pace(words, found.duration_s, "Edit script: its transcript", BadEdit)
    return found


def _read_edits(
    node: Node, transcript: Transcript
) -> tuple[tuple[WordEdit, ...], tuple[EditOptions, ...]]:
    """Read edits in either form, and their own options."""
    items = node.items()
    if len(items) == 1 and "say" in items[0].members():
        items[0].only(("say",))
        found = diff(transcript.words, items[0].child("say").text(), transcript.language)
        return found, ()
    numbered = [item for item in items if "words" in item.members()]
    if len(numbered) == len(items):
        edits = tuple(_read_edit(item, transcript) for item in items)
        with _said_of(node):
            check_order(edits, len(transcript.words))
        return edits, tuple(map(read_edit_options, items))
    if numbered:
        raise BadEdit(numbered[0].says("edits by word numbers and requests cannot be mixed"))
    requests = [_read_request(item) for item in items]
    for item, request in zip(items, requests, strict=True):
        with _said_of(item):
            resolve(transcript, [request])
    found = resolve(transcript, requests)
    return found, ()


@contextmanager
def _said_of(node: Node) -> Iterator[None]:
    """Let an error about edits name the place in the script that it is about."""
    try:
        yield
    except BadEdit as error:
        if str(error).startswith("Edit script"):
            raise
        raise BadEdit(node.says(str(error).rstrip("."))) from error


def _read_edit(node: Node, transcript: Transcript) -> WordEdit:
    node.only(("words", "old", "new", *NAMES))
    place = node.child("words")
    numbers = [item.index(len(transcript.words)) for item in place.items()]
    if len(numbers) != 2 or numbers[0] > numbers[1]:
        raise BadEdit(place.says("expected two word numbers, [first, after the last]"))
    shown = node.optional("expression")
    if node.optional("new") is None and shown and shown.items():
        if numbers[0] == numbers[1]:
            raise BadEdit(place.says("no word is there to show an expression at"))
        texts = tuple(one.text() for one in shown.items())
        edit = expressive(transcript, numbers[0], numbers[1], texts)
    else:
        new = node.child("new")
        new_words = tokenise(new.text())
        if numbers[0] == numbers[1] and not new_words:
            raise BadEdit(new.says("nothing is removed and no word is brought"))
        edit = WordEdit(numbers[0], numbers[1], new_words)
    old = node.optional("old")
    spoken = _joined(transcript.words, edit)
    # Guards against word numbers that no longer fit a changed transcript.
    if old and key(old.text()) != key(spoken):
        raise BadEdit(
            old.says(f"words {numbers[0]} to {numbers[1]} are '{spoken}', not '{old.text()}'")
        )
    return edit


def _read_request(node: Node) -> Request:
    """Read an edit written as a request."""
    names = set(node.members())
    match names:
        case _ if "replace" in names:
            node.only(("replace", "by"))
            return Replace(node.child("replace").text(), node.child("by").text())
        case _ if "delete" in names:
            node.only(("delete",))
            return Delete(node.child("delete").text())
        case _ if "insert" in names and "before" in names:
            node.only(("insert", "before"))
            return InsertBefore(node.child("before").text(), node.child("insert").text())
        case _ if "express" in names:
            node.only(("express", "expression"))
            shown = tuple(one.text() for one in node.child("expression").items())
            if not shown:
                raise BadEdit(node.says("no expression is given"))
            return Express(node.child("express").text(), shown)
        case _ if "insert" in names:
            node.only(("insert", "after"))
            return InsertAfter(node.child("after").text(), node.child("insert").text())
    raise BadEdit(
        node.says(
            "expected 'words' and 'new', or 'replace', 'delete', 'insert', 'express' or 'say'"
        )
    )


def _read_plan(
    node: Node, edits: tuple[WordEdit, ...], source: ScriptSource, transcript: Transcript
) -> EditPlan | None:
    """Lay a stored plan out anew; None if it belongs to other edits."""
    fills = [item for item in node.child("segments").items() if item.child("keep").value is False]
    stored = [(item.child("words").value, item.child("text").value) for item in fills]
    if stored != [([edit.old_start, edit.old_end], edit.text) for edit in edits]:
        return None
    joints: list[tuple[float, float]] = []
    sounds: list[float | None] = []
    for item, edit in zip(fills, edits, strict=True):
        place = item.child("source")
        times = [time.number(0, source.duration_s) for time in place.items()]
        if len(times) != 2:
            raise BadEdit(place.says("expected two times, [start, end]"))
        joints.append((times[0], times[1]))
        sounds.append(None if edit.kind in SILENT else item.child("speech_s").number(0, _LONGEST_S))
    margins = Margins(node.child("margin_s").number(0, 10), node.child("bridge_s").number(0, 10))
    with _said_of(node.child("segments")):
        return make_plan(
            edits,
            transcript,
            sounds,
            source_duration_s=source.duration_s,
            frame_rate=source.frame_rate,
            joints=joints,
            margins=margins,
        )
