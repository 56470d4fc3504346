"""Items with ground truth: spans of clips to hide, and clips to hide whole."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

from facedit.bench.items import Item, Position
from facedit.bench.make_items.balance import balanced
from facedit.bench.make_items.build_clip import BuildClip
from facedit.bench.make_items.candidates import OWN
from facedit.bench.make_items.labels import item_seed, shuffle_key, slug, span_length, third
from facedit.units import frame_time

LENGTHS = (8, 14, 20, 40)
"""Motion frames hidden."""

POSITIONS: tuple[Position, ...] = ("start", "middle", "end")

EDGE = 4
"""Kept motion frames that a span leaves: on both sides in the middle, else on one at least."""

LEAST_SPOKEN = 0.5
"""Least share of hidden frames with voice."""

MOST_PER_CLIP = 8
"""Most spans of one clip."""

LONGEST_S = 20.0
"""Longest clip that is hidden whole."""

LEAST_SEEN = 0.95
"""Least share of frames with a face in a clip that is hidden whole."""


@dataclass(frozen=True, slots=True)
class HiddenSpan:
    """A span that could be hidden, from motion frame ``first`` on."""

    clip: BuildClip
    length: int
    position: Position
    first: int

    def item(self, seed: int) -> Item:
        """Make the item; it hides the frames with ``hidden_s[0] <= k / 25 < hidden_s[1]``."""
        name = f"rec-{slug(self.clip.facts.file)}-{self.length}-{self.position}"
        return Item(
            id=name,
            track="reconstruct",
            kind="span",
            length=span_length(self.length),
            position=self.position,
            clip=self.clip.facts,
            sound=OWN,
            hidden_s=(frame_time(self.first), frame_time(self.first + self.length)),
            seed=item_seed(seed, name),
        )


def possible_starts(clip: BuildClip, length: int, position: Position) -> list[int]:
    """List the first frames of a span that fits, ascending.

    A span has the face throughout and around it, and voice in half of its frames. Its position is
    the third that its start has among all places where it fits into the clip.
    """
    room = clip.frames - length
    starts = []
    for first in range(max(room, 0) + 1):
        before, after = first, room - first
        kept = min(before, after) if position == "middle" else max(before, after)
        if room < EDGE or kept < EDGE or third(first / room) != position:
            continue
        if clip.spoken[first : first + length].mean() < LEAST_SPOKEN:
            continue
        if clip.holds_face(frame_time(first - EDGE), frame_time(first + length + EDGE)):
            starts.append(first)
    return starts


def hidden_spans(clips: list[BuildClip], count: int, seed: int) -> list[Item]:
    """Choose spans to hide, balanced over lengths and positions, then corpora, speakers, clips."""
    spans = []
    for clip, length, position in product(clips, LENGTHS, POSITIONS):
        if starts := possible_starts(clip, length, position):
            spans.append(HiddenSpan(clip, length, position, _start(clip, length, starts, seed)))
    spans.sort(key=lambda span: shuffle_key(seed, span.item(seed).id))

    def keys(span: HiddenSpan) -> tuple[object, ...]:
        facts = span.clip.facts
        return (span.length, span.position), facts.corpus, facts.speaker, facts.file

    chosen = balanced(spans, count, keys, most=(None, None, None, MOST_PER_CLIP))
    return [span.item(seed) for span in chosen]


def whole_clips(clips: list[BuildClip], count: int, seed: int) -> list[Item]:
    """Choose clips to hide whole, spread over corpora, then speakers."""
    fit = [
        clip
        for clip in clips
        if clip.info.duration_s <= LONGEST_S
        and clip.seen[0]
        and clip.seen.mean() >= LEAST_SEEN
        and (clip.shot == clip.shot[0]).all()
    ]
    fit.sort(key=lambda clip: shuffle_key(seed, clip.facts.file))
    chosen = balanced(fit, count, lambda clip: (clip.facts.corpus, clip.facts.speaker))
    return [_whole(clip, seed) for clip in chosen]


def _whole(clip: BuildClip, seed: int) -> Item:
    name = f"gen-{slug(clip.facts.file)}"
    return Item(
        id=name,
        track="generate",
        kind="everything",
        length="whole",
        position="whole",
        clip=clip.facts,
        sound=OWN,
        hidden_s=(0.0, clip.facts.duration_s),
        seed=item_seed(seed, name),
    )


def _start(clip: BuildClip, length: int, starts: list[int], seed: int) -> int:
    """Draw a start; a span that can begin or end with the clip does so one time in three."""
    generator = np.random.default_rng(item_seed(seed, f"{clip.facts.file}/{length}/{starts[0]}"))
    ends = [first for first in starts if first in (0, clip.frames - length)]
    if ends and generator.random() < 1 / 3:
        return ends[0]
    return starts[int(generator.integers(len(starts)))]
