"""Opens media files as hostile input: listed containers, local files and capped pixels only."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av
from av.container import InputContainer

from facedit.errors import BadMedia

MAX_PIXELS = 7680 * 4320
"""Largest picture that is decoded (8K UHD): a 200 kB file can claim a gigabyte of pixels."""

VIDEO_FORMATS = "mov,mp4,matroska,webm,avi,mpeg,mpegts"
"""FFmpeg demuxers that may open a video. No playlists: they open other files."""

IMAGE_FORMATS = "jpeg_pipe,png_pipe,webp_pipe"
"""FFmpeg demuxers that may open a still."""

SOUND_FORMATS = "wav,mp3,mov,mp4,flac,ogg,aiff,aac,matroska,webm"
"""FFmpeg demuxers that may open a speech recording."""


def check_input(path: Path, kind: str = "video") -> int:
    """Check that an input is a plain file with something in it.

    Args:
        path: The input.
        kind: What it should be, for the message.

    Returns:
        Its size in bytes.

    Raises:
        BadMedia: If it is missing, a folder, a pipe or device, unreadable, or empty.
    """
    try:
        status = os.stat(path)
    except FileNotFoundError:
        raise BadMedia(f"{path}: no such file.") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise BadMedia(f"{path}: cannot be read ({reason}).") from None
    if stat.S_ISDIR(status.st_mode):
        raise BadMedia(f"{path}: is a folder, not a {kind} file.")
    if not stat.S_ISREG(status.st_mode):
        raise BadMedia(f"{path}: is a pipe or device; only plain files are opened.")
    if status.st_size == 0:
        raise BadMedia(f"{path}: empty file (0 bytes).")
    if not os.access(path, os.R_OK):
        raise BadMedia(f"{path}: cannot be read (permission denied).")
    return status.st_size


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
        raise BadMedia(_why_not_opened(path, kind, error)) from error
    except (UnicodeError, MemoryError, OverflowError, ValueError) as error:
        raise BadMedia(f"{path}: not a {kind} (damaged header: {error}).") from error
    with container:
        yield container


def _why_not_opened(path: Path, kind: str, error: av.error.FFmpegError) -> str:
    """Say in one line why a file was refused."""
    with path.open("rb") as file:
        head = file.read(64)
    text = head.lstrip(b"\xef\xbb\xbf \r\n\t")
    if text.startswith((b"#EXTM3U", b"ffconcat", b"<?xml", b"<MPD", b"v=0")):
        return f"{path}: is a playlist, not a {kind}; give the media file itself."
    if head[4:8] == b"ftyp":
        return _why_no_index(path)
    other = _kind_by_magic(head)
    if other and not kind.startswith(other):
        return f"{path}: is a {other}, not a {kind}."
    reason = (error.strerror or type(error).__name__).strip()
    return f"{path}: not a {kind} that facedit opens ({reason})."


def _kind_by_magic(head: bytes) -> str:
    """Name what the first bytes of a common picture or sound file show; empty if nothing."""
    if head.startswith((b"\xff\xd8\xff", b"\x89PNG", b"GIF8")) or head[8:12] == b"WEBP":
        return "picture"
    if head.startswith((b"ID3", b"fLaC", b"OggS")) or head[8:12] in (b"WAVE", b"AIFF"):
        return "sound"
    return ""


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
