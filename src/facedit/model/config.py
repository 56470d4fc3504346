"""Sizes of the motion model, as data."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from facedit.errors import UsageError

LARGEST = 16_384
MOST_LAYERS = 512
"""Sixteen and twenty times the paper's sizes: a forged file cannot ask for any amount of work."""


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """Everything that decides the shape of a ``DiT``; stored inside its checkpoint.

    Attributes:
        motion_dims: Motion dims ``D`` per frame.
        speech_dims: Speech dims per frame after the checkpoint's projection.
        speech_layers: Layers of the encoder that are given, each of so many dims; of several the
            network learns a mix.
        layers: Transformer blocks.
        width: Channels of the residual stream.
        heads: Attention heads; must divide ``width`` into an even head size (rotary).
        ff_mult: Hidden channels of the feed-forward part over ``width``.
        speech_width: Channels of the local speech summary that is concatenated at the input.
        speech_window: Frames to each side that the local speech summary sees.
        cross_attention: Whether every block also attends to speech under a banded bias.
        cross_heads: Heads of that attention, as large as the others; 0 for as many as those.
        cross_window: Frames to each side that cross-attention may see.
        alibi: Whether self-attention carries a symmetric ALiBi bias, whose slopes are learnt.
        seam_window: Kept frames to each side of a hidden span for which the attention of hidden
            frames has a learnt bias; 0 for none.
        conv_kernel: Kernel of the convolutional position embedding (odd).
        speaker: Whether every block is told how large and how fast the kept motion is.
        dropout: Dropout on the outputs of attention and feed-forward.
    """

    motion_dims: int
    speech_dims: int
    layers: int = 6
    width: int = 256
    heads: int = 4
    ff_mult: int = 2
    speech_width: int = 128
    speech_window: int = 4
    cross_attention: bool = True
    cross_heads: int = 0
    cross_window: int = 4
    alibi: bool = False
    seam_window: int = 0
    conv_kernel: int = 7
    speaker: bool = False
    dropout: float = 0.1
    speech_layers: int = 1

    def __post_init__(self) -> None:
        """Refuse sizes that cannot be built.

        Raises:
            UsageError: If a number is out of range.
        """
        counts = (self.motion_dims, self.speech_dims, self.width, self.heads, self.ff_mult)
        sizes = (*counts, self.speech_width, self.conv_kernel, self.speech_layers)
        if not (1 <= self.layers <= MOST_LAYERS and 1 <= min(sizes) <= max(sizes) <= LARGEST):
            raise UsageError(
                f"Every size of the model must be at least 1, at most {LARGEST}, and layers at "
                f"most {MOST_LAYERS}: {self}."
            )
        if self.width % (2 * self.heads):
            raise UsageError(
                f"width {self.width} over {self.heads} heads is not an even head size; "
                "choose a width that 2 x heads divides."
            )
        windows = (self.speech_window, self.cross_window, self.seam_window)
        if self.conv_kernel % 2 == 0 or not 0 <= min(windows) <= max(windows) <= LARGEST:
            raise UsageError(
                f"conv_kernel {self.conv_kernel} must be odd and windows from 0 to {LARGEST}."
            )
        if not 0 <= self.cross_heads <= LARGEST:
            raise UsageError(f"cross_heads is {self.cross_heads}; choose 0 to {LARGEST}.")
        if not 0 <= self.dropout < 1:
            raise UsageError(f"dropout {self.dropout} must lie in [0, 1).")


PRESETS: dict[str, dict[str, Any]] = {
    # Layers, width, heads and feed-forward as published (secondary sources, see docs/training.md);
    # the windows and the convolution are ours.
    "paper": {"layers": 22, "width": 1024, "heads": 16, "ff_mult": 2, "speech_width": 512,
              "conv_kernel": 31, "cross_heads": 4},
    # What two CPU cores can train: our default.
    "base": {"layers": 4, "width": 256, "heads": 4, "ff_mult": 2, "alibi": True, "seam_window": 4},
    # For tests.
    "tiny": {"layers": 2, "width": 32, "heads": 2, "ff_mult": 2, "speech_width": 16,
             "dropout": 0.0},
}  # fmt: skip
"""Named sizes: arguments of ``ModelConfig`` beside the dims of the data."""


def preset(name: str, *, motion_dims: int, speech_dims: int, **changes: Any) -> ModelConfig:
    """Return the configuration of a named size.

    Args:
        name: ``paper``, ``base`` or ``tiny``.
        motion_dims: Motion dims of the data.
        speech_dims: Speech dims of the data.
        **changes: Fields of ``ModelConfig`` that differ from the named size.

    Returns:
        The configuration.

    Raises:
        UsageError: If the name or a changed field does not exist.
    """
    if name not in PRESETS:
        raise UsageError(f"There is no model size {name!r}; choose one of {', '.join(PRESETS)}.")
    known = {field.name for field in dataclasses.fields(ModelConfig)}
    if unknown := sorted(set(changes) - known):
        raise UsageError(f"Unknown model option {', '.join(unknown)}; known: {sorted(known)}.")
    merged = {**PRESETS[name], **changes}
    return ModelConfig(motion_dims=motion_dims, speech_dims=speech_dims, **merged)
