"""Codecs of sound whose packets are joined: how new ones are made that fit beside a source's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from facedit.media.info import SoundInfo
from facedit.media.smart import aac, mp3
from facedit.media.smart.bits import Bits
from facedit.media.smart.sides import LEFT, RIGHT
from facedit.media.smart.unjoinable import Unjoinable

JOINED = ("aac", "mp3", "opus", "ac3", "eac3")
"""Codecs of sound whose packets are joined."""

_AC3_KBPS = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640)
_LONGEST_PACKET_S = 0.045
"""Kept sound moves by whole packets: by half of this at most against the pictures."""


@dataclass(frozen=True, slots=True)
class SoundKind:
    """How new packets of a source's codec are made.

    Attributes:
        encoder: FFmpeg's name of the encoder.
        sample_format: What it is given.
        step: Samples of a packet.
        delay: Samples by which what is decoded lies behind what was encoded.
        reach: Samples behind its own that a packet shapes.
        bit_rate: Bits per second.
        options: Options of the encoder.
        settle: Packets of kept sound that must be decoded before a copied one sounds right.
    """

    encoder: str
    sample_format: str
    step: int
    delay: int
    reach: int
    bit_rate: int
    options: dict[str, str] = field(default_factory=dict)
    settle: int = 0


def aac_kind(bit_rate: int) -> SoundKind:
    """Return how AAC is made at a bit rate."""
    # Its noise would take a decoder's random numbers from the packets that follow.
    return SoundKind("aac", "fltp", 1024, 1024, 1024, bit_rate, {"aac_pns": "0"})


def kind_of(sound: SoundInfo, packet: bytes, bit_rate: int) -> SoundKind:
    """Choose how packets are made that fit beside a source's.

    ``sound``: the source's sound; ``packet``: its first packet; ``bit_rate``: bits per second that
    new sound should have. Returns how. ``Unjoinable`` if none are made that do.
    """
    if sound.codec == "aac":
        return aac_kind(bit_rate)
    if sound.codec == "mp3":
        return _mp3(packet, bit_rate)
    if sound.codec == "opus":
        return _opus(packet, bit_rate)
    if sound.codec in ("ac3", "eac3"):
        return _ac3(sound, packet)
    raise Unjoinable(f"packets of {sound.codec} are not joined")


def sides_of(codec: str) -> Callable[[memoryview], int]:
    """Return what reads on which sides of a codec's packets new ones may stand.

    ``codec``: FFmpeg's name of the codec. Returns a function from a packet to ``LEFT`` and
    ``RIGHT``.
    """
    readers = {"aac": aac.sides_of, "mp3": mp3.sides_of, "opus": _opus_sides}
    return readers.get(codec, _both_sides)


def _both_sides(packet: memoryview) -> int:
    """Tell that new packets may stand anywhere: all windows overlap alike (AC-3)."""
    return LEFT | RIGHT


def _opus_sides(packet: memoryview) -> int:
    """Tell whether a packet is of CELT, as the new ones are: between coders Opus needs a bridge."""
    return LEFT | RIGHT if len(packet) and packet[0] >> 7 else 0


def _mp3(packet: bytes, bit_rate: int) -> SoundKind:
    header = mp3.parse(packet)
    if header is None:
        raise Unjoinable("its MP3 has a header of another kind")
    rate = mp3.joined_bit_rate(header, bit_rate)
    # Each packet's own bits: those that follow must not borrow from what is left out.
    return SoundKind("libmp3lame", "fltp", header.samples, 1105, 1152, rate, {"reservoir": "0"})


def _opus(packet: bytes, bit_rate: int) -> SoundKind:
    """Read the length of a packet off its first bits (RFC 6716, 3.1)."""
    if not packet or not packet[0] >> 7:
        raise Unjoinable("its Opus is coded for speech (SILK)")
    frames = (1, 2, 2, packet[1] & 63 if len(packet) > 1 else 0)[packet[0] & 3]
    step = frames * (120 << (packet[0] >> 3 & 3))
    if not 0 < step <= _LONGEST_PACKET_S * 48_000:
        raise Unjoinable("its Opus packets are long")
    # The application without delay is coded as CELT always.
    options = {"application": "lowdelay", "frame_duration": f"{step / 48:g}"}
    # 80 ms, as a player that enters a file takes (RFC 7845): levels are coded as changes.
    return SoundKind("libopus", "flt", step, 120, 120, bit_rate, options, -(-3840 // step))


def _ac3(sound: SoundInfo, packet: bytes) -> SoundKind:
    """Read from a header that its packets are plain ones, and how loud its speech is said to be."""
    if packet[:2] != b"\x0b\x77":
        raise Unjoinable("its AC-3 begins with no header")
    bits = Bits(packet[2:24])
    if sound.codec == "eac3":
        kind, substream, size = bits.take(2), bits.take(3), bits.take(11)
        rating, blocks, channels = bits.take(2), bits.take(2), bits.take(3)
        if kind or substream or 2 * (size + 1) != len(packet) or (rating, blocks) != (0, 3):
            raise Unjoinable("its E-AC-3 has substreams or short packets")
        bits.take(6)
    else:
        bits.take(16 + 8 + 8)  # checksum, rates, kind
        channels = bits.take(3)
        more = (channels & 1 and channels != 1, channels & 4, channels == 2)
        bits.take(2 * sum(map(bool, more)) + 1)
    loudness = -(bits.take(5) or 31)
    wanted = max(sound.bit_rate, 96_000 * min(sound.channels, 4))
    rate = next((1000 * one for one in _AC3_KBPS if 1000 * one >= wanted), 640_000)
    options = {"dialnorm": str(loudness)}
    return SoundKind(sound.codec, "fltp", 1536, 256, 256, rate, options)
