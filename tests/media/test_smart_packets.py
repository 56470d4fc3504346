"""The arithmetic of joining packets, and its reading of headers that may be damaged."""

from contextlib import suppress
from fractions import Fraction
from functools import partial

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facedit.media.info import SoundInfo
from facedit.media.smart import mp3
from facedit.media.smart.bits import Bits, split_lengths
from facedit.media.smart.groups import Copied, Order, copied_runs, decoding_lead, windows_between
from facedit.media.smart.h264 import AvcConfig, H264Joint, sequence_set
from facedit.media.smart.hevc import HevcJoint
from facedit.media.smart.index import PacketIndex
from facedit.media.smart.kept import KeptPictures, KeptSamples
from facedit.media.smart.sides import LEFT, RIGHT
from facedit.media.smart.sound_joint import SoundJoint
from facedit.media.smart.sound_kinds import aac_kind, kind_of
from facedit.media.smart.start_codes import StartCodes, without_header
from facedit.media.smart.unjoinable import Unjoinable
from media.clips import make_clip

INF = float("inf")


def index(pts, entries, rate=25):
    none = np.array([], np.int64)
    return PacketIndex(
        np.array(pts), np.isin(np.arange(len(pts)), entries), max(pts) + 1, Fraction(1, rate),
        none, Fraction(0), none,
    )  # fmt: skip


# I P B P B | I P B P B: two closed groups of five
TWO = index([0, 2, 1, 4, 3, 5, 7, 6, 9, 8], [0, 5])


def test_a_group_is_cut_where_nothing_is_still_to_be_shown():
    assert Order.of(TWO).ends.tolist() == [0, 1, 3, 5, 6, 8, 10]
    # Picture 4 (at 0.16 s) is new: of the first group three pictures stay.
    runs = copied_runs(TWO, [KeptPictures(0, 4 / 25, 0), KeptPictures(5 / 25, INF, 2 / 25)])
    assert runs == (Copied(0, 3, 0), Copied(5, 10, 2))
    assert decoding_lead(TWO, runs) == 1
    assert windows_between(TWO, runs) == ((2 / 25, 6 / 25),)
    # From the middle of a group on nothing can be decoded until the next one begins.
    assert copied_runs(TWO, [KeptPictures(2 / 25, INF, 0)]) == (Copied(5, 10, 0),)
    assert copied_runs(TWO, [KeptPictures(6 / 25, INF, 0)]) == ()


def test_an_open_group_begins_with_its_key_picture():
    # The pictures 3 and 4 come behind the key picture 5 and are shown before it.
    opened = index([0, 2, 1, 5, 3, 4, 7, 6], [0, 3])
    assert Order.of(opened).places.tolist() == [0, 1, 2, 5, 3, 4, 6, 7]
    (run,) = copied_runs(opened, [KeptPictures(3 / 25, INF, 0)])
    assert run == Copied(5, 8, 0)  # 5, 7, 6: those in front of it are encoded
    assert decoding_lead(opened, [run]) == 1
    # Without the key picture behind them they are not decoded.
    assert copied_runs(opened, [KeptPictures(0, 5 / 25, 0)]) == (Copied(0, 3, 0),)
    assert copied_runs(opened, [KeptPictures(0, INF, 0)]) == (Copied(0, 8, 0),)
    assert decoding_lead(opened, [Copied(0, 8, 0)]) == 1


@given(
    origin=st.integers(-1024, 3000),
    edges=st.lists(st.integers(0, 60_000), min_size=4, max_size=4, unique=True).map(sorted),
    moves=st.integers(-1, 4),
)
def test_copied_sound_lies_inside_what_is_kept(origin, edges, moves):
    joint = SoundJoint(origin, 60, 48_000, "mono", bytes([3]) * 60, aac_kind(128_000))
    first, last = edges[:2], edges[2:]
    moved = last[0] + moves * 1024
    kept = [KeptSamples(0, first[1], 0), KeptSamples(*last, moved)]
    length = moved + last[1] - last[0] + 9000
    for part in kept:
        for run in joint.copied_runs([part], length):
            assert run.shift == (part.output_start - part.start) // 1024
            assert origin + 1024 * run.first >= part.start or not run.first
            # The samples of the packet behind it are kept ones: they overlap with its own.
            assert origin + 1024 * (run.end + 1) <= part.end


def test_parameter_sets_are_read(tmp_path):
    make_clip(
        tmp_path / "a.mp4", seconds=0.2, sound_rate=0, aspect=Fraction(12, 11),
        options={"x264-params": "level=3.1"},
    )  # fmt: skip
    with av.open(str(tmp_path / "a.mp4")) as file:
        data = bytes(file.streams.video[0].codec_context.extradata)
    told = sequence_set(AvcConfig.parse(data).sequence_sets[0])
    assert (told.ident, told.profile, told.level) == (0, 100, 31)
    joint = H264Joint(data)
    assert "sps-id=1:" in joint.options["x264-params"]
    for length in range(len(data) - len(AvcConfig.parse(data).tail)):
        with pytest.raises(Unjoinable):
            H264Joint(data[:length])
    with pytest.raises(Unjoinable, match="no room for further parameter sets"):
        H264Joint(with_picture_sets(AvcConfig.parse(data), 31))


def with_picture_sets(config, count):
    """An ``avcC`` with so many picture parameter sets, numbered from 0 (as Exp-Golomb codes)."""
    codes = [f"{n + 1:b}".zfill(2 * (n + 1).bit_length() - 1) for n in range(count)]
    sets = [bytes([0x68, *int(c.ljust(16, "0"), 2).to_bytes(2, "big")]) for c in codes]
    parts = [config.head, bytes([0xE0 | len(config.sequence_sets)])]
    parts += [len(one).to_bytes(2, "big") + one for one in config.sequence_sets]
    parts += [bytes([count]), *(len(one).to_bytes(2, "big") + one for one in sets)]
    return b"".join(parts) + config.tail


def test_numbers_are_read_up_to_the_last_bit():
    bits = Bits(b"\xa6\x42")  # 1, 010, 011, 00100, and 0010
    assert [bits.golomb() for _ in range(4)] == [0, 1, 2, 3]
    assert (bits.take(4), bits.at) == (2, 16)
    with pytest.raises(Unjoinable, match="cut short"):
        bits.take(1)


def test_an_encoders_sets_stand_behind_the_sources():
    source, picture = b"\x67\x4d\x40\x1f", b"\x68\xee\x3c"
    config = AvcConfig(bytes([1, 77, 0x40, 31, 0xFF]), (source,), (picture,), b"tail")
    encoder = b"\0\0\0\1\x67\x64\x00\x28\xac\0\0\0\1\x68\xce"
    joined = AvcConfig.parse(config.joined(encoder))
    # The higher profile and level of both, and only the constraints that both keep.
    assert joined.head == bytes([1, 100, 0, 40, 0xFF])
    assert joined.sequence_sets == (source, b"\x67\x64\x00\x28\xac")
    assert joined.picture_sets == (picture, b"\x68\xce")
    assert joined.tail == b"tail"
    full = AvcConfig(config.head, (source,) * 30, (picture,), b"")
    assert len(AvcConfig.parse(full.joined(encoder)).sequence_sets) == 31
    with pytest.raises(Unjoinable, match="no room"):
        AvcConfig(config.head, (source,) * 31, (picture,), b"").joined(encoder)
    with pytest.raises(Unjoinable, match="no room"):
        config.joined(b"\0\0\0\1\x68\xce")


@pytest.mark.parametrize(
    ("codec", "needless", "slice_"),
    [
        ("h264", [b"\x67\x64", b"\x68\xce", b"\x09\xf0"], b"\x65\x88\x80"),
        ("hevc", [b"\x40\x01", b"\x42\x01", b"\x44\x01", b"\x46\x01"], b"\x26\x01\xaf"),
    ],
)
def test_a_wrapped_packet_holds_slices_alone(codec, needless, slice_):
    packet = av.Packet(b"".join(b"\0\0\0\1" + part for part in [*needless, slice_]))
    packet.time_base = Fraction(1, 25)
    assert bytes(StartCodes(codec).picture(packet)) == b"\0\0\0\3" + slice_
    assert StartCodes().picture(packet) is packet


@pytest.mark.parametrize("checked", [True, False])
def test_the_header_of_a_packet_of_sound_is_taken_off(checked):
    header = bytes([0xFF, 0xF0 if checked else 0xF1, 0x50, 0x80, 0x01, 0x1F, 0xFC])
    header += b"\x12\x34" * checked
    assert bytes(without_header(memoryview(header + b"sound"))) == b"sound"
    assert bytes(without_header(memoryview(b"\x21sound of AAC"))) == b"\x21sound of AAC"
    several = header[:6] + bytes([header[6] | 1]) + b"sound"
    with pytest.raises(Unjoinable, match="several packets"):
        without_header(memoryview(several))


@pytest.mark.parametrize(("rate", "channels"), [(48_000, 2), (44_100, 1), (22_050, 1)])
def test_an_mp3_packet_lends_what_the_next_one_borrows(rate, channels, tmp_path):
    make_clip(
        tmp_path / "a.mkv", sound_rate=rate, channels=channels, sound_codec="libmp3lame",
        sound_options={"b": "64000"},
    )  # fmt: skip
    with av.open(str(tmp_path / "a.mkv")) as file:
        packets = [bytes(one) for one in file.demux(audio=0) if one.size]
    headers = [mp3.parse(one) for one in packets]
    assert all(one.rate == rate and one.channels == channels for one in headers)
    assert any(one.borrowed for one in headers)
    held = mp3.with_lent(packets[0], b"lent")
    assert mp3.parse(held).kbps == mp3.highest_kbps(headers[0])
    assert len(held) == mp3.parse(held).room(mp3.highest_kbps(headers[0])) + headers[0].side
    assert mp3.main_data(held).startswith(mp3.main_data(packets[0]))
    assert mp3.main_data(held).endswith(b"lent")
    with pytest.raises(ValueError, match="room"):
        mp3.with_lent(held, b"more")


@pytest.mark.parametrize(
    ("codec", "packet", "why"),
    [
        ("opus", b"\x08\x00", "for speech"),
        ("opus", b"\xff\x06", "long"),
        ("opus", b"\xff\x00", "long"),  # no frames
        ("mp3", bytes(60), "another kind"),
        ("ac3", b"\x0b\x77\x00", "cut short"),
        ("eac3", b"\x0b\x77\x40" + bytes(40), "substreams"),
        ("vorbis", b"\x00", "packets of vorbis are not joined"),
    ],
)
def test_sound_that_is_not_joined_says_why(codec, packet, why):
    sound = SoundInfo(48_000, 2, "stereo", codec, 0.0, 4.0)
    with pytest.raises(Unjoinable, match=why):
        kind_of(sound, packet, 128_000)


@given(st.binary(max_size=200))
def test_no_bytes_do_harm(data):
    damaged = b"\x01" + data[:20] + b"\xff" + data[20:]
    readers = (H264Joint, HevcJoint, sequence_set, lambda some: Bits(some).golomb(), mp3.parse)
    for read in (partial(read, some) for read in readers for some in (data, damaged)):
        with suppress(Unjoinable):
            read()
    assert sum(len(unit) for unit in split_lengths(data)) <= len(data)


def side_information(whole: bool, channels: int, kinds: list[int]) -> str:
    """The bits of an MP3 packet's side information (ISO 11172-3, 13818-3)."""
    pointer, private, scale = (9, 5 if channels == 1 else 3, 4) if whole else (8, channels, 0)
    bits = "0" * (pointer + private + scale * channels)
    for kind in kinds:
        # Lengths, gain and scale factors; whether and how windows switch; the rest.
        bits += (
            "0" * (33 if whole else 38)
            + (f"1{kind:02b}" if kind else "000")
            + "0" * (23 if whole else 22)
        )
    return bits


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("channels", [1, 2])
def test_an_mp3_packet_says_on_which_sides_its_windows_are_long(whole: bool, channels: int) -> None:
    normal, start, short, stop = range(4)
    count = (2 if whole else 1) * channels
    head = 0xFFE00000 | (3 if whole else 2) << 19 | 1 << 17 | 1 << 16 | 5 << 12
    head |= (3 if channels == 1 else 0) << 6
    for place in range(count):
        for kind in (normal, start, short, stop):
            kinds = [normal] * count
            kinds[place] = kind
            bits = side_information(whole, channels, kinds)
            data = int(bits.ljust(40 * 8, "0"), 2).to_bytes(40, "big")
            found = mp3.parse(head.to_bytes(4, "big") + data)
            long_left = place >= channels or kind in (normal, start)
            long_right = place < count - channels or kind in (normal, stop)
            assert found.sides == LEFT * long_left | RIGHT * long_right, (place, kind)
