"""The encoders of pictures: which codec an output gets, and its settings."""

from __future__ import annotations

import os
from dataclasses import dataclass

from facedit.media.formats import plane_layout
from facedit.media.info import VideoInfo

QUANTISER = 13
"""Constant quantiser of H.264: its step of 2^((13 - 4) / 6) = 2.8 code values bounds the error of
every frame, which a constant rate factor does not (measured: 42.3 dB in the worst frame of a
detailed clip at factor 14, against 46.5 dB at quantiser 14, for 1.5 times the bits)."""

_LARGE_PICTURE = 800_000
_PRORES = {
    "Proxy": "proxy",
    "LT": "lt",
    "Standard": "standard",
    "HQ": "hq",
    "4444": "4444",
    "XQ": "4444xq",
}
_DNXHR = {
    "dnxhr_lb": "yuv422p",
    "dnxhr_sq": "yuv422p",
    "dnxhr_hq": "yuv422p",
    "dnxhr_hqx": "yuv422p10le",
    "dnxhr_444": "yuv444p10le",
}
_DNXHD_MBPS = (
    36, 42, 45, 60, 63, 75, 80, 84, 90, 100, 110, 115, 120, 145, 175, 180, 185, 220, 240, 290, 365,
    390, 440,
)  # fmt: skip
_HOLDS = {
    "h264": ("mp4", "mov", "matroska"),
    "hevc": ("mp4", "mov", "matroska"),
    "prores": ("mov", "matroska"),
    "dnxhd": ("mov",),
    "mjpeg": ("mp4", "mov", "matroska"),
    "vp9": ("mp4", "matroska", "webm"),
    "av1": ("mp4", "matroska", "webm"),
}
_AV1_FORMATS = ("yuv420p", "yuv420p10le")


@dataclass(frozen=True, slots=True)
class PictureEncoder:
    """How pictures are encoded.

    Attributes:
        codec: FFmpeg's name of the codec.
        encoder: FFmpeg's name of the encoder.
        options: Its options.
        pix_fmt: Pixel format it is given.
        bit_rate: Bits per second, where the codec has fixed ones; else 0.
        tag: Code of the sample description, where the usual one does not play everywhere.
    """

    codec: str
    encoder: str
    options: dict[str, str]
    pix_fmt: str
    bit_rate: int = 0
    tag: str = ""


def choose_picture_encoder(
    container: str, info: VideoInfo, quantiser: int = QUANTISER, codec: str = "h264"
) -> PictureEncoder:
    """Choose how an output's pictures are encoded.

    ``quantiser``: quantiser of H.264 and HEVC (0-51); VP9's is derived from it; ``codec``:
    ``source`` for the source's own where the container holds it, ``h264``, ``hevc``, ``prores`` or
    ``dnxhr``; webm takes VP9, or AV1 of a source in AV1.
    """
    wanted = _held(container, info, codec)
    if wanted == "prores":
        return _prores(info)
    if wanted == "dnxhd":
        return _dnxhd(info)
    if wanted == "mjpeg":
        quality = {"flags": "+qscale", "global_quality": "236", "strict": "unofficial"}
        return PictureEncoder("mjpeg", "mjpeg", quality, info.pix_fmt)
    if wanted == "vp9":
        return PictureEncoder("vp9", "libvpx-vp9", _vp9_options(quantiser), _webm_format(info))
    if wanted == "av1":
        # SVT-AV1 writes what it does to stderr; this is its one switch for that.
        os.environ.setdefault("SVT_LOG", "1")
        options = {"crf": str(quantiser), "preset": "8"}
        return PictureEncoder("av1", "libsvtav1", options, _whole_format(info))
    if wanted == "hevc":
        # Its threads do not change what it writes; pictures encoded side by side would.
        params = [f"qp={quantiser}", "log-level=none", "frame-threads=1"]
        params += info.signals.parameters("libx265")
        options = {"preset": "superfast", "x265-params": ":".join(params)}
        tag = "" if container == "matroska" else "hvc1"
        return PictureEncoder("hevc", "libx265", options, _whole_format(info), tag=tag)
    preset = "superfast" if info.width * info.height >= _LARGE_PICTURE else "veryfast"
    # What x264 writes depends on the number of its threads: as many on every machine.
    options = {"preset": preset, "qp": str(quantiser), "threads": "2"}
    if params := info.signals.parameters("libx264"):
        options["x264-params"] = ":".join(params)
    return PictureEncoder("h264", "libx264", options, _whole_format(info))


def _held(container: str, info: VideoInfo, codec: str) -> str:
    """Return the codec that is asked for, or the one that takes its place in a container."""
    wanted = {"source": info.codec, "dnxhr": "dnxhd"}.get(codec, codec)
    if wanted == "av1" and _whole_format(info) not in _AV1_FORMATS:
        wanted = "h264"
    if container == "webm" and wanted != "av1":
        return "vp9"
    return wanted if container in _HOLDS.get(wanted, ()) else "h264"


def _prores(info: VideoInfo) -> PictureEncoder:
    own = _PRORES.get(info.profile) if info.codec == "prores" else None
    full = "444" in info.pix_fmt
    profile = own or ("4444" if full else "hq")
    pix_fmt = "yuv422p10le"
    if profile.startswith("4444"):
        pix_fmt = "yuva444p10le" if info.pix_fmt.startswith("yuva") else "yuv444p10le"
    return PictureEncoder("prores", "prores_ks", {"profile": profile, "vendor": "apl0"}, pix_fmt)


def _dnxhd(info: VideoInfo) -> PictureEncoder:
    profile = info.profile.lower().replace(" ", "_") if info.codec == "dnxhd" else ""
    if profile == "dnxhd":
        said = info.bit_rate / 1e6
        rate = min(_DNXHD_MBPS, key=lambda one: abs(one - said)) * 1_000_000
        return PictureEncoder("dnxhd", "dnxhd", {"profile": "dnxhd"}, info.pix_fmt, rate)
    if profile not in _DNXHR:
        layout = plane_layout(info.pix_fmt)
        profile = "dnxhr_hqx" if layout is not None and layout.bits > 8 else "dnxhr_hq"
    return PictureEncoder("dnxhd", "dnxhd", {"profile": profile}, _DNXHR[profile])


def _vp9_options(quantiser: int) -> dict[str, str]:
    """Constant quality; VP9 counts quantisers up to 63."""
    level = str(max(0, quantiser - 5))
    return {
        "crf": level,
        "qmax": str(int(level) + 4),
        "b": "0",
        "deadline": "realtime",
        "cpu-used": "7",
        "row-mt": "1",
    }


def _webm_format(info: VideoInfo) -> str:
    """Choose the pixel format that VP9 takes without loss."""
    layout = plane_layout(info.pix_fmt)
    if layout is None:
        return "yuv420p"
    if not layout.has_chroma:
        return f"yuv420p{'10le' if layout.bits > 8 else ''}"
    return info.pix_fmt.replace("yuvj", "yuv").replace("yuva", "yuv").replace("nv12", "yuv420p")


def _whole_format(info: VideoInfo) -> str:
    """Choose the pixel format that H.264 and HEVC take without loss."""
    layout = plane_layout(info.pix_fmt)
    if layout is None:
        return "yuv420p"
    width, height = info.stored_width, info.stored_height
    deep = "10le" if layout.bits > 8 else ""
    if not layout.has_chroma:
        return f"gray{deep}"
    if width % layout.sub_x or height % layout.sub_y:
        # They hold whole chroma samples only; 4:4:4 keeps every pixel.
        return ("yuvj444p" if info.pix_fmt.startswith("yuvj") else "yuv444p") + deep
    return info.pix_fmt.replace("yuva", "yuv")
