"""How a live face goes ahead, as data."""

from __future__ import annotations

from dataclasses import dataclass

from facedit.errors import UsageError

CHUNK, AHEAD = 4, 4
"""Frames drawn at once, and heard beyond them, unless chosen (docs/journal/live.md)."""

MOST_KEPT = 60
"""Frames shown before and heard ahead: with a prompt and a chunk they fit the model's window."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How a live face goes ahead.

    Attributes:
        chunk: Frames that are drawn at once.
        ahead: Frames of sound heard beyond them.
        kept: Frames already shown over which the model hears.
        pinned: How many of these, the last, it sees. The others it draws again for itself, as they
            do not tell how far this person's lips move: they are its own, and it would move them
            less from chunk to chunk.
        prompt: How many frames of a video's prompt it sees, once something was shown: more cost
            time and tell it no more.
        wider: How much further lips move than drawn: chunk by chunk they are drawn smaller.
        gate: Whether lips rest in silence, whatever is drawn.
    """

    chunk: int = CHUNK
    ahead: int = AHEAD
    kept: int = 18
    pinned: int = 6
    prompt: int = 30
    wider: float = 1.25
    gate: bool = True

    def __post_init__(self) -> None:
        """Check the numbers.

        Raises:
            UsageError: If one is out of range.
        """
        if self.chunk < 1 or self.ahead < 0 or not 1 <= self.pinned <= self.kept:
            raise UsageError("--chunk is 1 frame or more, --ahead none or more.")
        if self.ahead + self.kept > MOST_KEPT:
            raise UsageError(f"--ahead {self.ahead}: choose {MOST_KEPT - self.kept} or less.")
