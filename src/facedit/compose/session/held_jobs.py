"""Jobs that were prepared last: further takes of them pay for the motion and the pictures alone."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from facedit.compose.session.verbs import Speech
from facedit.compose.takes.job import Job, LoadModels, Ready, prepare, rendering_of
from facedit.compose.words.plans import PlannedEdit
from facedit.media.rendering import Rendering
from facedit.options import Run

_MOST = 4

_OF_A_TAKE: dict[str, Any] = {"seed": 0, "takes": 1, "steps": 1, "articulation": 1.0}
_OF_A_TAKE |= {"force": False, "expression": ()} | dict.fromkeys(
    ("report", "consent", "provenance")
)


@dataclass(slots=True)
class _Held:
    """A prepared job, what it was made of (so that its ids stay its own), and how it is written."""

    of: object
    ready: Ready
    renderings: dict[str, Rendering]


class HeldJobs:
    """The last few prepared jobs."""

    def __init__(self) -> None:
        self._held: OrderedDict[Hashable, _Held] = OrderedDict()

    def prepared(
        self, of: PlannedEdit | Speech, run: Run, job: Callable[[], Job], load: LoadModels
    ) -> Ready:
        """Prepare a job, or take what was prepared.

        Args:
            of: The plan or speech that it is made of.
            run: Options.
            job: Makes it.
            load: Loads the learned parts.

        Returns:
            What its takes have in common, under these options.
        """
        key = self._key(of, run)
        if key not in self._held:
            while len(self._held) >= _MOST:
                self._held.popitem(last=False)
            self._held[key] = _Held(of, prepare(job(), load), {})
        self._held.move_to_end(key)
        ready = self._held[key].ready
        own = of.own if isinstance(of, PlannedEdit) else ()
        return replace(ready, job=replace(ready.job, run=run, own=own))

    def rendering(self, of: PlannedEdit | Speech, run: Run, output: Path) -> Rendering:
        """Choose how the takes of a prepared job are written.

        Args:
            of: The plan or speech that it is made of.
            run: Options.
            output: File of a take.

        Returns:
            How.
        """
        held = self._held[self._key(of, run)]
        if output.suffix not in held.renderings:
            held.renderings[output.suffix] = rendering_of(held.ready, output)
        return held.renderings[output.suffix]

    def clear(self) -> None:
        """Let go of all."""
        self._held.clear()

    def _key(self, of: PlannedEdit | Speech, run: Run) -> Hashable:
        made_by = replace(run, **_OF_A_TAKE)
        if isinstance(of, Speech):
            return id(of), made_by
        sounds = tuple(id(snippet) for snippet in of.snippets)
        regions = tuple(own.region for own in of.own)
        return of.transcript.words, of.plan, sounds, regions, made_by
