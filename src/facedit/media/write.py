"""Writes a video: pictures and sound in any order, streaming, whole or not at all."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from contextlib import ExitStack, suppress
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from facedit.errors import OutputNotWritable
from facedit.media.encode import Encoding, choose_encoding
from facedit.media.extras import ExtrasWriter
from facedit.media.frame import Frame
from facedit.media.info import VideoInfo
from facedit.media.output import check_output, whole_or_nothing
from facedit.media.pcm import MOST_CHANNELS, layout_name, remix, to_frame
from facedit.media.planes import converted
from facedit.media.tags import output_tags
from facedit.media.write_errors import one_line
from facedit.media.write_options import USUAL, WriteOptions
from facedit.types import Float32, Sound

__all__ = ["VideoWriter", "check_output", "write_video"]


class VideoWriter:
    """Writes one video file; use it as a context manager.

    Pictures keep their own times (constant or variable rate), pixel format, stored orientation
    with its display matrix, colour tags and sample aspect ratio; a decoded picture goes to the
    encoder as it was decoded. Sound starts at time 0, the first picture's clock. The file
    appears under its name only when the block ends without an error.

    Making one checks the output and chooses the encoding; nothing is written before the block is
    entered.

    Args:
        path: The output; its suffix chooses the container (mp4, m4v, mov, mkv, webm).
        info: The source, or ``new_video_info`` for a video from nothing.
        options: How.
        sound_start_s: When the first sample sounds on the picture's clock, 0 or less.

    Attributes:
        encoding: Codecs and settings in use.
    """

    def __init__(
        self,
        path: Path | str,
        info: VideoInfo,
        options: WriteOptions = USUAL,
        *,
        sound_start_s: float = 0.0,
    ) -> None:
        self._path = Path(path)
        self._info = info
        self._force, self._seal = options.force, options.seal
        self.encoding: Encoding = choose_encoding(
            self._path, info, options.quantiser, options.codec
        )
        inputs = [info.path] if info.path.name else []
        check_output(self._path, options.force, inputs)
        self._metadata = output_tags(info.metadata, options.metadata)
        self._extras = ExtrasWriter(options.extras) if options.extras is not None else None
        self._stack = ExitStack()
        self._container: OutputContainer | None = None
        self._video: VideoStream | None = None
        self._sound: AudioStream | None = None
        self._lead_s = -sound_start_s
        self._last_tick = -1
        self._last_ticks_long = 1
        self._samples = 0

    def __enter__(self) -> Self:
        """Create the temporary file and start the encoders."""
        with one_line(self._path):
            output = whole_or_nothing(self._path, self._force, self._seal)
            temporary = self._stack.enter_context(output)
            try:
                self._open(temporary)
            except BaseException as error:
                self._stack.__exit__(type(error), error, error.__traceback__)
                raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Finish and rename the file, or remove it if anything went wrong."""
        if kind is None:
            try:
                with one_line(self._path):
                    self._finish()
            except BaseException as late:
                self._close_quietly()
                self._stack.__exit__(type(late), late, late.__traceback__)
                raise
            self._stack.__exit__(None, None, None)
            return
        self._close_quietly()
        self._stack.__exit__(kind, error, trace)

    def write_frame(
        self,
        frame: Frame | VideoFrame,
        time_s: float | None = None,
        duration_s: float | None = None,
    ) -> None:
        """Write the next picture.

        ``frame``: the picture, in the source's pixel format and stored orientation; ``time_s``:
        when it is shown, in seconds from the start; None for its own time; ``duration_s``: how
        long, where it is the last one; None for its own or one period. ``ValueError`` if it is not
        shown later than the one before it, or has no time.
        """
        picture = frame.picture if isinstance(frame, Frame) else frame
        if isinstance(frame, Frame):
            time_s = frame.time_s if time_s is None else time_s
            duration_s = frame.duration_s if duration_s is None else duration_s
        if time_s is None:
            raise ValueError("A bare picture needs a time.")
        base = self.encoding.time_base
        tick = round((Fraction(time_s) + Fraction(self._lead_s)) / base)
        if tick <= self._last_tick:
            raise ValueError(
                f"A picture at {time_s:.6f} s does not follow the one at "
                f"{float(self._last_tick * base):.6f} s."
            )
        with one_line(self._path):
            if self._extras is not None:
                self._extras.until(time_s)
            self._encode_picture(picture, tick, duration_s)

    def write_sound(self, block: Sound | Float32) -> None:
        """Write the next block of sound.

        ``block``: samples at the source's rate and channels, shape (N, channels). ``ValueError`` if
        the video was opened without sound, or rate or channels differ.
        """
        sound = self._info.sound
        if self._sound is None or sound is None:
            raise ValueError("The video was opened without sound.")
        samples = block.samples if isinstance(block, Sound) else block
        rate = block.rate if isinstance(block, Sound) else sound.rate
        if rate != sound.rate or samples.ndim != 2 or samples.shape[1] != sound.channels:
            raise ValueError(
                f"Sound of {rate} Hz and shape {samples.shape} was given to a video of "
                f"{sound.rate} Hz and {sound.channels} channel(s)."
            )
        if not len(samples):
            return
        with one_line(self._path):
            if samples.shape[1] > MOST_CHANNELS:
                samples = remix(samples, 2)
            if not self.encoding.sound_codec.startswith("pcm_f"):
                samples = np.clip(samples, -1.0, 1.0)
            frame = to_frame(samples.astype(np.float32, copy=False), rate)
            self._encode_sound(frame, rate)

    @property
    def sound_s(self) -> float:
        """When the sound written so far ends, in seconds on the picture's clock."""
        rate = self._info.sound_rate
        return self._samples / rate - self._lead_s if rate else 0.0

    def _open(self, temporary: Path) -> None:
        setting = self.encoding
        container = av.open(
            f"file:{temporary}",
            mode="w",
            format=setting.container,
            container_options=setting.container_options_for(self._metadata),
        )
        self._container = container
        container.metadata.update(self._metadata)
        self._add_streams(container)
        if self._extras is not None:
            self._extras.begin(container, self._lead_s)

    def _add_streams(self, container: OutputContainer) -> None:
        """Start the encoders of picture and sound."""
        setting, info = self.encoding, self._info
        picture = setting.picture
        video = cast(
            VideoStream,
            container.add_stream(picture.encoder, info.frame_rate, dict(picture.options)),
        )
        video.width, video.height = info.stored_width, info.stored_height
        video.pix_fmt = picture.pix_fmt
        if picture.bit_rate:
            video.bit_rate = picture.bit_rate
        if picture.tag:
            video.codec_context.codec_tag = picture.tag
        video.codec_context.time_base = setting.time_base
        video.time_base = setting.time_base
        video.codec_context.sample_aspect_ratio = info.sample_aspect_ratio
        video.color_range, video.colorspace = info.colour.range, info.colour.matrix
        video.color_primaries, video.color_trc = info.colour.primaries, info.colour.transfer
        if not info.orientation.is_upright:
            video.set_display_matrix(info.orientation.matrix)
        self._video = video
        self._add_sound(container)

    def _add_sound(self, container: OutputContainer) -> None:
        """Start the encoder of sound, if there is any."""
        setting, info = self.encoding, self._info
        if info.sound is None:
            return
        sound = cast(AudioStream, container.add_stream(setting.sound_codec, setting.sound_rate))
        channels = info.sound.channels
        sound.layout = layout_name(channels if channels <= MOST_CHANNELS else 2)
        if setting.sound_format:
            sound.format = setting.sound_format
        else:
            sound.bit_rate = setting.sound_bit_rate
        sound.time_base = Fraction(1, setting.sound_rate)
        self._sound = sound

    def _encode_picture(self, picture: VideoFrame, tick: int, duration_s: float | None) -> None:
        assert self._video is not None
        if picture.format.name != self.encoding.picture.pix_fmt:
            picture = self._converted(picture)
        picture.pts, picture.time_base = tick, self.encoding.time_base
        picture.pict_type = 0  # Else x264 repeats the source's choice of key frames.
        length_s = duration_s or self._info.frame_period_s
        self._last_tick = tick
        self._last_ticks_long = max(1, round(Fraction(length_s) / self.encoding.time_base))
        self._mux(self._video.encode(picture))

    def _converted(self, picture: VideoFrame) -> VideoFrame:
        """Change the pixel format for the encoder, keeping range and matrix."""
        full = 2 if self._info.full_range else 1
        pix_fmt = self.encoding.picture.pix_fmt
        return converted(picture, pix_fmt, src_color_range=full, dst_color_range=full)

    def _encode_sound(self, frame: AudioFrame, rate: int) -> None:
        assert self._sound is not None
        frame.pts, frame.time_base = self._samples, Fraction(1, rate)
        self._samples += frame.samples
        self._mux(self._sound.encode(frame))

    def _mux(self, packets: Iterable[Packet[Any]]) -> None:
        assert self._container is not None
        for packet in packets:
            if packet.stream is self._video and packet.pts is not None:
                # The muxer knows a frame's length from the next one, but for the last.
                base = packet.time_base
                if packet.pts * base >= self._last_tick * self.encoding.time_base:
                    packet.duration = round(self._last_ticks_long * self.encoding.time_base / base)
            self._container.mux(packet)

    def _finish(self) -> None:
        assert self._container is not None
        assert self._video is not None
        self._flush(self._video)
        if self._extras is not None:
            self._extras.until(math.inf)
        container, self._container = self._container, None
        container.close()

    def _flush(self, video: VideoStream) -> None:
        """Write what the encoders still hold."""
        if self._last_tick < 0:
            raise OutputNotWritable(f"{self._path}: no picture was written.")
        self._mux(video.encode(None))
        if self._sound is not None and self._samples:
            self._mux(self._sound.encode(None))

    def _close_quietly(self) -> None:
        """Close after an error; the file is thrown away."""
        container, self._container = self._container, None
        if container is not None:
            with suppress(av.error.FFmpegError, ValueError):
                container.close()


def write_video(
    path: Path | str,
    info: VideoInfo,
    frames: Iterable[Frame],
    sound: Iterable[Sound | Float32] = (),
    options: WriteOptions = USUAL,
    *,
    progress: Callable[[int], None] | None = None,
    sound_start_s: float = 0.0,
) -> int:
    """Write pictures and sound side by side, so that a player finds both where it looks.

    Pictures come with their times, ascending; blocks of sound from ``sound_start_s`` on, and are
    not asked for where the video has none. ``progress`` is told the number of pictures written,
    which is returned; all else is as for ``VideoWriter``.
    """
    blocks = iter(sound) if info.has_sound else iter(())
    count = 0
    with VideoWriter(path, info, options, sound_start_s=sound_start_s) as writer:
        for frame in frames:
            while writer.sound_s < frame.time_s:
                if (block := next(blocks, None)) is None:
                    break
                writer.write_sound(block)
            writer.write_frame(frame)
            count += 1
            if progress is not None:
                progress(count)
        for block in blocks:
            writer.write_sound(block)
    return count
