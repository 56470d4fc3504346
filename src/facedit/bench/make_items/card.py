"""The card of a benchmark: what is in it, where it comes from, under which licence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from facedit.bench.items import Bench, Item
from facedit.bench.make_items.build_clip import BuildClip
from facedit.bench.make_items.build_options import BuildOptions, LeftOut

_TRACKS = """\
- **reconstruct**: a span of a real clip is hidden and filled from its own sound; what was shot is
  the ground truth of every frame.
- **edit**: words are said anew, added or cut; no ground truth exists.
- **generate**: everything is hidden but one picture; own sound, with ground truth."""

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
    """Write a card: Markdown; nothing in it depends on the day or the machine.

    ``output``: the benchmark's folder, from which other files are named.
    """
    bench = card.bench
    used = {item.clip.file for item in bench.items}
    clips = [clip for clip in card.clips if clip.facts.file in used]
    parts = [
        f"# {bench.name}, version {bench.version}",
        f"A benchmark of talking-face editing, built by facedit {bench.built_with} with seed "
        f"{bench.seed}: {len(bench.items)} items of {len(clips)} clips. **No footage is in it**: "
        "items name clips by path and SHA-256, and each clip stays under its own licence (below).",
        "## Tracks\n\n" + _TRACKS,
        "## Items\n\n" + _spans(bench.items),
        _edits(bench.items),
        "Where the new texts come from: " + _counted(card.origins.values(), _ORIGINS) + ". "
        "Where the new sounds come from: "
        + _counted(
            (i.sound.source if i.new_words else "none" for i in bench.items if i.track == "edit"),
            {
                "none": "nothing is said anew",
                "voice": f"synthetic voice {card.options.voice}",
                "speaker": "the same speaker in another clip",
                "recording": "a recording",
            },
        )
        + ".",
        "## Corpora\n\n" + _corpora(card, clips),
        "## Clips\n\n" + _clips(clips),
        "## Left out\n\n" + _left_out(card, used),
        "## Build it again, cite it\n\n" + _again(card, output),
    ]
    return "\n\n".join(parts) + "\n"


def _spans(items: Sequence[Item]) -> str:
    """Count the spans by hidden frames and position."""
    spans = [item for item in items if item.track == "reconstruct"]
    whole = sum(item.track == "generate" for item in items)
    cells = Counter((round((i.hidden_s[1] - i.hidden_s[0]) * 25), str(i.position)) for i in spans)
    rows = [
        [f"{frames} frames", *(str(cells[frames, place]) for place in ("start", "middle", "end"))]
        for frames in sorted({frames for frames, _ in cells})
    ]
    table = _table(["hidden (25 Hz)", "start", "middle", "end"], rows)
    return f"{len(spans)} of **reconstruct**:\n\n{table}\n\n{whole} of **generate**."


def _edits(items: Sequence[Item]) -> str:
    """Count the edits by kind, length and position."""
    edits = [item for item in items if item.track == "edit"]
    places = ("start", "middle", "end", "whole")
    cells = Counter((str(i.kind), str(i.length), str(i.position)) for i in edits)
    rows = [
        [kind, length, *(str(cells[kind, length, place]) for place in places)]
        for kind in ("substitute", "insert", "delete")
        for length in ("short", "medium", "long")
    ]
    table = _table(["kind", "length", *places], rows)
    return (
        f"{len(edits)} of **edit** (short: 1-3 words said or cut, medium: 4-6, long: 7-10):\n\n"
        f"{table}"
    )


def _corpora(card: Card, clips: list[BuildClip]) -> str:
    """Count items and name licences by corpus."""
    counts = Counter((item.clip.corpus, item.track) for item in card.bench.items)
    rows = []
    for corpus in sorted({clip.facts.corpus for clip in clips}):
        own = [clip for clip in clips if clip.facts.corpus == corpus]
        licences = sorted({clip.facts.licence or "not stated" for clip in own})
        tracks = [str(counts[corpus, track]) for track in ("reconstruct", "edit", "generate")]
        speakers = len({clip.facts.speaker for clip in own})
        rows.append([corpus, str(len(own)), str(speakers), *tracks, "; ".join(licences)])
    return _table(
        ["corpus", "clips", "speakers", "reconstruct", "edit", "generate", "licence"], rows
    )


def _clips(clips: list[BuildClip]) -> str:
    """List the clips in use."""
    rows = [
        [
            clip.facts.file,
            clip.facts.speaker,
            clip.facts.origin or "not stated",
            clip.facts.language,
            clip.facts.transcript_origin if clip.facts.words else clip.note,
            clip.remarks,
        ]
        for clip in sorted(clips, key=lambda clip: clip.facts.file)
    ]
    return _table(["file", "speaker", "origin", "language", "words", "remarks"], rows)


def _left_out(card: Card, used: set[str]) -> str:
    """Say what is not in the benchmark, and why."""
    lines = [f"- {one.what}: {one.why}" for one in card.left_out]
    foreign = [clip for clip in card.clips if clip.facts.language != "en"]
    silent = [c for c in card.clips if c.facts.language == "en" and not c.facts.words]
    lines += [f"- {clip.facts.file}, no edits: {clip.note}" for clip in silent]
    if foreign:
        languages = ", ".join(sorted({clip.facts.language for clip in foreign}))
        names = ", ".join(clip.facts.file for clip in foreign)
        lines.append(
            f"- {len(foreign)} clips have no edits, only hidden spans: the rules and voices here "
            f"are English and they are in another language ({languages}): {names}"
        )
    spare = len(card.clips) - len(used)
    if spare:
        lines.append(f"- {spare} more clips could be used and were not chosen.")
    return "\n".join(lines) or "Nothing."


def _again(card: Card, output: Path) -> str:
    """Give the command that builds it, and how to cite it."""
    options, bench = card.options, card.bench
    words = ["facedit bench build", card.source, "-o .", f"--name {bench.name}"]
    words += [f"--data-version {bench.version}", f"--seed {bench.seed}"]
    words += [f"--split {options.split}"] if options.split else []
    words += [f"--reconstruct {options.reconstruct}", f"--edit {options.edit}"]
    words += [f"--generate {options.generate}", f"--voice {options.voice}"]
    for name, file in (("texts", options.texts), ("transcripts", options.transcripts)):
        if file is not None:
            beside = file.resolve().parent == output.resolve()
            words.append(f"--{name} {file.name if beside else f'…/{file.name}'}")
    command = " ".join([*words, "--force"])
    return (
        f"In this folder:\n\n```\n{command}\n```\n\n"
        f"The same clips and seed give the same items. Cite facedit {bench.built_with} and "
        f"“{bench.name}, version {bench.version}, seed {bench.seed}” with any figure, and the "
        "corpora above as their licences ask."
    )


def _counted(values: Iterable[str], names: dict[str, str]) -> str:
    counts = Counter(values)
    return (
        ", ".join(f"{counts[key]} {name}" for key, name in names.items() if counts[key]) or "none"
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "/").replace("\n", " ") for cell in line) + " |"
        for line in lines
    )
