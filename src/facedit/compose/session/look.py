"""What speaks against an edit, seen before anything is spoken or drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from facedit.compose.frames.base import TrackedWindow
from facedit.compose.frames.spans import tracked_part
from facedit.compose.frames.track_window import track_window
from facedit.compose.source.clip import Clip
from facedit.compose.source.weights import choose_weights
from facedit.compose.words.plans import AROUND, edit_joints
from facedit.editing.diff import WordEdit
from facedit.editing.estimate import estimated_plan
from facedit.editing.plan import EditPlan, Span
from facedit.errors import AmbiguousFace, NoFace
from facedit.face.choice import FaceChoice, from_left
from facedit.options import Run
from facedit.speech.recognition.given_times import unsure
from facedit.types import Transcript

Kind = Literal["face_away", "cut", "faces", "words", "covered", "face"]
"""What speaks against an edit; ``face``: nothing, but somebody else could be meant."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something that speaks against an edit.

    Attributes:
        kind: What.
        says: The same for people.
        start_s: From where in the source.
        end_s: To where.
        faces: Of several faces the boxes, from the left: x0, y0, x1, y1.
        time_s: When these are seen.
        taken: Number of the one that is edited, from the left, counted from 1.
    """

    kind: Kind
    says: str
    start_s: float
    end_s: float
    faces: tuple[tuple[int, int, int, int], ...] = ()
    time_s: float | None = None
    taken: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        told: dict[str, Any] = {
            "kind": self.kind, "says": self.says, "start_s": self.start_s, "end_s": self.end_s,
        }  # fmt: skip
        if self.faces:
            numbered = enumerate(self.faces, start=1)
            told["faces"] = [{"number": n, "box": list(box)} for n, box in numbered]
            told |= {"time_s": self.time_s, "taken": self.taken}
        return told


def look_at(
    clip: Clip, transcript: Transcript, edits: tuple[WordEdit, ...], run: Run
) -> tuple[tuple[Doubt, ...], ...]:
    """Look at the faces and words of edits; what was tracked serves their takes too.

    Args:
        clip: The clip.
        transcript: Its words.
        edits: The edits.
        run: Options.

    Returns:
        Per edit what speaks against it.
    """
    joints = clip.clock.apart(lambda: edit_joints(clip, transcript, edits))
    plan = estimated_plan(
        edits,
        transcript,
        source_duration_s=clip.info.duration_s,
        frame_rate=clip.info.frame_rate,
        joints=joints,
    )
    found: list[tuple[Doubt, ...]] = []
    for span in plan.picture_spans():
        seen = tuple(_faces(clip, plan, span, run))
        found += [seen] * len(span.fills)
    return tuple(
        (*of_faces, *_words(transcript, edit)) for of_faces, edit in zip(found, edits, strict=True)
    )


def _faces(clip: Clip, plan: EditPlan, span: Span, run: Run) -> list[Doubt]:
    first, last = plan.fills[span.fills[0]], plan.fills[span.fills[-1]]
    start_s = first.source_start_s - (first.output_start_s - span.output_start_s)
    end_s = last.source_end_s + (span.output_end_s - last.output_end_s)
    cover = choose_weights(run).cover
    try:
        window = track_window(clip, tracked_part(plan, span), FaceChoice.parse(run.face), cover)
    except NoFace as error:
        return [Doubt("face_away", str(error), start_s, end_s)]
    except AmbiguousFace as error:
        boxes, time_s = _boxes(clip, start_s)
        return [Doubt("faces", str(error), start_s, end_s, boxes, time_s)]
    return [*_seen(window, start_s, end_s), *_others(clip, window, start_s, end_s)]


def _seen(window: TrackedWindow, start_s: float, end_s: float) -> list[Doubt]:
    """Judge the tracked pictures of a span."""
    track, found = window.track, []
    inside = (track.times_s >= start_s) & (track.times_s < end_s)
    away = inside & ~np.isfinite(track.landmarks[:, 0, 0])
    if away.any():
        times = track.times_s[away]
        says = f"no face at {times[0]:.1f}-{times[-1]:.1f} s: choose other words, or the face."
        found.append(Doubt("face_away", says, float(times[0]), float(times[-1])))
    for cut_s in track.cuts:
        if start_s < cut_s < end_s:
            says = f"the picture is cut at {cut_s:.1f} s, inside this edit: choose other words."
            found.append(Doubt("cut", says, cut_s, cut_s))
    if window.covers is not None and (covered := inside & window.covers.covered).any():
        times = track.times_s[covered]
        says = f"the mouth is covered at {times[0]:.1f}-{times[-1]:.1f} s: it stays as shot there."
        found.append(Doubt("covered", says, float(times[0]), float(times[-1])))
    return found


def _others(clip: Clip, window: TrackedWindow, start_s: float, end_s: float) -> list[Doubt]:
    """Say which of several faces is edited, where more than one is seen."""
    boxes, time_s = _boxes(clip, start_s)
    seen = np.flatnonzero(np.isfinite(window.track.landmarks[:, 0, 0]))
    if len(boxes) < 2 or not len(seen):
        return []
    nearest = seen[np.argmin(np.abs(window.track.times_s[seen] - time_s))]
    x, y = window.track.landmarks[nearest, :, :2].mean(axis=0)
    away = [abs(x - (x0 + x1) / 2) + abs(y - (y0 + y1) / 2) for x0, y0, x1, y1 in boxes]
    number = int(np.argmin(away)) + 1
    says = f"of {len(boxes)} faces number {number} from the left is edited."
    return [Doubt("face", says, start_s, end_s, boxes, time_s, number)]


def _boxes(clip: Clip, time_s: float) -> tuple[tuple[tuple[int, int, int, int], ...], float]:
    """Find the faces at a time."""
    frame = next(iter(clip.frames(max(time_s, 0.0))), None)
    if frame is None:
        return (), time_s
    faces = from_left(clip.landmarker.detect(frame.rgb()))
    boxes = tuple((round(f.x0), round(f.y0), round(f.x1), round(f.y1)) for f in faces)
    return boxes, frame.time_s


def _words(transcript: Transcript, edit: WordEdit) -> list[Doubt]:
    first, end = max(0, edit.old_start - AROUND), edit.old_end + AROUND
    return [
        Doubt("words", f'"{word.text}" may not be what is said there.', word.start_s, word.end_s)
        for word in unsure(transcript.words[first:end])
    ]
