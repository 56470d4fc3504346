"""What the studio answers and does, apart from how it is asked: clips, jobs and events together."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool

from facedit.compose.takes.express import EASE_S
from facedit.editing.script import EditScript, edited, loads
from facedit.errors import FaceditError
from facedit.face.choice import FaceChoice
from facedit.inputs import MOST_SEED
from facedit.motion.expressions import expressions
from facedit.options import OWN_VOICE, REGIONS
from facedit.scale.task_process import Tell, Worker
from facedit.speech.voices.voice import voices
from facedit.studio.asked_speech import asked_speech
from facedit.studio.clip_store import Store, StoredClip
from facedit.studio.edit_states import edit_keys, exports_of, made_from, states, takes_of
from facedit.studio.events import Events
from facedit.studio.export_wishes import WHAT, Verb, package_options
from facedit.studio.heard_words import is_heard
from facedit.studio.job_queue import Job, Jobs, Kind
from facedit.studio.made_files import made_file
from facedit.studio.refused import OTHER_PAGE, Refused
from facedit.studio.shown_wishes import check_own
from facedit.studio.studio_options import LONGEST_READ_S, MOST_CONSENT, MOST_NAME, MOST_TAKES
from facedit.studio.word_jobs import WordJobs


class Studio:
    """The clips and what is being done with them.

    Args:
        store: The clips.
        engine: Does the jobs.
        reader: Opens files.

    Attributes:
        store: The clips.
        events: What happens.
        jobs: What is being done.
        heard: Finds the words of clips.
    """

    def __init__(self, store: Store, engine: Worker, reader: Worker) -> None:
        self.store = store
        self.events = Events()
        self.jobs = Jobs(lambda job: self.events.publish({"job": job}), self._plain)
        self.heard = WordJobs(self.jobs, self.events, self._do)
        self._engine, self._reader = engine, reader
        self._last: tuple[str, EditScript] | None = None

    def close(self) -> None:
        """Stop everything."""
        self.events.close()
        self.jobs.close()

    def clips(self) -> dict[str, Any]:
        """List what is open and what may be opened."""
        clips = [{"id": clip.id, "name": clip.source.name} for clip in self.store.all()]
        return {
            "clips": clips,
            "offered": self.store.offered,
            "voices": ["auto", OWN_VOICE, *voices()],
            "regions": list(REGIONS),
            "expressions": [
                {"name": name, "most": one.most, "region": one.group}
                for name, one in expressions().items()
            ],
            "ease_s": EASE_S,
        }

    async def opened(self, clip: StoredClip) -> dict[str, Any]:
        """Look at a clip that was just opened; one that is no good is removed.

        FaceditError is raised if it is no video, has no sound or is too long; without its path.
        """
        if "info" not in clip.notes():
            try:
                facts = await run_in_threadpool(self._read, "facts", clip.source)
            except FaceditError as error:
                self.store.remove(clip)
                raise type(error)(_without_path(str(error), clip)) from error
            clip.note(info=facts)
        return self.state(clip)

    def state(self, clip: StoredClip) -> dict[str, Any]:
        """Return all that a page needs to go on where it was."""
        notes, text = clip.notes(), clip.script_text()
        answer = {
            "id": clip.id,
            "name": clip.source.name,
            "info": notes.get("info"),
            "consent": notes.get("consent"),
            "face": clip.face,
            "proxy": bool(notes.get("proxy")),
            "exports": exports_of(clip, None),
            "jobs": [job.to_dict() for job in self.jobs.of(clip.id) if not job.is_over],
            "script": None,
            "heard": is_heard(clip),
            "edits": [],
            "warnings": [],
        }
        if text is None:
            return answer
        script = self._loaded(text)
        made = states(clip, script)
        exports = exports_of(clip, made_from(script, made["edits"]))
        known = {"script": json.loads(text), "revision": clip.revision(text), "exports": exports}
        return answer | known | made

    def peaks(self, clip: StoredClip, block: int) -> Any:
        """Find the shape of a minute of a clip's sound."""
        return self._read("peaks", clip.source, block)

    def recording(self, sent: Path, wav: Path) -> Any:
        """Keep the sound of what was sent."""
        return self._read("recording", sent, wav)

    def remove(self, clip: StoredClip) -> None:
        """Stop what is being done with a clip and remove what belongs to it."""
        for job in self.jobs.of(clip.id):
            self.jobs.stop(job.id)
        self.store.remove(clip)

    def save(self, clip: StoredClip, body: dict[str, Any], known: str) -> dict[str, Any]:
        """Save edits over the state that the page knows.

        Args:
            clip: The clip.
            body: ``edits`` and ``options`` of the edit script, whose ``face`` is meant, and the
                name of the ``page``: the others are told that it saved.
            known: Revision of that state.

        Returns:
            The new revision, the layout with estimated lengths, and what was made of these edits.
            (``BadEdit`` if they do not fit; ``UsageError`` if no face can be meant so.)

        Raises:
            Refused: If another page saved meanwhile.
        """
        face = body.get("face")
        if face is not None and not isinstance(face, str):
            raise Refused(422, "face: expected largest, or a number from the left.")
        FaceChoice.parse(face)
        with clip.writing():
            text = clip.known_script()
            if known != clip.revision(text):
                raise Refused(409, OTHER_PAGE)
            script = edited(self._loaded(text), body.get("edits"), body.get("options"))
            check_own(script)
            made = states(clip, script)  # they must fit before they are kept
            text = clip.save_script(script)
            self._last = text, script
        if face != clip.face:
            clip.note(face=face)
            made = states(clip, script)
        revision = clip.revision(text)
        self.events.publish({"clip": clip.id, "saved": revision, "by": _page(body)})
        return {"revision": revision} | made

    def proxy(self, clip: StoredClip) -> dict[str, Any]:
        """Queue a copy that the browser can show."""
        if clip.notes().get("proxy"):
            raise Refused(409, "a copy was asked for already.")
        clip.note(proxy=True)
        return self.jobs.submit("proxy", clip.id, partial(self._do, "proxy", clip)).to_dict()

    def look(self, clip: StoredClip) -> dict[str, Any]:
        """Queue a look at what speaks against the edits."""
        work = partial(self._do, "look", clip, told=self._telling(clip))
        return self.jobs.submit("look", clip.id, work).to_dict()

    def sounds(self, clip: StoredClip) -> dict[str, Any]:
        """Queue the speaking of the new words, and then a look at their faces."""
        work = partial(self._do, "sounds", clip, told=self._telling(clip))
        job = self.jobs.submit("sounds", clip.id, work).to_dict()
        self.look(clip)
        return job

    def takes(self, clip: StoredClip, edit: object, seeds: object) -> dict[str, Any]:
        """Queue takes of an edit.

        Refused is raised if these are no seeds, or there is no such edit now.
        """
        if not isinstance(seeds, list) or not 1 <= len(seeds) <= MOST_TAKES:
            raise Refused(422, f"seeds: expected 1 to {MOST_TAKES} whole numbers.")
        asked = [_seed(seed) for seed in seeds]
        key = self._edit(clip, edit)
        work = partial(self._do, "takes", clip, key, asked, told=self._telling(clip))
        return self.jobs.submit("takes", clip.id, work).to_dict()

    def choose(self, clip: StoredClip, edit: object, take: object) -> dict[str, Any]:
        """Choose the take of an edit that is exported.

        Refused is raised if there is no such edit, or it has no such take.
        """
        key = self._edit(clip, edit)
        if take not in [one["name"] for one in takes_of(clip, key)]:
            raise Refused(404, "no such take.")
        clip.note(chosen=clip.notes().get("chosen", {}) | {key: take})
        self._telling(clip)(None)
        return states(clip, self._loaded(clip.known_script()))

    def export(self, clip: StoredClip, body: dict[str, Any]) -> dict[str, Any]:
        """Queue an export.

        Refused is raised if nobody said that the person agreed, or nobody knows such an export.
        """
        consent, what = self._consent(clip, body), body.get("what", "video")
        if what not in WHAT:
            raise Refused(422, f"what: expected {' or '.join(WHAT)}.")
        work = partial(self._do, "export", clip, consent)
        if what == "package":
            own = body.get("subtitles")
            found = None if own is None else made_file(clip, "subtitles", str(own))
            work = partial(self._do, "package", clip, consent, package_options(body, found))
        return self._exporting("export", clip, work)

    def speak(self, clip: StoredClip, verb: Verb, body: dict[str, Any]) -> dict[str, Any]:
        """Queue new speech over all of a clip, or from a picture.

        Refused is raised if nobody said that the person agreed, or nothing is to be said.
        """
        seed = _seed(body.get("seed", 0))
        asked = asked_speech(clip, verb, body, self._consent(clip, body), seed)
        arguments = (asked.text, asked.recording, asked.run, asked.voice)
        work = partial(self._do, "speak", clip, verb, *arguments)
        return self._exporting(verb, clip, work)

    def _loaded(self, text: str) -> EditScript:
        """Read an edit script; the last one is at hand: a page saves with every key."""
        last = self._last
        if last is None or last[0] != text:
            last = self._last = text, loads(text)
        return last[1]

    def _edit(self, clip: StoredClip, edit: object) -> str:
        keys = edit_keys(self._loaded(clip.known_script()), clip.face)
        if edit not in keys:
            raise Refused(409, "there is no such edit now: it was changed.")
        return str(edit)

    def _do(self, task: str, *arguments: object, told: Tell | None = None) -> Any:
        """Let the engine do what a job is for."""
        jobs = self.jobs
        return self._engine.call(
            task, *arguments, told=told, on_progress=jobs.progress, cancel=jobs.cancel
        )

    def _read(self, task: str, *arguments: object) -> Any:
        """Let the reader open a file; one that takes for ever is hostile."""
        return self._reader.call(task, *arguments, limit_s=LONGEST_READ_S)

    def _telling(self, clip: StoredClip) -> Tell:
        """Return what tells every page how the edits of a clip are now."""

        def tell(_: object) -> None:
            self.events.publish({"clip": clip.id} | states(clip, self._loaded(clip.known_script())))

        return tell

    def _consent(self, clip: StoredClip, body: dict[str, Any]) -> str:
        consent = body.get("consent")
        if not isinstance(consent, str) or not consent.strip() or len(consent) > MOST_CONSENT:
            raise Refused(422, "say first that the person in the clip agreed to the edit.")
        clip.note(consent=consent.strip())
        return consent.strip()

    def _exporting(
        self, kind: Kind, clip: StoredClip, work: Callable[[], dict[str, Any]]
    ) -> dict[str, Any]:
        """Queue what makes files to be fetched."""

        def made() -> dict[str, Any]:
            edits = None
            if kind == "export":
                script = self._loaded(clip.known_script())
                edits = made_from(script, states(clip, script)["edits"])
            found = work()
            names = {file["name"] for file in found["files"]}
            before = [one for one in clip.notes().get("exports", []) if one["name"] not in names]
            clip.note(exports=[*before, *({**file, "of": edits} for file in found["files"])])
            return found

        return self.jobs.submit(kind, clip.id, made).to_dict()

    def _plain(self, job: Job, says: str) -> str:
        # On the page the option is a control of that name.
        return _without_path(says, self.store.get(job.clip)).replace("--face ", "Face ")


def _page(body: dict[str, Any]) -> str | None:
    """Return which page asks, if it says so."""
    name = body.get("page")
    return name if isinstance(name, str) and len(name) <= MOST_NAME else None


def _seed(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MOST_SEED:
        raise Refused(422, f"a seed is a whole number from 0 to {MOST_SEED}.")
    return value


def _without_path(says: str, clip: StoredClip) -> str:
    """Name a clip as the user does, not by where the studio keeps it."""
    return says.replace(str(clip.source), clip.source.name).replace(f"{clip.folder}/", "")
