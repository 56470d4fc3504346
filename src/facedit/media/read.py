"""Streams pictures by presentation time: memory does not grow with the length of the clip."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from heapq import heappop, heappush
from pathlib import Path

import av
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from facedit.errors import BadMedia
from facedit.media.colour import swscale_matrix
from facedit.media.frame import Frame
from facedit.media.info import VideoInfo
from facedit.media.open import open_media, typed_errors
from facedit.media.planes import converted
from facedit.media.probe import probe
from facedit.media.streams import find_video, frame_pts, limit_decoder

_EPSILON_S = 1e-6
_FIRST_STEP_BACK_S = 0.5
_BEFORE_START_S = 60


def read_frames(
    path: Path | str,
    start_s: float | None = None,
    end_s: float | None = None,
    *,
    info: VideoInfo | None = None,
    allow_truncated: bool = False,
    check: Callable[[], object] | None = None,
) -> Iterator[Frame]:
    """Stream the pictures shown in a window, in order of presentation.

    The file is entered at a key frame before the window and decoded from there, so the same
    picture comes out whichever window it is read in.

    Args:
        path: The video.
        start_s: First time wanted, in seconds from the first picture; None for the start. Frames
            are given from the one at or after this time.
        end_s: End of the window (not included); None for the end.
        info: What ``probe`` said, if it was asked already.
        allow_truncated: Stop quietly where a damaged file ends (also if ``info`` was probed so).
        check: Called for every picture that is decoded, those before the window too; may raise.

    Yields:
        Frames with ``start_s <= time_s < end_s``, ascending.

    Raises:
        BadMedia: If the file is damaged, or ends before the window or the length that the header
            promises does.
    """
    path = Path(path)
    if info is None:
        info = probe(path, allow_truncated=allow_truncated)
    allow_truncated = allow_truncated or info.truncated
    first_s = -math.inf if start_s is None else start_s - _EPSILON_S
    stop_s = math.inf if end_s is None else end_s - _EPSILON_S
    last: Frame | None = None
    reached = False
    try:
        with open_media(path) as container, typed_errors(path, "damaged"):
            for frame in _decoded(container, info, first_s):
                if check is not None:
                    check()
                if frame.time_s >= stop_s:
                    reached = True
                    break
                last = frame
                if frame.time_s >= first_s:
                    yield frame
    except BadMedia as error:
        if allow_truncated:
            return
        raise BadMedia(f"{error} {_how_far(last, info)}") from error
    promised_s = min(stop_s, info.duration_s)
    found_s = last.time_s + last.duration_s if last else 0.0
    slack_s = max(2.5 * info.frame_period_s, 0.02 * info.duration_s)
    if not reached and found_s < promised_s - slack_s and not allow_truncated:
        raise BadMedia(f"{path}: truncated: {_how_far(last, info)}")


def _how_far(last: Frame | None, info: VideoInfo) -> str:
    """Say how much of a video was readable."""
    if last is None:
        return f"0 of {info.frame_count} frames readable."
    end_s = last.time_s + last.duration_s
    count = min(info.frame_count, round(end_s * info.frame_rate))
    return (
        f"{count} of {info.frame_count} frames readable ({end_s:.2f} of {info.duration_s:.2f} s)."
    )


@dataclass(slots=True)
class _Clock:
    """Gives each decoded picture its time."""

    info: VideoInfo
    coming: list[int] = field(default_factory=list)
    last: int | None = None

    def saw(self, packet: Packet[VideoStream]) -> None:
        """Note a packet's time, for containers (AVI) whose pictures do not carry theirs."""
        time = packet.pts if packet.pts is not None else packet.dts
        if not self.info.has_pts and packet.size and time is not None:
            heappush(self.coming, time)

    def frame(self, picture: VideoFrame) -> Frame:
        """Wrap a picture: with its own time, else the earliest that no picture has had."""
        info = self.info
        period = max(1, round(1 / (info.frame_rate * info.time_base)))
        pts = frame_pts(picture) if info.has_pts else None
        if pts is None and self.coming:
            pts = heappop(self.coming)
        if pts is None:
            pts = info.origin_pts if self.last is None else self.last + period
        self.last = pts
        length = picture.duration or period
        return Frame(
            time_s=float((pts - info.origin_pts) * info.time_base),
            pts=pts,
            duration_s=float(length * info.time_base),
            held=_worked_on(picture, info),
            info=info,
        )


def _worked_on(picture: VideoFrame, info: VideoInfo) -> VideoFrame:
    """Convert a picture of a format that is not worked on as it is; others stay untouched."""
    if picture.format.name == info.pix_fmt:
        return picture
    full = 2 if info.full_range else 1
    if picture.format.is_rgb:
        return converted(
            picture,
            info.pix_fmt,
            dst_colorspace=swscale_matrix(info.matrix),
            src_color_range=2,
            dst_color_range=full,
        )
    return converted(picture, info.pix_fmt, src_color_range=full, dst_color_range=full)


def _decoded(container: InputContainer, info: VideoInfo, first_s: float) -> Iterator[Frame]:
    """Decode from a key frame at or before a time; may give a few frames before it."""
    stream = find_video(container, info.path)
    limit_decoder(stream)
    frames = _from(container, stream, info)
    if first_s <= 0.0 or not info.has_pts:
        yield from frames
        return
    # A key frame's index time is its decode time, which lies before its presentation: entering
    # there can miss frames that are shown between the two. So check, and step further back.
    step_s = _FIRST_STEP_BACK_S
    entry_s = first_s
    while entry_s > 0.0:
        ticks = info.origin_pts + math.floor(entry_s / info.time_base)
        try:
            container.seek(ticks, stream=stream, backward=True)
        except av.error.FFmpegError:
            break
        frames = _from(container, stream, info)
        first = next(frames, None)
        if first is not None and first.time_s <= first_s + _EPSILON_S:
            yield first
            yield from frames
            return
        entry_s = first_s - step_s
        step_s *= 4.0
    # From well before the start: a transport stream is searched by times, and what is found at its
    # first time may lie behind its first key frame.
    before = min(0, info.origin_pts) - math.ceil(_BEFORE_START_S / info.time_base)
    try:
        container.seek(before, stream=stream, backward=True)
        yield from _from(container, stream, info)
    except av.error.PermissionError:  # an FLV without an index cannot be entered at all
        with open_media(info.path) as anew:
            stream = find_video(anew, info.path)
            limit_decoder(stream)
            yield from _from(anew, stream, info)


def _pictures(
    container: InputContainer, stream: VideoStream, clock: _Clock
) -> Iterator[VideoFrame]:
    """Decode all that follows, showing the clock each packet."""
    for packet in container.demux(stream):
        clock.saw(packet)
        yield from packet.decode()


def _from(container: InputContainer, stream: VideoStream, info: VideoInfo) -> Iterator[Frame]:
    """Decode from where the container stands, dropping what is shown before the first picture.

    A picture is given when the next one is known, for that tells how long it is shown (a packet
    tells the length in order of decoding, which is another picture's).
    """
    clock = _Clock(info)
    held: Frame | None = None
    given_s = -math.inf
    for picture in _pictures(container, stream, clock):
        found = (picture.width, picture.height, picture.format.name)
        if found != (info.stored_width, info.stored_height, info.decoded_pix_fmt):
            raise BadMedia(
                f"{info.path}: the picture changes from {info.stored_width}x{info.stored_height} "
                f"{info.decoded_pix_fmt} to {found[0]}x{found[1]} {found[2]} within the file."
            )
        frame = clock.frame(picture)
        if held is not None and frame.time_s > held.time_s:
            yield replace(held, duration_s=frame.time_s - held.time_s)
            given_s, held = held.time_s, None
        # A decoder of a damaged stream gives pictures after others that are shown later.
        if frame.time_s >= -_EPSILON_S and frame.time_s > given_s:
            held = frame
    if held is not None:
        rest_s = info.duration_s - held.time_s
        plausible = _EPSILON_S < rest_s <= max(2.5 * info.frame_period_s, held.duration_s)
        yield replace(held, duration_s=rest_s) if plausible else held
