"""The verbs as tools of an assistant that speaks the Model Context Protocol (``facedit mcp``)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from threading import Event
from typing import Any, TypeVar

import anyio
import anyio.from_thread
import anyio.to_thread
from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError

from facedit import __version__, api
from facedit.compose.session.requested import edit_in, generate_in, sync_in
from facedit.compose.session.results import Result, plan_result
from facedit.compose.session.session import Session
from facedit.errors import FaceditError, UsageError
from facedit.options import EditRequest, GenerateRequest, Run
from facedit.progress import OnProgress, Progress

_Made = TypeVar("_Made")

_ABOUT = """Edits and generates talking-face video on this machine. Files are named relative to one
folder; outputs are new files in it and never replace others. Edit words in this order: words (what
is said), plan_edit (what would change), edit. Videos made here are synthetic media of people: ask
for the consent of who is shown, and pass on the warnings of a result."""


class Clips:
    """The folder that tools work in, and the clip that was worked on last, held open.

    Args:
        folder: No file outside of it is read or written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self._session: Session | None = None
        self._opened: tuple[object, ...] = ()
        self._told: OnProgress = _to_nobody
        self._cancel = Event()
        self._busy = anyio.Lock()

    def path(self, name: str) -> Path:
        """Return a file of the folder; UsageError if the name leads out of it."""
        path = (self._folder / name).resolve()
        if not path.is_relative_to(self._folder):
            raise UsageError(f"{name}: is outside of {self._folder}, where these tools work.")
        return path

    def session(self, source: str, run: Run) -> Session:
        """Return the session of a clip, the one that is open if it is of this clip as it stands."""
        path = self.path(source)
        stamp = path.stat() if path.is_file() else None
        opened = (path, stamp and (stamp.st_mtime_ns, stamp.st_size))
        if self._session is None or opened != self._opened:
            self.close()
            self._session = api.open(
                path,
                run=run,
                on_progress=lambda step: self._told(step),
                cancel=self._cancel,
            )
            self._opened = opened
        self._session.run = run
        return self._session

    def close(self) -> None:
        """Close the clip that is open."""
        if self._session is not None:
            self._session.close()
            self._session = None

    async def work(self, context: Context[Any], make: Callable[[], _Made]) -> _Made:
        """Work in a thread, one call at a time; tell of progress, and stop when nobody waits."""

        def tell(step: Progress) -> None:
            told = context.report_progress
            anyio.from_thread.run(told, step.done, step.total, step.stage)

        async with self._busy:
            self._told = tell
            self._cancel.clear()
            try:
                return await anyio.to_thread.run_sync(make, abandon_on_cancel=True)
            except FaceditError as error:
                raise ToolError(str(error)) from error
            finally:
                self._told = _to_nobody
                self._cancel.set()


def _to_nobody(_: Progress) -> None:
    pass


@dataclass(frozen=True)
class Change:
    """Which words shall change, in one of two ways: the whole new sentence, or single edits.

    Attributes:
        say: The whole new sentence.
        replace: Pairs of old and new words; a word may be told apart by #2 (the second) or @3.1s.
        delete: Words to take out.
        insert_after: Pairs of a word and what follows it.
        express: Pairs of words that stay and what the face shows meanwhile, as smile:0.5.
        voice: Voice of new words: auto (the nearest to the speaker), own (imitated), or a name.
    """

    say: str = ""
    replace: list[tuple[str, str]] = field(default_factory=list)
    delete: list[str] = field(default_factory=list)
    insert_after: list[tuple[str, str]] = field(default_factory=list)
    express: list[tuple[str, str]] = field(default_factory=list)
    voice: str = ""

    def request(self) -> EditRequest:
        """Return what is asked for; ``UsageError`` if it is nothing, or two things at once."""
        return EditRequest(
            say=self.say or None,
            replace=tuple(self.replace),
            delete=tuple(self.delete),
            insert_after=tuple(self.insert_after),
            express=tuple(self.express),
            voice=self.voice or None,
        )


class Tools:
    """What an assistant may call; the texts of the methods are what it is told of them."""

    def __init__(self, clips: Clips) -> None:
        self._clips = clips

    async def words(self, context: Context[Any], source: str, language: str = "") -> dict[str, Any]:
        """What is said in a video: words with times in seconds and how sure each is."""
        found = await self._clips.work(
            context, lambda: self._open(source).transcript(language=language or None)
        )
        return {"language": found.language, "words": [asdict(word) for word in found.words]}

    async def plan_edit(self, context: Context[Any], source: str, change: Change) -> dict[str, Any]:
        """What an edit would change; nothing is rendered."""

        def make() -> Result:
            return plan_result(self._open(source).plan(change.request()))

        return _answer(await self._clips.work(context, make))

    async def edit(
        self,
        context: Context[Any],
        source: str,
        output: str,
        change: Change,
        seed: int = 0,
        consent: str = "",
    ) -> dict[str, Any]:
        """Change words of a video. What is not edited stays as shot. Another seed, another take."""

        def make() -> Result:
            session = self._open(source, seed, consent)
            return edit_in(session, change.request(), self._clips.path(output))

        return _answer(await self._clips.work(context, make))

    async def sync(
        self, context: Context[Any], source: str, speech: str, output: str, consent: str = ""
    ) -> dict[str, Any]:
        """Put new speech over the same pictures; lips follow it, the head moves as shot."""

        def make() -> Result:
            session = self._open(source, consent=consent)
            return sync_in(session, self._clips.path(speech), self._clips.path(output))

        return _answer(await self._clips.work(context, make))

    async def generate(
        self,
        context: Context[Any],
        face: str,
        output: str,
        text: str = "",
        speech: str = "",
        consent: str = "",
    ) -> dict[str, Any]:
        """Let the face of a picture, or of a video, say a text or a sound file."""

        def make() -> Result:
            sound = self._clips.path(speech) if speech else None
            request = GenerateRequest(sound, text or None)
            return generate_in(self._open(face, consent=consent), request, self._clips.path(output))

        return _answer(await self._clips.work(context, make))

    def _open(self, source: str, seed: int = 0, consent: str = "") -> Session:
        return self._clips.session(source, Run(seed=seed, consent=consent or None))


def make_server(folder: Path) -> MCPServer:
    """Return the server of a folder; ``run()`` speaks over standard input and output.

    Args:
        folder: Where clips are, and outputs go.

    Returns:
        Its tools are the methods of ``Tools``.
    """
    server = MCPServer("facedit", version=__version__, instructions=_ABOUT)
    tools = Tools(Clips(folder))
    for tool in (tools.words, tools.plan_edit, tools.edit, tools.sync, tools.generate):
        server.add_tool(tool)
    return server


def _answer(result: Result) -> dict[str, Any]:
    """Return what an assistant needs of a result: the report's curves would fill its memory."""
    report = str(result.report) if result.report else None
    return {
        "summary": str(result),
        "outputs": [str(one) for one in result.outputs],
        "report": report,
    }
