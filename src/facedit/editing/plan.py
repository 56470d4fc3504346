"""The plan of an edit: which parts of the source are kept, and what is filled in between.

Two time lines: *source* seconds and *output* seconds. Everything after a fill is later (or earlier)
than in the source by a whole number of source frames, so that kept frames are the source's own
frames on the source's own grid. Segments are half open: ``[start, end)``.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from facedit.editing.diff import EditKind, WordEdit
from facedit.types import Bool, Transcript, Word
from facedit.units import MOTION_FPS, first_frame_from, frame_time


@dataclass(frozen=True, slots=True)
class Keep:
    """A run of the source that stays as it is.

    Attributes:
        source_start_s: Start in the source.
        source_end_s: End in the source.
        output_start_s: Start in the output.
    """

    source_start_s: float
    source_end_s: float
    output_start_s: float

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.source_end_s - self.source_start_s

    @property
    def output_end_s(self) -> float:
        """End in the output."""
        return self.output_start_s + self.duration_s


@dataclass(frozen=True, slots=True)
class Fill:
    """New sound and pictures in the place of a run of the source.

    Attributes:
        edit: Index of the edit in the plan.
        kind: ``substitute``, ``insert``, ``delete`` or, where the sound stays, ``express``.
        source_start_s: Where the removed run of the source starts.
        source_end_s: Where it ends; the same for an insertion.
        output_start_s: Start in the output.
        duration_s: Length in the output; for a deletion less than a frame more than the cross-fade.
        shift_frames: Source frames by which what follows comes later than if the removed run had
            stayed (negative: earlier).
        speech_s: Length of the new sound; 0 for a deletion.
        lead_in_s: Pause between the joint and the new sound.
        lead_out_s: Pause between the new sound and the joint.
        text: What is said; empty for a deletion.
    """

    edit: int
    kind: EditKind
    source_start_s: float
    source_end_s: float
    output_start_s: float
    duration_s: float
    shift_frames: int
    speech_s: float
    lead_in_s: float
    lead_out_s: float
    text: str

    @property
    def output_end_s(self) -> float:
        """End in the output."""
        return self.output_start_s + self.duration_s

    @property
    def removed_s(self) -> float:
        """Length of the removed run of the source."""
        return self.source_end_s - self.source_start_s

    @property
    def speech_start_s(self) -> float:
        """Where the new sound starts in the output."""
        return self.output_start_s + self.lead_in_s


Segment = Keep | Fill

EASE_S = 0.3
"""Seconds in which an expression comes and goes, outside of its words."""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of the output whose pictures are made anew, wholly or in part.

    Attributes:
        output_start_s: Start in the output.
        output_end_s: End in the output.
        kind: What the span is for; of several fills, the kind of the longest.
        fills: Indices of the fills inside (in the order of ``EditPlan.fills``).
    """

    output_start_s: float
    output_end_s: float
    kind: EditKind
    fills: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class EditPlan:
    """What an edit does, in times.

    Attributes:
        segments: Kept and filled segments; in order, without gaps, covering the output exactly.
        edits: The word edits; ``Fill.edit`` points here.
        source_duration_s: Length of the source in seconds.
        frame_rate: Frames per second of the source (nominal where the rate varies).
        margin_s: Pictures changed on either side of a substitution or insertion.
        bridge_s: Pictures changed on either side of a deletion.
    """

    segments: tuple[Segment, ...]
    edits: tuple[WordEdit, ...]
    source_duration_s: float
    frame_rate: Fraction
    margin_s: float
    bridge_s: float

    @property
    def fills(self) -> tuple[Fill, ...]:
        """The fills, in order; one an edit."""
        return tuple(segment for segment in self.segments if isinstance(segment, Fill))

    @property
    def keeps(self) -> tuple[Keep, ...]:
        """The kept segments, in order."""
        return tuple(segment for segment in self.segments if isinstance(segment, Keep))

    @property
    def shift_frames(self) -> int:
        """Frames by which the output is longer than the source."""
        return sum(fill.shift_frames for fill in self.fills)

    @property
    def output_duration_s(self) -> float:
        """Length of the output in seconds."""
        return max(self.source_duration_s + frame_time(self.shift_frames, self.frame_rate), 0.0)

    def segment_at(self, output_s: float) -> Segment:
        """Return the segment that holds an output time.

        Args:
            output_s: Output time; times before the start or after the end count as the ends.

        Returns:
            The segment.
        """
        return self.segments[self._index_at(output_s)]

    def output_time(self, source_s: float, *, end: bool = False) -> float:
        """Return where a moment of the source comes in the output.

        Args:
            source_s: A time in the source; inside what was removed, it lies as far into what came
                instead; outside the clip, as far from its nearer end.
            end: Whether something ends there: it then ends before what is inserted at this time,
                and starts behind it otherwise.

        Returns:
            Output time in seconds.
        """
        for segment in self.segments:
            start_s, end_s = segment.source_start_s, segment.source_end_s
            if (start_s < source_s <= end_s) if end else (start_s <= source_s < end_s):
                share = (source_s - start_s) / (end_s - start_s)
                return segment.output_start_s + share * segment.duration_s
        after = source_s > 0 and source_s >= self.source_duration_s
        return source_s + (self.output_duration_s - self.source_duration_s if after else 0.0)

    def picture_spans(self) -> tuple[Span, ...]:
        """Return where pictures are made anew: the fills, widened, merged where they touch.

        Returns:
            Spans in order and apart, inside the output.
        """
        spans: list[Span] = []
        longest_s = 0.0
        for index, fill in enumerate(self.fills):
            reach_s = self._reach_s(fill)
            start_s = max(fill.output_start_s - reach_s, 0.0)
            end_s = min(fill.output_end_s + reach_s, self.output_duration_s)
            if spans and start_s <= spans[-1].output_end_s:
                last = spans.pop()
                kind = fill.kind if fill.duration_s > longest_s else last.kind
                longest_s = max(longest_s, fill.duration_s)
                start_s = min(last.output_start_s, start_s)
                end_s = max(last.output_end_s, end_s)
                spans.append(Span(start_s, end_s, kind, (*last.fills, index)))
            else:
                longest_s = fill.duration_s
                spans.append(Span(start_s, end_s, fill.kind, (index,)))
        return tuple(spans)

    def motion_mask(self, frames: int, first_frame: int = 0, late_s: float = 0.0) -> Bool:
        """Return which motion frames are to be infilled.

        Args:
            frames: Length of the canvas in motion frames, ``T``.
            first_frame: Motion frame of the output at which the canvas starts.
            late_s: By how much the canvas's grid lies later than the output's.

        Returns:
            True where motion is hidden, shape (T,).
        """
        mask = np.zeros(frames, dtype=np.bool_)
        for span in self.picture_spans():
            start = first_frame_from(span.output_start_s - late_s) - first_frame
            end = first_frame_from(span.output_end_s - late_s) - first_frame
            mask[max(start, 0) : max(end, 0)] = True
        return mask

    def late_s(self, span: Span) -> float:
        """Return by how much the edits before a span move it beside the grid of motion frames.

        Args:
            span: One of ``picture_spans``.

        Returns:
            Seconds, 0 or more and less than a motion frame.
        """
        frames = sum(fill.shift_frames for fill in self.fills[: span.fills[0]])
        return float(Fraction(frames) / self.frame_rate % Fraction(1, MOTION_FPS))

    def output_words(
        self, transcript: Transcript, spoken: Sequence[Sequence[Word]]
    ) -> tuple[Word, ...]:
        """Return the words of the output with their times.

        Args:
            transcript: The words of the source.
            spoken: Per edit the words of its new sound, with times from the start of that sound;
                empty for a deletion.

        Returns:
            Kept words, shifted, and new words, in order.

        Raises:
            ValueError: If there is not one list of words an edit.
        """
        if len(spoken) != len(self.edits):
            raise ValueError(f"{len(spoken)} lists of new words for {len(self.edits)} edits.")
        words: list[Word] = []
        position = shift = 0
        for edit, fill, new_words in zip(self.edits, self.fills, spoken, strict=True):
            words += self._shifted(transcript.words[position : edit.old_start], shift)
            if edit.kind == "express":
                words += self._shifted(transcript.words[edit.old_start : edit.old_end], shift)
            words += [_moved(word, fill.speech_start_s) for word in new_words]
            position, shift = edit.old_end, shift + fill.shift_frames
        return (*words, *self._shifted(transcript.words[position:], shift))

    def to_dict(self) -> dict[str, object]:
        """Return the plan as JSON-ready data (see ``script.py`` for the way back)."""
        return {
            "frame_rate": float(self.frame_rate),
            "source_duration_s": self.source_duration_s,
            "output_duration_s": round(self.output_duration_s, 6),
            "margin_s": self.margin_s,
            "bridge_s": self.bridge_s,
            "segments": [self._segment_dict(segment) for segment in self.segments],
            "picture_spans": [
                [round(span.output_start_s, 6), round(span.output_end_s, 6)]
                for span in self.picture_spans()
            ],
        }

    def _reach_s(self, fill: Fill) -> float:
        """Return how far pictures change on either side of a fill."""
        reaches_s = {"delete": self.bridge_s, "express": EASE_S}
        return reaches_s.get(fill.kind, self.margin_s)

    def _index_at(self, output_s: float) -> int:
        """Return the index of the segment that holds an output time."""
        # By starts only: a segment's end and the next one's start may differ in the last bit.
        index = bisect_right(self.segments, output_s, key=lambda segment: segment.output_start_s)
        return max(index - 1, 0)

    def _shifted(self, words: Sequence[Word], frames: int) -> list[Word]:
        """Return kept words as they are timed in the output."""
        return [_moved(word, frame_time(frames, self.frame_rate)) for word in words]

    def _segment_dict(self, segment: Segment) -> dict[str, object]:
        data: dict[str, object] = {
            "source": [segment.source_start_s, segment.source_end_s],
            "output": [round(segment.output_start_s, 6), round(segment.output_end_s, 6)],
        }
        if isinstance(segment, Keep):
            return {"keep": True, **data}
        edit = self.edits[segment.edit]
        return {
            "keep": False,
            "edit": segment.edit,
            "words": [edit.old_start, edit.old_end],
            "kind": segment.kind,
            "text": segment.text,
            **data,
            "speech_s": segment.speech_s,
            "lead_in_s": round(segment.lead_in_s, 6),
            "lead_out_s": round(segment.lead_out_s, 6),
            "shift_frames": segment.shift_frames,
        }


def _moved(word: Word, by_s: float) -> Word:
    return Word(word.text, word.start_s + by_s, word.end_s + by_s, word.score)
