"""Opens media files as hostile input: listed containers, local files and capped pixels only."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av
from av.container import InputContainer

from facedit.errors import BadMedia
from facedit.inputs import check_input

MAX_PIXELS = 7680 * 4320
"""Largest picture that is decoded (8K UHD): a 200 kB file can claim a gigabyte of pixels."""

VIDEO_FORMATS = "mov,mp4,matroska,webm,avi,mpeg,mpegts,flv,mxf,asf"
"""FFmpeg demuxers that may open a video. No playlists: they open other files."""

SOUND_FORMATS = "wav,w64,mp3,mov,mp4,flac,ogg,aiff,caf,aac,amr,matroska,webm"
"""FFmpeg demuxers that may open a speech recording."""

_PICTURE_HEADS = (
    (b"\xff\xd8\xff", "JPEG"), (b"\x89PNG\r\n\x1a\n", "PNG"), (b"GIF8", "GIF"), (b"BM", "BMP"),
    (b"II*\0", "TIFF"), (b"MM\0*", "TIFF"), (b"\xff\x0a", "JPEG XL"), (b"8BPS", "PSD"),
    (b"\0\0\0\x0cJXL ", "JPEG XL"), (b"\0\0\0\x0cjP  ", "JPEG 2000"), (b"<svg", "SVG"),
)  # fmt: skip
_PICTURE_BRANDS = {
    b"avif": "AVIF", b"avis": "AVIF", b"heic": "HEIC", b"heix": "HEIC", b"hevc": "HEIC",
    b"heim": "HEIC", b"heis": "HEIC", b"mif1": "HEIC", b"msf1": "HEIC", b"crx ": "CR3",
}  # fmt: skip


@contextmanager
def typed_errors(path: Path, doing: str = "cannot be decoded") -> Iterator[None]:
    """Turn whatever the media libraries raise into one line.

    Args:
        path: The file at work, for the message.
        doing: What failed, for the message.

    Yields:
        Nothing.

    Raises:
        BadMedia: In place of any error of FFmpeg's.
    """
    try:
        yield
    except av.error.FFmpegError as error:
        reason = (error.strerror or type(error).__name__).strip()
        raise BadMedia(f"{path}: {doing} ({reason}).") from error
    except IndexError as error:  # PyAV's list of streams is made as a file is opened
        raise BadMedia(f"{path}: {doing} (a further stream begins in the middle of it).") from error
    except (UnicodeError, MemoryError, OverflowError, ZeroDivisionError) as error:
        raise BadMedia(f"{path}: {doing} (damaged header: {type(error).__name__}).") from error


@contextmanager
def open_media(
    path: Path, formats: str = VIDEO_FORMATS, kind: str = "video"
) -> Iterator[InputContainer]:
    """Open a media file for reading.

    Args:
        path: A local file.
        formats: FFmpeg demuxers that may open it, joined by commas.
        kind: What it should be, for messages.

    Yields:
        The open container.

    Raises:
        BadMedia: If the file is not one of the listed formats or is damaged.
    """
    check_input(path, kind)
    with path.open("rb") as file:
        head = file.read(64)
    if picture := picture_format(head):  # FFmpeg would show one tile of a HEIC as a video
        raise BadMedia(f"{path}: is a {picture} picture, not a {kind}.")
    try:
        # "file:" and an absolute path: a name like "http:x.mp4" or "-x.mp4" stays a name.
        container = av.open(
            f"file:{path.absolute()}",
            mode="r",
            options={"max_pixels": str(MAX_PIXELS)},
            container_options={"format_whitelist": formats, "protocol_whitelist": "file"},
            metadata_errors="replace",
        )
    except av.error.FFmpegError as error:
        raise BadMedia(_why_not_opened(path, head, kind, error)) from error
    except (UnicodeError, MemoryError, OverflowError, ValueError) as error:
        raise BadMedia(f"{path}: not a {kind} (damaged header: {error}).") from error
    with container:
        yield container


def picture_format(head: bytes) -> str:
    """Name the format of a still picture.

    Args:
        head: The first 64 bytes of a file.

    Returns:
        E.g. ``JPEG``; empty if it is no picture.
    """
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WebP"
    if head[4:8] == b"ftyp":
        kind = _PICTURE_BRANDS.get(head[8:12], "")
        # ``mif1`` says picture alone; the compatible brands that follow say which.
        return "AVIF" if kind and b"avif" in head[8:] else kind
    return next((name for magic, name in _PICTURE_HEADS if head.startswith(magic)), "")


def _why_not_opened(path: Path, head: bytes, kind: str, error: av.error.FFmpegError) -> str:
    """Say in one line why a file was refused."""
    text = head.lstrip(b"\xef\xbb\xbf \r\n\t")
    if text.startswith((b"#EXTM3U", b"ffconcat", b"<?xml", b"<MPD", b"v=0")):
        return f"{path}: is a playlist or other text, not a {kind}; give the media file."
    if head[4:8] == b"ftyp":
        return _why_no_index(path)
    sound = head.startswith((b"ID3", b"fLaC", b"OggS")) or head[8:12] in (b"WAVE", b"AIFF")
    if sound and kind != "sound":
        return f"{path}: is a sound, not a {kind}."
    reason = (error.strerror or type(error).__name__).strip()
    return f"{path}: not a {kind} that facedit opens ({reason})."


def _why_no_index(path: Path) -> str:
    """Walk the top-level boxes of an mp4 that did not open, to tell truncation from damage."""
    size = path.stat().st_size
    position = 0
    with path.open("rb") as file:
        while position + 8 <= size:
            file.seek(position)
            head = file.read(16)
            length = int.from_bytes(head[:4], "big")
            if length == 1 and len(head) == 16:
                length = int.from_bytes(head[8:16], "big")
            if head[4:8] == b"moov" and position + length <= size:
                return f"{path}: damaged: its index cannot be read."
            if length < 8 or position + length > size:
                break
            position += length
    return (
        f"{path}: truncated: 0 frames readable, the file ends after {size} bytes and before "
        "its index (a recording or copy that was cut short)."
    )
