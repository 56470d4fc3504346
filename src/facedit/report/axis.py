"""Round values for the axes of the plots."""

from facedit.report.svg import nice_ticks, tick_text

__all__ = ["nice_ticks", "tick_text"]
