"""Why a file cannot be joined packet by packet."""

from __future__ import annotations


class Unjoinable(Exception):
    """Packets of this source cannot stand beside new ones; the message says why, in a clause."""
