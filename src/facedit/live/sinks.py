"""Where the frames of a live face go: a growing MP4, raw pictures, a camera, a page.

Each takes them in order by ``show``; what has to be ended has a ``close``.
"""

from __future__ import annotations

from typing import Any, BinaryIO

import cv2

from facedit.errors import AssetMissing, OutputNotWritable
from facedit.live.live_face import LiveFrame
from facedit.media.growing_mp4 import GrowingMp4
from facedit.units import MOTION_FPS, SPEECH_RATE

JPEG_QUALITY = 88


class Mp4:
    """A fragmented MP4 on a stream; ``comment`` is what it says of itself."""

    def __init__(self, stream: BinaryIO, comment: str) -> None:
        self._file = GrowingMp4(stream, MOTION_FPS, SPEECH_RATE, comment)

    def show(self, frame: LiveFrame) -> None:
        """Write picture and sound."""
        self._file.write(frame.frame, frame.sound)

    def close(self) -> None:
        """End the file."""
        self._file.close()


class RawPictures:
    """Raw RGB on a stream, 8 bits a channel, row by row; without sound."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def show(self, frame: LiveFrame) -> None:
        """Write the picture; OutputNotWritable is raised if nobody reads any more."""
        try:
            self._stream.write(frame.frame.rgb().tobytes())
            self._stream.flush()
        except OSError as error:
            raise OutputNotWritable(f"nobody reads the output any more ({error}).") from error


class Camera:
    """A virtual camera of this machine, without sound; ``AssetMissing`` without pyvirtualcam."""

    def __init__(self) -> None:
        try:
            import pyvirtualcam
        except ModuleNotFoundError as error:
            raise AssetMissing(
                "a virtual camera needs pyvirtualcam (GPL-2.0): run 'pip install pyvirtualcam'."
            ) from error
        self._make = pyvirtualcam.Camera
        self._camera: Any = None

    def show(self, frame: LiveFrame) -> None:
        """Show the picture when it is due: they come by the chunk.

        OutputNotWritable is raised if the system has no such camera.
        """
        if self._camera is None:
            width, height = frame.frame.size
            try:
                self._camera = self._make(width, height, MOTION_FPS)
            except RuntimeError as error:
                raise OutputNotWritable(f"no virtual camera: {error}.") from error
        self._camera.send(frame.frame.rgb())
        self._camera.sleep_until_next_frame()

    def close(self) -> None:
        """Give the camera back."""
        if self._camera is not None:
            self._camera.close()


def jpeg(frame: LiveFrame) -> bytes:
    """Return the picture of a frame as JPEG."""
    bgr = cv2.cvtColor(frame.frame.rgb(), cv2.COLOR_RGB2BGR)
    return cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1].tobytes()
