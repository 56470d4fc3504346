"""Packets of sound among copied ones: new sound without a seam in the overlapping windows.

A packet's samples overlap with those of the packet before it. So on either side of new sound one
packet or more is encoded of kept sound (its samples are nearly, not wholly, what they were), which
makes what the copied packet beside it lacks; all further ones decode to the very samples of the
source. A joint lies where the windows of both sides are alike.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import cast

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from av.audio.stream import AudioStream
from av.codec.context import Flags
from av.packet import Packet

from facedit.media.info import VideoInfo
from facedit.media.open import open_media, typed_errors
from facedit.media.pcm import MOST_CHANNELS, to_frame
from facedit.media.smart import mp3
from facedit.media.smart.groups import Copied
from facedit.media.smart.index import PacketIndex
from facedit.media.smart.kept import EditedSound, KeptSamples
from facedit.media.smart.sides import LEFT, RIGHT
from facedit.media.smart.sound_kinds import SoundKind, kind_of, sides_of
from facedit.media.smart.unjoinable import Unjoinable
from facedit.media.streams import find_sound, find_video
from facedit.types import Float32

_MOST_BORROWED = 511
"""Bytes of the packets before that an MP3 packet may need."""

_TRIES = 16
"""How often a joint is tried a packet further out, where the encoder chose short windows."""

_RUN_IN = 8
"""Packets encoded before the first one that is taken: to begin amid sound is an attack, which the
encoder would answer with short windows."""


@dataclass(frozen=True, slots=True)
class SoundJoint:
    """Sound whose packets are copied.

    Attributes:
        origin: Sample of the picture's clock at which the first packet's samples begin.
        count: Packets of the source.
        rate: Samples per second.
        layout: FFmpeg's name of the channels' layout.
        sides: On which sides of each packet new ones may stand.
        kind: How those are made.
        codec: FFmpeg's name of the codec.
        time_base: Seconds per tick of the output's times: a sample.
    """

    origin: int
    count: int
    rate: int
    layout: str
    sides: bytes
    kind: SoundKind
    codec: str = "aac"
    time_base: Fraction = field(init=False)

    def __post_init__(self) -> None:
        """Work out the time base once: it is asked of every packet of an hour."""
        object.__setattr__(self, "time_base", Fraction(1, self.rate))

    @property
    def step(self) -> int:
        """Samples of a packet."""
        return self.kind.step

    def copied_runs(self, kept: Sequence[KeptSamples], length: int) -> tuple[Copied, ...]:
        """Find the packets that can be copied.

        ``kept``: runs of samples that stay as they are, moved by whole packets; ``length``: samples
        of the output. Returns runs of packets in order and apart; ``shift`` counts packets.
        """
        runs = []
        for run in kept:
            ends = run.output_start + run.end - run.start >= length
            settled = run.start + self.kind.settle * self.step
            first = -((self.origin - settled) // self.step) if run.output_start else 0
            inside = (run.end - self.origin - self.kind.reach) // self.step
            end = self.count_to(run.end) if ends else inside
            shift = (run.output_start - run.start) // self.step
            found = Copied(max(first, 0), min(end, self.count), shift)
            if not ends:
                found = self._ending(found)
            if run.output_start:
                found = self._beginning(found)
            if found.first < found.end:
                runs.append(found)
        return tuple(runs)

    def _ending(self, run: Copied) -> Copied:
        """Let a run end where new sound can follow."""
        while run.first < run.end and not self.sides[run.end - 1] & RIGHT:
            run = replace(run, end=run.end - 1)
        return run

    def _beginning(self, run: Copied) -> Copied:
        """Let a run begin where new sound can come before it."""
        while run.first < run.end and not (
            self.sides[run.first] & LEFT and self.sides[run.first - 1] & RIGHT
        ):
            run = replace(run, first=run.first + 1)
        return run

    def joined(
        self, sound: EditedSound
    ) -> tuple[tuple[Copied, ...], list[list[Packet[AudioStream]]]]:
        """Encode what is not copied, so that the windows on both sides of each joint are alike.

        ``sound``: the output's sound. Returns the runs of packets that are copied, and the new
        packets in front of each and behind the last one.
        """
        runs = list(self.copied_runs(sound.kept, sound.length))
        made, told = [], sides_of(self.codec)
        for gap in range(len(runs) + 1):
            for left in reversed(range(_TRIES)):
                first = runs[gap - 1].end + runs[gap - 1].shift if gap else 0
                last = gap == len(runs)
                end = self.count_to(sound.length) if last else runs[gap].first + runs[gap].shift
                packets = list(self.encoded(sound, first, end)) if first < end else []
                if not packets or not left:
                    break
                sides = [told(memoryview(packet)) for packet in packets]
                if gap and not (sides[0] & RIGHT and sides[1] & LEFT):
                    runs[gap - 1] = self._ending(replace(runs[gap - 1], end=runs[gap - 1].end - 1))
                elif not last and not sides[-1] & RIGHT:
                    runs[gap] = self._beginning(replace(runs[gap], first=runs[gap].first + 1))
                else:
                    break
            made.append(packets[1:])
        return tuple(runs), made

    def count_to(self, sample: int) -> int:
        """Return how many packets begin before a sample."""
        return max(-((self.origin - sample) // self.step), 0)

    def encoder(self) -> AudioCodecContext:
        """Start the encoder of new sound."""
        kind = self.kind
        encoder = cast(AudioCodecContext, av.CodecContext.create(kind.encoder, "w"))
        encoder.sample_rate, encoder.layout = self.rate, self.layout
        encoder.format = kind.sample_format
        encoder.bit_rate, encoder.time_base = kind.bit_rate, self.time_base
        encoder.flags |= Flags.global_header
        encoder.options = kind.options
        encoder.open()
        return encoder

    def encoded(self, sound: EditedSound, first: int, end: int) -> Iterator[Packet[AudioStream]]:
        """Encode packets of the output.

        ``sound``: the output's sound; ``first``: number of the first packet; ``end``: number of the
        packet after the last one. Yields the packet before the first one, and the packets; in ticks
        of a sample.
        """
        encoder = self.encoder()
        number = first - _RUN_IN - 1
        start = self.origin + number * self.step + self.kind.delay
        stop = self.origin + end * self.step + self.kind.reach
        count = -(-(stop - start) // self.step)
        for block in (*self._blocks(sound, start, start + count * self.step), None):
            frame = None if block is None else to_frame(block, self.rate)
            if frame is not None:
                frame.time_base = encoder.time_base
            for packet in encoder.encode(frame):
                if first - 1 <= number < end:
                    yield self.timed(packet, number)
                number += 1

    def timed(self, packet: Packet[AudioStream], number: int) -> Packet[AudioStream]:
        """Give a packet its place in the output."""
        packet.time_base = self.time_base
        packet.pts = packet.dts = self.origin + number * self.step
        packet.duration = self.step
        return packet

    def lent(self, before: bytes, packet: Packet[AudioStream]) -> bytes:
        """Return what packets behind one of the source may borrow from it and those before it.

        ``before``: the same of the packet before; ``packet``: a packet of the source. Returns its
        last bytes; none where packets need nothing of each other (all but MP3).
        """
        if self.codec != "mp3":
            return b""
        return (before + mp3.main_data(bytes(packet)))[-_MOST_BORROWED:]

    def linked(
        self, made: list[Packet[AudioStream]], following: Packet[AudioStream], lent: bytes
    ) -> list[Packet[AudioStream]]:
        """Let new packets hold what the packet of the source behind them borrows.

        ``made``: new packets; ``following``: the packet behind them; ``lent``: as ``lent`` tells of
        the packet that was before it in the source. Returns the new packets.
        """
        header = mp3.parse(bytes(following)) if self.codec == "mp3" else None
        if header is None or not made or not header.borrowed:
            return made
        last = made[-1]
        held = mp3.with_lent(bytes(last), lent[-header.borrowed :])
        longer = cast("Packet[AudioStream]", Packet(held))
        longer.pts, longer.dts, longer.duration = last.pts, last.dts, last.duration
        longer.time_base = last.time_base
        return [*made[:-1], longer]

    def _blocks(self, sound: EditedSound, start: int, stop: int) -> Iterator[Float32]:
        """Give whole blocks of samples, silence outside the sound."""
        inside = min(max(start, 0), sound.length), max(min(stop, sound.length), 0)
        channels: int | None = None
        held: list[Float32] = []
        waiting = 0
        for block in sound.blocks(*inside):
            if channels is None:
                channels = block.shape[1]
                held.append(np.zeros((inside[0] - start, channels), np.float32))
                waiting = inside[0] - start
            held.append(block)
            waiting += len(block)
            if waiting >= self.step:
                joined = np.concatenate(held)
                whole = waiting - waiting % self.step
                yield from np.split(joined[:whole], whole // self.step)
                held, waiting = [joined[whole:]], waiting - whole
        rest = max(stop - max(inside[1], start), 0) + waiting
        if channels is not None and rest:
            joined = np.concatenate([*held, np.zeros((rest - waiting, channels), np.float32)])
            yield from np.split(joined, rest // self.step)


def sound_joint(
    info: VideoInfo, index: PacketIndex, bit_rate: int, config: bytes = b""
) -> SoundJoint:
    """Find out whether the packets of a source's sound can be copied.

    ``info``: the source; ``index``: its packets; ``bit_rate``: bits per second of new sound;
    ``config``: the decoder's set-up, if the file does not say it. Returns what copies them.
    ``Unjoinable`` if they cannot.
    """
    sound = info.sound
    if sound is None:
        raise Unjoinable("there is no sound")
    if sound.channels > MOST_CHANNELS:
        raise Unjoinable("it has many channels")
    ends, packet, said = _first_packet(info)
    config = config or said
    kind = kind_of(sound, packet, bit_rate)
    count, name = len(index.sound_pts), sound.codec
    ticks = kind.step / (sound.rate * float(index.sound_base or 1))
    # The first packet may stand for itself: fragments put what primes the decoder at 0.
    even = index.sound_pts[-1:] + np.arange(1 - count, 1) * ticks
    apart = np.abs(index.sound_pts - even) > 1
    if not count or apart[1:].any():
        raise Unjoinable(f"its packets of {name} are not {kind.step} samples in a row")
    sides = bytes(index.sound_sides.astype(np.uint8))
    # From the first block on, as all reading counts: a further one has a rounded time of its own.
    number, end = ends[-1 if apart[0] else 0]
    origin = end - number * kind.step
    joint = SoundJoint(origin, count, sound.rate, sound.layout, sides, kind, name)
    try:
        ours = bytes(joint.encoder().extradata or b"")
    except (av.error.FFmpegError, ValueError) as error:
        raise Unjoinable(f"such {name} is not encoded") from error
    if not any(side & RIGHT for side in sides):
        raise Unjoinable(f"its packets of {name} have other windows than what is encoded")
    if name == "aac" and ours[:2] != config[:2]:
        raise Unjoinable("its AAC is of another kind than what is encoded")
    return joint


def _first_packet(info: VideoInfo) -> tuple[list[tuple[int, int]], bytes, bytes]:
    """Decode the beginning of a sound.

    Returns of the first decoded block, and of the first for which two packets were decoded or more
    (if there is another), how many packets were decoded for it and the sample of the picture's
    clock at which it ends; the first packet; and the decoder's set-up.
    """
    origin_s = info.origin_pts * info.time_base
    first, config = b"", b""
    ends: list[tuple[int, int]] = []
    with open_media(info.path) as container, typed_errors(info.path, "damaged sound"):
        stream = find_sound(container, find_video(container, info.path))
        assert stream is not None
        for number, packet in enumerate(container.demux(stream), start=1):
            first = first or bytes(packet)
            for frame in packet.decode():
                if frame.pts is None or frame.time_base is None:
                    raise Unjoinable("its sound carries no times")
                at = round((frame.pts * frame.time_base - origin_s) * frame.sample_rate)
                config = bytes(stream.codec_context.extradata or b"")
                ends.append((number, at + frame.samples))
            if ends and number > 1:
                break
    if not ends:
        raise Unjoinable("its sound cannot be decoded")
    return ends, first, config
