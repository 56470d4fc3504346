"""The mouth network made ready for drawing: the same function, computed with less work.

Weights are rounded to bfloat16 and laid out once. A convolution over an enlarged picture is done at
the small size (every 2 x 2 output pixels see 2 x 2 different small pixels, so four kernels of
2 x 2 do what one of 3 x 3 does). The last layers, which look no farther than a few pixels, are
computed only where the mouth is drawn.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional

from facedit.bfloat16 import PackedConvolution, can_pack
from facedit.device import half_is_quick
from facedit.render.mouth_inputs import PICTURES
from facedit.render.network import MouthNetwork, ResidualBlock
from facedit.render.warp import Rect

_REACH = 2
"""Pixels at half size that the cropped layers see beyond what they give: 2 at full, 1 at half."""


_Layer = Callable[[Tensor], Tensor]
_ALL = slice(None)


class DrawingNetwork:
    """Computes what ``MouthNetwork`` computes, with a copy of its weights rounded to bfloat16."""

    def __init__(self, network: MouthNetwork) -> None:
        network = deepcopy(network).requires_grad_(False)
        self.config = network.config
        folded = _spread(network.enter.first.in_channels // 4)
        self._enter = _Block(network.enter, folded)
        self._down_quarter = _convolution(network.down_quarter)
        self._quarter = _Block(network.quarter)
        self._down_eighth = _convolution(network.down_eighth)
        blocks = [block for block in network.eighth if isinstance(block, ResidualBlock)]
        self._eighth = [_Block(block) for block in blocks]
        _, quarter, eighth = self.config.channels
        self._up_quarter = _UpBlock(network.up_quarter, eighth)
        self._up_half = _UpBlock(network.up_half, quarter)
        self._unfold = _convolution(network.unfold, outputs=_spread(self.config.detail))
        self._fine = _convolution(network.fine)
        self._head = _convolution(network.head)

    def __call__(
        self, pictures: Tensor, raster: Tensor, gaps: Tensor, part: Rect
    ) -> tuple[Tensor, Tensor, Rect]:
        """Decide what to copy and what to add in a part of the canvas.

        The arguments are ``MouthNetwork.forward``'s, channels last: (B, S, S, 4, 3) and (B, S, S,
        3). Returns copy weights (B, h, w, 4), residual (B, h, w, 3), and the part of the canvas
        that they cover: the one asked for and a few pixels round it that mean nothing (none where
        the canvas ends).
        """
        batch, size = pictures.shape[:2]
        planes = (8.0 * gaps)[:, None, None, :].expand(batch, size, size, PICTURES)
        x = torch.cat([2.0 * pictures.flatten(3) - 1.0, raster, planes], dim=3).bfloat16()
        half_size = size // 2
        folded = x.view(batch, half_size, 2, half_size, 2, -1).transpose(2, 3)
        half = self._enter(folded.reshape(batch, half_size, half_size, -1).permute(0, 3, 1, 2))
        quarter = self._quarter(self._down_quarter(half))
        low = self._down_eighth(quarter)
        for block in self._eighth:
            low = block(low)
        quarter = self._up_quarter(low, quarter)
        rows, columns = _window(part.y, part.height, size), _window(part.x, part.width, size)
        half = self._up_half(quarter, half, rows, columns)
        covered = Rect(2 * columns.start, 2 * rows.start, 2 * half.shape[3], 2 * half.shape[2])
        unfolded = self._unfold(half).permute(0, 2, 3, 1)
        detail, inputs = self.config.detail, x.shape[3]
        joined = x.new_empty(batch, half.shape[2], 2, half.shape[3], 2, detail + inputs)
        shuffled = unfolded.reshape(*unfolded.shape[:3], 2, 2, detail).transpose(2, 3)
        joined[..., :detail] = shuffled
        flat = joined.view(batch, covered.height, covered.width, detail + inputs)
        flat[..., detail:] = x[:, covered.slices[0], covered.slices[1]]
        fine = functional.silu(self._fine(flat.permute(0, 3, 1, 2)), inplace=True)
        out = self._head(fine).permute(0, 2, 3, 1).float()
        # A softmax; torch's own takes four times as long over so few values.
        shares = self.config.sharpness * out[..., :PICTURES]
        shares = (shares - shares.amax(dim=3, keepdim=True)).exp_()
        weights = shares / shares.sum(dim=3, keepdim=True)
        return weights, self.config.residual * torch.tanh(out[..., PICTURES:]), covered


class _Block:
    """A ``ResidualBlock``."""

    def __init__(self, block: ResidualBlock, inputs: Tensor | slice = _ALL) -> None:
        self._first = _convolution(block.first, inputs=inputs)
        self._norm = _norm(block.norm)
        self._second = _convolution(block.second)
        same = isinstance(block.shortcut, nn.Identity)
        self._shortcut = None if same else _convolution(block.shortcut, inputs=inputs)

    def __call__(self, x: Tensor) -> Tensor:
        hidden = functional.silu(self._norm(self._first(x)), inplace=True)
        out = self._second(hidden)
        out += x if self._shortcut is None else self._shortcut(x)
        return functional.silu(out, inplace=True)


class _UpBlock:
    """A ``ResidualBlock`` of a picture enlarged by two (nearest) and one of the full size.

    ``low`` is the number of channels of the picture that is enlarged.
    """

    def __init__(self, block: ResidualBlock, low: int) -> None:
        kernels = _phases(block.first.weight[:, :low])
        self._first_low = _layer(kernels, None, (1, 1), (1, 1))
        self._first = _convolution(block.first, inputs=slice(low, None))
        self._norm = _norm(block.norm)
        self._second = _convolution(block.second)
        self._short_low = _convolution(block.shortcut, inputs=slice(0, low), bias=False)
        self._short = _convolution(block.shortcut, inputs=slice(low, None))

    def __call__(
        self, low: Tensor, skip: Tensor, rows: slice = _ALL, columns: slice = _ALL
    ) -> Tensor:
        """Compute some rows and columns; the outermost of them lack what lies beyond."""
        hidden = self._first(skip)
        height, width = low.shape[2:]
        parts = self._first_low(low).chunk(4, dim=1)
        for number, part in enumerate(parts):
            y, x = divmod(number, 2)
            hidden[:, :, y::2, x::2] += part[:, :, y : y + height, x : x + width]
        hidden = functional.silu(self._norm(hidden), inplace=True)
        out = self._second(hidden[:, :, rows, columns])
        out += self._short(skip[:, :, rows, columns])
        enlarged = functional.interpolate(self._short_low(low), scale_factor=2.0, mode="nearest")
        out += enlarged[:, :, rows, columns]
        return functional.silu(out, inplace=True)


def _ready(weight: Tensor) -> Tensor:
    """Weights as their inputs come: bfloat16, channels last."""
    weight = weight.bfloat16()
    return weight.contiguous(memory_format=torch.channels_last) if weight.ndim == 4 else weight


def _convolution(
    layer: nn.Module,
    outputs: Tensor | slice = _ALL,
    inputs: Tensor | slice = _ALL,
    *,
    bias: bool = True,
) -> _Layer:
    """Make a layer ready, its channels in another order or only some of them."""
    assert isinstance(layer, nn.Conv2d)
    assert layer.bias is not None
    assert isinstance(layer.padding, tuple)
    weight = layer.weight[outputs][:, inputs]
    return _layer(weight, layer.bias[outputs] if bias else None, layer.stride, layer.padding)


def _layer(
    weight: Tensor, bias: Tensor | None, stride: tuple[int, ...], padding: tuple[int, ...]
) -> _Layer:
    """Make a convolution ready, its weights laid out once where that can be."""
    weight, bias = _ready(weight), None if bias is None else _ready(bias)
    if weight.device.type == "cpu" and half_is_quick() and can_pack():
        return PackedConvolution(weight, bias, stride, padding)
    return partial(functional.conv2d, weight=weight, bias=bias, stride=stride, padding=padding)


def _norm(layer: nn.GroupNorm) -> _Layer:
    return partial(
        functional.group_norm,
        num_groups=layer.num_groups,
        weight=_ready(layer.weight),
        bias=_ready(layer.bias),
        eps=layer.eps,
    )


def _spread(channels: int) -> Tensor:
    """Order of channels that puts those of ``pixel_unshuffle`` last, shape (4 * channels,)."""
    return torch.arange(4 * channels).view(channels, 4).T.flatten()


def _phases(weight: Tensor) -> Tensor:
    """Turn a 3 x 3 kernel over an enlarged picture into four of 2 x 2 over the small one.

    Of three neighbouring rows of the enlarged picture two are the same small one: the last two for
    an even middle row, the first two for an odd one. Likewise for columns. (O, I, 3, 3) becomes (4
    * O, I, 2, 2): for even and odd rows, in each for even and odd columns.
    """
    merge = torch.tensor([[[1, 0, 0], [0, 1, 1]], [[1, 1, 0], [0, 0, 1]]]).to(weight)
    both = torch.einsum("yrk,xcl,oikl->yxoirc", merge, merge, weight)
    return both.flatten(0, 2)


def _window(start: int, length: int, size: int) -> slice:
    """Rows at half size from which the rows asked for at full size can be computed."""
    first, last = start // 2 - _REACH, (start + length + 1) // 2 + _REACH
    return slice(max(first, 0), min(last, size // 2))
