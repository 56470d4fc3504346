"""A second device for tests: it computes on the CPU, but refuses what CUDA and MPS refuse.

A tensor "on" it wraps one of the CPU. Every operation that meets such a tensor comes by here, so a
tensor that was made without saying where is found on a machine without a GPU: mixed devices are
refused as CUDA refuses them (but for a single number, and for indices, which may lie on the CPU),
numbers are 32 bits wide at most as on MPS, ``.numpy()`` does not work, and a generator must be of
the device. What ``torch.compile`` and a kernel of one's own would need is not there.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_iter, tree_map
from torch.utils.backend_registration import (
    _DummyBackendModule,
    _setup_privateuseone_for_python_backend,
)

NAME = "standin"
aten = torch.ops.aten


class Module(_DummyBackendModule):
    """What ``torch.standin`` offers; there only while a test asks for it."""

    there = False
    computed = 0
    """Operations so far."""
    casts = (torch.bfloat16, torch.float16)

    def is_available(self) -> bool:
        return self.there

    def get_amp_supported_dtype(self) -> list[torch.dtype]:
        return list(self.casts)


_MODULE = Module()
_setup_privateuseone_for_python_backend(NAME, backend_module=_MODULE)
DEVICE = torch.device(NAME, 0)

_MAY_MIX = {aten.copy_.default, aten._to_copy.default}
_INDICES = {aten.index.Tensor, aten.index_put.default, aten.index_put_.default}


@contextmanager
def plugged_in() -> Iterator[str]:
    """Let the device be there for a while, so that ``auto`` takes it; something must use it."""
    _MODULE.there, before = True, _MODULE.computed
    try:
        yield NAME
        assert _MODULE.computed > before, "nothing was computed on the device"
    finally:
        _MODULE.there = False


class StandIn(Tensor):
    """A tensor on the device; ``raw`` holds its numbers."""

    raw: Tensor

    @staticmethod
    def __new__(cls, raw: Tensor) -> "StandIn":
        if raw.dtype in (torch.float64, torch.complex128):
            raise TypeError("the device has no float64, as MPS has none")
        # A view of a plain tensor is plain even where tensors for inference alone are made.
        with torch.inference_mode(raw.is_inference()):
            out = Tensor._make_wrapper_subclass(
                cls, raw.size(), strides=raw.stride(), storage_offset=raw.storage_offset(),
                dtype=raw.dtype, device=DEVICE,
            )  # fmt: skip
        out.raw = raw
        return out

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return _computed(func, args, kwargs or {})

    def __repr__(self) -> str:
        return f"StandIn({self.raw})"


def _computed(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Check where the arguments are, compute on the CPU, and put the results where they belong."""
    _MODULE.computed += 1
    given = [one for one in tree_iter((args, kwargs)) if isinstance(one, Tensor)]
    checked = given
    if func in _INDICES:
        checked = [args[0], *(one for one in args[2:] if isinstance(one, Tensor))]
    if func not in _MAY_MIX:
        _refuse_mixed(func, checked)
    generator = kwargs.get("generator")
    if generator is not None and generator.device.type != NAME:
        raise RuntimeError(f"Expected a '{NAME}' device type for generator but found 'cpu'")
    device = kwargs.get("device")
    inside = {name: one for name, one in kwargs.items() if name != "pin_memory"}
    if device is not None:
        inside["device"] = torch.device("cpu")
    out = func(*tree_map(_raw, args), **tree_map(_raw, inside))
    if func is aten._local_scalar_dense.default or (device and torch.device(device).type == "cpu"):
        return out
    owners = {id(one.raw): one for one in given if isinstance(one, StandIn)}

    def placed(value: Any) -> Any:
        if isinstance(value, StandIn) or not isinstance(value, Tensor):
            return value
        own = owners.get(id(value))  # changed in place
        return StandIn(value) if own is None else own

    if func is aten.copy_.default:
        return args[0]
    return tree_map(placed, out)


def _refuse_mixed(func: Any, tensors: list[Tensor]) -> None:
    elsewhere = [one for one in tensors if not isinstance(one, StandIn) and one.ndim]
    if elsewhere and len(elsewhere) < len(tensors):
        raise RuntimeError(
            f"Expected all tensors to be on the same device, but found {NAME} and cpu: {func} of "
            f"{[tuple(one.shape) for one in elsewhere]}"
        )


def _raw(value: Any) -> Any:
    return value.raw if isinstance(value, StandIn) else value


def _fallback(func: Any, *args: Any, **kwargs: Any) -> Any:
    return _computed(func, args, kwargs)


_LIBRARY = torch.library.Library("_", "IMPL")
_LIBRARY.fallback(_fallback, "PrivateUse1")
_LIBRARY.fallback(torch.library.fallthrough_kernel, "AutocastPrivateUse1")
# These would make an empty tensor and enlarge it, which a wrapper cannot follow.
_ENLARGED = torch.library.Library("aten", "IMPL")
for _name in ("arange", "eye", "linspace", "randperm"):
    for _overload in getattr(aten, _name).overloads():
        _op = getattr(getattr(aten, _name), _overload)
        if "out" not in _overload and "Tensor" not in _overload:
            _ENLARGED.impl(_op, partial(_fallback, _op), "PrivateUse1")
