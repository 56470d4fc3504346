"""What the jobs do: words, new sounds, takes and exports, on sessions that stay warm."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

from facedit import api
from facedit.compose.plans import PlannedEdit, sound_notes, voices_of, word_notes
from facedit.compose.session import Session
from facedit.editing.script import EditScript, ScriptSource, loads
from facedit.media.output import whole_or_nothing
from facedit.media.probe import probe
from facedit.media.side_by_side import Column, videos_beside
from facedit.media.wav import write_wav
from facedit.media.write_options import WriteOptions
from facedit.options import EditRequest, Run
from facedit.progress import OnProgress, StageClock
from facedit.provenance.library import sidecar_of
from facedit.speech.whisper_words import Recogniser
from facedit.studio.clip_store import StoredClip
from facedit.studio.refused import Refused
from facedit.weights.fetch import sha256_of

_WARM = 2
"""Clips whose findings are held."""

AROUND_S = 1.0
"""Sound on either side of new words that are heard in context."""

PROXY_ROWS = 720
"""Most rows of a copy that is only looked at."""

_UNKNOWN = 1e6
"""Stands for a jump that could not be measured: such a take is never called the best."""


class Engine:
    """The sessions of the clips that were edited last.

    Args:
        device: Where networks compute.
        on_progress: Told of every step.
        cancel: Stops what is being done.
        recogniser: What recognises words; Whisper base if None.
    """

    def __init__(
        self,
        device: str,
        on_progress: OnProgress,
        cancel: Event,
        recogniser: Recogniser | None = None,
    ) -> None:
        self._device, self._on_progress, self._cancel = device, on_progress, cancel
        self._recogniser = recogniser
        self._sessions: OrderedDict[str, Session] = OrderedDict()
        self._planned: tuple[str, str, PlannedEdit] | None = None

    def words(self, clip: StoredClip, language: str | None) -> dict[str, Any]:
        """Recognise what is said and begin a script."""
        session = self._session(clip)
        transcript = session.transcript(None, language, self._recogniser)
        info = session.info
        source = ScriptSource(
            clip.source.name, info.duration_s, info.frame_rate, sha256_of(clip.source)
        )
        clip.save_script(
            EditScript(source, transcript, (), {"voice": "auto", "region": "lips", "seed": 0})
        )
        return {"words": len(transcript.words)}

    def sounds(self, clip: StoredClip) -> dict[str, Any]:
        """Let the new words be spoken and lay them out."""
        key, planned = self._plan(clip)
        voices = voices_of(planned)
        output = self._session(clip).sound(planned)
        sounds: list[str | None] = []
        contexts: list[str] = []
        pairs = zip(planned.snippets, planned.plan.fills, strict=True)
        for number, (snippet, fill) in enumerate(pairs):
            name, context = f"{key}-{number}.wav", f"{key}-{number}-context.wav"
            if snippet is not None:
                write_wav(clip.sounds_folder / name, snippet.sound, force=True)
            around = output.window(fill.output_start_s - AROUND_S, fill.output_end_s + AROUND_S)
            write_wav(clip.sounds_folder / context, around, force=True)
            sounds.append(None if snippet is None else name)
            contexts.append(context)
        warnings = [choice.warning for choice in voices if choice.warning]
        answer = {
            "key": key,
            "plan": planned.plan.to_dict(),
            "sounds": sounds,
            "contexts": contexts,
            "voices": [str(choice) for choice in voices],
            "warnings": [*warnings, *word_notes(planned), *sound_notes(planned)],
        }
        _write(clip.sounds_folder / f"{key}.json", answer)
        return answer

    def takes(
        self, clip: StoredClip, seeds: Sequence[int], made: Callable[[dict[str, Any]], object]
    ) -> dict[str, Any]:
        """Make takes, one file a seed; ``made`` is told of each as it is there."""
        key, planned = self._plan(clip)
        if not planned.edits:
            raise Refused(422, "nothing is edited yet: there is nothing to take.")
        session = self._session(clip)
        for seed in seeds:
            name = f"{key}-{seed}"
            output = clip.takes_folder / f"{name}{clip.source.suffix}"
            run = replace(planned.run, seed=seed, face=clip.face, force=True)
            result = session.render(planned, output, run=run)
            (report,) = result.details["reports"]
            shown = output
            if clip.notes().get("proxy"):
                shown = clip.takes_folder / f"{name}-shown.mp4"
                self._copy(output, shown)
            take = {
                "name": name,
                "shown": shown.name,
                "seed": seed,
                "seams": report["seams"],
                "warnings": report["warnings"],
                "plan": report["plan"],
                "worst": _worst(report["seams"]),
            }
            _write(clip.takes_folder / f"{name}.json", take)
            made(take)
        return {"key": key, "seeds": list(seeds)}

    def proxy(self, clip: StoredClip) -> dict[str, Any]:
        """Make a copy of the source that browsers can show; edits and exports use the source."""
        self._copy(clip.source, clip.proxy)
        return {}

    def export(self, clip: StoredClip, seed: int, consent: str) -> dict[str, Any]:
        """Make the video of a take with the statement of consent in it, and its edit script."""
        key, planned = self._plan(clip)
        session, folder = self._session(clip), clip.exports_folder
        output = folder / f"{clip.source.stem}-edited{clip.source.suffix}"
        script = folder / f"{clip.source.stem}-edit.json"
        run = replace(planned.run, seed=seed, face=clip.face, force=True, consent=consent)
        session.render(planned, output, run=run, save_script=script)
        made = {"key": key, "video": output.name, "script": script.name}
        beside = sidecar_of(output)
        if beside is not None and beside.is_file():
            made["manifest"] = beside.name
        clip.note(exported=made)
        return made

    def forget(self, clip: StoredClip) -> None:
        """Let go of a clip."""
        if (session := self._sessions.pop(clip.id, None)) is not None:
            session.close()

    def close(self) -> None:
        """Let go of all clips."""
        for session in self._sessions.values():
            session.close()
        self._sessions.clear()

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

    def _plan(self, clip: StoredClip) -> tuple[str, PlannedEdit]:
        """Plan the script as it is saved, by the road of ``facedit edit --script``."""
        text = clip.known_script()
        key = clip.key(loads(text))
        if self._planned is None or self._planned[:2] != (clip.id, key):
            self._planned = None
            # The page may save the next state meanwhile.
            frozen = clip.folder / "planned.json"
            with whole_or_nothing(frozen, force=True) as temporary:
                temporary.write_text(text, encoding="utf-8")
            planned = self._session(clip).plan(EditRequest(script=frozen))
            self._planned = (clip.id, key, planned)
        return key, self._planned[2]


def _worst(seams: list[dict[str, Any]]) -> float:
    """Return the largest jump of a take over the largest that the clip makes by itself."""
    jumps = [seam[kind] for seam in seams for kind in ("motion", "velocity", "picture")]
    shares = [
        jump["value"] / jump["high"]
        for jump in jumps
        if jump is not None and jump["value"] is not None and jump["high"]
    ]
    return max(shares, default=_UNKNOWN)


def _write(file: Path, data: dict[str, Any]) -> None:
    with whole_or_nothing(file, force=True) as temporary:
        temporary.write_text(json.dumps(data), encoding="utf-8")
