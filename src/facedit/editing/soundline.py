"""The samples of the output: which run of the source each one is, or which new sound.

Every boundary is rounded once, from its time since the start, so that nothing drifts; cross-fades
lie inside the fills, so that kept samples stay equal to the source's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from facedit.editing.plan import EditPlan, Fill, Keep
from facedit.types import Float32
from facedit.units import frame_time, sample_at

PieceKind = Literal["source", "speech", "join"]

SPEECH_FADE_S = 0.020
"""Length of a cross-fade between old and new sound: a voice's two or three periods, no more."""


@dataclass(frozen=True, slots=True)
class SoundPiece:
    """A run of output samples.

    Attributes:
        kind: ``source`` is copied; ``speech`` is new sound; ``join`` fades from the source before
            a cut to the source after it.
        source_start: First sample of the source run that is copied (or removed).
        source_end: Sample after its last one.
        output_start: First sample of the piece in the output.
        length: Length of the piece in samples.
        fill: Index into ``EditPlan.fills``; -1 for ``source``.
        lead_in: Samples of pause before the new sound.
        speech: Samples of new sound.
        fade: Length of the cross-fade at each end of the piece; for a join the whole piece is one.
    """

    kind: PieceKind
    source_start: int
    source_end: int
    output_start: int
    length: int
    fill: int = -1
    lead_in: int = 0
    speech: int = 0
    fade: int = 0

    @property
    def output_end(self) -> int:
        """Sample after the piece's last one."""
        return self.output_start + self.length

    @property
    def tail(self) -> tuple[int, int]:
        """Source samples that fade out at the start of the piece: the sound before, running on."""
        return self.source_start, self.source_start + self.fade

    @property
    def head(self) -> tuple[int, int]:
        """Source samples that fade in at the end of the piece: the run-up to the sound after."""
        return self.source_end - self.fade, self.source_end


def output_sound(
    plan: EditPlan, rate: int, crossfade_s: float = SPEECH_FADE_S
) -> tuple[SoundPiece, ...]:
    """Lay the output's sound out in samples: pieces without gaps, from sample 0 to the end.

    ``rate`` is that of the source's sound, ``crossfade_s`` the length of the cross-fades at both
    ends of new sound. Source ranges may lie beyond the ends of the sound by a cross-fade, or where
    sound is shorter than picture: read silence there.
    """
    pieces: list[SoundPiece] = []
    position = shift = fill_index = 0
    for segment in plan.segments:
        start, end = _sample_range(segment, rate)
        kept = isinstance(segment, Keep) or segment.kind == "express"
        if kept and pieces and pieces[-1].kind == "source":
            # One run: packets are copied over the joint too.
            last = pieces.pop()
            start, position = last.source_start, last.output_start
        if kept:
            pieces.append(SoundPiece("source", start, end, position, end - start))
            fill_index += isinstance(segment, Fill)
        elif isinstance(segment, Fill):
            shift += segment.shift_frames
            # The fill ends where the source after it starts, moved by the whole shift.
            length = max(end + sample_at(frame_time(shift, plan.frame_rate), rate) - position, 0)
            pieces.append(
                _fill_piece(segment, fill_index, (start, end), position, length, rate, crossfade_s)
            )
            fill_index += 1
        position += pieces[-1].length
    return tuple(pieces)


def in_steps(pieces: Sequence[SoundPiece], step: int) -> tuple[SoundPiece, ...]:
    """Move every kept run to the nearest multiple of ``step`` samples from where it was shot.

    Packets are copied whole: the fill in front gets longer or shorter by half a step at most (a
    step where it would vanish), which does not add up from fill to fill.
    """
    moved: list[SoundPiece] = []
    position = 0
    for piece, following in zip(pieces, (*pieces[1:], None), strict=True):
        length = piece.length
        if piece.kind != "source" and following is not None and following.kind == "source":
            shift = following.output_start - following.source_start
            length = following.source_start + step * round(shift / step) - position
            while length < min(piece.length, max(2 * piece.fade, step // 4)):
                length += step
        fade = length if piece.kind == "join" else piece.fade
        moved.append(replace(piece, output_start=position, length=length, fade=fade))
        position += length
    return tuple(moved)


def with_rest(pieces: tuple[SoundPiece, ...], end: int) -> tuple[SoundPiece, ...]:
    """Let a sound that is longer than its picture play to its end.

    ``pieces``: the layout up to the end of the picture; ``end``: number of samples of the source's
    sound. Returns the layout with what is left of the source behind it.
    """
    last = pieces[-1]
    rest = end - last.source_end
    if rest <= 0:
        return pieces
    if last.kind == "source":
        longer = replace(last, source_end=end, length=last.length + rest)
        return (*pieces[:-1], longer)
    return (*pieces, SoundPiece("source", last.source_end, end, last.output_end, rest))


def with_lead(pieces: tuple[SoundPiece, ...], lead: int) -> tuple[SoundPiece, ...]:
    """Let a sound that starts before its picture start there.

    ``pieces``: the layout from the first picture on. Returns the layout with them in front: the
    output's samples then have negative numbers too.
    """
    if not lead:
        return pieces
    return (SoundPiece("source", -lead, 0, -lead, lead), *pieces)


def mix_fill(piece: SoundPiece, new: Float32 | None, tail: Float32, head: Float32) -> Float32:
    """Make the samples of a fill, shape (piece.length, channels).

    Fades are linear in amplitude where old sound meets old sound of the same moment's neighbour (a
    join) and of equal power where it meets other sound. ``new`` is sound for the whole piece,
    pauses filled, None for a join; ``tail`` and ``head`` are the source samples of the piece's own,
    shape (piece.fade, channels). ValueError if a length does not fit the piece.
    """
    if len(tail) != piece.fade or len(head) != piece.fade:
        raise ValueError(f"Fades of {len(tail)} and {len(head)} samples, not {piece.fade}.")
    # Mid-points: neither the first nor the last sample is wholly one sound or the other.
    ramp = ((np.arange(piece.fade, dtype=np.float32) + 0.5) / max(piece.fade, 1))[:, None]
    if piece.kind == "join":
        return (tail * (1 - ramp) + head * ramp).astype(np.float32)
    if new is None or len(new) != piece.length:
        raise ValueError(f"The new sound must have {piece.length} samples.")
    rising = np.sin(ramp * (np.pi / 2))
    falling = np.cos(ramp * (np.pi / 2))
    mixed = np.array(new, dtype=np.float32)
    if piece.fade:
        mixed[: piece.fade] = mixed[: piece.fade] * rising + tail * falling
        mixed[-piece.fade :] = mixed[-piece.fade :] * falling + head * rising
    return mixed


def _sample_range(segment: Keep | Fill, rate: int) -> tuple[int, int]:
    """Return the source samples that a segment keeps or removes."""
    return sample_at(segment.source_start_s, rate), sample_at(segment.source_end_s, rate)


def _fill_piece(
    fill: Fill,
    index: int,
    source: tuple[int, int],
    position: int,
    length: int,
    rate: int,
    crossfade_s: float,
) -> SoundPiece:
    if fill.kind == "delete":
        # A cut shorter than the cross-fade: what was there fades into itself.
        fade = length
        return SoundPiece("join", *source, position, length, index, fade=fade)
    fade = min(sample_at(crossfade_s, rate), length // 2)
    lead_in = min(sample_at(fill.lead_in_s, rate), length)
    speech = min(sample_at(fill.speech_s, rate), length - lead_in)
    return SoundPiece("speech", *source, position, length, index, lead_in, speech, fade)
