"""AVSync-D and AVSync-C: how well lips and speech go together, by our own sync network.

Every motion frame and every speech frame has a unit embedding (``lip_sync/sync_network.py``). With
d(s) the mean Euclidean distance between motion frame t and speech frame t + s over the frames t of
the stretch, for shifts s of -15 .. 15 frames of 40 ms:

* AVSync-D = min over s of d(s); no unit, 0 to 2, lower is better;
* AVSync-C = median over s of d(s) minus AVSync-D; no unit, 0 to 2, higher is better;
* the offset is the s of the minimum, in frames: the sound is late by so much (negative: early).

The stretch is what was made anew, and three frames on either side. A shift counts if at least half
of the stretch has speech there: near the ends of a clip there is none. Frames without a face do
not count. Each item counts once. Figures depend on the clip and on the length of the stretch, so
the same ones of the clip itself, over as many frames, stand beside them. The offset alone proves
little: the real frames at the sides, and silence at both ends of a clip, find the place even of
lips that stand still. Lips predicted from the same Whisper features may score better than real
ones (``weights/sync.md``).

The formulas are SyncNet's (Chung & Zisserman, "Out of Time: Automated Lip Sync in the Wild",
2016), the names by analogy with LSE-D and LSE-C (Prajwal et al., "A Lip Sync Expert Is All You
Need for Speech to Lip Generation In The Wild", 2020). The network is another one, so the figures
cannot be compared with LSE-D and LSE-C.
"""

from __future__ import annotations

import numpy as np

from facedit.bench.scene import Scene
from facedit.evaluation.measure import Measure, share
from facedit.lip_sync.distance import REACH, SyncScore
from facedit.lip_sync.sync_weights import SyncModel, judge
from facedit.types import Bool
from facedit.units import MOTION_FPS, frame_at

KEY, SOURCE_KEY = "av_sync", "av_sync_source"

WIDEN = 3
"""Frames on either side of what was made anew that are judged with it."""

NEAR = 1
"""Offsets up to this many frames count as in sync: viewers notice from about two on."""


def sums(scene: Scene, net: SyncModel) -> dict[str, list[float]]:
    """Sum up the scores of a scene and of its clip; nothing where no frame has face and sound."""
    found: dict[str, list[float]] = {}
    counts = widened(scene.hidden, WIDEN)
    for key, view, speech, rows in (
        (KEY, scene.output, scene.speech, counts),
        (SOURCE_KEY, scene.source, scene.source_speech, source_counts(scene, counts)),
    ):
        score = judge(net, view.motion, None if speech is None else speech.values, rows)
        if score is not None:
            found[key] = score_sums(score)
    return found


def widened(hidden: Bool, frames: int) -> Bool:
    """Add the neighbours of hidden frames."""
    reached = np.convolve(hidden.astype(np.int64), np.ones(2 * frames + 1, np.int64))
    return np.asarray(reached[frames : frames + len(hidden)] > 0)


def source_counts(scene: Scene, counts: Bool) -> Bool:
    """Choose the stretch of the clip itself that is scored beside the output's, shape (T,).

    The same frames where the clip is the truth; else as many around what was replaced.
    """
    length = len(scene.source.motion)
    if scene.truth is not None and length == len(counts):
        return counts
    wanted = min(int(counts.sum()), length)
    middle = frame_at(sum(scene.item.joint_s) / 2) - scene.source.first_frame
    start = min(max(middle - wanted // 2, 0), length - wanted)
    rows = np.arange(length)
    return np.asarray((rows >= start) & (rows < start + wanted))


def score_sums(found: SyncScore) -> list[float]:
    """Return distance, confidence, offset, size of the offset, whether it is small, and 1."""
    size, near = abs(found.offset), float(abs(found.offset) <= NEAR)
    return [found.distance, found.confidence, float(found.offset), float(size), near, 1.0]


_FRAME_MS = 1000 // MOTION_FPS

MEASURES: tuple[Measure, ...] = (
    Measure("av_sync_c", "AVSync-C", "", "higher", KEY, share(1), 0.0, 2.0, 3, "sync"),
    Measure("av_sync_d", "AVSync-D", "", "lower", KEY, share(0), 0.0, 2.0, 3, "sync"),
    Measure("av_sync_within_1", f"offset within {NEAR * _FRAME_MS} ms", "", "higher", KEY, share(4),
            0.0, 1.0, 2, "sync"),
    Measure("av_sync_offset", "offset of the sound", "frames", "zero", KEY, share(2),
            -REACH, REACH, 2, "sync"),
    Measure("av_sync_offset_size", "size of the offset", "frames", "lower", KEY, share(3),
            0.0, REACH, 2, "sync"),
    Measure("av_sync_c_source", "AVSync-C of the clip itself", "", "none", SOURCE_KEY, share(1),
            0.0, 2.0, 3, "sync"),
    Measure("av_sync_d_source", "AVSync-D of the clip itself", "", "none", SOURCE_KEY, share(0),
            0.0, 2.0, 3, "sync"),
    Measure("av_sync_within_1_source", f"offset within {NEAR * _FRAME_MS} ms, the clip itself", "",
            "none", SOURCE_KEY, share(4), 0.0, 1.0, 2, "sync"),
)  # fmt: skip
