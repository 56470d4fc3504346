"""The benchmark as data: items in JSON lines, a header, a card. No footage is in it.

A benchmark is a folder with ``bench.json`` (what it is), ``items.jsonl`` (an item a line) and
``card.md`` (where the clips come from). Clips lie elsewhere; items name them by path and hash.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal, get_args

from facedit.bench.bench_options import Track as Track
from facedit.editing.diff import WordEdit
from facedit.editing.joints import Joint
from facedit.editing.plan import EditPlan
from facedit.editing.planner import make_plan
from facedit.errors import UsageError
from facedit.inputs import MOST_TABLE_BYTES, parse_json, read_json, read_text
from facedit.media.output import whole_or_nothing
from facedit.types import Transcript, Word

FORMAT = "facedit-bench-1"
HEADER, ITEMS, CARD = "bench.json", "items.jsonl", "card.md"

Kind = Literal["span", "substitute", "insert", "delete", "everything"]
Length = Literal["short", "medium", "long", "whole"]
Position = Literal["start", "middle", "end", "whole"]
SoundSource = Literal["own", "voice", "recording", "speaker"]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True, slots=True)
class SoundRecipe:
    """Where the sound of an item comes from.

    Attributes:
        source: ``own`` (the clip's, unchanged), ``voice`` (synthetic), ``recording`` (a file), or
            ``speaker`` (words of the same speaker, cut from another clip).
        file: Recording or other clip, relative to the clips' folder.
        sha256: Hash of that file.
        start_s: Where the new words start in it.
        words: Its words, with times from ``start_s``; empty where the voice's own are used.
    """

    source: SoundSource
    voice: str = ""
    file: str = ""
    sha256: str = ""
    start_s: float = 0.0
    end_s: float = 0.0
    words: tuple[Word, ...] = ()


@dataclass(frozen=True, slots=True)
class ClipFacts:
    """The clip of an item.

    Attributes:
        file: Its path, relative to the clips' folder.
        sha256: Hash of its content.
        speaker: Name of the speaker; unique within the benchmark.
        licence: Licence of the footage.
        origin: Where the footage was found.
        duration_s: Length of the pictures in seconds.
        frame_rate: Frames per second, as a fraction.
        language: Language of the speech.
        words: What is said, with times; empty if not known.
        transcript_origin: Where the words come from.
    """

    file: str
    sha256: str
    corpus: str
    speaker: str
    licence: str = ""
    origin: str = ""
    duration_s: float = 0.0
    frame_rate: str = "25"
    language: str = "en"
    words: tuple[Word, ...] = ()
    transcript_origin: str = ""

    @property
    def transcript(self) -> Transcript:
        """The words as a transcript."""
        return Transcript(self.words, self.duration_s, self.language, self.transcript_origin)


@dataclass(frozen=True, slots=True)
class Item:
    """One task of the benchmark.

    Attributes:
        id: Unique name, safe as a file name.
        track: ``reconstruct``: a span is hidden and filled with its own sound (ground truth
            exists); ``edit``: new words (none does); ``generate``: everything is hidden, from one
            picture of the clip and its own sound.
        kind: ``span`` and ``everything`` in the tracks with ground truth, else the word edit.
        length: Edits by words said or cut: ``short`` 1-3, ``medium`` 4-6, ``long`` 7-10. Spans by
            hidden motion frames: ``short`` to 10, ``medium`` to 25, ``long`` above.
        position: Where in the clip, by thirds; edits at the first or last word are ``start`` and
            ``end``.
        hidden_s: Reconstruct: first and last time of the hidden span in the clip.
        old_start: Edit: first word that goes.
        old_end: Edit: one past the last word that goes.
        new_words: Edit: the words in their place.
        joint_s: Edit: source times between which the old sound goes.
        speech_s: Edit: length of the new sound in seconds, 0 for a deletion.
        seed: Seed of everything drawn for it.
    """

    id: str
    track: Track
    kind: Kind
    length: Length
    position: Position
    clip: ClipFacts
    sound: SoundRecipe
    hidden_s: tuple[float, float] = (0.0, 0.0)
    old_start: int = 0
    old_end: int = 0
    new_words: tuple[str, ...] = ()
    joint_s: tuple[float, float] = (0.0, 0.0)
    speech_s: float = 0.0
    seed: int = 0

    @property
    def edit(self) -> WordEdit:
        """The word edit."""
        return WordEdit(self.old_start, self.old_end, self.new_words)

    @property
    def old_text(self) -> str:
        """The words that go."""
        return " ".join(word.text for word in self.clip.words[self.old_start : self.old_end])

    @property
    def new_text(self) -> str:
        """The whole new sentence."""
        words = [word.text for word in self.clip.words]
        return " ".join([*words[: self.old_start], *self.new_words, *words[self.old_end :]])

    def plan(self) -> EditPlan:
        """Lay an edit out in time, the same wherever it is; ``BadEdit`` if the item is garbled."""
        joint: Joint = (self.joint_s[0], self.joint_s[1])
        return make_plan(
            (self.edit,),
            self.clip.transcript,
            [self.speech_s or None],
            source_duration_s=self.clip.duration_s,
            frame_rate=Fraction(self.clip.frame_rate),
            joints=(joint,),
        )


@dataclass(frozen=True, slots=True)
class Bench:
    """A benchmark.

    Attributes:
        version: Version of the data, e.g. ``1``.
        seed: Seed it was built with.
        built_with: Version of facedit that built it.
        clips: The clips' folder, relative to the benchmark's; ``--clips`` overrides it.
    """

    name: str
    version: str
    seed: int
    built_with: str
    clips: str
    items: tuple[Item, ...]


def write_bench(folder: Path, bench: Bench, card: str) -> None:
    """Write a benchmark; its files are replaced one by one, each whole."""
    folder.mkdir(parents=True, exist_ok=True)
    header = {field: getattr(bench, field) for field in Bench.__slots__ if field != "items"}
    counts = Counter(f"{item.track}/{item.kind}/{item.length}" for item in bench.items)
    text = json.dumps({"format": FORMAT, **header, "items": counts}, indent=1)
    lines = "".join(
        json.dumps(item_to_dict(item), ensure_ascii=False) + "\n" for item in bench.items
    )
    for name, content in ((ITEMS, lines), (CARD, card), (HEADER, text + "\n")):
        with whole_or_nothing(folder / name, force=True) as part:
            part.write_text(content, encoding="utf-8")


def read_bench(folder: Path) -> Bench:
    """Read what ``facedit bench build`` made; ``UsageError`` names a line that is garbled."""
    try:
        header = read_json(folder / HEADER, "benchmark", UsageError)
        lines = read_text(folder / ITEMS, "benchmark", UsageError, MOST_TABLE_BYTES).splitlines()
    except UsageError as error:
        raise UsageError(
            f"{folder} holds no benchmark ({error}): make one with 'facedit bench build'."
        ) from error
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        found = header.get("format") if isinstance(header, dict) else None
        raise UsageError(f"{folder / HEADER} has the format {found!r}; expected {FORMAT!r}.")
    items = [_read_item(line, f"{folder / ITEMS}, line {n}") for n, line in enumerate(lines, 1)]
    counts = Counter(item.id for item in items)
    if double := sorted(name for name, count in counts.items() if count > 1):
        raise UsageError(f"{folder / ITEMS} has {double[0]} twice.")
    if not items:
        raise UsageError(f"{folder / ITEMS} lists no items.")
    try:
        return Bench(
            str(header["name"]), str(header["version"]), int(header["seed"]),
            str(header["built_with"]), str(header["clips"]), tuple(items),
        )  # fmt: skip
    except (KeyError, ValueError, TypeError) as error:
        raise UsageError(f"{folder / HEADER} lacks or garbles {error}.") from error


def _read_item(line: str, place: str) -> Item:
    data = parse_json(line, place, UsageError)
    try:
        return item_from_dict(data)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise UsageError(f"{place}: {error}.") from error


def item_to_dict(item: Item) -> dict[str, object]:
    """Return an item as JSON-ready data."""
    data = dataclasses.asdict(item)
    for holder in (data["clip"], data["sound"]):
        holder["words"] = [
            [word["text"], word["start_s"], word["end_s"]] for word in holder["words"]
        ]
    return data


def item_from_dict(data: Mapping[str, Any]) -> Item:
    """Read what ``item_to_dict`` returned; ``ValueError`` if a field is missing or out of range."""
    clip = ClipFacts(**{**data["clip"], "words": _words(data["clip"].get("words", ()))})
    sound = SoundRecipe(**{**data["sound"], "words": _words(data["sound"].get("words", ()))})
    pairs = {name: tuple(float(v) for v in data[name]) for name in ("hidden_s", "joint_s")}
    item = Item(
        **{**data, **pairs, "clip": clip, "sound": sound, "new_words": tuple(data["new_words"])}
    )
    allowed = {"track": Track, "kind": Kind, "length": Length, "position": Position}
    for name, kinds in allowed.items():
        if getattr(item, name) not in get_args(kinds):
            raise ValueError(f"{name} is {getattr(item, name)!r}, not of {get_args(kinds)}")
    if not _NAME.fullmatch(item.id):
        raise ValueError(f"the id {item.id!r} is no plain file name")
    for file in (clip.file, sound.file):
        if Path(file).is_absolute() or ".." in Path(file).parts:
            raise ValueError(f"the file {file!r} lies outside the clips' folder")
    return item


def _words(rows: Iterable[Any]) -> tuple[Word, ...]:
    return tuple(Word(str(text), float(start), float(end)) for text, start, end in rows)
