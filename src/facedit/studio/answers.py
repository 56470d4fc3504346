"""What the studio answers and does, apart from how it is asked: clips, jobs and events together."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool

from facedit.editing.estimate import estimated_plan
from facedit.editing.script import EditScript, loads
from facedit.errors import BadMedia, FaceditError
from facedit.face.choice import FaceChoice
from facedit.inputs import MOST_SEED
from facedit.media.info import VideoInfo
from facedit.media.probe import probe
from facedit.options import REGIONS
from facedit.speech.whisper_words import Recogniser
from facedit.studio.clip_store import Store, StoredClip, checked_edits, revision
from facedit.studio.events import Events
from facedit.studio.job_queue import Job, Jobs
from facedit.studio.refused import Refused
from facedit.studio.session_jobs import Engine
from facedit.studio.studio_options import LONGEST_S, MOST_NAME, MOST_TAKES

_FILE = re.compile(r"[0-9a-f]{16}-\d{1,10}(-context|-shown)?\.\w{1,4}")
_TAKE = re.compile(r"[0-9a-f]{16}-\d{1,10}")


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
            "voices": ["auto", *voices()],
            "regions": list(REGIONS),
        }

    async def opened(self, clip: StoredClip) -> dict[str, Any]:
        """Look at a clip that was just opened; one that is no good is removed.

        FaceditError is raised if it is no video, has no sound or is too long; without its path.
        """
        if "info" not in clip.notes():
            try:
                info = await run_in_threadpool(probe, clip.source, need_sound=True)
                if info.duration_s > LONGEST_S:
                    raise BadMedia(
                        f"{clip.source.name} lasts {info.duration_s / 60:.0f} minutes; the studio "
                        f"takes {LONGEST_S / 60:.0f}: cut it, or use facedit edit."
                    )
            except FaceditError as error:
                self.store.remove(clip)
                raise type(error)(_without_path(str(error), clip)) from error
            clip.note(info=_facts(info))
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
            "exported": notes.get("exported"),
            "jobs": [job.to_dict() for job in self.jobs.of(clip.id) if not job.is_over],
            "script": None,
        }
        if text is None:
            return answer
        script = loads(text)
        key = clip.key(script)
        heard = clip.sounds_folder / f"{key}.json"
        return answer | {
            "script": json.loads(text),
            "revision": revision(text),
            "key": key,
            "sounds": json.loads(heard.read_text("utf-8")) if heard.is_file() else None,
            "takes": clip.takes(key),
        }

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
            raise Refused(409, "another page has changed this clip: reload to go on from there.")
        script = checked_edits(loads(text), body.get("edits"), body.get("options"))
        plan = _estimate(script)
        face = body.get("face")
        if face is not None and not isinstance(face, str):
            raise Refused(422, "face: expected largest, or a number from the left.")
        FaceChoice.parse(face)
        if face != clip.face:
            clip.note(face=face)
        text = clip.save_script(replace(script, plan=None))
        key = clip.key(script)
        heard = clip.sounds_folder / f"{key}.json"
        return {
            "revision": revision(text),
            "key": key,
            "plan": plan,
            "sounds": json.loads(heard.read_text("utf-8")) if heard.is_file() else None,
            "takes": clip.takes(key),
        }

    def words(self, clip: StoredClip, language: str | None) -> dict[str, Any]:
        """Queue the recognition of what is said."""
        if clip.script_text() is not None:
            raise Refused(409, "the words of this clip are known already.")
        job = self.jobs.submit("words", clip.id, lambda: self._engine.words(clip, language))
        return job.to_dict()

    def proxy(self, clip: StoredClip) -> dict[str, Any]:
        """Queue a copy that the browser can show; takes get one too from now on."""
        if clip.notes().get("proxy"):
            raise Refused(409, "a copy was asked for already.")
        clip.note(proxy=True)
        return self.jobs.submit("proxy", clip.id, lambda: self._engine.proxy(clip)).to_dict()

    def sounds(self, clip: StoredClip) -> dict[str, Any]:
        """Queue the speaking of the new words."""
        return self.jobs.submit("sounds", clip.id, lambda: self._engine.sounds(clip)).to_dict()

    def takes(self, clip: StoredClip, seeds: object) -> dict[str, Any]:
        """Queue takes.

        Refused is raised if these are no seeds.
        """
        if not isinstance(seeds, list) or not 1 <= len(seeds) <= MOST_TAKES:
            raise Refused(422, f"seeds: expected 1 to {MOST_TAKES} whole numbers.")
        asked = [_seed(seed) for seed in seeds]

        def made(take: dict[str, Any]) -> None:
            self.events.publish({"take": take, "clip": clip.id})

        job = self.jobs.submit("takes", clip.id, lambda: self._engine.takes(clip, asked, made))
        return job.to_dict()

    def export(self, clip: StoredClip, seed: object, consent: object) -> dict[str, Any]:
        """Queue an export.

        Refused is raised if nobody said that the person agreed.
        """
        if not isinstance(consent, str) or not consent.strip() or len(consent) > 1000:
            raise Refused(422, "say first that the person in the clip agreed to the edit.")
        chosen, said = _seed(seed), consent.strip()
        clip.note(consent=said)
        job = self.jobs.submit("export", clip.id, lambda: self._engine.export(clip, chosen, said))
        return job.to_dict()

    def made(self, clip: StoredClip, kind: str, name: str) -> Path:
        """Find a file that was made.

        Refused is raised if there is none of that name.
        """
        folder = {
            "sounds": clip.sounds_folder,
            "takes": clip.takes_folder,
            "exports": clip.exports_folder,
        }.get(kind)
        if folder is not None:
            # Only a name that is in the folder is a file of it, whatever the name says.
            known = [file for file in folder.iterdir() if file.name == name and file.is_file()]
            if known and (kind == "exports" or _FILE.fullmatch(name)):
                return known[0]
        raise Refused(404, f"nothing is called {name[:MOST_NAME]}.")

    def report(self, clip: StoredClip, name: str) -> Path:
        """Find the report of a take.

        Refused is raised if there is none of that name.
        """
        page = clip.takes_folder / f"{name}{clip.source.suffix}.report" / "report.html"
        if not _TAKE.fullmatch(name) or not page.is_file():
            raise Refused(404, "no such take.")
        return page

    def _plain(self, job: Job, says: str) -> str:
        # On the page the option is a control of that name.
        return _without_path(says, self.store.get(job.clip)).replace("--face ", "Face ")


def _estimate(script: EditScript) -> dict[str, Any]:
    source = script.source
    return estimated_plan(
        script.edits,
        script.transcript,
        source_duration_s=source.duration_s,
        frame_rate=source.frame_rate,
    ).to_dict()


def _seed(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MOST_SEED:
        raise Refused(422, f"a seed is a whole number from 0 to {MOST_SEED}.")
    return value


def _facts(info: VideoInfo) -> dict[str, Any]:
    return {
        "duration_s": info.duration_s,
        "width": info.width,
        "height": info.height,
        "frame_rate": float(info.frame_rate),
        "codec": info.codec,
    }


def _without_path(says: str, clip: StoredClip) -> str:
    """Name a clip as the user does, not by where the studio keeps it."""
    return says.replace(str(clip.source), clip.source.name).replace(f"{clip.folder}/", "")
