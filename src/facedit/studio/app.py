"""The server's addresses: JSON under ``/api``, the page beside it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, get_args

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from facedit.errors import FaceditError
from facedit.report.page_kit import STYLE
from facedit.studio.answers import Studio
from facedit.studio.asked_speech import outlined
from facedit.studio.export_wishes import Verb
from facedit.studio.made_files import made_file, report_of
from facedit.studio.refused import Refused, status_of
from facedit.studio.request_body import json_body
from facedit.studio.security import Guard
from facedit.studio.studio_options import StudioOptions
from facedit.studio.uploads import (
    receive_recording,
    receive_subtitles,
    receive_transcript,
    receive_upload,
)

_PAGE = Path(__file__).with_name("page")

ICON = _PAGE / "icon.svg"
"""What the pages of facedit show in the browser's tab."""

# A report holds its style and pictures in itself; it loads nothing and runs nothing.
_REPORT_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'; sandbox"
)


def make_app(studio: Studio, options: StudioOptions, token: str, port: int) -> Guard:
    """Put the server together.

    Args:
        studio: What it answers.
        options: Limits.
        token: The secret of this run.
        port: Where it will listen.

    Returns:
        The guarded application.
    """
    routes = _Routes(studio, options)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> Any:
        yield
        studio.close()

    app = Starlette(
        routes=[
            Route("/api/clips", routes.clips, methods=["GET"]),
            Route("/api/clips", routes.open, methods=["POST"]),
            Route("/api/clips/{clip}", routes.clip, methods=["GET"]),
            Route("/api/clips/{clip}", routes.remove, methods=["DELETE"]),
            Route("/api/clips/{clip}/source", routes.source, methods=["GET"]),
            Route("/api/clips/{clip}/peaks", routes.peaks, methods=["GET"]),
            Route("/api/clips/{clip}/transcript", routes.transcript, methods=["POST"]),
            Route("/api/clips/{clip}/transcript", routes.correct, methods=["PATCH"]),
            Route("/api/clips/{clip}/recordings", routes.recording, methods=["POST"]),
            Route("/api/clips/{clip}/subtitles", routes.subtitles, methods=["POST"]),
            Route("/api/clips/{clip}/proxy", routes.proxy, methods=["POST"]),
            Route("/api/clips/{clip}/edits", routes.edits, methods=["PUT"]),
            Route("/api/clips/{clip}/sounds", routes.sounds, methods=["POST"]),
            Route("/api/clips/{clip}/takes", routes.takes, methods=["POST"]),
            Route("/api/clips/{clip}/chosen", routes.choose, methods=["POST"]),
            Route("/api/clips/{clip}/exports", routes.export, methods=["POST"]),
            Route("/api/clips/{clip}/sync", routes.sync, methods=["POST"]),
            Route("/api/clips/{clip}/generate", routes.generate, methods=["POST"]),
            Route("/api/clips/{clip}/{verb}/outline", routes.outline, methods=["POST"]),
            Route("/api/clips/{clip}/{kind}/{name}", routes.file, methods=["GET"]),
            Route("/api/clips/{clip}/exports/{name}/report", routes.report, methods=["GET"]),
            Route("/api/jobs/{job}", routes.job, methods=["GET"]),
            Route("/api/jobs/{job}", routes.stop, methods=["DELETE"]),
            Route("/api/events", routes.events, methods=["GET"]),
            Route("/kit.css", routes.kit, methods=["GET"]),
            Mount("/", StaticFiles(directory=_PAGE, html=True)),
        ],
        exception_handlers={Refused: _refused, FaceditError: _failed},
        lifespan=lifespan,
    )
    return Guard(app, token, port)


class _Routes:
    """Reads requests, asks the studio, words answers."""

    def __init__(self, studio: Studio, options: StudioOptions) -> None:
        self._studio, self._options = studio, options

    async def clips(self, _: Request) -> Response:
        return JSONResponse(self._studio.clips())

    async def open(self, request: Request) -> Response:
        """Open an offered video, or take in one that is sent."""
        studio = self._studio
        if "name" in request.query_params:
            limit = self._options.limit_mb * 1_000_000
            clip = await receive_upload(request, studio.store, limit)
        else:
            body = await json_body(request)
            clip = studio.store.open(_text(body, "offered"))
        return JSONResponse(await studio.opened(clip), 201)

    async def clip(self, request: Request) -> Response:
        return JSONResponse(self._studio.state(self._studio.store.get(_id(request))))

    async def remove(self, request: Request) -> Response:
        self._studio.remove(self._studio.store.get(_id(request)))
        return Response(status_code=204)

    async def source(self, request: Request) -> Response:
        """Send the source, or the copy of it that browsers can show."""
        clip = self._studio.store.get(_id(request))
        return FileResponse(clip.proxy if clip.proxy.is_file() else clip.source)

    async def peaks(self, request: Request) -> Response:
        clip = self._studio.store.get(_id(request))
        block = request.query_params.get("block", "0")
        if not block.isdecimal() or len(block) > 6:
            raise Refused(422, "block: expected the number of a minute.")
        found = await run_in_threadpool(self._studio.peaks, clip, int(block))
        return JSONResponse(found, headers={"cache-control": "private, max-age=3600"})

    async def recording(self, request: Request) -> Response:
        """Take in a recording of new words; the edits then name it."""
        clip = self._studio.store.get(_id(request))
        limit = self._options.limit_mb * 1_000_000
        speech = await receive_recording(request, clip, limit, self._studio.recording)
        return JSONResponse({"speech": speech}, 201)

    async def subtitles(self, request: Request) -> Response:
        """Take in the clip's own subtitles; an export then names them."""
        clip = self._studio.store.get(_id(request))
        return JSONResponse({"subtitles": await receive_subtitles(request, clip)}, 201)

    async def proxy(self, request: Request) -> Response:
        return JSONResponse(self._studio.proxy(self._studio.store.get(_id(request))), 202)

    async def transcript(self, request: Request) -> Response:
        """Let the words be recognised, or take them in as a file that is sent."""
        clip = self._studio.store.get(_id(request))
        if "name" in request.query_params:
            file = await receive_transcript(request, clip)
            return JSONResponse(self._studio.heard.given(clip, file), 202)
        body = await json_body(request)
        language = body.get("language")
        if language is not None and not (isinstance(language, str) and len(language) <= 8):
            raise Refused(422, "language: expected a code like en.")
        return JSONResponse(self._studio.heard.words(clip, language), 202)

    async def correct(self, request: Request) -> Response:
        """Correct what was heard, over a known state."""
        clip = self._studio.store.get(_id(request))
        body = await json_body(request)
        return JSONResponse(
            self._studio.heard.correct(clip, body.get("words"), _known(request)), 202
        )

    async def edits(self, request: Request) -> Response:
        """Save edits over a known state; answer with the layout that they will have."""
        clip = self._studio.store.get(_id(request))
        body = await json_body(request)
        return JSONResponse(self._studio.save(clip, body, _known(request)))

    async def sounds(self, request: Request) -> Response:
        return JSONResponse(self._studio.sounds(self._studio.store.get(_id(request))), 202)

    async def takes(self, request: Request) -> Response:
        clip = self._studio.store.get(_id(request))
        body = await json_body(request)
        answer = self._studio.takes(clip, body.get("edit"), body.get("seeds"))
        return JSONResponse(answer, 202)

    async def choose(self, request: Request) -> Response:
        clip = self._studio.store.get(_id(request))
        body = await json_body(request)
        return JSONResponse(self._studio.choose(clip, body.get("edit"), body.get("take")))

    async def export(self, request: Request) -> Response:
        clip = self._studio.store.get(_id(request))
        return JSONResponse(self._studio.export(clip, await json_body(request)), 202)

    async def sync(self, request: Request) -> Response:
        clip = self._studio.store.get(_id(request))
        return JSONResponse(self._studio.speak(clip, "sync", await json_body(request)), 202)

    async def generate(self, request: Request) -> Response:
        clip = self._studio.store.get(_id(request))
        return JSONResponse(self._studio.speak(clip, "generate", await json_body(request)), 202)

    async def outline(self, request: Request) -> Response:
        """Say what speech for a whole clip would last and show, before it is made."""
        clip, verb = self._studio.store.get(_id(request)), request.path_params["verb"]
        if verb not in get_args(Verb):
            raise Refused(404, "there is no such thing to be done.")
        return JSONResponse(outlined(clip, verb, await json_body(request)))

    async def file(self, request: Request) -> Response:
        """Send a sound, a take or an export that was made."""
        clip = self._studio.store.get(_id(request))
        kind, name = request.path_params["kind"], request.path_params["name"]
        path = made_file(clip, kind, name)
        return FileResponse(path, filename=name if kind == "exports" else None)

    async def report(self, request: Request) -> Response:
        clip = self._studio.store.get(_id(request))
        path = report_of(clip, request.path_params["name"])
        return FileResponse(path, headers={"content-security-policy": _REPORT_POLICY})

    async def job(self, request: Request) -> Response:
        return JSONResponse(self._studio.jobs.get(request.path_params["job"]).to_dict())

    async def stop(self, request: Request) -> Response:
        return JSONResponse(self._studio.jobs.stop(request.path_params["job"]).to_dict())

    async def kit(self, _: Request) -> Response:
        """Send the style that the page shares with the reports."""
        return FileResponse(STYLE)

    async def events(self, request: Request) -> Response:
        last = request.headers.get("last-event-id")
        return StreamingResponse(self._studio.events.stream(last), media_type="text/event-stream")


def _id(request: Request) -> str:
    found: str = request.path_params["clip"]
    return found


def _known(request: Request) -> str:
    """Return which state the page knows."""
    return request.headers.get("if-match", "").strip('"')


def _text(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str):
        raise Refused(422, f"{name}: expected a text.")
    return value


def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return JSONResponse({"error": error.says}, error.status)


def _failed(_: Request, error: Exception) -> Response:
    assert isinstance(error, FaceditError)
    return JSONResponse({"error": str(error)}, status_of(error))
