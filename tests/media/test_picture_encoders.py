"""Which encoder an output's pictures get: the source's own codec where its container holds it."""

from fractions import Fraction
from pathlib import Path

import pytest

from facedit.media.codecs import choose_picture_encoder
from facedit.media.info import VideoInfo


def source(codec: str, pix_fmt: str, width: int = 1920, height: int = 1080, **facts) -> VideoInfo:
    return VideoInfo(
        Path("a"), "mov", 4.0, Fraction(25), False, 100, width, height,
        codec=codec, pix_fmt=pix_fmt, **facts,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "held"),
    [
        (("mp4", "h264", "source"), "h264"),
        (("mp4", "hevc", "source"), "hevc"),
        (("mp4", "hevc", "h264"), "h264"),
        (("mp4", "prores", "source"), "h264"),
        (("mov", "prores", "source"), "prores"),
        (("matroska", "h264", "prores"), "prores"),
        (("mov", "h264", "dnxhr"), "dnxhd"),
        (("matroska", "dnxhd", "source"), "h264"),
        (("mp4", "mpeg4", "source"), "h264"),
        (("webm", "h264", "source"), "vp9"),
        (("webm", "av1", "source"), "av1"),
        (("mp4", "av1", "source"), "av1"),
    ],
)
def test_a_container_holds_the_codec_or_takes_another(asked, held):
    container, own, codec = asked
    assert choose_picture_encoder(container, source(own, "yuv420p"), codec=codec).codec == held


@pytest.mark.parametrize(
    ("container", "codec", "pix_fmt", "size", "wanted"),
    [
        ("mp4", "h264", "yuvj422p", (1920, 1080), ("h264", "yuvj422p")),
        ("mp4", "h264", "yuva420p", (1920, 1080), ("h264", "yuv420p")),
        ("mp4", "h264", "gray", (1920, 1080), ("h264", "gray")),
        ("mp4", "hevc", "gray10le", (1920, 1080), ("hevc", "gray10le")),
        # Half a chroma sample is none: every pixel keeps its own.
        ("mp4", "h264", "yuv420p", (1921, 1080), ("h264", "yuv444p")),
        ("mp4", "h264", "yuvj420p", (1920, 1081), ("h264", "yuvj444p")),
        ("mp4", "hevc", "yuv420p10le", (1920, 1081), ("hevc", "yuv444p10le")),
        ("mp4", "h264", "yuv422p", (1920, 1081), ("h264", "yuv422p")),
        # AV1's encoder takes 4:2:0 alone.
        ("mp4", "av1", "yuv422p", (1920, 1080), ("h264", "yuv422p")),
        ("webm", "av1", "yuv444p", (1920, 1080), ("vp9", "yuv444p")),
        ("webm", "h264", "yuvj420p", (1920, 1080), ("vp9", "yuv420p")),
        ("webm", "h264", "yuva420p", (1920, 1080), ("vp9", "yuv420p")),
        ("webm", "h264", "nv12", (1920, 1080), ("vp9", "yuv420p")),
        ("webm", "h264", "gray", (1920, 1080), ("vp9", "yuv420p")),
        ("webm", "h264", "gray10le", (1920, 1080), ("vp9", "yuv420p10le")),
    ],
)
def test_the_pixel_format_loses_nothing(container, codec, pix_fmt, size, wanted):
    found = choose_picture_encoder(container, source(codec, pix_fmt, *size), codec="source")
    assert (found.codec, found.pix_fmt) == wanted


@pytest.mark.parametrize(
    ("info", "profile", "pix_fmt", "bit_rate"),
    [
        (source("prores", "yuv422p10le", profile="LT"), "lt", "yuv422p10le", 0),
        (source("prores", "yuva444p10le", profile="XQ"), "4444xq", "yuva444p10le", 0),
        (source("dnxhd", "yuv422p", profile="DNXHD", bit_rate=144_300_000), "dnxhd", "yuv422p",
         145_000_000),
        (source("dnxhd", "yuv422p", profile="DNXHR SQ"), "dnxhr_sq", "yuv422p", 0),
        (source("dnxhd", "yuv444p10le", profile="DNXHR 444"), "dnxhr_444", "yuv444p10le", 0),
    ],
)  # fmt: skip
def test_an_editing_codec_keeps_its_profile(info, profile, pix_fmt, bit_rate):
    found = choose_picture_encoder("mov", info, codec="source")
    assert (found.options["profile"], found.pix_fmt) == (profile, pix_fmt)
    assert found.bit_rate == bit_rate


@pytest.mark.parametrize(
    ("codec", "pix_fmt", "profile", "given"),
    [
        ("prores", "yuv420p", "hq", "yuv422p10le"),
        ("prores", "yuv444p", "4444", "yuv444p10le"),
        ("dnxhr", "yuv420p", "dnxhr_hq", "yuv422p"),
        ("dnxhr", "yuv420p10le", "dnxhr_hqx", "yuv422p10le"),
    ],
)
def test_into_an_editing_codec_by_what_the_source_holds(codec, pix_fmt, profile, given):
    found = choose_picture_encoder("mov", source("h264", pix_fmt), codec=codec)
    assert (found.options["profile"], found.pix_fmt) == (profile, given)


@pytest.mark.parametrize(("size", "preset"), [((640, 480), "veryfast"), ((1000, 800), "superfast")])
def test_a_quantiser_bounds_the_error_of_every_frame(size, preset):
    info = source("h264", "yuv420p", *size)
    h264 = choose_picture_encoder("mp4", info, 20).options
    assert (h264["qp"], h264["preset"], h264["threads"]) == ("20", preset, "2")
    hevc = choose_picture_encoder("mp4", info, 20, "hevc")
    assert hevc.options["x265-params"].startswith("qp=20:")
    assert (hevc.tag, choose_picture_encoder("matroska", info, 20, "hevc").tag) == ("hvc1", "")
    # VP9 counts up to 63.
    vp9 = choose_picture_encoder("webm", info, 20).options
    assert (vp9["crf"], vp9["qmax"], vp9["b"]) == ("15", "19", "0")
    assert choose_picture_encoder("webm", info, 2).options["crf"] == "0"
