"""What an edit does not touch goes on in the output: at its new times, or named in a note."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from facedit.compose.frames.output_sound import compose_sound
from facedit.editing.captions import EditedText, edited_text
from facedit.editing.plan import EditPlan, Keep
from facedit.media.carried import Carried, Chapter, TimedPacket, Track, read_carried
from facedit.media.cues import TEXT_CODECS, cue_text, held_codec, with_text
from facedit.media.encode import choose_encoding, container_of
from facedit.media.extras import Extras, FurtherSound, holds
from facedit.media.info import SoundInfo, VideoInfo
from facedit.media.open import open_media
from facedit.media.tags import output_tags
from facedit.types import Transcript


def unchanged_plan(plan: EditPlan) -> EditPlan:
    """Return the plan under which everything stays where it is."""
    keep = Keep(0.0, plan.source_duration_s, 0.0)
    return replace(plan, segments=(keep,), edits=())


def carry(
    info: VideoInfo, plan: EditPlan, transcript: Transcript | None, output: Path
) -> tuple[Extras, tuple[str, ...]]:
    """Lay out what a video holds beside its picture and its sound.

    ``transcript``: its words, for the text of subtitles; None to leave that as it is; ``output``:
    the output, whose suffix says what it can hold. Returns what is written, and a line for each
    thing that is left out or changes.
    """
    container = container_of(output)
    carried, notes = read_carried(info)
    tags = output_tags(info.metadata, {})
    tracks = []
    with open_media(info.path) as source:
        for track in carried.tracks:
            if not holds(container, source, track, tags):
                notes += (f"{track} is left out: {output.suffix} files do not hold it.",)
                continue
            moved, told = _moved_track(track, plan, transcript, container)
            tracks.append(moved)
            notes += told
    picture_tags = dict(carried.picture_tags)
    if carried.timecode and not info.is_variable:
        picture_tags["timecode"] = carried.timecode
    elif carried.timecode:
        notes += (f"the timecode {carried.timecode} is left out: the frame rate varies.",)
    chapters = tuple(_moved_chapters(carried, plan))
    if gone := len(carried.chapters) - len(chapters):
        notes += (f"{gone} chapter(s) lay wholly in what was cut.",)
    return Extras(
        source=info.path,
        chapters=chapters,
        tracks=tuple(tracks),
        sounds=tuple(_further_sound(info, sound, plan, output) for sound in carried.sounds),
        picture_tags=picture_tags,
        sound_tags=carried.sound_tags,
        sound_disposition=carried.sound_disposition,
    ), notes


def _moved_chapters(carried: Carried, plan: EditPlan) -> Iterator[Chapter]:
    for chapter in carried.chapters:
        start_s, end_s = (
            plan.output_time(chapter.start_s),
            plan.output_time(chapter.end_s, end=True),
        )
        if end_s > start_s or chapter.end_s <= chapter.start_s:
            yield replace(chapter, start_s=start_s, end_s=max(start_s, end_s))


def _shown_text(
    text: str, packet: TimedPacket, plan: EditPlan, transcript: Transcript | None
) -> EditedText:
    """Exchange the words of a cue where they are known."""
    if transcript is None or not text.strip():
        return EditedText(text, False)
    return edited_text(text, packet.start_s, packet.end_s, plan, transcript)


def _moved_track(
    track: Track, plan: EditPlan, transcript: Transcript | None, container: str
) -> tuple[Track, tuple[str, ...]]:
    """Move the packets of a track, and exchange the words that it shows."""
    if track.kind in ("cover", "attachment"):
        return track, ()
    shows_text = track.kind == "subtitle" and track.codec in TEXT_CODECS
    codec = held_codec(track.codec, container) if shows_text else track.codec
    moved, missed = [], []
    for packet in track.packets:
        at = _moved(packet, plan)
        if at is None:
            continue
        if shows_text:
            shown = _shown_text(cue_text(track.codec, packet.payload), packet, plan, transcript)
            if shown.missed:
                missed.append(f"{at.start_s:.2f} s")
            if not shown.text.strip():
                continue  # mp4 marks the pauses between cues; the muxer does that again.
            at = replace(at, payload=with_text(track.codec, at.payload, shown.text, codec))
        moved.append(at)
    notes = []
    if missed:
        places = ", ".join(missed[:5]) + (", ..." if len(missed) > 5 else "")
        notes.append(f"{track} keeps its text at {places}: the changed words are not in it.")
    if shows_text and transcript is None and moved:
        notes.append(f"{track} is kept as it was: it shows the old words.")
    if track.codec in ("ass", "ssa") and codec != "ass":
        notes.append(f"{track} becomes {codec}: its styles are left out.")
    return replace(track, codec=codec, packets=tuple(moved)), tuple(notes)


def _moved(packet: TimedPacket, plan: EditPlan) -> TimedPacket | None:
    """Give a packet its times in the output; None if nothing is left of them."""
    start_s = max(plan.output_time(packet.start_s), 0.0)
    end_s = max(plan.output_time(packet.end_s, end=True), start_s)
    gone = packet.end_s > packet.start_s and end_s <= start_s
    return None if gone else TimedPacket(start_s, end_s, packet.payload)


def _further_sound(info: VideoInfo, sound: SoundInfo, plan: EditPlan, output: Path) -> FurtherSound:
    """Cut a further sound track to the plan: under new words it goes on as it was."""
    alone = replace(info, sound=sound)
    composed = compose_sound(info.path, alone, plan, (None,) * len(plan.fills), whole=True)
    if sound.lead_s > (info.sound.lead_s if info.sound is not None else 0.0):
        # The file's clock starts with its main sound.
        composed = replace(composed, pieces=composed.pieces[1:])
    return FurtherSound(
        encoding=choose_encoding(output, alone),
        rate=sound.rate,
        channels=sound.channels,
        tags=sound.tags,
        disposition=sound.disposition,
        start_s=composed.first / composed.rate,
        blocks=composed.blocks,
    )
