"""A growing MP4: whole at every moment, sound and pictures in step."""

import io

import av
import numpy as np
import pytest

from facedit.errors import OutputNotWritable
from facedit.media.growing_mp4 import GrowingMp4
from facedit.media.info import new_video_info
from facedit.media.pixels import frame_from_rgb

RATE, BLOCK, FLASH = 16_000, 640, 30


def written(stream: io.RawIOBase, frames: int) -> GrowingMp4:
    """Black but for one white picture, in whose time a tone is heard."""
    info = new_video_info(64, 48, 25)
    file = GrowingMp4(stream, 25, RATE, "made for a test")
    tone = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(BLOCK) / RATE).astype(np.float32)
    for k in range(frames):
        picture = np.full((48, 64, 3), 255 * (k == FLASH), np.uint8)
        file.write(frame_from_rgb(picture, k / 25, info), tone * (k == FLASH))
    return file


def test_sound_and_pictures_are_in_step_before_the_file_ends() -> None:
    data = io.BytesIO()
    file = written(data, 60)
    grown = io.BytesIO(data.getvalue())
    file.close()
    for stream, least in ((grown, 50), (io.BytesIO(data.getvalue()), 60)):
        with av.open(stream) as found:
            assert found.metadata["comment"] == "made for a test"
            bright, loud = [], []
            for frame in found.decode(video=0, audio=0):
                if isinstance(frame, av.VideoFrame):
                    bright.append((frame.time, frame.to_ndarray(format="gray").mean()))
                else:
                    heard = np.abs(frame.to_ndarray()[0])
                    loud += list(zip(frame.time + np.arange(len(heard)) / RATE, heard, strict=True))
        assert least <= len(bright) <= 60
        (flash_s,) = [time for time, value in bright if value > 100]
        tone_s = [time for time, value in loud if value > 0.25]
        assert flash_s == pytest.approx(FLASH / 25, abs=1e-3)
        assert tone_s[0] == pytest.approx(flash_s, abs=0.02)
        assert tone_s[-1] == pytest.approx(flash_s + 0.04, abs=0.02)


def test_a_reader_that_went_away_is_told_in_one_line() -> None:
    class Closed(io.RawIOBase):
        def write(self, data: object) -> int:
            raise BrokenPipeError(32, "Broken pipe")

    with pytest.raises(OutputNotWritable, match="nobody reads"):
        written(Closed(), 60).close()
