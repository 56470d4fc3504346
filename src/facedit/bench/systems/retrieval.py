"""Lips from elsewhere in the clip whose sound is like the wanted one (after Video Rewrite).

Bregler, Covell, Slaney 1997 search a speaker's footage for mouths by phone; here speech features
are compared directly, and a path is found that stays with the sound and moves without jumps.
"""

from __future__ import annotations

import numpy as np

from facedit.bench.systems.system import InfillTask
from facedit.evaluation.baselines import line, stack_window
from facedit.model.normalise import SpeechProjection
from facedit.runs import runs
from facedit.types import Bool, Float32, Float64

REACH = 4
"""Frames of speech compared to each side."""

SMOOTHNESS = 0.5
"""Weight of a jump of the lips against a mismatch of the sound, both in their usual sizes."""


def retrieve(task: InfillTask, projection: SpeechProjection) -> Float32:
    """Fill a task with motion found in its library, tied to the kept frames along a ramp."""
    kept = np.nan_to_num(task.motion)
    library = task.library
    if library is None or not library.usable.any():
        return line(kept, task.mask)
    wanted = stack_window(projection(task.speech), REACH)
    have = stack_window(projection(library.speech), REACH)
    dims = task.mask.any(axis=0)
    guess = kept.copy()
    for start, stop in runs(np.asarray(task.mask.any(axis=1))):
        path = best_match(
            wanted[start:stop], have, library.motion[:, dims], library.usable, SMOOTHNESS
        )
        guess[start:stop, dims] = library.motion[path][:, dims]
    return np.where(task.mask, guess + line(kept - guess, task.mask), kept).astype(np.float32)


def best_match(
    wanted: Float32, have: Float32, motion: Float32, usable: Bool, smoothness: float
) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """Find the path through a library that sounds alike and moves smoothly (Viterbi).

    ``wanted``: speech, shape (n, S); ``have``, ``motion``, ``usable``: the library's speech (m, S),
    motion (m, L) and which frames may be used (m,). Returns one of them for each wanted one, (n,).
    """
    sound = _squares(wanted, have)
    sound = np.where(usable, sound / max(float(np.median(sound)), 1e-9), np.inf)
    # Going on with the next frame of the library is no jump; anything else is one from there.
    after = np.minimum(np.arange(len(motion)) + 1, len(motion) - 1)
    moving = np.nan_to_num(motion)
    jump = _squares(moving[after], moving)
    usual = max(float(np.median(jump)), 1e-9)
    transition = smoothness * jump / usual
    total: Float64 = sound[0]
    back = np.zeros(sound.shape, np.intp)
    for k in range(1, len(sound)):
        reached = total[:, None] + transition
        back[k] = reached.argmin(axis=0)
        total = reached.min(axis=0) + sound[k]
    path = np.empty(len(sound), np.intp)
    path[-1] = int(total.argmin())
    for k in range(len(sound) - 1, 0, -1):
        path[k - 1] = back[k, path[k]]
    return path


def _squares(a: Float32, b: Float32) -> Float64:
    """Return squared distances between rows, shape (len(a), len(b))."""
    x, y = a.astype(np.float64), b.astype(np.float64)
    distance: Float64 = (x**2).sum(axis=1)[:, None] + (y**2).sum(axis=1) - 2 * x @ y.T
    return np.maximum(distance, 0)
