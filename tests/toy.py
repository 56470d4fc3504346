"""A distribution with a part of each kind: the examples of docs/extend.md, installed for a test."""

import re
import sys
import tomllib
from pathlib import Path

import pytest

EXTEND = Path(__file__).parents[1] / "docs" / "extend.md"

_BLOCK = re.compile(r"```(toml|python)\n(.*?)```", re.DOTALL)


def install(
    folder: Path,
    name: str,
    entry_points: dict[str, dict[str, str]],
    modules: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Put a distribution into a folder on the path, as an installer leaves it there."""
    facts = folder / f"{name}-1.0.dist-info"
    facts.mkdir(parents=True)
    (facts / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    lines = []
    for group, entries in entry_points.items():
        lines += [f"[{group}]", *(f"{entry} = {value}" for entry, value in entries.items())]
    (facts / "entry_points.txt").write_text("\n".join(lines))
    for module, text in modules.items():
        (folder / f"{module}.py").write_text(text)
        monkeypatch.delitem(sys.modules, module, raising=False)
    monkeypatch.syspath_prepend(str(folder))


def install_toy(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Install the examples of docs/extend.md."""
    entry_points: dict[str, dict[str, str]] = {}
    modules: dict[str, str] = {}
    for language, text in _BLOCK.findall(EXTEND.read_text()):
        if language == "toml":
            entry_points |= tomllib.loads(text)["project"]["entry-points"]
        else:
            modules[re.match(r"# (\w+)\.py\n", text)[1]] = text
    install(folder, "toy", entry_points, modules, monkeypatch)
