"""``facedit bench build``: clips in, a benchmark out; same clips and seed, same bytes."""

from __future__ import annotations

import logging
import os
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from facedit import __version__
from facedit.bench.items import HEADER, Bench, Item, write_bench
from facedit.bench.make_items.build_clip import BuildClip, read_clip
from facedit.bench.make_items.build_options import BuildOptions, Built, LeftOut
from facedit.bench.make_items.card import Card, card_text
from facedit.bench.make_items.choose_edits import (
    choose_edits,
    grammar_candidates,
    rules_candidates,
    texts_of,
)
from facedit.bench.make_items.edit_table import Line, listed_candidates, read_list
from facedit.bench.make_items.span_items import hidden_spans, whole_clips
from facedit.dataset.footage_list import Source, list_sources
from facedit.dataset.grid_names import sentence_of
from facedit.dataset.transcripts import Given
from facedit.errors import OutputExists, OutputNotWritable, UsageError
from facedit.weights.fetch import require

log = logging.getLogger(__name__)


def build(clips: Path, output: Path, *, options: BuildOptions | None = None) -> Built:
    """Build a benchmark of a folder of clips, or a manifest as for ``facedit prepare``.

    ``UsageError`` if no clip can be used, or no item can be made of them; ``OutputExists`` if there
    is a benchmark already; ``OutputNotWritable`` if the folder cannot be made.
    """
    begun = time.monotonic()
    options = options or BuildOptions()
    if (output / HEADER).exists() and not options.force:
        raise OutputExists(f"{output} holds a benchmark already: --force replaces it.")
    sources = [one for one in list_sources(clips) if options.split in ("", one.split)]
    if not sources:
        raise UsageError(f"{clips} lists no clip of the split {options.split!r}.")
    # What the user wrote is read before the long work begins.
    given = Given.read(options.transcripts)
    lines = read_list(options.texts, {source.file for source in sources})
    require("core")
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputNotWritable(f"{output}: cannot be made ({error.strerror}).") from error
    root = clips if clips.is_dir() else clips.parent
    usable, left = _read_clips(sources, root, given, options.tracks)
    if not usable:
        raise UsageError(f"{clips}: no clip can be used; {left[0].what}: {left[0].why}.")
    items = hidden_spans(usable, options.reconstruct, options.seed)
    edits, refused, origins = _edits(usable, root, options, lines)
    left += refused
    items += [*edits, *whole_clips(usable, options.generate, options.seed)]
    if not items:
        raise UsageError(
            f"{clips}: no item can be made of {len(usable)} clips: they are too short."
        )
    order = {"reconstruct": 0, "edit": 1, "generate": 2}
    items.sort(key=lambda item: (order[item.track], item.id))
    bench = Bench(
        name=options.name or output.resolve().name,
        version=options.data_version,
        seed=options.seed,
        built_with=__version__,
        clips=_relative(root, output),
        items=tuple(items),
    )
    card = Card(bench, tuple(usable), tuple(left), origins, options, _relative(clips, output))
    write_bench(output, bench, card_text(card, output))
    return _built(output, items, left, time.monotonic() - begun)


def _built(output: Path, items: Sequence[Item], left: Sequence[LeftOut], seconds: float) -> Built:
    """Count what was built."""
    tracks: Counter[str] = Counter(item.track for item in items)
    cells = Counter(f"{i.kind} {i.length} {i.position}" for i in items if i.track == "edit")
    used, found = {item.clip.file for item in items}, dict(sorted(cells.items()))
    return Built(output, dict(tracks), found, len(used), tuple(left), seconds)


def _read_clips(
    sources: Sequence[Source], root: Path, given: Given, tracks: Path | None
) -> tuple[list[BuildClip], list[LeftOut]]:
    """Read all clips: those that can be used, and why others cannot."""
    usable: list[BuildClip] = []
    left: list[LeftOut] = []
    for number, source in enumerate(sources, 1):
        found = read_clip(source, root, given, tracks)
        if isinstance(found, LeftOut):
            left.append(found)
        else:
            usable.append(found)
        log.info("%d/%d %s", number, len(sources), source.file)
    return usable, left


def _edits(
    usable: list[BuildClip], root: Path, options: BuildOptions, lines: list[Line]
) -> tuple[list[Item], list[LeftOut], dict[str, str]]:
    """Make the items with new words, if any are asked for."""
    if not options.edit:
        return [], [], {}
    english = [clip for clip in usable if clip.facts.language == "en" and clip.facts.words]
    listed, refused = listed_candidates(lines, usable, root, options.voice)
    written = {candidate.clip.facts.file for candidate in listed}
    free = [clip for clip in english if clip.facts.file not in written]
    others = grammar_candidates(free, options.voice, options.seed)
    rest = [clip for clip in free if sentence_of(texts_of(clip)) is None]
    others += rules_candidates(rest, options.voice, options.seed)
    items, more, origins = choose_edits(listed, others, options.edit, root, options.seed)
    return items, [*refused, *more], origins


def _relative(path: Path, folder: Path) -> str:
    """Return a path as seen from a folder, with forward slashes."""
    try:
        return Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()
    except ValueError:  # another drive
        return path.resolve().as_posix()
