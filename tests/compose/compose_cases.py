"""Plans and faces that the tests of this folder share."""

from fractions import Fraction

import numpy as np

from facedit.editing.diff import WordEdit
from facedit.editing.plan import EditPlan
from facedit.editing.planner import make_plan
from facedit.motion.space import MotionSpace
from facedit.types import FaceTrack, Transcript, Word

WORDS = ("we", "fly", "to", "the", "moon", "today")


def transcript(duration_s: float = 4.0) -> Transcript:
    """Six words, each half a second long with a pause of a tenth before it."""
    words = tuple(
        Word(text, 0.1 + 0.6 * index, 0.6 + 0.6 * index) for index, text in enumerate(WORDS)
    )
    return Transcript(words, duration_s)


def plan(
    *edits: WordEdit,
    speech_s: float = 0.9,
    duration_s: float = 4.0,
    rate: Fraction | int = 25,
) -> EditPlan:
    """A plan of edits of that sentence; new sounds all have one length."""
    lengths = [speech_s if edit.new_words else None for edit in edits]
    return make_plan(
        edits,
        transcript(duration_s),
        lengths,
        source_duration_s=duration_s,
        frame_rate=Fraction(rate),
    )


def talking_track(
    space: MotionSpace, duration_s: float = 4.0, rate: float = 25.0, size: int = 256
) -> FaceTrack:
    """A face whose jaw swings twice a second while its head nods slowly."""
    times = np.arange(round(duration_s * rate)) / rate
    still = np.repeat(upright_face(space, size)[None], len(times), axis=0)
    identity = space.identity(still[:1], np.ones(1, np.float32))
    values = space.encode(still, identity)
    lips, head = space.groups["lips"], space.groups["head"]
    values[:, lips.start] += 1.5 * np.sin(2 * np.pi * 2 * times)
    values[:, head.start] += 0.5 * np.sin(2 * np.pi * 0.4 * times)
    landmarks = space.decode(values.astype(np.float32), identity)
    return FaceTrack(times, landmarks, np.ones(len(times), np.float32), size, size)


def upright_face(space: MotionSpace, size: int = 256) -> np.ndarray:
    """The canonical face in the middle of a picture, a third of it wide between the eyes."""
    face = np.asarray(space.canonical, np.float32) * (size / 3)
    face[:, :2] += size / 2 - face[:, :2].mean(axis=0)
    return face
