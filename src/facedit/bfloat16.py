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
        else:
            _pack(part)
