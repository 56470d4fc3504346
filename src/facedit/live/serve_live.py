"""The live face's page on this machine: sound in and frames out over one WebSocket."""

from __future__ import annotations

import asyncio
import json
import queue
import secrets
import struct
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import uvicorn
import websockets  # noqa: F401  by which uvicorn speaks WebSocket; missing, it shall be said at once
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocket, WebSocketDisconnect

from facedit.live.live_face import LiveFrame
from facedit.live.motion_process import MotionProcess
from facedit.live.open_live import Live, Tell
from facedit.live.run_live import NobodyLooks, Tally, run_live
from facedit.live.sinks import jpeg
from facedit.live.sound_sources import Sayings, pcm_samples
from facedit.report.page_kit import STYLE
from facedit.studio.app import ICON
from facedit.studio.security import Guard
from facedit.studio.serve import HOST, listen
from facedit.types import Float32

TAKEN = 4409
"""Code with which a second page is turned down."""

MOST_BLOCKS = 250
"""Messages of sound that wait; what comes meanwhile is dropped, with its pictures."""

MOST_BYTES = 64_000
"""Bytes of a message: two seconds of sound, or a long text."""

_PAGE = Path(__file__).with_name("page")
_HEAD = struct.Struct("<I?")
_SILENT = b""


def serve_live(live: Live, ready: Callable[[str], object], tell: Tell) -> None:
    """Serve the page until it is stopped.

    Args:
        live: Who speaks.
        ready: Told the address of the page, which holds the key.
        tell: Told what was shown each time a page leaves. (``UsageError`` if the port is taken.)
    """
    listening = listen(live.options.port)
    port, token = listening.getsockname()[1], secrets.token_urlsafe(32)
    with listening, live.motion_process() as process:
        config = uvicorn.Config(
            live_app(live, token, port, tell, process),
            log_level="error",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=1,
            ws_max_size=MOST_BYTES,
            ws_ping_interval=5,
            ws_ping_timeout=5,
            ws_per_message_deflate=False,  # JPEG and sound do not get smaller
        )
        address = f"http://{HOST}:{port}/?token={token}"
        ready(address)
        if live.options.open:
            webbrowser.open(address)
        uvicorn.Server(config).run(sockets=[listening])


def live_app(
    live: Live, token: str, port: int, tell: Tell, process: MotionProcess | None = None
) -> Guard:
    """Put the server together.

    Args:
        live: Who speaks.
        token: The secret of this run.
        port: Where it will listen.
        tell: Told what was shown each time a page leaves.
        process: Draws the motion, if anything does beside this process.

    Returns:
        The guarded application.
    """
    app = Starlette(
        routes=[
            WebSocketRoute("/api/live", _Stage(live, tell, process).talk),
            Route("/kit.css", _kit, methods=["GET"]),
            Route("/icon.svg", _icon, methods=["GET"]),
            Mount("/", StaticFiles(directory=_PAGE, html=True)),
        ]
    )
    return Guard(app, token, port, "live", sockets=True)


async def _kit(_: Request) -> Response:
    return FileResponse(STYLE)


async def _icon(_: Request) -> Response:
    return FileResponse(ICON)


def packed(frame: LiveFrame) -> bytes:
    """Return a frame as it is sent.

    That is its number (32 bits, little endian), a byte that is 1 if it repeats the picture before,
    its 640 samples (signed 16 bit), and its picture as JPEG unless it is a repeated one.
    """
    sound = np.clip(np.rint(frame.sound * 32767), -32768, 32767).astype("<i2").tobytes()
    picture = _SILENT if frame.repeated else jpeg(frame)
    return _HEAD.pack(frame.index, frame.repeated) + sound + picture


class _Stage:
    """Lets one page at a time talk to the face.

    Args:
        live: Who speaks.
        tell: Told what was shown.
        process: Draws the motion, if anything does beside this process.
    """

    def __init__(self, live: Live, tell: Tell, process: MotionProcess | None) -> None:
        self._live, self._tell, self._process, self._taken = live, tell, process, False

    async def talk(self, socket: WebSocket) -> None:
        """Answer sound and text by frames, until the page leaves."""
        await socket.accept()
        if self._taken:
            await socket.close(TAKEN, "another page is speaking: close it first.")
            return
        self._taken = True
        try:
            await self._talk(socket)
        finally:
            self._taken = False

    async def _talk(self, socket: WebSocket) -> None:
        loop = asyncio.get_running_loop()
        heard: queue.Queue[Float32 | None] = queue.Queue(MOST_BLOCKS)

        def from_thread(message: bytes | str) -> None:
            kind = "bytes" if isinstance(message, bytes) else "text"
            sent = socket.send({"type": "websocket.send", kind: message})
            try:
                asyncio.run_coroutine_threadsafe(sent, loop).result()
            except (WebSocketDisconnect, RuntimeError) as error:  # the page has left
                raise NobodyLooks from error

        sayings = Sayings(self._live.speak, lambda line: from_thread(json.dumps({"told": line})))

        def blocks() -> Iterator[Float32]:
            while (block := heard.get()) is not None:
                said = sayings.take(len(block))
                yield block if said is None else block + said

        def play() -> Tally:
            face = self._live.face(self._process)
            return run_live(face, blocks(), lambda frame: from_thread(packed(frame)))

        playing = asyncio.create_task(asyncio.to_thread(play))
        try:
            await self._listen(socket, heard, sayings, playing)
        except WebSocketDisconnect:
            pass
        finally:
            sayings.end()
            while not heard.empty():  # nobody waits for it any more
                heard.get_nowait()
            heard.put_nowait(None)
            with suppress(asyncio.CancelledError):  # the server ends, and does not wait
                (outcome,) = await asyncio.gather(playing, return_exceptions=True)
                self._tell(str(outcome))

    async def _listen(
        self,
        socket: WebSocket,
        heard: queue.Queue[Float32 | None],
        sayings: Sayings,
        playing: asyncio.Task[object],
    ) -> None:
        """Take in what the page sends."""
        while not playing.done():
            message = await socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            if (data := message.get("bytes")) is not None:
                if not heard.full():
                    heard.put_nowait(pcm_samples(data))
            elif isinstance(text := _said(message.get("text") or ""), str):
                sayings.say(text)


def _said(message: str) -> object:
    """Return what a message asks to be spoken; None if it asks for nothing."""
    try:
        found = json.loads(message)
    except (ValueError, RecursionError):
        return None
    return found.get("say") if isinstance(found, dict) else None
