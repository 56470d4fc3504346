"""Engines that the user has named in a settings file, where no clip and no script can name one."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from facedit.cache import config_dir
from facedit.errors import UsageError
from facedit.fields import build, check_known
from facedit.inputs import read_toml
from facedit.speech.voices.command import CommandEngine


@dataclass(frozen=True, slots=True)
class _Table:
    """``[voices.NAME]`` of the settings."""

    command: tuple[str, ...]
    languages: tuple[str, ...] = ()
    seconds: float = 600.0
    environment: dict[str, str] = field(default_factory=dict)


def settings_file() -> Path:
    """Return where the settings are: ``settings.toml`` in the folder of settings."""
    return config_dir() / "settings.toml"


def engine_names() -> tuple[str, ...]:
    """List the engines of the settings; none where there is no file, or no good one."""
    try:
        return tuple(_tables())
    except UsageError:
        return ()


def engine_named(name: str) -> CommandEngine | None:
    """Find an engine of the settings; UsageError is raised if they are no good."""
    tables, file = _tables(), settings_file()
    if name not in tables:
        return None
    where = f"{file}, voices.{name}"
    table = build(_Table, tables[name], where)
    if not table.command:
        raise UsageError(f"{where}: command names no program.")
    return CommandEngine(name, table.command, table.languages, table.seconds, table.environment)


def _tables() -> dict[str, object]:
    file = settings_file()
    if not file.is_file():
        return {}
    settings = read_toml(file, "settings", UsageError)
    check_known(settings, ("voices",), str(file), UsageError)
    voices = settings.get("voices", {})
    if not isinstance(voices, dict):
        raise UsageError(f"{file}: voices must be a table.")
    return voices
