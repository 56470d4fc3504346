"""The velocity on a canvas: the network with and without its conditions, blended over windows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from facedit.model.checkpoint import MotionModel
from facedit.model.dit import Conditions, DiT
from facedit.model.flow import VelocityField, guided, sway_schedule
from facedit.model.sampler_settings import SamplerSettings
from facedit.model.windows import Window

FRAMES_AT_ONCE = 400
"""Most frames that pass through the network together: more are no faster on a CPU."""

FRAMES_KEPT = 16_000
"""Most frames whose conditions are kept from step to step; of a longer canvas none are, and they
are worked out anew each time, so that memory has a bound."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Windows of one length that pass through the network together.

    Attributes:
        clips: The clip of each, shape (n, 1).
        frames: Its frames on the canvas, shape (n, L).
        shares: Share of each frame in the blend, shape (n, L, 1).
    """

    clips: Tensor
    frames: Tensor
    shares: Tensor

    def of(self, canvas: Tensor) -> Tensor:
        """Cut the windows out of a canvas (B, T, C), shape (n, L, C)."""
        return canvas[self.clips, self.frames]


def windowed_field(
    model: MotionModel,
    windows: Sequence[Window],
    x_1: Tensor,
    mask: Tensor,
    speech: Tensor,
    settings: SamplerSettings,
) -> VelocityField:
    """Return the guided velocity on a canvas of any length, blended over windows.

    Motion is normalised; ``x_1`` and ``mask`` (True where motion is drawn) have shape (B, T, D),
    projected speech (B, T, S). The field takes ``x_t`` (B, T, D) at the flow times of ``settings``
    and is 0 at frames that no window holds. What does not change from step to step is worked out
    once.
    """
    net, device = model.net, x_1.device
    sides = 1 + (settings.speech_guidance != 1) + (settings.context_guidance != 1)
    batches = list(_batches(windows, len(x_1), FRAMES_AT_ONCE // sides, device))
    weight = torch.zeros_like(x_1[..., :1])
    for rows in batches:
        weight.index_put_((rows.clips, rows.frames), rows.shares, accumulate=True)
    times = sway_schedule(settings.steps, settings.sway)[:-1]
    table = None if net.style else net.modulations(torch.tensor(times).to(device)[:, None], None)

    @lru_cache(len(batches) if len(batches) <= FRAMES_KEPT // FRAMES_AT_ONCE else 0)
    def conditions(number: int) -> Conditions:
        of = batches[number].of
        return guidance_conditions(net, of(x_1), of(mask), of(speech), settings)

    def field(x_t: Tensor, t: float) -> Tensor:
        total = torch.zeros_like(x_t)
        for number, rows in enumerate(batches):
            given = conditions(number)
            if table is None:
                modulations = net.modulations(torch.tensor([t]).to(device), given.style)
            else:
                modulations = tuple(steps[times.index(t)] for steps in table)
            every = rows.of(x_t).repeat(sides, 1, 1)
            full, *without = net.velocity(every, modulations, given).chunk(sides)
            no_speech = without[0] if settings.speech_guidance != 1 else None
            no_context = without[-1] if settings.context_guidance != 1 else None
            part = guided(full, no_speech, no_context, rows.of(mask), settings)
            total.index_put_((rows.clips, rows.frames), part * rows.shares, accumulate=True)
        return total / weight.clamp_min(1e-8)

    return field


def guidance_conditions(
    net: DiT, x_1: Tensor, mask: Tensor, speech: Tensor, settings: SamplerSettings
) -> Conditions:
    """Prepare the conditions of all sides of guidance, one after the other as one batch.

    They are with every condition, then without speech and without kept motion, as far as guidance
    needs them. Motion and mask have shape (n, T, D), projected speech (n, T, S).
    """
    masks, dropped = [mask], [False]
    if settings.speech_guidance != 1:
        masks, dropped = [*masks, mask], [*dropped, True]
    if settings.context_guidance != 1:
        masks, dropped = [*masks, torch.ones_like(mask)], [*dropped, False]
    sides = len(masks)
    drop_speech = torch.tensor(dropped).repeat_interleave(len(mask))
    return net.conditions(
        x_1.repeat(sides, 1, 1),
        torch.cat(masks),
        speech.repeat(sides, 1, 1),
        drop_speech=drop_speech.to(mask.device),
    )


def _batches(
    windows: Sequence[Window], clips: int, most: int, device: torch.device
) -> Iterator[Rows]:
    """Gather the windows of so many clips into batches of one length, of ``most`` frames or one."""
    by_length: dict[int, list[tuple[int, Window]]] = {}
    for window in windows:
        members = by_length.setdefault(len(window.frames), [])
        members.extend((clip, window) for clip in range(clips))
    for length, members in by_length.items():
        count = max(most // length, 1)
        for begin in range(0, len(members), count):
            chosen = members[begin : begin + count]
            of = torch.tensor([[clip] for clip, _ in chosen])
            frames = torch.from_numpy(np.stack([window.frames for _, window in chosen]))
            shares = torch.from_numpy(np.stack([window.weights for _, window in chosen]))
            yield Rows(of.to(device), frames.to(device), shares.to(device)[..., None])
