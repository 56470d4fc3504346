"""On which sides of a copied packet of sound new ones may stand."""

from __future__ import annotations

LEFT = 1
"""A new packet may stand in front of it."""

RIGHT = 2
"""A new packet may stand behind it."""
