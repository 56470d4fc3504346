"""Meters of lips: of prepared motion, and the one that all measures of the benchmark share."""

from __future__ import annotations

import functools

from facedit.dataset.prepared import Meta
from facedit.errors import UsageError
from facedit.evaluation.hidden_spans import LipMeter
from facedit.motion.mesh_space import MeshSpace
from facedit.motion.space import HasShape, space_named


@functools.cache
def measured_space() -> MeshSpace:
    """Return the space that the benchmark measures in."""
    return MeshSpace.load()


@functools.cache
def lip_meter() -> LipMeter:
    """Return the meter of the shipped space.

    Lip dims are weighted by their spread in the training set over that of the widest one.
    """
    space = measured_space()
    return LipMeter(space, space.groups, space.effects)


def find_meter(meta: Meta) -> LipMeter | None:
    """Return the meter of prepared motion; None if its space cannot be measured as landmarks."""
    space = space_named(meta.space)
    return LipMeter(space, meta.groups, meta.effects) if isinstance(space, HasShape) else None


def meter_of(meta: Meta) -> LipMeter:
    """Return the meter of prepared motion; UsageError if its space cannot be measured."""
    if (found := find_meter(meta)) is None:
        raise UsageError(f"motion in the space {meta.space} cannot be measured as lips.")
    return found
