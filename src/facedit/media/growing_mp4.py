"""A fragmented MP4 that can be played while it grows: for pipes and players, not for keeping."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, BinaryIO

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.packet import Packet
from av.video.stream import VideoStream

from facedit.errors import OutputNotWritable
from facedit.media.frame import Frame
from facedit.types import Float32

FRAGMENT_US = "100000"
"""Microseconds after which what was written can be played."""


class _Pipe:
    """A stream that is only written to: FFmpeg shall not try to go back in it."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def write(self, data: bytes) -> int:
        self._stream.write(data)
        self._stream.flush()
        return len(data)


class GrowingMp4:
    """H.264 and AAC, a fragment every tenth of a second.

    Args:
        stream: Where it is written.
        frame_rate: Pictures per second.
        sound_rate: Samples per second.
        comment: What it says of itself.
    """

    def __init__(self, stream: BinaryIO, frame_rate: int, sound_rate: int, comment: str) -> None:
        # The header waits for the first sound: only then is its delay known, and kept in step.
        # (One fragment a picture, frag_every_frame, would lay pictures over each other.)
        options = {"movflags": "delay_moov+default_base_moof", "frag_duration": FRAGMENT_US}
        self._file = av.open(_Pipe(stream), "w", format="mp4", container_options=options)
        self._file.metadata["comment"] = comment
        self._rates = frame_rate, sound_rate
        self._streams: tuple[VideoStream, AudioStream] | None = None
        self._pictures = self._samples = 0

    def write(self, frame: Frame, samples: Float32) -> None:
        """Write the next picture, and what is heard meanwhile: mono amplitudes, shape (N,).

        OutputNotWritable is raised if nobody reads any more.
        """
        if self._streams is None:
            self._streams = self._added(*frame.size)
        video, audio = self._streams
        picture = frame.picture
        picture.pts, picture.time_base = self._pictures, Fraction(1, self._rates[0])
        sound = AudioFrame.from_ndarray(np.clip(samples, -1, 1)[None], format="fltp", layout="mono")
        sound.sample_rate, sound.time_base = self._rates[1], Fraction(1, self._rates[1])
        sound.pts = self._samples
        self._pictures, self._samples = self._pictures + 1, self._samples + len(samples)
        self._mux([*video.encode(picture), *audio.encode(sound)])

    def close(self) -> None:
        """End the file; OutputNotWritable is raised if nobody reads any more."""
        if self._streams is not None:
            video, audio = self._streams
            self._mux([*video.encode(None), *audio.encode(None)])
        try:
            self._file.close()
        except OSError as error:
            raise OutputNotWritable(f"nobody reads the output any more ({error}).") from error

    def _added(self, width: int, height: int) -> tuple[VideoStream, AudioStream]:
        options = {"preset": "ultrafast", "tune": "zerolatency", "crf": "20"}
        video = self._file.add_stream("libx264", self._rates[0], options)
        video.width, video.height, video.pix_fmt = width, height, "yuv420p"
        video.codec_context.gop_size = self._rates[0]
        audio = self._file.add_stream("aac", self._rates[1])
        audio.layout = "mono"
        return video, audio

    def _mux(self, packets: list[Packet[Any]]) -> None:
        try:
            self._file.mux(packets)
        except OSError as error:
            raise OutputNotWritable(f"nobody reads the output any more ({error}).") from error
