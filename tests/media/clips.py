"""Makes small clips whose truth is known: a flash and a click at the same instants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

CLICK_SAMPLES = 24


@dataclass(frozen=True)
class Clip:
    """A clip that was made.

    Attributes:
        path: The file.
        times_s: When each picture is shown.
        flashes_s: When white pictures are shown, and clicks sound.
        pictures: Stored RGB pictures that were encoded, shape (F, H, W, 3).
        sound: Samples that were encoded, shape (N, channels); None without sound.
        sound_rate: Samples per second.
    """

    path: Path
    times_s: NDArray[np.float64]
    flashes_s: NDArray[np.float64]
    pictures: NDArray[np.uint8]
    sound: NDArray[np.float32] | None
    sound_rate: int


def make_clip(
    path: Path,
    *,
    rate: Fraction | int = 25,
    seconds: float = 2.0,
    size: tuple[int, int] = (64, 48),
    flash_every_s: float = 0.5,
    times_s: Sequence[float] | None = None,
    rotation: int = 0,
    hflip: bool = False,
    codec: str = "libx264",
    options: dict[str, str] | None = None,
    pix_fmt: str = "yuv420p",
    sound_rate: int = 48_000,
    channels: int = 1,
    sound_codec: str | None = None,
    sound_options: dict[str, str] | None = None,
    sound_start_s: float = 0.0,
    sound_seconds: float | None = None,
    container_options: dict[str, str] | None = None,
    container: str | None = None,
    time_base: Fraction | None = None,
    aspect: Fraction | None = None,
    colour: tuple[int, int, int, int] | None = None,
    timecode: str = "",
) -> Clip:
    """Write a clip with plain PyAV (not with the code under test).

    Args:
        path: The file; its suffix chooses the container.
        rate: Frames per second.
        seconds: Length.
        size: Stored width and height.
        flash_every_s: Time between flashes; the first comes one such time after the start.
        times_s: When pictures are shown, for a variable rate (multiples of 1/90000 s).
        rotation: Counter-clockwise turn of the display matrix.
        hflip: Mirror the display matrix.
        codec: Video encoder.
        options: Its options.
        pix_fmt: Pixel format.
        sound_rate: Samples per second; 0 for no sound.
        channels: 1 or 2.
        sound_codec: Sound encoder; None for AAC (Opus in webm, PCM in avi).
        sound_options: Its options.
        sound_start_s: When the first sample sounds.
        sound_seconds: Length of the sound; None for the picture's.
        container_options: Options of the muxer.
        container: Muxer, where the suffix should not choose it.
        time_base: Seconds per tick of the pictures' times.
        aspect: Sample aspect ratio.
        colour: Range, matrix, primaries and transfer tags.
        timecode: Address of the first picture.

    Returns:
        The clip.
    """
    base = time_base or (Fraction(1, 90_000) if times_s is not None else 1 / Fraction(rate))
    if times_s is None:
        ticks = [round(Fraction(k) / Fraction(rate) / base) for k in range(round(seconds * rate))]
    else:
        ticks = [round(Fraction(t) / base) for t in times_s]
    shown = np.array([float(tick * base) for tick in ticks])
    wanted = np.arange(flash_every_s, shown[-1], flash_every_s)
    nearest = [int(np.argmin(np.abs(shown - t))) for t in wanted]
    flashes = np.unique(np.array(nearest, dtype=np.int64))
    pictures = np.stack([_picture(k, size, bool(k in flashes)) for k in range(len(ticks))])
    sound = None
    if sound_rate:
        length = round((sound_seconds or seconds) * sound_rate)
        sound = _clicks(shown[flashes] - sound_start_s, length, sound_rate, channels)
    suffix = path.suffix
    if sound_codec is None:
        sound_codec = {".webm": "libopus", ".avi": "pcm_s16le", ".mxf": "pcm_s16le"}.get(
            suffix, "aac"
        )
    with av.open(
        str(path), "w", format=container, container_options=container_options or {}
    ) as file:
        video = file.add_stream(codec, rate=Fraction(rate), options=options or {"crf": "10"})
        video.width, video.height, video.pix_fmt = *size, pix_fmt
        video.codec_context.time_base = base
        if aspect:
            video.codec_context.sample_aspect_ratio = aspect
        if colour:
            video.color_range, video.colorspace, video.color_primaries, video.color_trc = colour
        if timecode:
            video.metadata["timecode"] = timecode
        if rotation or hflip:
            video.set_display_rotation(rotation, hflip=hflip)
        audio = None
        if sound is not None:
            audio = file.add_stream(sound_codec, rate=sound_rate, options=sound_options or {})
            audio.layout = "mono" if channels == 1 else "stereo"
            audio.bit_rate = 192_000
        scaler = VideoReformatter()  # to make one takes longer than to convert a small picture
        for tick, picture in zip(ticks, pictures, strict=True):
            frame = _encodable(picture, pix_fmt, colour, scaler)
            frame.pts, frame.time_base = tick, base
            file.mux(video.encode(frame))
        file.mux(video.encode(None))
        if audio is not None:
            for start in range(0, len(sound), 4096):
                block = np.ascontiguousarray(sound[start : start + 4096].T)
                frame = av.AudioFrame.from_ndarray(block, format="fltp", layout=audio.layout)
                frame.sample_rate = sound_rate
                frame.pts = start + round(sound_start_s * sound_rate)
                frame.time_base = Fraction(1, sound_rate)
                file.mux(audio.encode(frame))
            file.mux(audio.encode(None))
    return Clip(path, shown, shown[flashes], pictures, sound, sound_rate)


def offsets_ms(path: Path, luma_threshold: int = 180) -> NDArray[np.float64]:
    """Measure with plain PyAV by how much each click comes after its flash.

    Args:
        path: A clip of ``make_clip``, possibly rewritten.
        luma_threshold: Mean luma above which a picture is a flash.

    Returns:
        Click time minus flash time per flash, in milliseconds.
    """
    flashes, times, levels = [], [], []
    with av.open(str(path)) as file:
        for frame in file.decode(video=0):
            luma = np.frombuffer(frame.planes[0], np.uint8).reshape(-1, frame.planes[0].line_size)
            if luma[: frame.height, : frame.width].mean() > luma_threshold:
                flashes.append(float(frame.pts * frame.time_base))
    with av.open(str(path)) as file:
        for frame in file.decode(audio=0):
            samples = np.abs(frame.to_ndarray().astype(np.float64))
            if not frame.format.is_planar:
                samples = samples.reshape(-1, frame.layout.nb_channels).T
            start = float(frame.pts * frame.time_base)
            times.append(start + np.arange(samples.shape[1]) / frame.sample_rate)
            levels.append(samples.max(axis=0))
    time, level = np.concatenate(times), np.concatenate(levels)
    found = []
    for flash in flashes:
        near = np.abs(time - flash) < 0.2
        loud = near & (level > 0.5 * level[near].max())
        found.append(1e3 * (time[loud][0] - flash))
    return np.array(found)


def psnr(first: NDArray[np.integer], second: NDArray[np.integer], peak: float = 255.0) -> float:
    """Compute the peak signal-to-noise ratio.

    Args:
        first: Samples.
        second: Samples of the same shape.
        peak: Largest value.

    Returns:
        Decibels; infinite for equal samples.
    """
    error = np.mean((first.astype(np.float64) - second.astype(np.float64)) ** 2)
    return float("inf") if error == 0 else float(10 * np.log10(peak**2 / error))


def _picture(k: int, size: tuple[int, int], flash: bool) -> NDArray[np.uint8]:
    """Draw a gradient with a moving square, its four quarters differently coloured."""
    width, height = size
    if flash:
        return np.full((height, width, 3), 255, np.uint8)
    y, x = np.mgrid[:height, :width]
    red, green = 40 + 100 * x / width, 40 + 100 * y / height
    blue = np.where((x < width / 2) ^ (y < height / 2), 150, 40)
    picture = np.stack([red, green, blue], axis=-1).astype(np.uint8)
    left = (3 * k) % max(1, width - 8)
    picture[height // 4 : height // 4 + 8, left : left + 8] = (150, 150, 30)
    return picture


def _clicks(
    at_s: NDArray[np.float64], length: int, rate: int, channels: int
) -> NDArray[np.float32]:
    """Make soft noise with half a millisecond of full loudness at each time."""
    rng = np.random.default_rng(7)
    sound = (0.003 * rng.standard_normal((length, channels))).astype(np.float32)
    for time_s in at_s:
        start = round(time_s * rate)
        if 0 <= start < length:
            sound[start : start + CLICK_SAMPLES] = 0.8 * np.sign(
                np.sin(np.arange(len(sound[start : start + CLICK_SAMPLES])) * 0.8 + 0.1)
            )[:, None].astype(np.float32)
    return sound


def _encodable(
    picture: NDArray[np.uint8],
    pix_fmt: str,
    colour: tuple[int, int, int, int] | None,
    scaler: VideoReformatter,
) -> av.VideoFrame:
    frame = av.VideoFrame.from_ndarray(picture)
    if pix_fmt in ("rgb24", "gbrp", "bgr0", "rgba"):
        return scaler.reformat(frame, format=pix_fmt)
    full = pix_fmt.startswith("yuvj") or (colour is not None and colour[0] == 2)
    matrix = 1 if colour is not None and colour[1] == 1 else 5
    return scaler.reformat(
        frame,
        format=pix_fmt,
        dst_colorspace=matrix,
        src_color_range=2,
        dst_color_range=2 if full else 1,
    )
