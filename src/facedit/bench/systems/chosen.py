"""Systems by name: ``--systems truth,ours,ridge,calm=ours:temperature=0``."""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Callable
from pathlib import Path

import torch

from facedit.bench.systems.ours import Load, Setting, ours
from facedit.bench.systems.simple import cut, held, retrieval, ridge, straight, truth
from facedit.bench.systems.system import TRACKS, System
from facedit.errors import UsageError
from facedit.model.checkpoint import load_model

OURS: dict[str, tuple[str, Setting]] = {
    "ours": ("our model at its defaults", Setting()),
    "ours-mean": (
        "our model's mean: no noise, no guidance",
        Setting(temperature=0, guidance=1, render=False),
    ),
    "ours-sample": (
        "a full sample: all noise, no guidance",
        Setting(temperature=1, guidance=1, render=False),
    ),
    "ours-deaf": ("our model without speech", Setting(guidance=0, render=False)),
    "ours-alone": (
        "our model without the surrounding motion",
        Setting(context=False, render=False),
    ),
    "ours-wrong": ("our model hearing another clip's sound", Setting(sound="other", render=False)),
}
"""Our model's settings by name, with what they are."""

PLAIN: dict[str, Callable[[], System]] = {
    "truth": truth,
    "hold": held,
    "line": straight,
    "cut": cut,
    "ridge": ridge,
    "retrieval": retrieval,
}

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,39}")


def choose(text: str, device: torch.device | str = "cpu") -> tuple[System, ...]:
    """Make the systems that an option names.

    ``text``: names by comma. ``NAME=ours:FIELD=VALUE:FIELD=VALUE`` gives a setting of ours a name
    (fields of ``Setting``); ``NAME=ridge:render=no`` measures only the motion;
    ``NAME=videos:FOLDER`` scores videos made elsewhere.
    ``UsageError`` if a name or a setting does not exist, or a name is used twice.
    """
    # Settings of the same weights share their network.
    load = functools.cache(functools.partial(load_model, device=device))
    systems = [_one(part.strip(), load) for part in text.split(",") if part.strip()]
    names = [system.name for system in systems]
    if double := sorted({name for name in names if names.count(name) > 1}):
        raise UsageError(f"--systems names {double[0]} twice: give one of them another name.")
    if not systems:
        raise UsageError("--systems names no system.")
    return tuple(systems)


def _one(text: str, load: Load) -> System:
    name, _, rest = text.partition("=")
    if not _NAME.fullmatch(name):
        raise UsageError(f"--systems {text}: {name!r} is no plain name.")
    if not rest:
        if name in PLAIN:
            return PLAIN[name]()
        if name in OURS:
            return ours(name, *OURS[name], load)
        known = ", ".join([*PLAIN, *OURS])
        raise UsageError(
            f"--systems {name}: known are {known}; NAME=ours:FIELD=VALUE and NAME=videos:FOLDER "
            "make further ones."
        )
    base, *options = rest.split(":")
    if base == "videos" and len(options) == 1:
        return given(name, Path(options[0]))
    if base in OURS:
        about, setting = OURS[base]
        return ours(name, f"{about} ({':'.join(options)})", _changed(setting, options), load)
    if base in PLAIN and options == ["render=no"] and PLAIN[base]().draw is not None:
        return dataclasses.replace(PLAIN[base](), name=name, pictures="none")
    raise UsageError(f"--systems {text}: write NAME=ours:FIELD=VALUE or NAME=videos:FOLDER.")


def given(name: str, folder: Path) -> System:
    """Take videos that another system made; ``UsageError`` if there is no such folder."""
    if not folder.is_dir():
        raise UsageError(f"{folder} is no folder of videos.")
    return System(name, f"videos from {folder.name}", "given", TRACKS, videos=str(folder))


def _changed(setting: Setting, options: list[str]) -> Setting:
    fields = {field.name: str(field.type) for field in dataclasses.fields(Setting)}
    changes: dict[str, object] = {}
    for option in options:
        field, _, value = option.partition("=")
        if field not in fields or not value:
            raise UsageError(f"--systems: {option!r} is no setting; known: {', '.join(fields)}.")
        changes[field] = _value(field, value, fields[field])
    return dataclasses.replace(setting, **changes)  # type: ignore[arg-type]


def _value(field: str, value: str, kind: str) -> object:
    if kind == "str":
        return value
    if kind == "bool":
        if value not in ("yes", "no"):
            raise UsageError(f"--systems: {field} is yes or no, not {value!r}.")
        return value == "yes"
    try:
        return int(value) if kind.startswith("int") else float(value)
    except ValueError:
        raise UsageError(f"--systems: {field} wants a number, not {value!r}.") from None
