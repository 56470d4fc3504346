"""The card of a benchmark: what is in it, where it comes from, under which licence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from facedit.bench.items import Bench, Item
from facedit.bench.make_items.build_clip import BuildClip
from facedit.bench.make_items.build_options import BuildOptions, LeftOut
from facedit.report.page_kit import page
from facedit.units import frame_at

_ORIGINS = {
    "grammar": "GRID's grammar (new words cut from another clip of the same speaker, or a voice)",
    "list": "written by hand",
    "rules": "word classes and rules",
}


@dataclass(frozen=True, slots=True)
class Card:
    """What a card is written from.

    Attributes:
        clips: Clips that could be used.
        left_out: What could not.
        origins: Where the text of each edit item is from.
        options: What was asked for.
        source: The clips' folder or manifest, as seen from the benchmark's folder.
    """

    bench: Bench
    clips: tuple[BuildClip, ...]
    left_out: tuple[LeftOut, ...]
    origins: dict[str, str]
    options: BuildOptions
    source: str


def card_text(card: Card, output: Path) -> str:
    """Write a card as Markdown, files named as seen from the benchmark's folder ``output``.

    Nothing in it depends on the day or the machine.
    """
    items = card.bench.items
    used = {item.clip.file for item in items}
    clips = sorted((c for c in card.clips if c.facts.file in used), key=lambda c: c.facts.file)
    edits = [item for item in items if item.track == "edit"]
    sounds = {
        "none": "nothing is said anew",
        "voice": f"synthetic voice {card.options.voice}",
        "speaker": "the same speaker in another clip",
        "recording": "a recording",
    }
    text = page(
        "card.md",
        bench=card.bench,
        tracks=Counter(item.track for item in items),
        spans=_spans(items),
        edits=_edits(edits),
        texts=_counted(card.origins.values(), _ORIGINS),
        sounds=_counted((i.sound.source if i.new_words else "none" for i in edits), sounds),
        corpora=_corpora(items, clips),
        clips=[_clip(clip) for clip in clips],
        left_out=list(_left_out(card, used)),
        command=_command(card, output),
    )
    return text + "\n"


def _spans(items: Sequence[Item]) -> list[list[object]]:
    """Count the spans by hidden frames and position."""
    spans = [item for item in items if item.track == "reconstruct"]
    cells = Counter((frame_at(i.hidden_s[1] - i.hidden_s[0]), i.position) for i in spans)
    return [
        [f"{frames} frames", cells[frames, "start"], cells[frames, "middle"], cells[frames, "end"]]
        for frames in sorted({frames for frames, _ in cells})
    ]


def _edits(edits: Sequence[Item]) -> list[list[object]]:
    """Count the edits by kind, length and position."""
    cells = Counter((str(i.kind), str(i.length), str(i.position)) for i in edits)
    places = ("start", "middle", "end", "whole")
    return [
        [kind, length, *(cells[kind, length, place] for place in places)]
        for kind in ("substitute", "insert", "delete")
        for length in ("short", "medium", "long")
    ]


def _corpora(items: Sequence[Item], clips: Sequence[BuildClip]) -> Iterator[list[object]]:
    """Count items and name licences by corpus."""
    counts = Counter((item.clip.corpus, str(item.track)) for item in items)
    for corpus in sorted({clip.facts.corpus for clip in clips}):
        own = [clip.facts for clip in clips if clip.facts.corpus == corpus]
        tracks = [counts[corpus, track] for track in ("reconstruct", "edit", "generate")]
        licences = "; ".join(sorted({facts.licence or "not stated" for facts in own}))
        speakers = {facts.speaker for facts in own}
        yield [corpus, len(own), len(speakers), *tracks, _cell(licences)]


def _clip(clip: BuildClip) -> list[str]:
    facts = clip.facts
    words = facts.transcript_origin if facts.words else clip.note
    origin = facts.origin or "not stated"
    cells = (facts.file, facts.speaker, origin, facts.language, words, clip.remarks)
    return [_cell(cell) for cell in cells]


def _left_out(card: Card, used: set[str]) -> Iterator[str]:
    """Say what is not in the benchmark, and why."""
    yield from (f"{one.what}: {one.why}" for one in card.left_out)
    foreign = [clip for clip in card.clips if clip.facts.language != "en"]
    for clip in card.clips:
        if clip.facts.language == "en" and not clip.facts.words:
            yield f"{clip.facts.file}, no edits: {clip.note}"
    if foreign:
        languages = ", ".join(sorted({clip.facts.language for clip in foreign}))
        names = ", ".join(clip.facts.file for clip in foreign)
        yield (
            f"{len(foreign)} clips have no edits, only hidden spans: the rules and voices here "
            f"are English and they are in another language ({languages}): {names}"
        )
    if spare := len(card.clips) - len(used):
        yield f"{spare} more clips could be used and were not chosen."


def _command(card: Card, output: Path) -> str:
    """Give the command that builds the benchmark again."""
    options, bench = card.options, card.bench
    named: dict[str, object] = {
        "name": bench.name, "data-version": bench.version, "seed": bench.seed,
        "split": options.split, "reconstruct": options.reconstruct, "edit": options.edit,
        "generate": options.generate, "voice": options.voice,
    }  # fmt: skip
    for name, file in (("texts", options.texts), ("transcripts", options.transcripts)):
        if file is not None:
            beside = file.resolve().parent == output.resolve()
            named[name] = file.name if beside else f"…/{file.name}"
    words = [f"--{name} {value}" for name, value in named.items() if value != ""]
    return " ".join(["facedit bench build", card.source, "-o .", *words, "--force"])


def _counted(values: Iterable[str], names: dict[str, str]) -> str:
    counts = Counter(values)
    return (
        ", ".join(f"{counts[key]} {name}" for key, name in names.items() if counts[key]) or "none"
    )


def _cell(text: str) -> str:
    return text.replace("|", "/").replace("\n", " ")
