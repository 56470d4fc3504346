"""Attention within a band, worked out by blocks of frames: no block looks further than the band.

Shapes: ``B`` clips, ``T`` frames, ``H`` heads, ``C`` channels of a head.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

BLOCK = 32
"""Most frames of a block."""


@dataclass(frozen=True, slots=True)
class Band:
    """How frames are cut into blocks so that attention within a band works inside the band only.

    Each of ``count`` blocks holds ``length`` frames as queries, and as keys those and ``window``
    more on both sides; frames beyond the last are padding.
    """

    frames: int
    window: int
    count: int
    length: int

    @classmethod
    def of(cls, frames: int, window: int) -> Band:
        """Cut so many frames for a band of ``window`` to each side."""
        count = max(-(-frames // BLOCK), 1)
        return cls(frames, window, count, -(-frames // count))

    def queries(self, x: Tensor) -> Tensor:
        """Cut queries (B, H, T, C) into blocks, shape (B, H count, length, C)."""
        clips, heads, _, size = x.shape
        padded = F.pad(x, (0, 0, 0, self._added))
        return padded.reshape(clips, heads * self.count, self.length, size)

    def keys(self, x: Tensor) -> Tensor:
        """Cut keys or values (B, H, T, C) likewise, shape (B, H count, length + 2 window, C)."""
        padded = F.pad(x, (0, 0, self.window, self.window + self._added))
        return padded.unfold(2, self.length + 2 * self.window, self.length).mT.flatten(1, 2)

    def joined(self, x: Tensor) -> Tensor:
        """Put blocks of queries together again, shape (B, H, T, C)."""
        clips, blocks, _, size = x.shape
        whole = x.reshape(clips, blocks // self.count, self.count * self.length, size)
        return whole[:, :, : self.frames]

    def bias(self, relative: Tensor, valid: Tensor | None) -> Tensor:
        """Return the bias of attention, shape (B or 1, H count, length, length + 2 window).

        It is ``-inf`` outside the band and at keys that do not exist: ``valid`` (B, T) is False
        there, None if all do. ``relative``, learnt per head and offset ``-w .. w``, shape
        (H, 2 w + 1), holds the rest; zeros give the plain band.
        """
        size, window = self.length + 2 * self.window, self.window
        place = relative.device
        if valid is None:
            valid = torch.ones(1, self.frames, dtype=torch.bool, device=place)
        there = F.pad(valid, (window, window + self._added)).unfold(1, size, self.length)
        ahead = torch.arange(size, device=place) - torch.arange(self.length, device=place)[:, None]
        inside = (ahead >= 0) & (ahead <= 2 * window)
        # A query that does not exist sees itself so that no row is empty.
        seen = inside & (there[:, :, None] | (ahead == window))
        values = relative[:, ahead.clamp(0, 2 * window)][:, None]
        return torch.where(seen[:, None], values, float("-inf")).flatten(1, 2)

    @property
    def _added(self) -> int:
        return self.count * self.length - self.frames
