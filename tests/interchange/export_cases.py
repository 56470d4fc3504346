"""Edits without a model that are exported, and timelines conformed by FFmpeg's own decoders."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import av
import numpy as np
import opentimelineio as otio
from PIL import Image

from compose.joined_edits import edited_sound
from facedit.compose.frames.output_sound import OutputSound
from facedit.editing.plan import EditPlan
from facedit.editing.timecode import Timecode
from facedit.editing.timeline import kept_runs, output_frames, source_windows
from facedit.interchange.cut_list import Shape, changed_pictures, changed_sounds
from facedit.interchange.export_options import ExportOptions
from facedit.interchange.span_files import Layout, SpanFiles, SpanRendering
from facedit.interchange.timeline_files import timelines_of
from facedit.media.carried import read_carried
from facedit.media.frame import Frame
from facedit.media.pixels import patch_frame
from facedit.media.probe import probe
from facedit.media.read import read_frames
from facedit.media.rendering import choose_rendering
from facedit.media.sited import sited
from facedit.media.smart.kept import KeptPictures
from facedit.media.sound import read_sound
from facedit.media.write_options import WriteOptions
from facedit.types import Sound
from facedit.units import frame_at, frame_time, sample_at

MARK = "facedit test: synthetic face and speech"


@dataclass(frozen=True)
class Exported:
    """An export.

    Attributes:
        folder: What was written.
        layout: What was to be written.
        drawn: The pictures of the output as upright RGB, by frame; those near the edits at least.
        under: The decoded pictures that they were drawn on.
        sound: The output's sound.
    """

    folder: Path
    layout: Layout
    drawn: dict[int, np.ndarray]
    under: dict[int, np.ndarray]
    sound: OutputSound


def export_without_model(
    source: Path, folder: Path, plan: EditPlan, options: ExportOptions
) -> Exported:
    """Export a plan in whose spans a bar wanders through the pictures."""
    info = probe(source)
    folder.mkdir()
    shape = Shape(info.frame_count + plan.shift_frames, options.handles, source.stem)
    start = Timecode.parse(read_carried(info)[0].timecode, info.frame_rate)
    layout = Layout(
        folder=folder,
        info=info,
        plan=plan,
        options=options,
        start=start or Timecode(0, info.frame_rate),
        frames=shape.frames,
        pictures=changed_pictures(plan, shape),
        sounds=changed_sounds(plan, shape),
        words=(("new", Sound(np.full((100, info.channels), 0.25, np.float32), info.sound_rate)),),
    )
    output = folder / f"{source.stem}-edited{source.suffix}"
    kept = [KeptPictures(*run) for run in kept_runs(plan)]
    files = SpanFiles(layout)
    rendering = SpanRendering.beside(choose_rendering(output, info, kept), files)
    drawn: dict[int, np.ndarray] = {}
    under: dict[int, np.ndarray] = {}

    def watched() -> Iterator[Frame]:
        parts = rendering.windows(source_windows(plan, 0.2, 0.2))
        for frame in barred_frames(source, plan, parts):
            number = frame_at(frame.time_s, info.frame_rate)
            drawn[number], under[number] = sited(frame).rgb(), (frame.base or frame).rgb()
            yield frame

    sound = edited_sound(source, info, plan)
    rendering.write(output, watched(), sound, WriteOptions(metadata={"comment": MARK}))
    for name, text in timelines_of(files, folder, f"{source.stem}-edited")[0].items():
        (folder / name).write_text(text)
    return Exported(folder, layout, drawn, under, sound)


def barred_frames(source: Path, plan: EditPlan, parts=None) -> Iterator[Frame]:
    """The pictures of the output; in a fill the last picture in front of it, if there is one."""
    info = probe(source)
    held: dict[int, Frame] = {}
    last: Frame | None = None

    def times() -> Iterator[float]:
        count = 0
        for start_s, end_s in parts or ((None, None),):
            for frame in read_frames(source, start_s, end_s, info=info):
                held[count] = frame
                count += 1
                yield frame.time_s

    for number, shown in enumerate(output_frames(plan, times())):
        if shown.source_index >= 0:
            last = held[shown.source_index]
            for old in [index for index in held if index < shown.source_index]:
                del held[old]
        under = last or next(iter(held.values()))
        if shown.span >= 0:
            bar = np.full((info.height // 3, 4, 3), 255, np.uint8)
            bar[: len(bar) // 2] = 0
            under = patch_frame(under, bar, 4 * (number % (info.width // 4)), info.height // 3)
        yield under.at(shown.output_time_s)


def read_otio(path: Path) -> otio.schema.Timeline:
    return otio.adapters.read_from_file(str(path))


def conformed(path: Path, track: str) -> list[np.ndarray | None]:
    """Assemble a picture track, reading each file by its timecode; None where there is a gap."""
    timeline, folder = read_otio(path), path.parent
    (row,) = [one for one in timeline.tracks if one.name == track]
    media: dict[str, list[np.ndarray]] = {}
    pictures: list[np.ndarray | None] = []
    for item in row:
        length = round(item.source_range.duration.value)
        if isinstance(item, otio.schema.Gap):
            pictures += [None] * length
            continue
        medium = item.media_reference
        offset = round((item.source_range.start_time - medium.available_range.start_time).value)
        if isinstance(medium, otio.schema.ImageSequenceReference):
            urls = [medium.target_url_for_image_number(offset + k) for k in range(length)]
            pictures += [np.array(Image.open(folder / unquote(url))) for url in urls]
            continue
        if medium.target_url not in media:
            file = folder / unquote(medium.target_url)
            media[medium.target_url] = [frame.rgb() for frame in read_frames(file)]
            assert item.name == file.name
        found = media[medium.target_url]
        if item.name != timeline.name:
            assert offset + length <= len(found)
        pictures += found[offset : offset + length]
    return pictures


def conformed_sound(exported: Exported, name: str) -> np.ndarray:
    """Assemble the sound track of a timeline in samples."""
    timeline = read_otio(exported.folder / name)
    rate, fps = exported.sound.rate, exported.layout.info.frame_rate
    blocks, at = [], 0
    (row,) = timeline.audio_tracks()
    for item in row:
        medium = item.media_reference
        offset = round((item.source_range.start_time - medium.available_range.start_time).value)
        end = at + round(item.source_range.duration.value)
        length = sample_at(frame_time(end, fps), rate) - sample_at(frame_time(at, fps), rate)
        start = sample_at(frame_time(offset, fps), rate)
        file = exported.folder / unquote(medium.target_url)
        if file.suffix == ".wav":
            blocks.append(wav_samples(file)[start : start + length])
        else:
            blocks.append(read_sound(file, start / rate, (start + length) / rate).samples)
        at = end
    return np.concatenate(blocks)


def wav_samples(path: Path) -> np.ndarray:
    """Read a wav with plain PyAV."""
    with av.open(str(path)) as file:
        found = [frame.to_ndarray() for frame in file.decode(audio=0)]
        channels = file.streams.audio[0].channels
    whole = np.concatenate([one.reshape(-1, channels) for one in found])
    return (whole / -float(np.iinfo(whole.dtype).min)).astype(np.float32)
