"""What the jobs do: words, new sounds, takes and exports, on sessions that stay warm."""

from __future__ import annotations

import json
import shutil
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import astuple, replace
from pathlib import Path
from threading import Event
from typing import Any

from facedit import api
from facedit.compose.session.results import Result
from facedit.compose.session.session import Session
from facedit.compose.words.plans import PlannedEdit, sound_notes, word_notes
from facedit.editing.corrections import Correction
from facedit.editing.plan import Fill
from facedit.editing.script import EditScript, ScriptSource, dumps, loads
from facedit.interchange.export_options import ExportOptions
from facedit.media.output import whole_or_nothing
from facedit.media.probe import probe
from facedit.media.side_by_side import Column, videos_beside
from facedit.media.sound import read_sound
from facedit.media.wav import write_wav
from facedit.media.write_options import WriteOptions
from facedit.options import EditRequest, Run
from facedit.progress import OnProgress, StageClock
from facedit.provenance.library import sidecar_of
from facedit.scale.task_process import Tell
from facedit.speech.recognition.whisper_words import Recogniser
from facedit.studio.clip_store import StoredClip
from facedit.studio.edit_states import edit_keys, resolved, spoken_of, states
from facedit.studio.export_wishes import Verb
from facedit.studio.package import write_package
from facedit.studio.peaks import shape
from facedit.studio.refused import Refused
from facedit.studio.shown_wishes import of_whole
from facedit.types import Sound, Transcript, Word

_WARM = 2
"""Clips whose findings are held."""

AROUND_S = 1.0
"""Sound on either side of new words that are heard in context."""

PROXY_ROWS = 720
"""Most rows of a copy that is only looked at."""


class Engine:
    """The sessions of the clips that were edited last, in a process of their own (``Worker``).

    Whatever is made is told of when it is there.

    Args:
        device: Where networks compute.
        recogniser: What recognises words; Whisper base if None.
        on_progress: Told of every step.
        cancel: Stops what is being done.
    """

    def __init__(
        self,
        device: str,
        recogniser: Recogniser | None,
        on_progress: OnProgress,
        cancel: Event,
    ) -> None:
        self._device, self._on_progress, self._cancel = device, on_progress, cancel
        self._recogniser = recogniser
        self._sessions: OrderedDict[str, Session] = OrderedDict()
        self._planned: tuple[str, str, PlannedEdit] | None = None

    def words(
        self, clip: StoredClip, language: str | None, start_s: float, tell: Tell
    ) -> dict[str, Any]:
        """Recognise what is said from a time on.

        Told are parts: one that is under way with no source, whose words may still change; and each
        once more with the source, as it stays.
        """
        session = self._session(clip)
        info = session.info
        source = ScriptSource(clip.source.name, info.duration_s, info.frame_rate)

        def so_far(words: tuple[Word, ...]) -> None:
            if len(words) > 1:  # the last one may still grow
                tell((None, Transcript(words[:-1], words[-1].end_s)))

        if start_s < info.duration_s:
            for part in session.transcript_parts(language, self._recogniser, so_far, start_s):
                tell((source, part))
        return {}

    def given(self, clip: StoredClip, file: Path) -> tuple[ScriptSource, Transcript]:
        """Read what is said in a clip; where the file does not say when, the sound does."""
        info = self._session(clip).info
        source = ScriptSource(clip.source.name, info.duration_s, info.frame_rate)
        return source, self._session(clip).transcript(file)

    def correct(
        self, clip: StoredClip, corrections: Sequence[Correction]
    ) -> tuple[str, EditScript]:
        """Correct what was heard; returns the text of the script, and the corrected script.

        Edits stay over their words.
        """
        text = clip.known_script()
        script = loads(text)
        transcript, place = self._session(clip).correct(script.transcript, corrections)
        moved = [(place(edit), own) for edit, own in zip(script.edits, script.own, strict=True)]
        kept = [(edit, own) for edit, own in moved if edit is not None]
        edits, own = tuple(edit for edit, _ in kept), tuple(own for _, own in kept)
        # Read once more: what does not fit together is refused here.
        made = dumps(replace(script, transcript=transcript, edits=edits, own=own, plan=None))
        return text, loads(made)

    def look(self, clip: StoredClip, tell: Tell) -> dict[str, Any]:
        """Look what speaks against the edits, and track their faces for takes on the way."""
        script = loads(clip.known_script())
        keys = edit_keys(script, clip.face)
        if script.edits and not all((clip.looks_folder / f"{key}.json").is_file() for key in keys):
            run = Run(device=self._device, face=clip.face)
            found = self._session(clip).look(script.transcript, script.edits, run=run)
            for key, doubts in zip(keys, found, strict=True):
                _write(clip.looks_folder / f"{key}.json", [one.to_dict() for one in doubts])
            tell(None)
        return {}

    def sounds(self, clip: StoredClip, tell: Tell) -> dict[str, Any]:
        """Let the new words be spoken."""
        keys, planned = self._plan(clip)
        output = self._session(clip).sound(planned)
        pairs = zip(keys, planned.snippets, planned.plan.fills, strict=True)
        for number, (key, snippet, fill) in enumerate(pairs):
            if spoken_of(clip, key) is not None:
                continue
            name, context, source = (f"{key}{part}.wav" for part in ("", "-context", "-source"))
            if snippet is not None:
                write_wav(clip.sounds_folder / name, snippet.sound, force=True)
            around = output.window(fill.output_start_s - AROUND_S, fill.output_end_s + AROUND_S)
            write_wav(clip.sounds_folder / context, around, force=True)
            write_wav(clip.sounds_folder / source, self._shot(clip, fill), force=True)
            new = output.window(fill.output_start_s, fill.output_end_s)
            choice = snippet.choice if snippet is not None else None
            one = replace(
                planned,
                edits=planned.edits[number : number + 1],
                snippets=planned.snippets[number : number + 1],
            )
            heard = sound_notes(replace(one, plan=replace(planned.plan, segments=(fill,))))
            doubts = [choice.warning] if choice and choice.warning else []
            told = {
                "sound": None if snippet is None else name,
                "context": context,
                "source": source,
                "words": [] if snippet is None else [astuple(w) for w in snippet.transcript.words],
                "shape": shape(new),
                "speech_s": fill.speech_s,
                "joint": [fill.source_start_s, fill.source_end_s],
                "voice": str(choice) if choice else "",
                "voice_name": choice.voice.name if choice else None,
                "warnings": [*doubts, *word_notes(one), *heard],
            }
            _write(clip.sounds_folder / f"{key}.json", told)
            tell(None)
        return {"edits": len(keys)}

    def _shot(self, clip: StoredClip, fill: Fill) -> Sound:
        """Read what was said where an edit is, with what is around."""
        info = self._session(clip).info
        start_s = max(fill.source_start_s - AROUND_S, 0.0)
        end_s = min(fill.source_end_s + AROUND_S, info.duration_s)
        return read_sound(clip.source, start_s, end_s, info=info)

    def takes(self, clip: StoredClip, key: str, seeds: Sequence[int], tell: Tell) -> dict[str, Any]:
        """Make takes of one edit, a small file a seed; each is told of as it is there."""
        self.sounds(clip, tell)
        keys, planned = self._plan(clip)
        if key not in keys:
            raise Refused(409, "this edit is not as it was: ask for takes of it as it is now.")
        run = replace(planned.run, face=clip.face)
        for seed in seeds:
            preview = clip.takes_folder / f"{key}-{seed}.mp4"
            take = self._session(clip).take(planned, keys.index(key), preview, seed=seed, run=run)
            told = {"name": preview.stem, "seed": seed, "preview": preview.name, **take.to_dict()}
            _write(clip.takes_folder / f"{preview.stem}.json", told)
            tell(None)
        return {"key": key, "seeds": list(seeds)}

    def proxy(self, clip: StoredClip) -> dict[str, Any]:
        """Make a copy of the source that browsers can show; edits and exports use the source."""
        self._copy(clip.source, clip.proxy)
        return {}

    def package(self, clip: StoredClip, consent: str, options: ExportOptions) -> dict[str, Any]:
        """Make the chosen takes into files for other programs, in one to be fetched."""
        _, planned = self._plan(clip)
        output = clip.exports_folder / f"{clip.source.stem}-package.zip"
        run = replace(planned.run, face=clip.face, consent=consent)
        write_package(self._session(clip), planned, output, options, run)
        return {"files": [{"name": output.name, "what": "package"}]}

    def export(self, clip: StoredClip, consent: str) -> dict[str, Any]:
        """Make the video of the chosen takes, with the statement of consent, and its script."""
        _, planned = self._plan(clip)
        session, folder = self._session(clip), clip.exports_folder
        output = folder / f"{clip.source.stem}-edited{clip.source.suffix}"
        script = folder / f"{clip.source.stem}-edit.json"
        run = replace(planned.run, face=clip.face, force=True, consent=consent)
        session.render(planned, output, run=run, save_script=script)
        recordings = {own.speech for own in planned.own if own.speech}
        for name in recordings:
            with whole_or_nothing(folder / name, force=True) as temporary:
                shutil.copyfile(clip.folder / name, temporary)
        named = {f"recording {n}": folder / name for n, name in enumerate(sorted(recordings), 1)}
        return _files(output, {"script": script} | named)

    def speak(
        self, clip: StoredClip, verb: Verb, text: str | None, speech: Path | None, run: Run,
        voice: str,
    ) -> dict[str, Any]:  # fmt: skip
        """Put new speech over the whole clip, or let a picture speak."""
        session = self._session(clip)
        run = replace(run, device=self._device, face=clip.face, force=True)
        said = session.speak(text, recording=speech, voice=voice)
        suffix = clip.source.suffix if verb == "sync" else ".mp4"
        output = clip.exports_folder / f"{clip.source.stem}-{verb}{suffix}"
        made: Callable[..., Result] = session.sync if verb == "sync" else session.generate
        made(said, output, run=run)
        shown = output
        if clip.notes().get("proxy") and verb == "sync":
            shown = output.with_name(f"{output.stem}-shown.mp4")
            self._copy(output, shown)
        words = said.words.words if said.words else ()
        wishes = of_whole(run.expression, words, probe(output).duration_s)
        told = {"name": output.name, "shown": shown.name, "wishes": wishes}
        return _files(output, {}) | told | {"shape": shape(said.sound)}

    def _copy(self, video: Path, copy: Path) -> None:
        """Copy a video in a codec that browsers show, with the same times."""
        info = probe(video)
        clock = StageClock(self._on_progress, self._cancel)
        with clock.stage("making a copy that the browser shows", info.frame_count) as tick:
            height = min(info.height, PROXY_ROWS)
            options = WriteOptions(force=True)
            videos_beside((Column(video),), copy, height=height, options=options, progress=tick)

    def _session(self, clip: StoredClip) -> Session:
        if clip.id not in self._sessions:
            self._sessions[clip.id] = api.open(
                clip.source,
                run=Run(device=self._device),
                on_progress=self._on_progress,
                cancel=self._cancel,
            )
        self._sessions.move_to_end(clip.id)
        while len(self._sessions) > _WARM:
            _, unused = self._sessions.popitem(last=False)
            unused.close()
        return self._sessions[clip.id]

    def _plan(self, clip: StoredClip) -> tuple[tuple[str, ...], PlannedEdit]:
        """Plan the script as it is saved, by the road of ``facedit edit --script``."""
        script = loads(clip.known_script())
        if not script.edits:
            raise Refused(422, "nothing is edited yet: there is nothing to take.")
        keys = edit_keys(script, clip.face)
        text = dumps(resolved(script, states(clip, script)["edits"]))
        if self._planned is None or self._planned[:2] != (clip.id, text):
            self._planned = None
            # The page may save the next state meanwhile.
            frozen = clip.folder / "planned.json"
            with whole_or_nothing(frozen, force=True) as temporary:
                temporary.write_text(text, encoding="utf-8")
            planned = self._session(clip).plan(EditRequest(script=frozen))
            self._planned = (clip.id, text, planned)
        return keys, self._planned[2]


def _files(output: Path, more: dict[str, Path]) -> dict[str, Any]:
    """Name what an export consists of."""
    beside = sidecar_of(output)
    named = {"video": output} | more
    if beside is not None and beside.is_file():
        named["manifest"] = beside
    return {"files": [{"name": file.name, "what": what} for what, file in named.items()]}


def _write(file: Path, data: object) -> None:
    with whole_or_nothing(file, force=True) as temporary:
        temporary.write_text(json.dumps(data), encoding="utf-8")
