"""How long picture and sound are, and whether all of them is there; without decoding."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.video.stream import VideoStream

_TAIL_WINDOWS_S = (2.0, 20.0, 200.0)
_SHORTFALL = 0.02


@dataclass(frozen=True, slots=True)
class Extent:
    """Lengths on the picture's clock.

    Attributes:
        picture_end_s: End of the last picture packet that is there.
        declared_end_s: End of the picture by the header.
        sound_end_s: End of the last sound packet, or None without sound.
        listed: Frames in the file's index, 0 without one.
        readable: Of those, the ones that lie inside the file.
        sound_listed: Sound packets in the index, 0 without one.
        sound_readable: Of those, the ones that lie inside the file.
    """

    picture_end_s: float
    declared_end_s: float
    sound_end_s: float | None
    listed: int = 0
    readable: int = 0
    sound_listed: int = 0
    sound_readable: int = 0

    def is_truncated(self, period_s: float) -> bool:
        """Tell whether the picture ends before the header says.

        Returns whether more than 2 % and 2.5 frames are missing, or any frame of the index is.
        """
        if self.listed:
            return self.readable < self.listed or self.sound_readable < self.sound_listed
        missing = self.declared_end_s - max(self.picture_end_s, self.sound_end_s or 0.0)
        return missing > max(_SHORTFALL * self.declared_end_s, 2.5 * period_s)


def measure_extent(
    container: InputContainer,
    video: VideoStream,
    sound: AudioStream | None,
    origin_s: Fraction,
    period_s: float,
    file_size: int,
    uneven: bool,
) -> Extent:
    """Measure lengths from the header, the index and the last packets.

    ``container``: an open file; its position is lost; ``origin_s``: time of the first picture in
    the file.
    """
    # Only the index of mp4 and mov lists every packet with its place and size.
    complete = "mov" in container.format.name
    listed, readable = _count(video, file_size) if complete else (0, 0)
    sounds = _count(sound, file_size) if complete and sound is not None else (0, 0)
    declared = _declared_end(container, video, origin_s)
    picture_end, sound_end = _last_packets(container, video, sound, declared, origin_s, period_s)
    if uneven and listed and readable == listed and declared > 0:
        # With reordered pictures of uneven lengths the last packet's length is another picture's.
        picture_end = declared
    elif picture_end is None:
        picture_end = readable * period_s if listed else declared
    return Extent(
        picture_end_s=picture_end,
        declared_end_s=declared if declared > 0 else picture_end,
        sound_end_s=sound_end,
        listed=listed,
        readable=readable,
        sound_listed=sounds[0],
        sound_readable=sounds[1],
    )


def _count(stream: VideoStream | AudioStream, file_size: int) -> tuple[int, int]:
    """Count the packets in a stream's index, and those that lie inside the file."""
    entries = [entry for entry in stream.index_entries if entry.size > 0 and not entry.is_discard]
    ends = [entry.pos + entry.size for entry in entries]
    return len(ends), sum(1 for end in ends if end <= file_size)


def _declared_end(container: InputContainer, video: VideoStream, origin_s: Fraction) -> float:
    """Read the end of the picture (of the whole file where streams have no length) from headers."""
    if video.duration and video.time_base:
        start = video.start_time or 0
        return float((start + video.duration) * video.time_base - origin_s)
    if container.duration:
        start = container.start_time or 0
        if "matroska" in container.format.name and container.duration > start:
            start = 0  # FFmpeg writes the last time there, others the length; they agree at 0.
        return float(Fraction(start + container.duration, av.time_base) - origin_s)
    return 0.0


def _last_packets(
    container: InputContainer,
    video: VideoStream,
    sound: AudioStream | None,
    declared_s: float,
    origin_s: Fraction,
    period_s: float,
) -> tuple[float | None, float | None]:
    """Find the ends of the last packets, looking back from the end further and further."""
    ends: dict[int, float] = {}
    wanted = {video.index} | ({sound.index} if sound else set())
    streams = [stream for stream in (video, sound) if stream is not None]
    for window_s in (*_TAIL_WINDOWS_S, None):
        start_s = 0.0 if window_s is None else max(0.0, declared_s - window_s)
        _seek(container, video, start_s + float(origin_s))
        try:
            for packet in container.demux(streams):
                ticks = packet.pts if packet.pts is not None else packet.dts
                if ticks is None or not packet.size or packet.time_base is None:
                    continue
                usual = period_s if packet.stream_index == video.index else 0.0
                length = float((packet.duration or 0) * packet.time_base) or usual
                end = float(ticks * packet.time_base - origin_s) + length
                ends[packet.stream_index] = max(end, ends.get(packet.stream_index, end))
        except av.error.FFmpegError:
            pass  # What was read up to the damage is what is there.
        if wanted <= ends.keys() or start_s == 0.0:
            break
    return ends.get(video.index), ends.get(sound.index) if sound else None


def _seek(container: InputContainer, video: VideoStream, time_s: float) -> None:
    """Go to a time, or to the start where the format cannot."""
    assert video.time_base is not None
    for ticks in (int(time_s / video.time_base), 0):
        try:
            container.seek(ticks, stream=video, backward=True)
            return
        except av.error.FFmpegError:
            continue


def times_of(pairs: Iterable[tuple[int | None, int | None]]) -> list[int]:
    """Take the presentation time of each packet, or its decode time where it has none.

    ``pairs``: (pts, dts) of packets.
    """
    return [time for pts, dts in pairs if (time := pts if pts is not None else dts) is not None]
