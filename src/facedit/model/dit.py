"""The motion transformer: ``x_t``, kept motion, mask and speech in; velocity out."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from facedit.model.biases import FrameBias
from facedit.model.config import ModelConfig
from facedit.model.layers import (
    Block,
    ConvPosition,
    SpeechWindow,
    modulate,
    rotary_tables,
    timestep_features,
)
from facedit.model.speaker_style import SpeakerStyle


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
            speech: Projected speech features, shape (B, T, speech dims).
            valid: True where a frame exists (padding at the end is False), shape (B, T).
            drop_speech: True for clips whose speech is dropped, shape (B,).

        Returns:
            The velocity ``dx_t/dt``, shape (B, T, D).
        """
        if drop_speech is not None:
            speech = torch.where(drop_speech[:, None, None], self.silence, speech)
        local = self.speech_window(speech, valid)
        kept = x_1.masked_fill(mask, 0.0)
        x = self.embed(torch.cat([x_t, kept, mask.to(x_t.dtype), local], dim=-1))
        x = x + self.position(x, valid)
        condition = self.time(timestep_features(t))
        if self.style is not None:
            condition = condition + self.style(x_1, mask, valid)
        condition = nn.functional.silu(condition)
        speech = self.speech_in(local)
        rotary = rotary_tables(x.shape[1], self.config.width // self.config.heads, x.device)
        frames = FrameBias.of(mask, valid, self.config.seam_window)
        for block in self.blocks:
            x = block(x, condition, speech, rotary, frames)
        shift, scale = self.modulation(condition).chunk(2, dim=-1)
        velocity: Tensor = self.out(modulate(self.norm(x), shift, scale))
        return velocity
