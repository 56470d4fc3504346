"""``export_edit``: an edit as spans, timeline, sounds, words, script and report in one folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from facedit.compose.session.session import Session
from facedit.compose.words.plans import PlannedEdit
from facedit.editing.timecode import Timecode
from facedit.errors import BadEdit, UsageError
from facedit.interchange.cut_list import Shape, changed_pictures, changed_sounds, file_stem
from facedit.interchange.export_options import ExportOptions
from facedit.interchange.otio_timeline import require_library
from facedit.interchange.own_subtitles import moved_subtitles, read_subtitles
from facedit.interchange.span_files import FOLDERS, Layout, SpanFiles, SpanRendering
from facedit.interchange.timeline_files import timelines_of
from facedit.media.carried import Carried, read_carried
from facedit.media.info import VideoInfo
from facedit.media.output import whole_folder, whole_or_nothing
from facedit.media.pcm import resample
from facedit.options import Run
from facedit.speech.text.transcript_io import save_transcript
from facedit.types import Transcript

REPORT = "report"
"""Folder of the report."""

_DNXHR_MATRICES = (1, 9)
_SUFFIXES = (".mp4", ".m4v", ".mov", ".mkv", ".webm")
_TEXTS = (".srt", ".vtt", ".TextGrid")
_TIMELINES = (".otio", ".xml", ".edl")


@dataclass(frozen=True, slots=True)
class ExportResult:
    """What an export made.

    Attributes:
        folder: Where it lies.
        files: What it holds, by kind: ``video``, ``timeline``, ``spans``, ``patches``, ``sounds``,
            ``words``, ``text``, ``script``, ``report``.
        summary: What it is, for people.
        notes: What the user should know.
    """

    folder: Path
    files: Mapping[str, tuple[Path, ...]]
    summary: str
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, object]:
        """Return the result for JSON."""
        files = {kind: [str(file) for file in paths] for kind, paths in self.files.items()}
        return {"folder": str(self.folder), "files": files, "notes": list(self.notes)}

    def __str__(self) -> str:
        """Return the result for people."""
        lines = [self.summary]
        for kind, paths in self.files.items():
            shown = [str(path.relative_to(self.folder)) for path in paths]
            lines.append(f"  {kind:<9} {', '.join(shown)}")
        return "\n".join([*lines, *(f"note: {note}" for note in self.notes)])


def export_edit(
    session: Session,
    planned: PlannedEdit,
    folder: Path,
    options: ExportOptions | None = None,
    *,
    run: Run | None = None,
    original_beside: bool = False,
) -> ExportResult:
    """Render an edit once and write it for other programs.

    Args:
        session: The clip.
        planned: The plan of its edit.
        folder: New or empty, unless ``run.force``; comes whole or not at all.
        options: What is exported.
        run: Options; the plan's own if None.
        original_beside: Whether timelines look for the original beside them, as they must where the
            folder goes elsewhere, and not where it lies now.

    Returns:
        What was made. (``FaceditError`` if an output is no good, or a face is missing.)

    Raises:
        BadEdit: If nothing is edited.
        UsageError: If the codec of spans does not hold so small pictures.
    """
    options, run = options or ExportOptions(), run or planned.run
    require_library()
    if not planned.edits:
        raise BadEdit("the new words are the old ones: there is nothing to export.")
    info, request = session.info, planned.request
    if options.spans == "dnxhr" and (info.stored_width < 256 or info.stored_height < 120):
        raise UsageError(
            f"--spans dnxhr: DNxHR holds pictures from 256x120 on, these are {info.stored_width}x"
            f"{info.stored_height}; choose prores."
        )
    own = None if options.subtitles is None else read_subtitles(options.subtitles)
    given = (options.subtitles, info.path, *request.speech, request.transcript, request.script)
    inputs = [path for path in given if path is not None]
    carried, _ = read_carried(info)
    with whole_folder(folder, force=run.force, inputs=inputs) as made:
        files = SpanFiles(_layout(made, info, planned, options, carried))
        stem = f"{info.path.stem}-edited"
        suffix = info.path.suffix.lower()
        session.render(
            planned,
            made / f"{stem}{suffix if suffix in _SUFFIXES else '.mp4'}",
            run=replace(run, report=made / REPORT, takes=1, force=True),
            save_script=made / f"{info.path.stem}-edit.json",
            written=lambda rendering: SpanRendering.beside(rendering, files),
        )
        place = info.path.resolve().parent if original_beside else folder
        texts, notes = timelines_of(files, place, stem)
        notes += _write_texts(made / stem, texts, options.subtitles, own, planned)
        found = _found(made, folder)
    count, frames = len(files.layout.pictures), files.layout.frames
    summary = f"{folder}: {count} changed span{'s' * (count > 1)} of a clip of {frames} frames."
    return ExportResult(folder, found, summary, (*source_notes(info, options, carried), *notes))


def _write_texts(
    stem: Path, texts: dict[str, str], subtitles: Path | None, own: str | None, planned: PlannedEdit
) -> tuple[str, ...]:
    """Write timelines, and the words as subtitles: the clip's own where it has some.

    Returns what the user should know of them.
    """
    notes: tuple[str, ...] = ()
    if own is not None and subtitles is not None:
        suffix = subtitles.suffix.lower()
        moved, notes = moved_subtitles(own, suffix, planned)
        texts = {**texts, f"{stem.name}{suffix}": moved}
    for name, text in texts.items():
        with whole_or_nothing(stem.with_name(name)) as temporary:
            temporary.write_text(text, encoding="utf-8")
    words = _new_transcript(planned)
    for kind in _TEXTS:
        if f"{stem.name}{kind}" not in texts:
            save_transcript(words, stem.with_name(f"{stem.name}{kind}"))
    return notes


def _layout(
    folder: Path, info: VideoInfo, planned: PlannedEdit, options: ExportOptions, carried: Carried
) -> Layout:
    """Lay out what is to be written."""
    plan = planned.plan
    shape = Shape(info.frame_count + plan.shift_frames, options.handles, info.path.stem)
    spoken = [
        (number, edit.text, snippet.sound)
        for number, (edit, snippet) in enumerate(
            zip(planned.edits, planned.snippets, strict=True), 1
        )
        if snippet is not None
    ]
    start = Timecode.parse(carried.timecode, info.frame_rate)
    return Layout(
        folder=folder,
        info=info,
        plan=plan,
        options=options,
        start=start or Timecode(0, info.frame_rate),
        frames=shape.frames,
        pictures=changed_pictures(plan, shape),
        sounds=changed_sounds(plan, shape),
        words=tuple(
            (file_stem(shape.stem, number, text), resample(sound, info.sound_rate, info.channels))
            for number, text, sound in spoken
        ),
    )


def source_notes(info: VideoInfo, options: ExportOptions, carried: Carried) -> tuple[str, ...]:
    """Say where another program may see the source otherwise than we do.

    Returns a line each.
    """
    notes = []
    if info.is_variable:
        notes.append(
            "the frame rate varies: programs lay the original on a grid of their own, so a cut may "
            f"be a frame off; the spans have {float(info.frame_rate):.6g} frames a second."
        )
    if options.spans == "dnxhr" and info.matrix not in _DNXHR_MATRICES:
        notes.append(
            "DNxHR says BT.709 of all pictures, and the original's are BT.601: colours of spans "
            "may be seen otherwise than its own; ProRes and H.264 say what they are."
        )
    if carried.timecode and Timecode.parse(carried.timecode, info.frame_rate) is None:
        notes.append(f"the timecode {carried.timecode} is none: the timeline begins at zero.")
    if info.sound is not None and info.sound.lead_s > 0.5 * info.frame_period_s:
        notes.append(
            f"the sound begins {info.sound.lead_s:.2f} s before the first picture: programs that "
            "count a clip from its sound show the original later by that."
        )
    if carried.sounds:
        notes.append(
            f"{len(carried.sounds)} further sound track(s) of the original are not on the timeline."
        )
    return tuple(notes)


def _new_transcript(planned: PlannedEdit) -> Transcript:
    """Return what is said in the edited clip."""
    words = planned.output_words
    end_s = max([planned.plan.output_duration_s, *(word.end_s for word in words)])
    return Transcript(words, end_s, planned.transcript.language, planned.transcript.origin)


def _found(made: Path, folder: Path) -> dict[str, tuple[Path, ...]]:
    """List what was made by kind, as it will lie in its folder."""
    kinds: dict[str, list[Path]] = {}
    for path in sorted(made.iterdir()):
        if path.is_dir() and path.name in FOLDERS:
            kinds.setdefault(path.name, []).extend(sorted(path.iterdir()))
            continue
        kind = "video"
        for other, suffixes in (("timeline", _TIMELINES), ("text", _TEXTS), ("script", (".json",))):
            kind = other if path.suffix in suffixes else kind
        kinds.setdefault(REPORT if path.is_dir() else kind, []).append(path)
    return {
        kind: tuple(folder / path.relative_to(made) for path in paths)
        for kind, paths in kinds.items()
    }
