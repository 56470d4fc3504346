"""What the studio answers and does, apart from how it is asked: clips, jobs and events together."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool

from facedit.editing.script import loads
from facedit.errors import FaceditError, UsageError
from facedit.face.choice import FaceChoice
from facedit.inputs import MOST_SEED, check_text
from facedit.options import OWN_VOICE, REGIONS, Run
from facedit.speech.whisper_words import Recogniser
from facedit.studio.clip_facts import facts_of
from facedit.studio.clip_store import Store, StoredClip, checked_edits, revision
from facedit.studio.edit_states import edit_keys, exports_of, made_from, states, takes_of
from facedit.studio.events import Events
from facedit.studio.job_queue import Job, Jobs, Kind
from facedit.studio.package import package_options
from facedit.studio.read_corrections import read_corrections
from facedit.studio.refused import Refused
from facedit.studio.session_jobs import Engine, Verb
from facedit.studio.studio_options import MOST_CONSENT, MOST_NAME, MOST_TAKES
from facedit.studio.uploads import RECORDING
from facedit.types import Word

_SOUND = re.compile(r"[0-9a-f]{16}(-context)?\.wav")
_TAKE = re.compile(r"[0-9a-f]{16}-\d{1,20}\.mp4")
_ANY = re.compile(r".+")
_OTHER = "another page has changed this clip: reload to go on from there."

WHAT = ("video", "package")
"""What can be exported."""


class Studio:
    """The clips and what is being done with them.

    Args:
        store: The clips.
        device: Where networks compute.
        recogniser: What recognises words; Whisper base if None.

    Attributes:
        store: The clips.
        events: What happens.
        jobs: What is being done.
    """

    def __init__(
        self, store: Store, device: str = "auto", recogniser: Recogniser | None = None
    ) -> None:
        self.store = store
        self.events = Events()
        self.jobs = Jobs(lambda job: self.events.publish({"job": job}), self._plain)
        self._engine = Engine(device, self.jobs.progress, self.jobs.cancel, recogniser)

    def close(self) -> None:
        """Stop everything."""
        self.events.close()
        self.jobs.close()
        self._engine.close()

    def clips(self) -> dict[str, Any]:
        """List what is open and what may be opened."""
        from facedit.speech.voice import voices

        clips = [{"id": clip.id, "name": clip.source.name} for clip in self.store.all()]
        return {
            "clips": clips,
            "offered": self.store.offered,
            "voices": ["auto", OWN_VOICE, *voices()],
            "regions": list(REGIONS),
        }

    async def opened(self, clip: StoredClip) -> dict[str, Any]:
        """Look at a clip that was just opened; one that is no good is removed.

        FaceditError is raised if it is no video, has no sound or is too long; without its path.
        """
        if "info" not in clip.notes():
            try:
                facts = await run_in_threadpool(facts_of, clip.source)
            except FaceditError as error:
                self.store.remove(clip)
                raise type(error)(_without_path(str(error), clip)) from error
            clip.note(info=facts)
        return self.state(clip)

    def state(self, clip: StoredClip) -> dict[str, Any]:
        """Return all that a page needs to go on where it was."""
        notes = clip.notes()
        text = clip.script_text()
        answer = {
            "id": clip.id,
            "name": clip.source.name,
            "info": notes.get("info"),
            "consent": notes.get("consent"),
            "face": clip.face,
            "proxy": bool(notes.get("proxy")),
            "exports": exports_of(clip),
            "jobs": [job.to_dict() for job in self.jobs.of(clip.id) if not job.is_over],
            "script": None,
            "edits": [],
            "warnings": [],
        }
        if text is None:
            return answer
        made = {"script": json.loads(text), "revision": revision(text)}
        return answer | made | states(clip, loads(text))

    def remove(self, clip: StoredClip) -> None:
        """Stop what is being done with a clip and remove what belongs to it."""
        for job in self.jobs.of(clip.id):
            self.jobs.stop(job.id)
        self.store.remove(clip)

    def save(self, clip: StoredClip, body: dict[str, Any], known: str) -> dict[str, Any]:
        """Save edits over the state that the page knows.

        Args:
            clip: The clip.
            body: ``edits`` and ``options`` of the edit script, and whose ``face`` is meant.
            known: Revision of that state.

        Returns:
            The new revision, the layout with estimated lengths, and what was made of these edits.
            (``BadEdit`` if they do not fit; ``UsageError`` if no face can be meant so.)

        Raises:
            Refused: If another page saved meanwhile.
        """
        text = clip.known_script()
        if known != revision(text):
            raise Refused(409, _OTHER)
        script = checked_edits(loads(text), body.get("edits"), body.get("options"))
        told = states(clip, script)
        face = body.get("face")
        if face is not None and not isinstance(face, str):
            raise Refused(422, "face: expected largest, or a number from the left.")
        FaceChoice.parse(face)
        if face != clip.face:
            clip.note(face=face)
            told = states(clip, script)
        text = clip.save_script(replace(script, plan=None))
        return {"revision": revision(text)} | told

    def words(self, clip: StoredClip, language: str | None) -> dict[str, Any]:
        """Queue the recognition of what is said."""
        if clip.script_text() is not None:
            raise Refused(409, "the words of this clip are known already.")
        known = 0

        def told(words: tuple[Word, ...]) -> None:
            # The last word may still grow; it is told of with the next ones.
            nonlocal known
            if new := [asdict(word) for word in words[known:-1]]:
                heard = {"from": known, "words": new, "until_s": words[-1].end_s, "done": False}
                self.events.publish({"clip": clip.id, "heard": heard})
                known += len(new)

        work = partial(self._engine.words, clip, language, told)
        return self.jobs.submit("words", clip.id, work).to_dict()

    def correct(self, clip: StoredClip, words: object, known: str) -> dict[str, Any]:
        """Queue corrections of what was heard.

        Refused is raised if they are none, or another page saved meanwhile.
        """
        if known != revision(clip.known_script()):
            raise Refused(409, _OTHER)
        corrections = read_corrections(words)

        def work() -> dict[str, Any]:
            made = self._engine.correct(clip, corrections)
            self.events.publish({"clip": clip.id, "changed": True})
            return made

        return self.jobs.submit("words", clip.id, work).to_dict()

    def proxy(self, clip: StoredClip) -> dict[str, Any]:
        """Queue a copy that the browser can show."""
        if clip.notes().get("proxy"):
            raise Refused(409, "a copy was asked for already.")
        clip.note(proxy=True)
        return self.jobs.submit("proxy", clip.id, lambda: self._engine.proxy(clip)).to_dict()

    def look(self, clip: StoredClip) -> dict[str, Any]:
        """Queue a look at what speaks against the edits."""
        work = partial(self._engine.look, clip, self._telling(clip))
        return self.jobs.submit("look", clip.id, work).to_dict()

    def sounds(self, clip: StoredClip) -> dict[str, Any]:
        """Queue the speaking of the new words, and then a look at their faces."""
        work = partial(self._engine.sounds, clip, self._telling(clip))
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
        work = partial(self._engine.takes, clip, key, asked, self._telling(clip))
        return self.jobs.submit("takes", clip.id, work).to_dict()

    def choose(self, clip: StoredClip, edit: object, take: object) -> dict[str, Any]:
        """Choose the take of an edit that is exported.

        Refused is raised if there is no such edit, or it has no such take.
        """
        key = self._edit(clip, edit)
        if take not in [one["name"] for one in takes_of(clip, key)]:
            raise Refused(404, "no such take.")
        clip.note(chosen=clip.notes().get("chosen", {}) | {key: take})
        return states(clip, loads(clip.known_script()))

    def export(self, clip: StoredClip, body: dict[str, Any]) -> dict[str, Any]:
        """Queue an export.

        Refused is raised if nobody said that the person agreed, or nobody knows such an export.
        """
        consent, what = self._consent(clip, body), body.get("what", "video")
        if what not in WHAT:
            raise Refused(422, f"what: expected {' or '.join(WHAT)}.")
        work = partial(self._engine.export, clip, consent)
        if what == "package":
            options = package_options(body.get("spans"))
            work = partial(self._engine.package, clip, consent, options)
        return self._exporting("export", clip, work)

    def speak(self, clip: StoredClip, verb: Verb, body: dict[str, Any]) -> dict[str, Any]:
        """Queue new speech over all of a clip, or from a picture.

        Refused is raised if nobody said that the person agreed, or nothing is to be said.
        """
        consent = self._consent(clip, body)
        text, voice = body.get("text"), body.get("voice", "auto")
        speech = body.get("speech")
        for name, value in (("text", text), ("speech", speech)):
            if value is not None and not isinstance(value, str):
                raise Refused(422, f"{name}: expected a text.")
        if not isinstance(voice, str) or (text is None) == (speech is None):
            raise Refused(422, "say what is spoken: a text with a voice, or a recording.")
        if text is not None:
            check_text(text, "the text", UsageError)
        recording = None if speech is None else self.made(clip, "recordings", speech)
        run = Run(seed=_seed(body.get("seed", 0)), consent=consent)
        work = partial(self._engine.speak, clip, verb, text, recording, run, voice)
        return self._exporting(verb, clip, work)

    def made(self, clip: StoredClip, kind: str, name: str) -> Path:
        """Find a file that was made.

        Refused is raised if there is none of that name.
        """
        folder, named = {
            "sounds": (clip.sounds_folder, _SOUND),
            "takes": (clip.takes_folder, _TAKE),
            "recordings": (clip.folder, RECORDING),
            "exports": (clip.exports_folder, _ANY),
        }.get(kind, (None, _ANY))
        if folder is not None:
            # Only a name that is in the folder is a file of it, whatever the name says.
            known = [file for file in folder.iterdir() if file.name == name and file.is_file()]
            if known and named.fullmatch(name):
                return known[0]
        raise Refused(404, f"nothing is called {name[:MOST_NAME]}.")

    def report(self, clip: StoredClip, name: str) -> Path:
        """Find the report of an export.

        Refused is raised if there is none of that name.
        """
        page = self.made(clip, "exports", name)
        page = page.with_name(f"{page.name}.report") / "report.html"
        if not page.is_file():
            raise Refused(404, "no such report.")
        return page

    def _edit(self, clip: StoredClip, edit: object) -> str:
        keys = edit_keys(loads(clip.known_script()), clip.face)
        if edit not in keys:
            raise Refused(409, "there is no such edit now: it was changed.")
        return str(edit)

    def _telling(self, clip: StoredClip) -> Callable[[], None]:
        """Return what tells every page how the edits of a clip are now."""

        def tell() -> None:
            self.events.publish({"clip": clip.id} | states(clip, loads(clip.known_script())))

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
            edits = made_from(clip) if kind == "export" else None
            found = work()
            names = {file["name"] for file in found["files"]}
            before = [one for one in clip.notes().get("exports", []) if one["name"] not in names]
            clip.note(exports=[*before, *({**file, "of": edits} for file in found["files"])])
            return found

        return self.jobs.submit(kind, clip.id, made).to_dict()

    def _plain(self, job: Job, says: str) -> str:
        # On the page the option is a control of that name.
        return _without_path(says, self.store.get(job.clip)).replace("--face ", "Face ")


def _seed(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MOST_SEED:
        raise Refused(422, f"a seed is a whole number from 0 to {MOST_SEED}.")
    return value


def _without_path(says: str, clip: StoredClip) -> str:
    """Name a clip as the user does, not by where the studio keeps it."""
    return says.replace(str(clip.source), clip.source.name).replace(f"{clip.folder}/", "")
