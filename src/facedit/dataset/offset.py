"""Sound and picture that are apart: measured, put right, or the clip dropped.

The offset is measured by our sync network (``bench.sync``), over the whole clip. The bounds were
set on real clips of ``shared/data``: of 1181, 99 in 100 have a confidence of 0.25 or more with
their own sound (median 0.36 to 0.85 by corpus); with another clip's sound half have less than
0.18. Of all 2926 clips 13 are put right, by 2 to 6 frames, and 7 dropped. The network knows an
offset to about one frame, so an offset of one is left as it is.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from facedit.dataset.encode_clip import MIN_FRAMES, Unusable
from facedit.dataset.prepared import PreparedClip
from facedit.lip_sync.distance import SyncScore
from facedit.lip_sync.sync_weights import SyncModel, judge
from facedit.types import Float32

LARGEST_LEFT = 1
"""Largest offset that is left as it is, in motion frames (viewers notice from about two on)."""

LEAST_BELIEVED = 0.2
"""Confidence (``SyncScore``) below which the sound is not that of the lips at all."""

LEAST_MOVED = 0.35
"""Confidence from which the sound is moved by the offset; below, such a clip is dropped."""


def measure_offset(net: SyncModel, motion: Float32, speech: Float32) -> SyncScore | None:
    """Measure how late the sound of a whole clip is, from standardised motion (T, D).

    None if the speech features (T, C) are of another kind than the network knows.
    """
    if speech.shape[1] != len(net.projection.matrix):
        return None
    return judge(net, motion, speech, np.ones(len(motion), np.bool_))


def take_last_voice(clip: PreparedClip) -> tuple[PreparedClip, Float32]:
    """Take out the last other voice (T, C): what the sync network hears of the clip's own sound.

    ValueError if the clip has no other voice.
    """
    if clip.voices is None:
        raise ValueError("the clip has no other voice.")
    others = clip.voices[:-1]
    return replace(clip, voices=others if len(others) else None), clip.voices[-1]


def put_right(clip: PreparedClip, found: SyncScore) -> PreparedClip:
    """Move the sound of a clip by its offset; a clip that was moved is shorter by it.

    Unusable is raised if the sound does not belong to the lips, the offset is unsure, or too little
    would be left.
    """
    sure = f"confidence {found.confidence:.2f}"
    if found.confidence < LEAST_BELIEVED:
        raise Unusable(f"sound is not the lips': {sure}, under {LEAST_BELIEVED}")
    if abs(found.offset) <= LARGEST_LEFT:
        return clip
    if found.confidence < LEAST_MOVED:
        raise Unusable(f"offset unsure: {found.offset:+d} frames, {sure}, under {LEAST_MOVED}")
    if len(clip.motion) - abs(found.offset) < MIN_FRAMES:
        raise Unusable(f"face too short: once the sound is moved by {found.offset:+d} frames")
    return moved(clip, found.offset)


def moved(clip: PreparedClip, late: int) -> PreparedClip:
    """Pair each motion frame with the speech of ``late`` motion frames later (negative: earlier).

    Frames that lack either are left out.
    """
    return clip.cut(max(-late, 0), len(clip.motion) - max(late, 0), late)
