"""The timelines of an export: what other programs cut the original by."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from facedit.editing.timecode import Timecode
from facedit.interchange.cut_list import Stretch, cuts_of, runs_of
from facedit.interchange.edl import edl_text
from facedit.interchange.otio_timeline import (
    Medium,
    Piece,
    Timeline,
    Track,
    fcp_xml_text,
    otio_text,
    pieces_of,
    readable,
    source_medium,
)
from facedit.interchange.span_files import PATCHES, SOUNDS, SPANS, Layout, SpanFiles


def timelines_of(
    files: SpanFiles, folder: Path, stem: str
) -> tuple[dict[str, str], tuple[str, ...]]:
    """Write the timelines of an export.

    Args:
        files: What was written, and what of the source lies under it.
        folder: Where they will lie.
        stem: What their names begin with.

    Returns:
        Texts by file name, and what the user should know of them.
    """
    layout, texts, notes = files.layout, dict[str, str](), list[str]()
    source = source_medium(layout.info.path, folder, layout.start, layout.info.frame_count)
    sound = _sound_track(layout, source)
    for kind, codec in ((SPANS, layout.options.spans), (PATCHES, layout.options.patch)):
        if codec == "none":
            continue
        media = [_picture_medium(kind, codec, stretch, layout) for stretch in layout.pictures]
        if kind == SPANS:
            cuts = cuts_of(layout.plan, layout.pictures, layout.frames)
            pieces = pieces_of(cuts, source, layout.pictures, media)
            pictures: tuple[Track, ...]
            pictures, name = (Track("V1", "Video", pieces),), stem
        else:
            pictures, name = _patch_tracks(files, source, media), f"{stem}-patch"
        timeline = Timeline(readable(name), layout.start, (*pictures, sound), layout.info)
        texts[f"{name}.otio"] = otio_text(timeline)
        if codec == "png":
            notes.append(f"{name}: no XML or EDL, which do not know folders of pictures.")
            continue
        texts[f"{name}.xml"] = fcp_xml_text(timeline)
        if kind == SPANS:
            texts[f"{name}.edl"] = edl_text(timeline)
    return texts, tuple(notes)


def _picture_medium(kind: str, codec: str, stretch: Stretch, layout: Layout) -> Medium:
    start = layout.start.later(stretch.first)
    if codec == "png":
        place = f"{kind}/{stretch.name}"
        return Medium(stretch.name, place, start, stretch.frames, numbered=True)
    name = f"{stretch.name}.mov"
    return Medium(name, f"{kind}/{name}", start, stretch.frames)


def _sound_track(layout: Layout, source: Medium) -> Track:
    """Cut the sound, whose files begin at zero as wavs do."""
    zero = Timecode(0, layout.info.frame_rate)
    media = [
        Medium(f"{one.name}.wav", f"{SOUNDS}/{one.name}.wav", zero, one.frames)
        for one in layout.sounds
    ]
    cuts = cuts_of(layout.plan, layout.sounds, layout.frames)
    return Track("A1", "Audio", pieces_of(cuts, source, layout.sounds, media))


def _patch_tracks(files: SpanFiles, source: Medium, patches: list[Medium]) -> tuple[Track, ...]:
    """Lay the patches over the frames of the source that they were drawn on."""
    layout = files.layout
    under: list[Piece] = []
    above: list[Piece] = []
    for cut in cuts_of(layout.plan, layout.pictures, layout.frames):
        if cut.changed < 0:
            under.append(Piece(cut.start, cut.end, source, cut.source))
            above.append(Piece(cut.start, cut.end))
            continue
        stretch = layout.pictures[cut.changed]
        under += [
            Piece(run.start, run.end, source, run.source)
            for run in runs_of(cut.start, files.under[cut.changed])
        ]
        offset = stretch.start - stretch.first
        above.append(Piece(cut.start, cut.end, patches[cut.changed], offset))
    return Track("V1", "Video", _joined(under)), Track("V2", "Video", tuple(above))


def _joined(pieces: list[Piece]) -> tuple[Piece, ...]:
    """Join pieces of one medium that run on."""
    joined: list[Piece] = []
    for piece in pieces:
        last = joined[-1] if joined else None
        if last is not None and last.offset + last.end - last.start == piece.offset:
            joined[-1] = replace(last, end=piece.end)
        else:
            joined.append(piece)
    return tuple(joined)
