"""What every disturbance must do to the measures, as data, with the reasons."""

from __future__ import annotations

from facedit.bench.selfcheck.judge import Expectation

EXPECTATIONS: tuple[Expectation, ...] = ()
