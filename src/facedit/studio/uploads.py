"""Takes in what was dropped on the page: streamed, bounded, whole or not at all."""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import AsyncGenerator, Callable
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from facedit.errors import BadMedia, FaceditError
from facedit.interchange.own_subtitles import read_subtitles
from facedit.media.output import whole_or_nothing
from facedit.speech.text.transcript_io import load_transcript
from facedit.studio.clip_store import Store, StoredClip, safe_name
from facedit.studio.refused import Refused
from facedit.studio.studio_options import MOST_JSON, MOST_RECORDINGS, STALLED_S

RECORDING = re.compile(r"recording-[0-9a-f]{16}\.wav")
"""Name of a recording, beside the script whose edits name it."""

SUBTITLES = re.compile(r"subtitles\.(srt|vtt)")
"""Name of the clip's own subtitles, there too."""

_SUFFIX = re.compile(r"\.[a-z]{2,8}")


async def receive_upload(request: Request, store: Store, most_bytes: int) -> StoredClip:
    """Write the body of a request into a new clip's folder.

    Args:
        request: Its ``name`` says what the file is called.
        store: Where clips are kept.
        most_bytes: Largest file.

    Returns:
        The clip, not yet looked at. (``Refused`` if the file is too large, or its name too long.)
    """
    name = safe_name(request.query_params["name"])
    _check_told(request, name, most_bytes)
    clip = store.make()
    source = clip.folder / "source" / name
    source.parent.mkdir()
    kept = False
    try:
        await _receive(request, source, name, most_bytes)
        clip.note(source=str(source))
        kept = True
    finally:
        if not kept:
            store.remove(clip)
    return store.get(clip.id)


async def receive_recording(
    request: Request, clip: StoredClip, most_bytes: int, keep: Callable[[Path, Path], object]
) -> str:
    """Write the body of a request, a recording of new words, as a wav beside a clip's script.

    Args:
        request: Its body is a sound, or a video with one.
        clip: The clip.
        most_bytes: Largest file.
        keep: Makes a wav of what was sent.

    Returns:
        Its name, as the script's ``speech`` says it. (``Refused`` if it is too large.)

    Raises:
        Refused: If it is no sound, or holds none, or there are too many.
    """
    name = request.query_params.get("name", "recording")
    there = [file for file in clip.folder.iterdir() if RECORDING.fullmatch(file.name)]
    if len(there) >= MOST_RECORDINGS:
        raise Refused(429, f"{MOST_RECORDINGS} recordings are there already.")
    _check_told(request, name, most_bytes)
    wav = clip.folder / f"recording-{secrets.token_hex(8)}.wav"
    raw = wav.with_suffix(".sent")
    try:
        await _receive(request, raw, name, most_bytes)
        await run_in_threadpool(keep, raw, wav)
    except BadMedia as error:
        raise Refused(415, str(error).replace(str(raw), name)) from None
    finally:
        raw.unlink(missing_ok=True)
    return wav.name


async def receive_subtitles(request: Request, clip: StoredClip) -> str:
    """Write the body of a request, the clip's own subtitles, beside its script; returns their name.

    ``Refused`` is raised if they are too large, ``FaceditError`` if it is no such file.
    """
    return (await _receive_text(request, clip, "subtitles", read_subtitles)).name


async def receive_transcript(request: Request, clip: StoredClip) -> Path:
    """Write the body of a request, what is said in a clip, beside its script; returns the file.

    ``Refused`` is raised if it is too large, ``FaceditError`` if it is no such file.
    """
    lasts_s = clip.notes()["info"]["duration_s"]
    return await _receive_text(
        request, clip, "transcript", lambda file: load_transcript(file, lasts_s)
    )


async def _receive_text(
    request: Request, clip: StoredClip, kept_as: str, check: Callable[[Path], object]
) -> Path:
    name = request.query_params.get("name", "")
    _check_told(request, name, MOST_JSON)
    suffix = Path(name).suffix.lower()
    if not _SUFFIX.fullmatch(suffix):
        raise Refused(422, "name: expected that of a file, with its ending.")
    sent = clip.folder / f"sent-{secrets.token_hex(8)}{suffix}"
    try:
        await _receive(request, sent, name, MOST_JSON)
        check(sent)
        return sent.replace(clip.folder / f"{kept_as}{suffix}")
    except Refused:
        raise
    except FaceditError as error:
        raise type(error)(str(error).replace(str(sent), name).replace(sent.name, name)) from None
    finally:
        sent.unlink(missing_ok=True)


def _check_told(request: Request, name: str, most_bytes: int) -> None:
    told = request.headers.get("content-length", "0")
    if told.isdecimal() and int(told[:18]) > most_bytes:
        raise Refused(413, _too_large(name, most_bytes))


async def _receive(request: Request, file: Path, name: str, most_bytes: int) -> None:
    with whole_or_nothing(file) as temporary, temporary.open("wb") as out:
        size, stream = 0, request.stream()
        while (piece := await _next(stream, name)) is not None:
            size += len(piece)
            if size > most_bytes:
                raise Refused(413, _too_large(name, most_bytes))
            out.write(piece)


async def _next(stream: AsyncGenerator[bytes], name: str) -> bytes | None:
    """Wait for the next piece of a body; None at its end."""
    try:
        return await asyncio.wait_for(anext(stream, None), STALLED_S)
    except TimeoutError:
        raise Refused(408, f"{name}: nothing came for {STALLED_S:.0f} s; send it again.") from None


def _too_large(name: str, most_bytes: int) -> str:
    return f"{name}: larger than {most_bytes // 1_000_000} MB; --limit-mb allows more."
