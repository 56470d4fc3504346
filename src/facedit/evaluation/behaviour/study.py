"""What all studies of behaviour work on: clips, what is heard in them, and ways to fill them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch

from facedit.dataset.prepared import Meta, PreparedClip
from facedit.evaluation.behaviour.heard import Heard
from facedit.evaluation.fills import Fill, Sounds
from facedit.evaluation.hidden_spans import Gap, LipMeter, SumUp, hide_span, sums_by_clip
from facedit.evaluation.lip_sums import figures
from facedit.model.windows import WINDOW
from facedit.types import Float32, Float64, SpeechFeatures

Row = dict[str, Any]
"""A row of a table: what was hidden, who drew it, and its figures."""

REST_PERCENTILE = 5.0


@dataclass(frozen=True, slots=True)
class Study:
    """Clips to be studied.

    Attributes:
        heard: What is heard in each; None where its footage is not at hand.
        speakers: Name of each clip's speaker.
        fills: Ways to fill hidden spans, by name.
        device: Where sounds are encoded.
        openings: True lip opening of each clip, per cent of the outer-eye distance, shape (T,).
        voice_activity: Probability of speech in each clip's frames, shape (T,).
        window: Most frames that the model draws together.
    """

    clips: Sequence[PreparedClip]
    heard: Sequence[Heard | None]
    speakers: Sequence[str]
    fills: Mapping[str, Fill]
    meter: LipMeter
    meta: Meta
    device: torch.device | str
    openings: Sequence[Float32]
    voice_activity: Sequence[Float32]
    window: int = WINDOW

    @classmethod
    def of(
        cls,
        clips: Sequence[PreparedClip],
        heard: Sequence[Heard | None],
        speakers: Sequence[str],
        fills: Mapping[str, Fill],
        meter: LipMeter,
        meta: Meta,
        device: torch.device | str = "cpu",
    ) -> Study:
        """Measure the clips and bundle all; arguments are as the attributes."""
        openings = [opening_of(meter, clip.motion, clip.identity) for clip in clips]
        speech = [SpeechFeatures.from_values(clip.speech, meta.encoder) for clip in clips]
        voices = [one.voice_activity for one in speech]
        return cls(clips, heard, speakers, fills, meter, meta, device, openings, voices)

    def hide(
        self, number: int, span: tuple[int, int], dim_set: str, *, reverse_kept: bool = False
    ) -> Gap:
        """Hide a span of a clip, as ``hide_span`` does."""
        motion, groups = self.clips[number].motion, self.meter.groups
        return hide_span(number, motion, span, groups, dim_set, reverse_kept=reverse_kept)

    def opening(self, gap: Gap, motion: Float32) -> Float32:
        """Return the lip opening with a gap drawn, per cent of the outer-eye distance, (T,)."""
        opening, rows = self.openings[gap.number].copy(), gap.hidden.any(axis=1)
        opening[rows] = opening_of(self.meter, motion[rows], self.clips[gap.number].identity)
        return opening

    def rest(self, number: int) -> float:
        """Return the opening of a clip's closed lips, per cent of the outer-eye distance."""
        return rest_of(self.openings[number])

    def rows(
        self,
        where: Row,
        names: Sequence[str],
        gaps: Sequence[Gap],
        sums: SumUp,
        of: Mapping[str, Callable[[Float64], Float64]],
        sounds: Sounds | None = None,
    ) -> list[Row]:
        """Fill gaps by every method of ``names`` there is, and pool the clips: a row a method.

        ``of``: the figures of such sums; ``sounds``: the sounds; the clips' own if None.
        """
        heard, rows = sounds or Sounds.of_clips(self.clips), []
        for name in (name for name in names if name in self.fills and gaps):
            by_clip = sums_by_clip(self.clips, gaps, self.fills[name](heard, gaps), sums)
            pooled = figures(by_clip, of)
            plain = {key: asdict(figure) for key, figure in pooled.items()}
            rows.append(where | {"method": name, "clips": len(by_clip), "figures": plain})
        return rows


def rest_of(opening: Float32) -> float:
    """Return the opening of a speaker's closed lips, from the true one over a clip."""
    return float(np.percentile(opening, REST_PERCENTILE))


def opening_of(meter: LipMeter, motion: Float32, neutral: Float32) -> Float32:
    """Return the lip opening of a motion on a face, per cent of the outer-eye distance, (T,)."""
    return 100 * meter.measure(motion, neutral)["opening"]
