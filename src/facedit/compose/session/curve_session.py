"""A take of curves that is edited by words: the road of a video's edit, without pictures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from fractions import Fraction
from functools import partial
from pathlib import Path
from threading import Event

import numpy as np

from facedit.compose.frames.base import TrackedWindow
from facedit.compose.frames.output_sound import with_sound
from facedit.compose.frames.spans import VideoBase, tracked_part
from facedit.compose.session.checks import check_run
from facedit.compose.session.curve_rows import RowSeam, edited_rows
from facedit.compose.session.performance import SIDE, mean_face
from facedit.compose.session.results import Result, describe, take_files
from facedit.compose.session.session import Session
from facedit.compose.session.verbs import edit_job, planned_sound
from facedit.compose.source.clip import Clip
from facedit.compose.source.models import Models
from facedit.compose.source.sources import source_paths
from facedit.compose.takes.job import Ready
from facedit.compose.takes.motions import draw_motions
from facedit.compose.words.asked_voice import asked_voice
from facedit.compose.words.plans import PlannedEdit, voices_of
from facedit.editing.plan import EditPlan
from facedit.errors import BadMedia, NoSound, UsageError
from facedit.media.info import VideoInfo, new_video_info
from facedit.media.output import check_output, whole_or_nothing
from facedit.media.rendering import Rendering
from facedit.media.sound import read_speech_file, write_wav
from facedit.motion.curve_map import curve_map
from facedit.motion.live_link import CurveTake, read_live_link, write_take
from facedit.motion.mesh_space import MeshSpace
from facedit.options import EditRequest, Run
from facedit.progress import OnProgress
from facedit.render.bank import ReferenceBank
from facedit.report.run_report import Figure
from facedit.types import FaceTrack, Float64, Sound

SUFFIX = ".csv"
"""Of a take of curves."""

SOUNDS = (".wav", ".mov", ".mp4", ".m4a", ".mp3", ".flac", ".ogg")
"""Files beside a take that may be its sound, by what stands first."""

APART_S = 1.0
"""A take and its sound differ in length by no more."""

_SCALE = 32768 / 32767
"""Samples of 16 bits are read as n / 32768 and written as n / 32767."""


class CurveSession(Session):
    """A take of the Live Link Face app that stays open, with its sound.

    What the session of a video does with words, plans and scripts it does with the sound. BadMedia
    is raised if the take is none, or the sound is not of its length, NoSound if none is beside it.

    Args:
        source: The take.
        audio: Its sound; the file of its name beside it if None.
        run: Options of everything that is made.
        on_progress: Told of every step of every stage.
        cancel: Once set, the call at work stops within a second and raises ``Cancelled``.
    """

    def __init__(
        self,
        source: Path,
        audio: Path | None = None,
        run: Run | None = None,
        *,
        on_progress: OnProgress | None = None,
        cancel: Event | None = None,
    ) -> None:
        self._file, self._take = Path(source), read_live_link(Path(source))
        super().__init__(_sound_of(self._file, audio), run, on_progress=on_progress, cancel=cancel)

    def edit(self, request: EditRequest, output: Path, save_script: Path | None = None) -> Result:
        """Change words.

        Args:
            request: What shall change.
            output: The edited take, ``.csv``; further takes go beside it, and so does the sound.
            save_script: Where to save the edit script, if anywhere.

        Returns:
            The outputs. (``FaceditError`` if the input or the request is bad.)
        """
        self._check(output, self.run, request, save_script)
        return self.render(self.plan(request), output, save_script=save_script)

    def render(
        self,
        planned: PlannedEdit,
        output: Path,
        *,
        run: Run | None = None,
        save_script: Path | None = None,
        written: Callable[[Rendering], Rendering] | None = None,
    ) -> Result:
        """Make the take of a plan; ``written`` is for pictures, of which there are none.

        The arguments are otherwise those of ``Session.render``, the errors too.
        """
        run = run or planned.run
        self._check(output, run, planned.request, save_script)
        outputs, heard = take_files(output, run.takes), output.with_suffix(".wav")
        with self._busy:
            ready = self._edit(planned, run)
            motions = draw_motions(ready, run.takes)
            seams: list[RowSeam] = []
            for place, file in enumerate(outputs):
                works, _ = motions.works(place)
                with self._clock.stage("curves"):
                    made = partial(edited_rows, self._take, ready.job.base, works)
                    rows, found = self._clock.apart(
                        partial(made, self._clip.landmarker, MeshSpace.load())
                    )
                seams = seams or list(found)
                with whole_or_nothing(file, run.force) as part:
                    write_take(part, self._take, rows)
            sound = planned_sound(self._clip, planned)
            samples = np.concatenate(list(sound.blocks())) * np.float32(_SCALE)
            write_wav(heard, Sound(samples, sound.rate), force=run.force)
            if save_script is not None:
                self.save_script(planned, save_script, run=run)
            self._clock.seconds.clear()
        return _result(planned, ready, outputs, heard, seams)

    def _check(
        self, output: Path, run: Run, request: EditRequest, save_script: Path | None
    ) -> None:
        """Refuse before any work what cannot end well."""
        if output.suffix.lower() != SUFFIX:
            raise UsageError(f"{output.name}: an edited take of curves is written as {SUFFIX}.")
        given = [self._file, self._clip.path, *request.speech]
        given += [one for one in (request.transcript, request.script, request.footage) if one]
        check_run(run, (), given, script=save_script, voice=asked_voice(request))
        for file in (*take_files(output, run.takes), output.with_suffix(".wav")):
            check_output(file, run.force, given)

    def _opened(self, path: Path) -> Clip:
        return Clip(path, self._clock, info=_described(self._file, self._take, path), keep=True)

    def _edit(self, planned: PlannedEdit, run: Run) -> Ready:
        base = VideoBase(
            self._clip,
            self.info,
            planned.plan,
            curve_windows(self._take, planned.plan),
            source_paths(planned.plan),
        )
        return self._prepared(planned, run, lambda: edit_job(self._clip, planned, run, base))

    def _models(self, windows: object, run: Run) -> tuple[Models, dict[str, Figure]]:
        found = super()._models((), run)
        if not isinstance(found[0].space, MeshSpace):
            raise UsageError(f"weights of the motion space {found[0].space.name} move no curves.")
        return found


def curve_windows(take: CurveTake, plan: EditPlan) -> tuple[TrackedWindow, ...]:
    """Return the mean face that shows a take's curves, in the parts that the spans of a plan need.

    Args:
        take: The take.
        plan: The plan.

    Returns:
        The parts, as if they had been tracked.
    """
    face, windows = MeshSpace.load(), []  # whose mean face the maps are of
    for part in dict.fromkeys(tracked_part(plan, span) for span in plan.picture_spans()):
        rows = (take.times_s >= part[0] - 1e-6) & (take.times_s <= part[1] + 1e-6)
        track = shown_track(face, take.times_s[rows], take.values[rows])
        windows.append(TrackedWindow(*part, track, ReferenceBank()))
    return tuple(windows)


def shown_track(face: MeshSpace, times_s: Float64, curves: Float64) -> FaceTrack:
    """Return the mean face of a space that shows curves, (F, 61), as if it had been tracked."""
    landmarks = face.decode(curve_map().motion(face, curves), mean_face(face))
    return FaceTrack(times_s, landmarks, np.ones(len(times_s), np.float32), SIDE, SIDE)


def _sound_of(take: Path, audio: Path | None) -> Path:
    if audio is not None:
        return audio
    for suffix in SOUNDS:
        if (beside := take.with_suffix(suffix)).is_file():
            return beside
    raise NoSound(f"{take}: no sound of its name is beside it: give it by --audio.")


def _described(file: Path, take: CurveTake, path: Path) -> VideoInfo:
    """Describe a take and its sound as a video without pictures."""
    sound = read_speech_file(path)
    times_s = take.times_s
    duration_s = float(times_s[-1]) + 1 / take.rate
    if abs(sound.duration_s - duration_s) > APART_S:
        raise BadMedia(
            f"{file.name} lasts {duration_s:.1f} s, {path.name} {sound.duration_s:.1f} s: they are "
            "not of one recording; give its sound by --audio."
        )
    info = replace(
        new_video_info(SIDE, SIDE, Fraction(take.rate)),
        path=path,
        codec="",
        duration_s=duration_s,
        frame_count=len(times_s),
        is_variable=bool(np.ptp(np.diff(take.stamps)) > 1),
    )
    return with_sound(info, sound)


def _result(
    planned: PlannedEdit,
    ready: Ready,
    outputs: tuple[Path, ...],
    heard: Path,
    seams: list[RowSeam],
) -> Result:
    voices = voices_of(planned)
    lines = [describe(planned), *(f"voice: {choice}" for choice in voices)]
    lines += [*map(str, outputs), f"{heard}  (its sound)"]
    notes = [*ready.job.notes, *ready.notes]
    details = {
        "voices": [choice.to_dict() for choice in voices],
        "plan": planned.plan.to_dict(),
        "sound": str(heard),
        "seams": [asdict(seam) for seam in seams],
        "notes": notes,
    }
    return Result(outputs, None, "\n".join([*lines, *(f"note: {one}" for one in notes)]), details)
