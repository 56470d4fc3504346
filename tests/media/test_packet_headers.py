"""What the first bits of packets say, against bits that are laid out here by the standards."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
import pytest

from facedit.media.info import SoundInfo
from facedit.media.smart import aac, mp3
from facedit.media.smart.bits import (
    Bits,
    read_sets,
    split_lengths,
    split_start_codes,
    with_lengths,
    write_sets,
)
from facedit.media.smart.groups import Copied, copied_runs, windows_between
from facedit.media.smart.h264 import AvcConfig, H264Joint
from facedit.media.smart.index import PacketIndex
from facedit.media.smart.kept import KeptPictures
from facedit.media.smart.sides import LEFT, RIGHT
from facedit.media.smart.sound_kinds import kind_of, sides_of
from facedit.media.smart.start_codes import StartCodes, without_header
from facedit.media.smart.unjoinable import Unjoinable


def packed(bits: str, size: int) -> bytes:
    return int(bits.replace(" ", "").ljust(8 * size, "0"), 2).to_bytes(size, "big")


def sound(codec: str, channels: int = 2, bit_rate: int = 0) -> SoundInfo:
    return SoundInfo(48_000, channels, "stereo", codec, 0.0, 4.0, bit_rate=bit_rate)


def test_a_number_of_33_bits_is_none_and_one_of_32_is() -> None:
    assert Bits(packed("0" * 32 + "1" + "0" * 31 + "1", 9)).golomb() == 2**32
    with pytest.raises(Unjoinable, match="damaged"):
        Bits(packed("0" * 33 + "1", 12)).golomb()
    # Of what hides start codes every third byte goes; what is beyond 4096 bytes is not read.
    assert Bits(b"\x00\x00\x03\x01").take(24) == 1
    long = Bits(bytes(4096) + b"\xff")
    assert (long.take(8 * 4096), long.at) == (0, 8 * 4096)
    with pytest.raises(Unjoinable, match="cut short"):
        long.take(1)


def test_sets_are_read_behind_their_lengths() -> None:
    sets = (b"ab", b"cdefg" * 60)
    data = b"x" + write_sets(sets) + b"tail"
    assert data[1:3] == b"\x00\x02"
    assert read_sets(data, 1, 2, 2) == (sets, len(data) - 4)
    assert read_sets(data, 1, 0, 2) == ((), 1)
    for least, cut in ((3, len(data)), (2, len(data) - 5)):
        with pytest.raises(Unjoinable, match="cut short"):
            read_sets(data[:cut], 1, 2, least)


def test_units_are_split_as_they_were_joined() -> None:
    units = [b"a", b"bc" * 200]
    assert [bytes(one) for one in split_lengths(with_lengths(units))] == units
    assert [bytes(one) for one in split_lengths(b"\x00\x02ab\x00\x01c", 2)] == [b"ab", b"c"]
    for damaged in (b"\x00\x01a\x00\x00\x00\x01b", b"\x00\x01a\x00\x02b", b"\x00\x01a\x00"):
        assert [bytes(one) for one in split_lengths(damaged, 2)] == [b"a"]
    assert split_start_codes(b"\0\0\1ab\0\0\0\1c\0\0\1\0\0\1") == [b"ab", b"c"]


@pytest.mark.parametrize(
    ("codec", "header", "needless"),
    [
        ("h264", lambda kind: bytes([0x60 | kind]), {7, 8, 9}),
        ("hevc", lambda kind: bytes([kind << 1, 1]), {32, 33, 34, 35}),
    ],
)
def test_of_all_kinds_of_parts_only_sets_and_delimiters_are_needless(codec, header, needless):
    kinds = range(1, 32 if codec == "h264" else 64)
    packet = av.Packet(b"".join(b"\0\0\1" + header(kind) + b"\x80" for kind in kinds))
    packet.time_base = Fraction(1, 25)
    left = [bytes(one) for one in split_lengths(bytes(StartCodes(codec).picture(packet)))]
    assert left == [header(kind) + b"\x80" for kind in kinds if kind not in needless]


def test_a_header_of_aac_needs_seven_bytes_and_its_marks() -> None:
    header = bytes([0xFF, 0xF1, 0x50, 0x80, 0x01, 0x1F, 0xFC])
    assert bytes(without_header(memoryview(header))) == b""
    for other in (
        header[:6],
        b"\xfe" + header[1:],
        b"\xff\xe1" + header[2:],
        b"\xff\xf3" + header[2:],
    ):
        assert bytes(without_header(memoryview(other))) == other
    # MPEG-2's is one too (bit 3).
    assert bytes(without_header(memoryview(b"\xff\xf9" + header[2:] + b"x"))) == b"x"


def test_windows_of_aac_are_read_off_one_channel_or_a_pair() -> None:
    sides = {0: LEFT | RIGHT, 1: LEFT, 2: 0, 3: RIGHT}  # long, start, short, stop
    for sequence, kaiser in ((s, k) for s in range(4) for k in (0, 1)):
        window = f"{sequence:02b}{kaiser}"
        wanted = sides[sequence] if kaiser else sides[sequence] & ~RIGHT
        single = packed("000 0000 00000000 0" + window, 4)  # element, tag, gain, reserved
        pair = packed("001 0000 1 0" + window, 4)  # element, tag, common window, reserved
        assert aac.sides_of(memoryview(single)) == aac.sides_of(memoryview(pair)) == wanted
    for other in ("001 0000 0 0001", "010 0000 00000000 0001", "110 0000 1 0001"):
        assert aac.sides_of(memoryview(packed(other, 4))) == 0
    assert aac.sides_of(memoryview(packed("001 0000 1 0001", 3))) == 0


@pytest.mark.parametrize(
    ("first", "frames", "step"),
    [
        (0x80, 1, 120), (0x88, 1, 240), (0x90, 1, 480), (0x98, 1, 960), (0x99, 2, 1920),
        (0x9A, 2, 1920), (0x9B, None, 1920), (0x83, None, 240),
    ],
)  # fmt: skip
def test_packets_of_opus_say_their_length(first: int, frames: int | None, step: int) -> None:
    packet = bytes([first, 2])
    kind = kind_of(sound("opus"), packet, 96_000)
    assert (kind.step, kind.delay, kind.reach, kind.bit_rate) == (step, 120, 120, 96_000)
    assert kind.options["frame_duration"] == f"{step / 48:g}"
    assert (kind.settle - 1) * step < 3840 <= kind.settle * step
    assert frames is None or frames * (120 << (first >> 3 & 3)) == step


def test_packets_of_opus_up_to_45_ms_are_joined_and_of_celt_alone() -> None:
    assert kind_of(sound("opus"), bytes([0x93, 4]), 1).step == 1920
    for packet in (bytes([0x9B, 3]), bytes([0x93, 5]), bytes([0x9B])):
        with pytest.raises(Unjoinable, match="long"):
            kind_of(sound("opus"), packet, 1)
    read = sides_of("opus")
    assert [read(memoryview(one)) for one in (b"\x80", b"\x7f", b"")] == [LEFT | RIGHT, 0, 0]
    assert sides_of("ac3")(memoryview(b"")) == LEFT | RIGHT


@pytest.mark.parametrize("mode", range(8))
def test_ac3_goes_on_as_loud_as_it_says_and_no_thinner(mode: int) -> None:
    """Levels of centre and surrounds, and how a pair was made, come before the loudness."""

    def made(loud: int, **told: int):
        count = {0: 0, 1: 0, 2: 1, 3: 1, 4: 1, 5: 2, 6: 1, 7: 2}[mode]
        bits = "0" * 32 + f"{mode:03b}" + "11" * count + "0" + f"{loud:05b}"
        return kind_of(sound("ac3", **told), b"\x0b\x77" + packed(bits, 40), 1)

    kind = made(27)
    assert kind.options == {"dialnorm": "-27"}
    assert (kind.encoder, kind.step, kind.delay, kind.reach) == ("ac3", 1536, 256, 256)
    assert made(0).options == {"dialnorm": "-31"}
    assert kind.bit_rate == made(27, bit_rate=192_000).bit_rate == 192_000
    assert made(27, bit_rate=192_001).bit_rate == 224_000
    assert made(27, bit_rate=256_001).bit_rate == 320_000
    assert made(27, channels=6).bit_rate == 384_000
    assert made(27, bit_rate=700_000).bit_rate == 640_000


def test_eac3_is_joined_in_whole_packets_of_its_first_stream() -> None:
    def head(kind: int = 0, stream: int = 0, size: int = 40, rating: int = 0, blocks: int = 3):
        bits = f"{kind:02b}{stream:03b}{size // 2 - 1:011b}{rating:02b}{blocks:02b}"
        return b"\x0b\x77" + packed(bits + "0100" + "10000" + "11001", 38)

    assert kind_of(sound("eac3"), head(), 1).options == {"dialnorm": "-25"}
    for wrong in ({"kind": 1}, {"stream": 1}, {"size": 42}, {"rating": 1}, {"blocks": 2}):
        with pytest.raises(Unjoinable, match="substreams or short"):
            kind_of(sound("eac3"), head(**wrong), 1)


def mp3_head(version: int, rate: int, rating: int, mono: bool = False, checked: bool = False):
    bits = f"{0x7FF:011b}{version:02b}01{not checked:b}{rating:04b}{rate:02b}00{3 * mono:02b}"
    return packed(bits, 4)


@pytest.mark.parametrize(
    ("version", "rates", "lowest", "highest", "samples"),
    [
        (3, (44_100, 48_000, 32_000), 32, 320, 1152),
        (2, (22_050, 24_000, 16_000), 8, 160, 576),
        (0, (11_025, 12_000, 8_000), 8, 160, 576),
    ],
)
def test_mp3_says_its_rates_and_channels(version, rates, lowest, highest, samples) -> None:
    side = {True: 17 if version == 3 else 9, False: 32 if version == 3 else 17}
    for number, rate in enumerate(rates):
        for mono in (False, True):
            found = mp3.parse(mp3_head(version, number, 1, mono) + bytes(60))
            assert (found.rate, found.kbps, found.samples) == (rate, lowest, samples)
            assert (found.channels, found.borrowed) == (1 if mono else 2, 0)
            assert found.side == 4 + side[mono]
            checked = mp3.parse(mp3_head(version, number, 1, mono, checked=True) + bytes(60))
            assert checked.side == found.side + 2
            assert mp3.parse(mp3_head(version, number, 14, mono) + bytes(60)).kbps == highest
            assert mp3.highest_kbps(found) == highest
            assert found.room(highest) == samples * highest * 125 // rate - found.side
    for wrong in (
        mp3_head(version, 3, 1), mp3_head(version, 0, 0), mp3_head(version, 0, 15),
        mp3_head(1, 0, 1),
        b"\xfe" + mp3_head(version, 0, 1)[1:],
    ):  # fmt: skip
        assert mp3.parse(wrong + bytes(60)) is None
    assert mp3.parse(mp3_head(version, 0, 1) + bytes(36)) is not None
    assert mp3.parse(mp3_head(version, 0, 1) + bytes(35)) is None


def test_new_packets_of_mp3_leave_room_for_what_others_lend() -> None:
    header = mp3.parse(mp3_head(3, 1, 9) + bytes(60))
    rates = [mp3.joined_bit_rate(header, wanted) for wanted in (1, 128_000, 128_001, 10**6)]
    assert rates == [32_000, 128_000, 160_000, 192_000]
    half = mp3.parse(mp3_head(2, 1, 9) + bytes(60))
    assert mp3.joined_bit_rate(half, 10**6) == 96_000
    # 1152 samples at 48 kHz: 3 bytes for every kbit/s, 128 kbit/s of which new sound leaves.
    for borrowed, sides in ((383, LEFT | RIGHT), (384, RIGHT)):
        packet = mp3_head(3, 1, 9) + packed(f"{borrowed:09b}", 60)
        assert mp3.parse(packet).borrowed == borrowed
        assert mp3.sides_of(memoryview(packet)) == sides
    assert mp3.sides_of(memoryview(bytes(60))) == 0


def test_what_is_lent_stands_at_the_end_of_a_packet_that_is_full() -> None:
    packet = mp3_head(3, 1, 1) + bytes(32) + b"o" * 60
    room = 3 * 320 - 36
    full = mp3.with_lent(packet, b"l" * (room - 60))
    assert full == mp3_head(3, 1, 14) + bytes(32) + b"o" * 60 + b"l" * (room - 60)
    some = mp3.with_lent(packet, b"lent")
    assert some[36:] == b"o" * 60 + bytes(room - 64) + b"lent"
    assert mp3.main_data(some) == some[36:]
    with pytest.raises(ValueError, match="room"):
        mp3.with_lent(packet, b"l" * (room - 59))
    with pytest.raises(ValueError, match="No MP3"):
        mp3.with_lent(bytes(60), b"")
    assert mp3.main_data(bytes(60)) == b""


def test_an_avcc_is_refused_where_it_says_too_little() -> None:
    def made(
        head: bytes = b"\x01\x64\x00\x1f\xff", sequence=(b"\x67\x64",), picture=(b"\x68\xce",)
    ):
        return (
            head + bytes([0xE0 | len(sequence)]) + write_sets(sequence)
            + bytes([len(picture)]) + write_sets(picture)
        )  # fmt: skip

    found = AvcConfig.parse(made() + b"tail")
    assert (found.head, found.tail) == (b"\x01\x64\x00\x1f\xff", b"tail")
    for data, why in (
        (made(b"\x00\x64\x00\x1f\xff"), "no parameter sets"), (made()[:6], "no parameter sets"),
        (made(b"\x01\x64\x00\x1f\xfe"), "short lengths"), (made(sequence=()), "no parameter sets"),
        (made(picture=()), "no parameter sets"), (made(sequence=(b"\x67",)), "cut short"),
    ):  # fmt: skip
        with pytest.raises(Unjoinable, match=why):
            AvcConfig.parse(data)


@pytest.mark.parametrize(
    ("profile", "name"),
    [
        (66, "baseline"), (77, "main"), (100, "high"), (110, "high10"), (122, "high422"),
        (244, "high444"),
    ],
)  # fmt: skip
def test_new_pictures_are_of_the_sources_profile_and_level(profile: int, name: str) -> None:
    sets = tuple(
        bytes([0x67, profile, 0, level]) + packed(number, 2)
        for level, number in ((42, "1"), (30, "011"))  # of numbers 0 and 2: 1 is free
    )

    def joint_of(sequence: tuple[bytes, ...]) -> H264Joint:
        picture = (b"\x68" + packed("1", 2),)
        head = bytes([1, profile, 0, 42, 0xFF])
        parts = (bytes([0xE0 | len(sequence)]), write_sets(sequence), b"\1", write_sets(picture))
        return H264Joint(head + b"".join(parts))

    joint = joint_of(sets)
    assert joint.options["profile"] == name
    assert joint.options["x264-params"].startswith("sps-id=1:")
    assert joint.options["x264-params"].endswith(":level=4.2")
    with pytest.raises(Unjoinable, match="profile 88"):
        joint_of((b"\x67\x58" + sets[0][2:],))

    def entered(*units: bytes) -> bool:
        return joint.is_entry(memoryview(with_lengths(list(units))))

    assert entered(b"\x65x")
    assert entered(sets[0], b"\x65x", b"\x41x")
    assert not entered(b"\x41x")
    for other in (sets[0] + b"x", b"\x68x"):
        with pytest.raises(Unjoinable, match="change within"):
            entered(b"\x65x", other)
    units = [b"\x67a", b"\x68b", b"\x09c", b"\x65d", b"\x06e"]
    packet = b"".join(b"\0\0\0\1" + unit for unit in units)
    assert joint.payload(packet) == with_lengths(units[3:])


def pictures(count: int, entries: list[int]) -> PacketIndex:
    none = np.array([], np.int64)
    return PacketIndex(
        np.arange(count) * 2, np.isin(np.arange(count), entries), 2 * count, Fraction(1, 50),
        none, Fraction(0), none,
    )  # fmt: skip


def test_what_is_decoded_is_what_is_not_copied_and_a_picture_around_it() -> None:
    index, whole = pictures(20, [0, 10]), [Copied(0, 20, 0)]

    def decoded(runs: list[Copied], *also: tuple[float, float]) -> list[float]:
        return [round(at_s, 6) for part in windows_between(index, runs, also) for at_s in part]

    assert decoded([]) == [0.0, 0.8]
    assert decoded(whole) == []
    assert decoded([Copied(0, 5, 0), Copied(10, 20, 3)]) == [0.16, 0.44]
    assert decoded([Copied(5, 20, 0)]) == [0.0, 0.24]
    assert decoded([Copied(0, 15, 0)]) == [0.56, 0.8]
    assert decoded(whole, (0.1, 0.2), (0.6, 0.6)) == [0.08, 0.24, 0.56, 0.64]
    # Those that touch are one, and what lies in another adds nothing.
    assert decoded(whole, (0.2, 0.28), (0.36, 0.4)) == [0.16, 0.44]
    assert decoded(whole, (0.1, 0.6), (0.2, 0.28)) == [0.08, 0.64]


def test_a_run_that_holds_no_whole_picture_is_not_copied() -> None:
    index = pictures(20, [0, 10])
    for start_s, end_s, runs in (
        (0.4, 0.4, ()), (0.4, 0.44, (Copied(10, 11, 0),)), (0.04, 0.4, ()),
        (0.0, 0.04, (Copied(0, 1, 0),)), (0.42, 9.0, ()), (0.4 + 5e-7, 9.0, (Copied(10, 20, 0),)),
    ):  # fmt: skip
        assert copied_runs(index, [KeptPictures(start_s, end_s, 0.0)]) == runs
    assert copied_runs(index, [KeptPictures(0.0, 9.0, 0.24)]) == (Copied(0, 20, 12),)
