"""Edits without a model: kept pictures as they are, grey ones in the spans, a tone in the fills."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import VideoReformatter

from facedit.compose.frames.output_sound import OutputSound, compose_sound
from facedit.editing.plan import EditPlan
from facedit.editing.timeline import kept_runs, output_frames, source_windows
from facedit.media.frame import Frame
from facedit.media.info import VideoInfo
from facedit.media.pixels import frame_from_rgb
from facedit.media.probe import probe
from facedit.media.read import read_frames
from facedit.media.rendering import Rendering, choose_rendering
from facedit.media.smart.kept import KeptPictures
from facedit.media.write_options import WriteOptions
from facedit.types import Sound

GREY = 90


def make_edit(
    source: Path, target: Path, plan: EditPlan, render: str = "smart"
) -> tuple[Rendering, OutputSound]:
    """Write an edit; the same pictures and sound whichever way it is written."""
    info = probe(source)
    kept = [KeptPictures(*run) for run in kept_runs(plan)]
    rendering = choose_rendering(target, info, kept, render)
    sound = edited_sound(source, info, plan)
    parts = rendering.windows(source_windows(plan, 0.2, 0.2))
    rendering.write(target, edited_frames(info, plan, parts), sound, WriteOptions(force=True))
    return rendering, sound


def edited_sound(source: Path, info: VideoInfo, plan: EditPlan) -> OutputSound:
    """A tone in every fill that is no deletion."""
    new = tuple(
        None if fill.kind == "delete" else _tone(fill.speech_s, info.sound_rate or 48_000)
        for fill in plan.fills
    )
    return compose_sound(source, info, plan, new)


def edited_frames(info, plan, parts=None):
    """The pictures of some parts of the source, of the fills, in order."""
    frames: dict[int, Frame] = {}

    def times():
        count = 0
        for start_s, end_s in parts or ((None, None),):
            for frame in read_frames(info.path, start_s, end_s, info=info):
                frames[count] = frame
                count += 1
                yield frame.time_s

    grey = np.full((info.height, info.width, 3), GREY, np.uint8)
    for shown in output_frames(plan, times()):
        if shown.span < 0:
            yield frames[shown.source_index].at(shown.output_time_s)
        else:
            yield frame_from_rgb(grey, shown.output_time_s, info)
        for old in [index for index in frames if index < shown.source_index]:
            del frames[old]


@dataclass(frozen=True)
class Decoded:
    """A file as FFmpeg's own decoders give it.

    Attributes:
        pictures: A hash of each picture's planes.
        grey: Whether its middle is the edit's grey.
        times_s: When each is shown, from the first one.
        samples: The sound, shape (N, channels), from its first sample.
        sound_s: When that one sounds, from the first picture.
        sound_rate: Samples per second.
    """

    pictures: list[str]
    grey: np.ndarray
    times_s: np.ndarray
    samples: np.ndarray
    sound_s: float
    sound_rate: int


def decode(path: Path) -> Decoded:
    """Decode a file from its start."""
    pictures, grey, times, blocks = [], [], [], []
    sound_s = rate = 0
    scaler = VideoReformatter()
    with av.open(str(path)) as file:
        streams = [*file.streams.video[:1], *file.streams.audio[:1]]
        for packet in file.demux(streams):
            for frame in packet.decode():
                if isinstance(frame, av.VideoFrame):
                    pictures.append(plane_hash(frame))
                    rgb = scaler.reformat(frame, format="rgb24").to_ndarray()
                    middle = rgb[rgb.shape[0] // 2, rgb.shape[1] // 2].astype(int)
                    grey.append(np.abs(middle - GREY).max() < 12)
                    times.append(frame.pts * frame.time_base)
                else:
                    if not blocks:
                        sound_s, rate = frame.pts * frame.time_base, frame.sample_rate
                    raw = frame.to_ndarray()
                    planar = frame.format.is_planar
                    blocks.append(raw.T if planar else raw.reshape(-1, frame.layout.nb_channels))
    start_s = times[0]
    samples = np.concatenate(blocks) if blocks else np.zeros((0, 1), np.float32)
    return Decoded(
        pictures,
        np.array(grey),
        np.array([float(time - start_s) for time in times]),
        samples,
        float(sound_s - start_s),
        rate,
    )


def plane_hash(frame: av.VideoFrame) -> str:
    """Hash a picture's planes as decoded."""
    seen = hashlib.md5(frame.format.name.encode())
    wide = 2 if frame.format.components[0].bits > 8 else 1
    for plane in frame.planes:
        lines = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)
        seen.update(lines[: plane.height, : plane.width * wide].tobytes())
    return seen.hexdigest()


@dataclass(frozen=True)
class Compared:
    """An output beside its source.

    Attributes:
        kept: Kept pictures.
        equal: How many of them decode to the very pictures of the source.
        expected: How many were copied.
        grey: Whether the pictures of the spans, and only they, are the new ones.
        worst_s: How far a picture is from where it should be shown.
        samples_kept: Kept samples.
        samples_equal: How many of them are the source's own, at one offset a run.
        samples_entered: The same, of copied packets that a fresh decoder is given: what a decoder
            draws at random (AAC's noise) is the same only from the same beginning.
        offset_s: The largest such offset against the pictures.
        roughest: Largest error of kept sound over 128 samples, as a share of the loudest such.
    """

    kept: int
    equal: int
    expected: int
    grey: bool
    worst_s: float
    samples_kept: int
    samples_equal: int
    samples_entered: int
    offset_s: float
    roughest: float


def compare(
    source: Path, target: Path, plan: EditPlan, rendering: Rendering, sound: OutputSound
) -> Compared:
    """Decode source and output, and compare."""
    old, new = decode(source), decode(target)
    shown = list(output_frames(plan, old.times_s))
    assert len(shown) == len(new.pictures), (len(shown), len(new.pictures))
    kept = [(one.source_index, k) for k, one in enumerate(shown) if one.span < 0]
    joining = rendering.joining
    if joining is not None and joining.sound is not None:
        sound = sound.in_steps(joining.sound.step)
    pairs = [_kept_samples(old, new, run) for run in sound.kept]
    loudest = max((_loudest(before) for before, _ in pairs), default=1.0)
    at_s = np.array([one.output_time_s for one in shown])
    changed = np.array([one.span >= 0 for one in shown])
    offsets = [
        old.sound_rate
        and (run.output_start - run.start - round(shift_s * old.sound_rate)) / old.sound_rate
        for run, shift_s in zip(sound.kept, _shifts(plan), strict=True)
    ]
    return Compared(
        len(kept),
        sum(old.pictures[before] == new.pictures[after] for before, after in kept),
        joining.kept_packets if joining else 0,
        bool((new.grey == changed).all()),
        float(np.abs(at_s - new.times_s).max()),
        sum(len(before) for before, _ in pairs),
        sum(int((before == after).all(axis=1).sum()) for before, after in pairs),
        _entered(source, target, rendering, sound),
        max((abs(offset) for offset in offsets), default=0.0),
        max((_loudest(before - after) for before, after in pairs), default=0.0) / loudest,
    )


def _shifts(plan: EditPlan) -> list[float]:
    return [keep.output_start_s - keep.source_start_s for keep in plan.keeps]


def _kept_samples(old: Decoded, new: Decoded, run) -> tuple[np.ndarray, np.ndarray]:
    """The samples of a kept run in both files, shape (N, channels), as floats."""
    rate = old.sound_rate
    if not rate:
        return np.zeros((0, 1)), np.zeros((0, 1))
    before = run.start - round(old.sound_s * rate)
    after = run.output_start - round(new.sound_s * rate)
    skip = max(0, -before, -after)
    count = min(run.end - run.start - skip, len(old.samples) - before - skip)
    count = max(0, min(count, len(new.samples) - after - skip))
    first = old.samples[before + skip : before + skip + count]
    second = new.samples[after + skip : after + skip + count]
    return first.astype(float), second.astype(float)


def _loudest(samples: np.ndarray) -> float:
    """The largest root mean square over 128 samples of any channel."""
    whole = samples[: len(samples) // 128 * 128].reshape(-1, 128, samples.shape[1])
    return float(np.sqrt((whole**2).mean(axis=1)).max(initial=1e-9))


def _entered(source: Path, target: Path, rendering: Rendering, sound: OutputSound) -> int:
    """Decode each run of copied sound packets by itself, and count the samples that are equal."""
    joint = rendering.joining.sound if rendering.joining else None
    if joint is None:
        return 0
    runs = [
        [(run.first, run.end), (run.first + run.shift, run.end + run.shift)]
        for run in joint.joined(sound)[0]
    ]
    count = 0
    for ends in runs:
        decoded = []
        for path, (first, end) in zip((source, target), ends, strict=True):
            with av.open(str(path)) as file:
                packets = [one for one in file.demux(audio=0) if one.size][first:end]
                frames = [frame for one in packets for frame in one.decode()]
                decoded.append(np.concatenate([frame.to_ndarray() for frame in frames], axis=1))
        # A container may let a decoder skip what primes it.
        length = min(one.shape[1] for one in decoded)
        equal = (decoded[0][:, -length:] == decoded[1][:, -length:]).all(axis=0)
        count += int(equal.sum())
    return count


def _tone(seconds: float, rate: int) -> Sound:
    times = np.arange(round(seconds * rate)) / rate
    return Sound((0.2 * np.sin(2 * np.pi * 440 * times))[:, None].astype(np.float32), rate)
