"""Serves a studio to a browser, on a port of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Event, Thread
from typing import Any

import uvicorn

from facedit.progress import OnProgress
from facedit.scale.task_process import Worker
from facedit.studio.answers import Studio
from facedit.studio.app import make_app
from facedit.studio.clip_store import Store
from facedit.studio.job_process import make_engine, make_reader
from facedit.studio.job_queue import Job
from facedit.studio.serve import HOST, listen
from facedit.studio.studio_options import StudioOptions

TOKEN = "the-key-of-this-run"


@dataclass(frozen=True)
class Workers:
    """The processes that a studio works with.

    Attributes:
        engine: Does the jobs.
        reader: Opens files.
    """

    engine: Worker
    reader: Worker

    def studio(self, root: Path, offered: Sequence[Path]) -> Studio:
        return Studio(Store(root, offered), self.engine, self.reader)


@contextmanager
def working(kept: Path) -> Iterator[Workers]:
    """Have processes; what they find of clips is kept in a folder of the test's."""
    workers = Workers(Worker(partial(make_apart, kept)), Worker(make_reader))
    yield workers
    workers.engine.close()
    workers.reader.close()


def make_apart(kept: Path, on_progress: OnProgress, cancel: Event) -> object:
    import facedit.cache

    facedit.cache.results_dir = lambda: kept
    return make_engine("cpu", None, on_progress, cancel)


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
def serving(root: Path, offered: Sequence[Path], workers: Workers) -> Iterator[Served]:
    """Serve clips, on this machine alone, until the block ends."""
    studio = workers.studio(root, offered)
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


def ended(studio: Studio, answer: Any) -> Job:
    """Wait for a job by the events that tell of it."""
    return over(studio, studio.jobs.get(answer.json()["id"]))


def over(studio: Studio, job: Job) -> Job:
    async def listen() -> None:
        stream = studio.events.stream(None)
        await anext(stream)
        while not job.is_over:
            await asyncio.wait_for(anext(stream), 60)
        await stream.aclose()

    asyncio.run(listen())
    return job
