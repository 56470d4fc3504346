"""What every disturbance must do to the measures, as data: bands, moves and what stays."""

from __future__ import annotations

from facedit.bench.selfcheck.bands import BANDS
from facedit.bench.selfcheck.expected import (
    Expectation,
)
from facedit.bench.selfcheck.moves import MOVES
from facedit.bench.selfcheck.stays import STAYS

EXPECTATIONS: tuple[Expectation, ...] = (*BANDS, *MOVES, *STAYS)
"""All expectations."""
