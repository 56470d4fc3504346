"""Starts the server on this machine and opens its page."""

from __future__ import annotations

import secrets
import socket
import webbrowser
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import FrameType
from urllib.parse import quote

import uvicorn

from facedit.cache import cache_dir
from facedit.errors import UsageError
from facedit.scale.task_process import Worker
from facedit.speech.recognition.whisper_words import Recogniser
from facedit.studio.answers import Studio
from facedit.studio.app import make_app
from facedit.studio.clip_store import Store, videos_of
from facedit.studio.job_process import make_engine, make_reader
from facedit.studio.studio_options import StudioOptions

HOST = "127.0.0.1"
"""Nobody else's machine reaches the server."""


class _Server(uvicorn.Server):
    """Ends the streams of events first, which would keep it waiting."""

    def __init__(self, config: uvicorn.Config, studio: Studio) -> None:
        super().__init__(config)
        self._studio = studio

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """End on a signal."""
        self._studio.events.close()
        super().handle_exit(sig, frame)


def serve(file: Path | None, options: StudioOptions, ready: Callable[[str], object]) -> None:
    """Serve the studio until it is stopped.

    Args:
        file: A video to open at once.
        options: Options.
        ready: Told the address of the page, which holds the key.

    Raises:
        UsageError: If the file is missing. (Also if the port is taken.)
    """
    if file is not None and not file.is_file():
        raise UsageError(f"{file}: no such file.")
    offered = [] if file is None else [file]
    if options.folder is not None:
        offered += videos_of(options.folder)
    listening = listen(options.port)
    port, token = listening.getsockname()[1], secrets.token_urlsafe(32)
    recogniser = Recogniser(options.model, options.hotwords)
    engine = Worker(partial(make_engine, options.device, recogniser))
    reader = Worker(make_reader)
    studio = Studio(Store(cache_dir() / "studio", offered), engine, reader)
    app = make_app(studio, options, token, port)
    config = uvicorn.Config(
        app, log_level="error", access_log=False, server_header=False, timeout_graceful_shutdown=2
    )
    wanted = "" if file is None else f"#open={quote(file.name)}"
    address = f"http://{HOST}:{port}/?token={token}{wanted}"
    ready(address)
    if options.open:
        webbrowser.open(address)
    engine.start()
    with listening:
        _Server(config, studio).run(sockets=[listening])
    engine.close()
    reader.close()


def listen(port: int) -> socket.socket:
    """Take a port of this machine; 0 is any free one.

    UsageError is raised if it is taken.
    """
    # Named, for asyncio switches Nagle's algorithm off only where it is: what is sent would else
    # wait up to 40 ms for the browser's next answer.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((HOST, port))
        listening.listen(64)  # the browser may come before the server answers
    except OSError as error:
        listening.close()
        raise UsageError(f"--port {port}: {error.strerror}; choose another.") from None
    return listening
