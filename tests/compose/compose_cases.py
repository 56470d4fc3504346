"""Plans and faces that the tests of this folder share."""

from fractions import Fraction

import cv2
import numpy as np

from facedit.editing.diff import WordEdit
from facedit.editing.plan import EditPlan
from facedit.editing.planner import make_plan
from facedit.face.regions import LOWER_BROWS
from facedit.motion.identity import Identity
from facedit.motion.mesh_space import MeshSpace
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
    space: MeshSpace, duration_s: float = 4.0, rate: float = 25.0, size: int = 256
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


def upright_face(space: MeshSpace, size: int = 256) -> np.ndarray:
    """The canonical face in the middle of a picture, a third of it wide between the eyes."""
    face = np.asarray(space.canonical, np.float32) * (size / 3)
    face[:, :2] += size / 2 - face[:, :2].mean(axis=0)
    return face


def with_raised_brows(
    space: MeshSpace, motion: np.ndarray, identity: Identity, pixels: float
) -> np.ndarray:
    """Motion of one frame, shape (D,), with the least change of the face that raises the brows."""
    dims = space.groups["face"]
    steps = np.repeat(motion[None], dims.stop - dims.start + 1, axis=0)
    steps[1:, dims] += np.eye(dims.stop - dims.start, dtype=np.float32)
    rows = space.decode(steps, identity)[:, [*LOWER_BROWS[0], *LOWER_BROWS[1]], 1].mean(axis=1)
    slope = rows[1:] - rows[0]
    raised = motion.copy()
    raised[dims] -= pixels * slope / (slope @ slope)
    return raised


def drawn_brows(face: np.ndarray, size: int = 256) -> np.ndarray:
    """Skin with two dark brows at a face's landmarks, shape (size, size, 3)."""
    picture = np.full((size, size, 3), 200, np.uint8)
    for side in LOWER_BROWS:
        points = np.rint(face[list(side), :2]).astype(np.int32)
        cv2.polylines(picture, [points], False, (40, 40, 40), 3)
    return picture


def brow_height(picture: np.ndarray, face: np.ndarray) -> float:
    """How far above the eyes' corners the dark pixels of the brows lie, in pixels."""
    eyes = float(face[[33, 263], 1].mean())
    rows = np.arange(int(eyes) - 60, int(eyes) - 4)
    dark = np.maximum(190.0 - picture[rows].mean(axis=-1), 0.0).sum(axis=1)
    return eyes - float(dark @ rows / dark.sum())
