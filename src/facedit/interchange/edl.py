"""A cut list as CMX 3600, which every program of the trade reads.

Our own writer, of a few lines: OpenTimelineIO's takes every rate of 29.97 for drop-frame, and
begins every record at zero.
"""

from __future__ import annotations

from facedit.interchange.cut_list import plain_name
from facedit.interchange.otio_timeline import Piece, Timeline


def edl_text(timeline: Timeline) -> str:
    """Write the lowest picture and sound track of a timeline.

    Args:
        timeline: The timeline.

    Returns:
        An event a piece, pictures first; events name the files as ``FROM CLIP NAME``.
    """
    counting = "DROP FRAME" if timeline.start.drop else "NON-DROP FRAME"
    lines = [f"TITLE: {timeline.name}", f"FCM: {counting}", ""]
    reels: dict[str, str] = {}
    number = 0
    for kind, channel in (("Video", "V"), ("Audio", "A")):
        track = next((one for one in timeline.tracks if one.kind == kind), None)
        for piece in track.pieces if track else ():
            if piece.medium is not None:
                number += 1
                reel = reels.setdefault(piece.medium.name, _reel(piece.medium.name, len(reels)))
                lines.append(
                    f"{number:03}  {reel:<8} {channel:<5} C        {_times(piece, timeline)}"
                )
                lines.append(f"* FROM CLIP NAME: {piece.medium.name}")
    return "\n".join([*lines, ""])


def _times(piece: Piece, timeline: Timeline) -> str:
    """Write where a piece comes from and where it goes: in and out each."""
    assert piece.medium is not None
    length = piece.end - piece.start
    source = piece.medium.start.later(piece.offset)
    record = timeline.start.later(piece.start)
    return " ".join(map(str, (source, source.later(length), record, record.later(length))))


def _reel(name: str, number: int) -> str:
    """Name a reel in the eight letters that it may have; each file is a reel of its own."""
    plain = plain_name(name.rpartition(".")[0] or name).replace("-", "").upper()
    return f"{plain[:5]}{number:03}" if number else plain[:8] or "SOURCE"
