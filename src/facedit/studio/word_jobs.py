"""Jobs that find the words of a clip: heard, given as a file, corrected."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from facedit.scale.task_process import Tell
from facedit.studio.clip_store import StoredClip
from facedit.studio.events import Events
from facedit.studio.heard_words import check_unedited, corrected, forget, hear, is_heard, take_given
from facedit.studio.job_queue import Jobs
from facedit.studio.read_corrections import read_corrections
from facedit.studio.refused import OTHER_PAGE, Refused


class WordJobs:
    """Queues them.

    Args:
        jobs: The queue.
        events: Tells the pages.
        do: Lets the engine do a task.
    """

    def __init__(self, jobs: Jobs, events: Events, do: Callable[..., Any]) -> None:
        self._jobs, self._events, self._do = jobs, events, do

    def words(self, clip: StoredClip, language: str | None) -> dict[str, Any]:
        """Queue the recognition of what is said; known words are heard anew in a language.

        Refused is raised if they are known and none is given, or if some are edited.
        """
        if is_heard(clip) and language is None:
            raise Refused(409, "the words of this clip are known already.")
        begun = language is None

        def recognise(start_s: float, told: Tell) -> None:
            self._do("words", clip, clip.notes().get("language"), start_s, told=told)

        def publish(news: dict[str, Any]) -> None:
            self._events.publish({"clip": clip.id, "heard": news})

        def work() -> dict[str, Any]:
            nonlocal begun
            if not begun:  # once: it may give way to something more urgent
                forget(clip, language)
                begun = True
                self._events.publish({"clip": clip.id, "changed": True})
            return hear(clip, recognise, publish)

        return self._queue(clip, work) if language is None else self._instead(clip, work)

    def given(self, clip: StoredClip, file: Path) -> dict[str, Any]:
        """Queue the reading of what is said, in the place of what was heard.

        Refused is raised if words are edited.
        """

        def work() -> dict[str, Any]:
            made = take_given(clip, *self._do("given", clip, file))
            self._events.publish({"clip": clip.id, "changed": True})
            return made

        return self._instead(clip, work)

    def correct(self, clip: StoredClip, words: object, known: str) -> dict[str, Any]:
        """Queue corrections of what was heard.

        Refused is raised if they are none, or another page saved meanwhile.
        """
        if known != clip.revision(clip.known_script()):
            raise Refused(409, OTHER_PAGE)
        corrections, version = read_corrections(words), clip.notes().get("words")

        def work() -> dict[str, Any]:
            made = corrected(clip, version, lambda: self._do("correct", clip, corrections))
            self._events.publish({"clip": clip.id, "changed": True})
            return made

        return self._jobs.submit("correct", clip.id, work).to_dict()

    def _instead(self, clip: StoredClip, work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """Queue what finds the words of a clip, in the place of what does so now."""
        check_unedited(clip)
        for job in self._jobs.of(clip.id):
            if job.kind == "words" and not job.is_over:
                self._jobs.stop(job.id)
        return self._queue(clip, work)

    def _queue(self, clip: StoredClip, work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        return self._jobs.submit("words", clip.id, work).to_dict()
