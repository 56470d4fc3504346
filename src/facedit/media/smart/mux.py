"""Writes the output of a joining: packets as they come, and new ones where they stop."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Any, cast

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from facedit.errors import OutputNotWritable
from facedit.media.frame import Frame
from facedit.media.open import open_media, typed_errors
from facedit.media.smart.encoder import encoded, open_encoder
from facedit.media.smart.groups import Copied, Order
from facedit.media.smart.joining import Joining
from facedit.media.smart.kept import EditedSound
from facedit.media.smart.sound_joint import SoundJoint
from facedit.media.streams import find_sound, find_video, is_decoder_only
from facedit.media.write import VideoWriter
from facedit.media.write_errors import not_written
from facedit.media.write_options import USUAL, WriteOptions
from facedit.types import Float32, Int64

_TOLD_EVERY = 250
"""Copied packets between two words of progress."""

_TAGGED = ("prores", "hevc")
"""Codecs whose code in the sample description says more than the codec."""

_INSIDE, _LEFT_OUT = -1, -2

_NEAR = 0.75
"""Ticks within which two pictures are one: a half is rounded one way or the other."""


class JoinedWriter(VideoWriter):
    """Writes packets instead of pictures; sound that is not joined is encoded as usual.

    ``path``: the output; ``joining``: what is copied; ``source``: the source, open; its streams are
    what the output's are made after; ``options``: how; pictures and sound are the source's in kind.
    """

    def __init__(
        self,
        path: Path | str,
        joining: Joining,
        source: InputContainer,
        options: WriteOptions = USUAL,
    ) -> None:
        super().__init__(path, joining.info, options)
        self._joining = joining
        self._source = source
        self._tick_s = float(joining.index.time_base)
        self._written = 0

    def write_packet(self, packet: Packet[Any], sound: bool = False) -> None:
        """Write a packet.

        ``packet``: with its times in the output; ``sound``: whether it is of the sound.
        ``OutputNotWritable`` if it cannot be.
        """
        stream = self._sound if sound else self._video
        assert self._container is not None
        assert stream is not None
        packet.stream = stream
        try:
            if self._extras is not None and not sound and packet.dts is not None:
                self._extras.until(packet.dts * self._tick_s)
            self._container.mux(packet)
        except av.error.FFmpegError as error:
            raise OutputNotWritable(not_written(self._path, error)) from error
        self._written += not sound

    @property
    def pictures(self) -> int:
        """Number of pictures written so far."""
        return self._written

    def _add_streams(self, container: OutputContainer) -> None:
        """Describe the streams as the source's are."""
        joining = self._joining
        template = find_video(self._source, joining.info.path)
        video = container.add_stream_from_template(
            template, opaque=is_decoder_only(template) or None
        )
        video.time_base = joining.index.time_base
        if joining.header:
            video.codec_context.extradata = joining.header
        tag = joining.encoding.picture.tag or template.codec_context.codec_tag
        if joining.info.codec in _TAGGED and tag.strip("\0"):
            video.codec_context.codec_tag = tag
        video.metadata.update(template.metadata)
        if joining.sound is None:
            super()._add_sound(container)
        else:
            sounding = find_sound(self._source, template)
            assert sounding is not None
            sound = container.add_stream_from_template(sounding)
            sound.time_base = Fraction(1, joining.sound.rate)
            if joining.codes.sound:
                sound.codec_context.extradata = joining.codes.sound
            sound.metadata.update(sounding.metadata)
            self._sound = sound
        self._video = video

    def _flush(self, video: VideoStream) -> None:
        """Write what the encoder of sound still holds."""
        if self._joining.sound is None and self._sound is not None and self._samples:
            self._mux(self._sound.encode(None))


def _places_of(runs: Sequence[Copied], places: Int64) -> tuple[Int64, Int64, Int64]:
    """Say of each packet what the output makes of it.

    ``runs``: runs of packets that are copied; ``places``: the place of each packet, shape (P,).
    Returns the number of the run that begins with it, ``_INSIDE`` one, or ``_LEFT_OUT``; its place
    in the order of decoding of the output's; and how much later the run comes; shape (P,) each.
    """
    begins = np.full(len(places), _LEFT_OUT, np.int64)
    decoded, shifts = np.zeros_like(places), np.zeros_like(places)
    for number, run in enumerate(runs):
        (numbers,) = np.nonzero((places >= run.first) & (places < run.end))
        begins[numbers], begins[numbers[0]] = _INSIDE, number
        decoded[numbers] = np.arange(run.first, run.end)
        shifts[numbers] = run.shift
    return begins, decoded, shifts


class _Pictures:
    """The pictures' packets of an output.

    ``joining``: what is copied; ``frames``: the pictures around the edits, ascending in time.
    """

    def __init__(self, joining: Joining, frames: Iterable[Frame]) -> None:
        self._joining = joining
        self._frames = iter(frames)
        self._frame = next(self._frames, None)
        self._shown = joining.index.shown
        runs = _places_of(joining.copied, Order.of(joining.index).places)
        # An hour has a quarter of a million packets: what each becomes is known beforehand.
        self._begins, later = runs[0].data, runs[2]
        self._later = (later - joining.info.origin_pts).data
        self._dts = (self._shown[runs[1]] + later - joining.lead).data
        self._at = 0

    def feed(self, packet: Packet[VideoStream]) -> Iterable[Packet[VideoStream]]:
        """Take a packet of the source; give what follows in the output."""
        at, self._at = self._at, self._at + 1
        gap = self._begins[at]
        if gap == _LEFT_OUT:
            return ()
        packet = self._joining.codes.picture(packet)
        if packet.is_keyframe:
            packet = self._joining.key_packet(packet, follows=gap > 0)
        assert packet.pts is not None
        packet.pts += self._later[at]
        packet.dts = self._dts[at]
        return (packet,) if gap == _INSIDE else chain(self._made(gap), (packet,))

    def rest(self) -> Iterator[Packet[VideoStream]]:
        """Give what follows the source's last packet."""
        runs = self._joining.copied
        yield from self._made(len(runs))

    def _made(self, gap: int) -> Iterator[Packet[VideoStream]]:
        """Encode the pictures of a gap."""
        joining, runs = self._joining, self._joining.copied
        base = joining.index.time_base
        after, before = -1, None
        if gap:
            last = runs[gap - 1]
            after = int(self._shown[last.end - 1]) + last.shift
        if gap < len(runs):
            before = int(self._shown[runs[gap].first]) + runs[gap].shift
        pictures = self._between(after, before, base)
        first = next(pictures, None)
        if first is None:
            return

        def all_of_them() -> Iterator[tuple[VideoFrame, int, int]]:
            yield first
            yield from pictures

        encoder = open_encoder(joining.joint, joining.info, joining.encoding.picture, base)
        for packet in encoded(encoder, joining.joint, all_of_them(), joining.info):
            assert packet.dts is not None
            packet.dts -= joining.lead
            yield packet

    def _between(
        self, after: int, before: int | None, base: Fraction
    ) -> Iterator[tuple[VideoFrame, int, int]]:
        """Take the pictures between two ticks, with their times and lengths in ticks."""
        held: tuple[VideoFrame, int] | None = None
        length = 1
        while self._frame is not None:
            frame, exact = self._frame, self._frame.time_s / float(base)
            if before is not None and exact > before - _NEAR:
                break
            self._frame = next(self._frames, None)
            if exact < after + _NEAR:
                continue
            tick = round(Fraction(frame.time_s) / base)
            if held is not None:
                yield *held, tick - held[1]
            held = frame.picture, tick
            length = max(1, round(Fraction(frame.duration_s) / base))
        if held is not None:
            yield *held, length if before is None else before - held[1]


class _Sounds:
    """The sound's packets of an output.

    ``joint``: how they are joined; ``sound``: the output's sound.
    """

    def __init__(self, joint: SoundJoint, sound: EditedSound) -> None:
        self._joint = joint
        runs, self._made = joint.joined(sound)
        begins, numbers, later = _places_of(runs, np.arange(joint.count))
        self._begins, self._numbers = begins.data, (numbers + later).data
        self._at, self._lent = 0, b""

    def feed(self, packet: Packet[AudioStream]) -> Iterable[Packet[AudioStream]]:
        """Take a packet of the source; give what follows in the output."""
        at, self._at = self._at, self._at + 1
        lent, self._lent = self._lent, self._joint.lent(self._lent, packet)
        gap = self._begins[at]
        if gap == _LEFT_OUT:
            return ()
        made = () if gap == _INSIDE else self._joint.linked(self._made[gap], packet, lent)
        return (*made, self._joint.timed(packet, self._numbers[at]))

    def rest(self) -> Iterator[Packet[AudioStream]]:
        """Give what follows the source's last packet."""
        yield from self._made[-1]


class _Turns:
    """Writes pictures and sound by turns, and tells of progress.

    ``writer``: where to; ``blocks``: sound to be encoded, written up to where the pictures are;
    None without; ``progress``: called with the number of pictures written.
    """

    def __init__(
        self,
        writer: JoinedWriter,
        blocks: Iterator[Float32] | None,
        progress: Callable[[int], None] | None,
    ) -> None:
        self._writer, self._blocks, self._progress = writer, blocks, progress
        self._told = 0

    def pictures(self, packets: Iterable[Packet[VideoStream]], tick_s: float) -> None:
        """Write pictures; their times count in ``tick_s``."""
        writer = self._writer
        for packet in packets:
            if self._blocks is not None:
                assert packet.dts is not None
                self._sound_up_to(packet.dts * tick_s, self._blocks)
            writer.write_packet(packet)
            if self._progress is not None and writer.pictures >= self._told + _TOLD_EVERY:
                self._told = writer.pictures
                self._progress(self._told)

    def sounds(self, packets: Iterable[Packet[AudioStream]]) -> None:
        """Write packets of sound."""
        for packet in packets:
            self._writer.write_packet(packet, sound=True)

    def rest(self) -> None:
        """Write the sound that goes on after the pictures."""
        for block in self._blocks or ():
            self._writer.write_sound(block)

    def _sound_up_to(self, time_s: float, blocks: Iterator[Float32]) -> None:
        while self._writer.sound_s < time_s:
            if (block := next(blocks, None)) is None:
                break
            self._writer.write_sound(block)


def write_joined(
    path: Path | str,
    joining: Joining,
    frames: Iterable[Frame],
    sound: EditedSound | None,
    options: WriteOptions = USUAL,
    *,
    progress: Callable[[int], None] | None = None,
) -> int:
    """Write an output of copied packets and new pictures and sound.

    ``path``: the output; ``joining``: what is copied; ``frames``: the pictures around the edits
    with their times in the output, ascending: at least all that are not copied; Those that are
    copied are taken and left out; ``sound``: the output's sound; not asked for where the source has
    none; ``options``: how; pictures and sound are the source's in kind; ``progress``: called with
    the number of pictures written. Returns the number of pictures.
    """
    info, tick_s = joining.info, float(joining.index.time_base)
    with open_media(info.path) as source, typed_errors(info.path, "damaged"):
        video = find_video(source, info.path)
        heard = find_sound(source, video) if joining.sound is not None else None
        pictures = _Pictures(joining, frames)
        sounds = _Sounds(joining.sound, sound) if heard and joining.sound and sound else None
        encoded_anew = sounds is None and info.sound is not None and sound is not None
        blocks = sound.blocks() if sound is not None and encoded_anew else None
        with JoinedWriter(path, joining, source, options) as writer:
            turns = _Turns(writer, blocks, progress)
            for packet in source.demux([one for one in (video, heard) if one is not None]):
                if not packet.size:
                    continue
                if packet.stream_index == video.index:
                    turns.pictures(pictures.feed(cast("Packet[VideoStream]", packet)), tick_s)
                elif sounds is not None:
                    coming = joining.codes.heard(cast("Packet[AudioStream]", packet))
                    turns.sounds(sounds.feed(coming))
            turns.pictures(pictures.rest(), tick_s)
            if sounds is not None:
                turns.sounds(sounds.rest())
            turns.rest()
            count = writer.pictures
    if progress is not None:
        progress(count)
    return count
