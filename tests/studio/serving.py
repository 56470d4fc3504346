"""Serves a studio to a browser, on a port of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

import uvicorn

from facedit.studio.answers import Studio
from facedit.studio.app import make_app
from facedit.studio.clip_store import Store
from facedit.studio.serve import HOST, listen
from facedit.studio.studio_options import StudioOptions
from studio.conftest import TOKEN


@dataclass
class Served:
    """A running server.

    Attributes:
        address: Of the page, with the key.
        studio: What it serves.
        root: Where its clips are kept.
    """

    address: str
    studio: Studio
    root: Path

    def only_clip(self) -> Path:
        (folder,) = self.root.iterdir()
        return folder


@contextmanager
def serving(root: Path, offered: Sequence[Path]) -> Iterator[Served]:
    """Serve clips, on this machine alone, until the block ends."""
    studio = Studio(Store(root, offered), "cpu")
    listening = listen(0)
    port = listening.getsockname()[1]
    config = uvicorn.Config(make_app(studio, StudioOptions(), TOKEN, port), log_level="error")
    server = uvicorn.Server(config)
    thread = Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield Served(f"http://{HOST}:{port}/?token={TOKEN}", studio, root)
    finally:
        studio.events.close()
        server.should_exit = True
        thread.join(20)
