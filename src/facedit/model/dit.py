"""The motion transformer: ``x_t``, kept motion, mask and speech in; velocity out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from facedit.model.biases import FrameBias
from facedit.model.config import ModelConfig
from facedit.model.layers import (
    Block,
    BlockConditions,
    ConvPosition,
    SpeechWindow,
    modulate,
    rotary_tables,
    timestep_features,
)
from facedit.model.speaker_style import SpeakerStyle


@dataclass(frozen=True, slots=True)
class Conditions:
    """All that the velocity depends on beside ``x_t`` and flow time: the same at every Euler step.

    Attributes:
        given: Kept motion, mask and local speech, shape (B, T, 2 D + speech width).
        valid: True where a frame exists, shape (B, T); None without padding.
        style: Embedded style of the speaker, shape (B, W); None without ``SpeakerStyle``.
        rotary: Of ``rotary_tables``.
        blocks: What each block is given.
    """

    given: Tensor
    valid: Tensor | None
    style: Tensor | None
    rotary: tuple[Tensor, Tensor]
    blocks: tuple[BlockConditions, ...]


class DiT(nn.Module):
    """Diffusion transformer for speech-conditional facial motion infilling.

    One model serves every verb: what it is to draw is said by the mask alone. ``flow.py`` says
    what the symbols mean.

    Of the paper (FacEDiT, arXiv 2512.14056): a diffusion transformer trained by flow matching to
    fill in masked motion from speech and from what is kept. Its "biased attention" is known to us
    by name only; ours (``biases.py``) is cross-attention to speech in a band, ALiBi among frames,
    and a bias of hidden frames towards a seam, each an option of ``config``. The default weights
    have all three beside ``SpeechWindow`` at the input. The parts are the field's: adaptive layer
    norm as of DiT, rotary positions, and the convolutional position embedding of F5-TTS. Ours: the
    local window of speech, a learnt vector where speech is dropped, and ``SpeakerStyle``.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        width, dims = config.width, config.motion_dims
        self.silence = nn.Parameter(torch.zeros(config.speech_dims))
        """Stands for speech where it is dropped (the unconditional side of guidance)."""
        self.mix = (
            nn.Parameter(torch.zeros(config.speech_layers)) if config.speech_layers > 1 else None
        )
        """Logarithms of the layers' shares, but for a constant."""
        self.speech_window = SpeechWindow(
            config.speech_dims, config.speech_width, config.speech_window
        )
        self.speech_in = (
            nn.Linear(config.speech_width, width) if config.cross_attention else nn.Identity()
        )
        self.time = nn.Sequential(nn.Linear(256, width), nn.SiLU(), nn.Linear(width, width))
        # Named as in checkpoints.
        self.style = SpeakerStyle(dims, width) if config.speaker else None
        self.embed = nn.Linear(3 * dims + config.speech_width, width)
        self.position = ConvPosition(width, config.conv_kernel)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.norm = nn.LayerNorm(width, elementwise_affine=False, eps=1e-6)
        self.modulation = nn.Linear(width, 2 * width)
        self.out = nn.Linear(width, dims)
        for zeroed in (self.modulation, self.out):
            nn.init.zeros_(zeroed.weight)
            nn.init.zeros_(zeroed.bias)

    def forward(
        self,
        x_t: Tensor,
        t: Tensor,
        x_1: Tensor,
        mask: Tensor,
        speech: Tensor,
        *,
        valid: Tensor | None = None,
        drop_speech: Tensor | None = None,
    ) -> Tensor:
        """Predict the velocity of the flow.

        Args:
            x_t: Motion on the path at flow time t, shape (B, T, D).
            t: Flow time in [0, 1], shape (B,).
            x_1: Motion; entries under ``mask`` are ignored, shape (B, T, D).
            mask: True where the motion is to be drawn, shape (B, T, D).
            speech: Projected speech features, shape (B, T, speech layers x speech dims).
            valid: True where a frame exists (padding at the end is False), shape (B, T).
            drop_speech: True for clips whose speech is dropped, shape (B,).

        Returns:
            The velocity ``dx_t/dt``, shape (B, T, D).
        """
        given = self.conditions(x_1, mask, speech, valid=valid, drop_speech=drop_speech)
        return self.velocity(x_t, self.modulations(t, given.style), given)

    def conditions(
        self,
        x_1: Tensor,
        mask: Tensor,
        speech: Tensor,
        *,
        valid: Tensor | None = None,
        drop_speech: Tensor | None = None,
    ) -> Conditions:
        """Prepare what the velocity depends on beside ``x_t`` and t, given as to ``forward``."""
        kind = self.embed.weight.dtype
        speech = speech.to(kind)
        if self.mix is not None:
            shares = self.mix.softmax(0).to(kind)
            layers = speech.view(*speech.shape[:-1], len(shares), -1)
            speech = torch.einsum("...lc,l->...c", layers, shares)
        if drop_speech is not None:
            speech = torch.where(drop_speech[:, None, None], self.silence, speech)
        local = self.speech_window(speech, valid)
        kept = x_1.masked_fill(mask, 0.0)
        given = torch.cat([kept.to(kind), mask.to(kind), local], dim=-1)
        style = None if self.style is None else self.style(x_1, mask, valid)
        frames = FrameBias.of(mask, valid, self.config.seam_window)
        speech = self.speech_in(local)
        blocks = tuple(block.conditions(speech, frames) for block in self._each)
        rotary = rotary_tables(mask.shape[1], self.config.width // self.config.heads, speech)
        return Conditions(given, valid, style, rotary, blocks)

    def modulations(self, t: Tensor, style: Tensor | None) -> tuple[Tensor, ...]:
        """Work out shifts, scales and gates at flow times (...), one tensor a block and the last's.

        With a style (B, W), t broadcasts with B. Each has the shape (..., 6 or 9 W), the last's
        (..., 2 W).
        """
        condition = self.time(timestep_features(t).to(self.embed.weight.dtype))
        if style is not None:
            condition = condition + style
        condition = nn.functional.silu(condition)
        return (*(block.modulation(condition) for block in self._each), self.modulation(condition))

    def velocity(self, x_t: Tensor, modulations: Sequence[Tensor], given: Conditions) -> Tensor:
        """Return the velocity at ``x_t`` (B, T, D); modulations have B rows, or one for all."""
        x = self.embed(torch.cat([x_t.to(given.given.dtype), given.given], dim=-1))
        x = x + self.position(x, given.valid)
        *by_block, last = modulations
        for block, modulation, conditions in zip(self._each, by_block, given.blocks, strict=True):
            x = block(x, modulation, given.rotary, conditions)
        shift, scale = last.chunk(2, dim=-1)
        velocity: Tensor = self.out(modulate(self.norm(x), shift, scale))
        return velocity.to(x_t.dtype)

    @property
    def _each(self) -> Sequence[Block]:
        return cast("Sequence[Block]", self.blocks)
