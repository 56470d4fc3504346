"""Networks that compute in bfloat16 on the CPU, their weights laid out once."""

from __future__ import annotations

from copy import deepcopy
from typing import TypeVar

import torch
from torch import Tensor, nn

Network = TypeVar("Network", bound=nn.Module)


class PackedLinear(nn.Module):
    """A linear layer that gives what ``nn.Linear`` gives, for less where rows are few.

    PyTorch lays the weights of a bfloat16 layer out anew whenever it is called; here they lie as
    oneDNN reads them.

    Args:
        layer: The layer, in bfloat16 on the CPU.
    """

    def __init__(self, layer: nn.Linear) -> None:
        super().__init__()
        self.layer = layer
        self._packed = torch.ops.mkldnn._reorder_linear_weight(layer.weight.detach(), None)

    @property
    def weight(self) -> Tensor:
        """The weights as they are saved, shape (outputs, inputs)."""
        return self.layer.weight

    def forward(self, x: Tensor) -> Tensor:
        """Apply the layer, shapes (..., inputs) and (..., outputs)."""
        out: Tensor = torch.ops.mkldnn._linear_pointwise(
            x, self._packed, self.layer.bias, "none", [], ""
        )
        return out

    def __reduce__(self) -> tuple[type[PackedLinear], tuple[nn.Linear]]:
        """Pickle and copy the layer alone: what is laid out belongs to the process."""
        return PackedLinear, (self.layer,)


class PackedConvolution:
    """A convolution that gives what ``conv2d`` gives, its weights laid out as ``PackedLinear``'s.

    Args:
        weight: Weights in bfloat16 on the CPU, shape (outputs, inputs, height, width).
        bias: Shape (outputs,), or none.
        stride: Of rows and columns.
        padding: Zeros above and below, and on either side.
    """

    def __init__(
        self, weight: Tensor, bias: Tensor | None, stride: tuple[int, ...], padding: tuple[int, ...]
    ) -> None:
        self._given = weight, bias, stride, padding
        self._packed = torch.ops.mkldnn._reorder_convolution_weight(
            weight.detach(), padding, stride, (1, 1), 1, None
        )

    def __call__(self, x: Tensor) -> Tensor:
        """Apply it, shapes (B, inputs, h, w) and (B, outputs, h, w)."""
        _, bias, stride, padding = self._given
        out: Tensor = torch.ops.mkldnn._convolution_pointwise(
            x, self._packed, bias, padding, stride, (1, 1), 1, "none", [], ""
        )
        return out

    def __reduce__(self) -> tuple[type[PackedConvolution], tuple[object, ...]]:
        """Pickle and copy what was given alone, as ``PackedLinear`` does."""
        return PackedConvolution, self._given


class PackedConv1d(nn.Module):
    """A convolution over time that gives what ``nn.Conv1d`` gives, as ``PackedLinear`` does.

    Args:
        layer: The layer, in bfloat16 on the CPU, without groups, dilation or named padding.
    """

    def __init__(self, layer: nn.Conv1d) -> None:
        super().__init__()
        self.layer = layer
        padding = layer.padding if isinstance(layer.padding, tuple) else (0,)
        self._apply_to = PackedConvolution(
            layer.weight.detach()[:, :, None], layer.bias, (1, *layer.stride), (0, *padding)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Apply the layer, shapes (B, inputs, T) and (B, outputs, T')."""
        return self._apply_to(x[:, :, None]).squeeze(2)


def in_bfloat16(network: Network) -> Network:
    """Return a copy of a network on the CPU that computes in bfloat16, for inference."""
    copy = deepcopy(network).bfloat16().requires_grad_(False)
    if can_pack():
        _pack(copy)
    return copy


def can_pack() -> bool:
    """Tell whether PyTorch has what ``torch.compile`` lays weights out by, public in no version."""
    return hasattr(torch.ops.mkldnn, "_linear_pointwise")


def _pack(network: nn.Module) -> None:
    for name, part in network.named_children():
        if type(part) is nn.Linear:
            setattr(network, name, PackedLinear(part))
        elif type(part) is nn.Conv1d and part.groups == 1 and part.dilation == (1,):
            setattr(network, name, PackedConv1d(part))
        else:
            _pack(part)
