"""Experiments as TOML files, and what every training is told.

A file is the whole experiment; it may name another that it differs from in a few fields. What
the kinds of networks share stands here once; each adds its own.
"""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from facedit.errors import UsageError
from facedit.inputs import read_toml

EXTENDS = "extends"
"""Key that names what this one differs from: a file beside it, or a shipped configuration."""

SHIPPED = Path(__file__).parents[1] / "configs"
"""Folder of the configurations that come with the package."""

_DEEPEST = 4


@dataclass(frozen=True, slots=True)
class RunConfig:
    """Where and how a run lives.

    Attributes:
        output: Folder of checkpoints and logs.
        seed: Seed of everything.
        threads: CPU threads of torch.
        log_every: Steps between log rows.
        save_every: Steps between checkpoints.
        validate_every: Steps between validations; 0 for none.
    """

    output: str
    seed: int = 0
    threads: int = 1
    log_every: int = 50
    save_every: int = 500
    validate_every: int = 1000


@dataclass(frozen=True, slots=True)
class OptimConfig:
    """How a network is learnt.

    Attributes:
        steps: Optimiser steps.
        lr: Peak learning rate of AdamW.
        warmup: Steps of linear warm-up.
        decay_from: Step from which the rate falls to 0 along a half cosine; constant before.
        weight_decay: Of AdamW.
        clip: Largest norm of the gradient.
        ema: Decay of the averaged weights (reached gradually).
    """

    steps: int
    lr: float = 1e-3
    warmup: int = 200
    decay_from: float = 0.0
    weight_decay: float = 0.03
    clip: float = 1.0
    ema: float = 0.999

    def __post_init__(self) -> None:
        """Check the ranges; ``UsageError`` if a value is out of one."""
        if self.steps < 1 or self.lr <= 0 or self.clip <= 0 or not 0 <= self.ema <= 1:
            raise UsageError(f"steps, lr and clip must be positive, ema in 0 .. 1: {self}.")

    def rate(self, step: int) -> float:
        """Return the learning rate of a step, counted from 0."""
        warm = min((step + 1) / max(self.warmup, 1), 1.0)
        start = max(self.decay_from, self.warmup)
        done = min(max(step - start, 0) / max(self.steps - start, 1), 1.0)
        return self.lr * warm * 0.5 * (1 + math.cos(math.pi * done))


@dataclass(frozen=True, slots=True)
class PoolConfig:
    """Clips that are drawn together, in windows of one length.

    Attributes:
        corpora: Names of corpora.
        share: Share of the frames of a step, before normalisation.
        window: Frames of a window; shorter clips are padded, longer ones cropped at random.
    """

    corpora: tuple[str, ...]
    share: float
    window: int

    def __post_init__(self) -> None:
        """Check the ranges; ``UsageError`` if a value is out of one."""
        if not self.corpora or self.share <= 0 or self.window < 8:
            raise UsageError(f"A pool needs corpora, a share above 0 and a window from 8: {self}.")


@dataclass(frozen=True, slots=True)
class ClipsConfig:
    """What of a prepared folder is learnt from.

    Attributes:
        folder: Folder made by ``facedit prepare``; relative to the working directory.
        pools: How corpora are balanced; none for one pool of all that was prepared.
        window: Most frames of a window where no pools are named.
        hold_out_speakers: Speakers of the training split kept for validation.
        hold_out_every: Every n-th training clip of the other speakers of ``hold_out_corpora`` is
            kept for validation; 0 for none.
        hold_out_corpora: Corpora to which ``hold_out_every`` applies.
        speech_dims: Principal components kept of the encoder's features.
        whiten: 0 keeps the components' spread, 1 makes it equal.
        balance: Exponent on a speaker's frames in the draw: 1 as found, 0 all speakers alike.
        mirror: Chance that a window is shown mirrored.
        stretch: Largest relative change of speed; 0 for none.
    """

    folder: str
    pools: tuple[PoolConfig, ...] = ()
    window: int = 100
    hold_out_speakers: tuple[str, ...] = ()
    hold_out_every: int = 0
    hold_out_corpora: tuple[str, ...] = ()
    speech_dims: int = 128
    whiten: float = 0.5
    balance: float = 0.5
    mirror: float = 0.5
    stretch: float = 0.0


@dataclass(frozen=True, slots=True)
class Experiment:
    """What every experiment has: how the run lives and learns; each kind adds its own."""

    run: RunConfig
    optim: OptimConfig

    @property
    def summary(self) -> str:
        """What it is, in a line."""
        return f"{self.optim.steps} steps into {self.run.output}"

    def __str__(self) -> str:
        """Return all fields as JSON, a line each."""
        return json.dumps(asdict(self), indent=1)


def read_experiment(path: Path, changes: Iterable[str] = ()) -> dict[str, object]:
    """Read a configuration with fields typed beside it, as ``optim.steps=100``.

    A value is TOML, or else a string. Raises UsageError as ``read_table``, or if a change is none.
    """
    table = read_table(path)
    for change in changes:
        name, equals, value = change.partition("=")
        for text in (change, f"{name} = {json.dumps(value)}" if equals else change):
            with suppress(tomllib.TOMLDecodeError):
                table = merged(table, tomllib.loads(text))
                break
        else:
            raise UsageError(f"--set {change}: changes no field; write e.g. optim.steps=100.")
    return table


def read_table(path: Path, depth: int = 0) -> dict[str, object]:
    """Read a configuration file or a shipped one by its name, and those it extends.

    Fields of tables are merged one by one, lists are replaced whole. Raises UsageError if a file
    cannot be read, is no TOML or extends itself.
    """
    path = _found(path)
    table = read_toml(path, "configuration", UsageError)
    base = table.pop(EXTENDS, None)
    if base is None:
        return table
    if not isinstance(base, str) or depth >= _DEEPEST:
        raise UsageError(f"{path}: '{EXTENDS}' must name one file, at most {_DEEPEST} deep.")
    beside = path.parent / base
    return merged(read_table(beside if beside.is_file() else Path(base), depth + 1), table)


def _found(path: Path) -> Path:
    """Return the file, or the shipped one of that name."""
    shipped = {file.stem: file for file in sorted(SHIPPED.glob("*.toml"))}
    if not path.exists() and str(path) in shipped:
        return shipped[str(path)]
    if not path.exists():
        raise UsageError(
            f"{path}: no such file; the configurations that come with facedit are named "
            f"{', '.join(shipped)}."
        )
    return path


def merged(base: Mapping[str, object], changes: Mapping[str, object]) -> dict[str, object]:
    """Lay changes over a table; tables in it are merged, lists replaced."""
    result = dict(base)
    for key, value in changes.items():
        before = result.get(key)
        if isinstance(value, dict) and isinstance(before, dict):
            result[key] = merged(before, value)
        else:
            result[key] = value
    return result
