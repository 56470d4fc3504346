"""What a user's package manager is told: licences, versions of Python, bounds, links."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
import zipfile
from email import message_from_bytes
from email.message import Message
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from facedit.training.experiment import SHIPPED
from facedit.weights.shipped import shipped_files

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
SPDX = {"CC BY-NC 4.0": "CC-BY-NC-4.0", "CC BY 4.0": "CC-BY-4.0", "Apache-2.0": "Apache-2.0"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel, built from a copy so that the checkout stays as it is."""
    folder = tmp_path_factory.mktemp("wheel")
    copied = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT, capture_output=True, check=True,
    ).stdout.split(b"\0")  # fmt: skip
    for name in filter(None, (name.decode() for name in copied)):
        if (ROOT / name).is_file() and not name.startswith(("tests/", "benchmarks/")):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes((ROOT / name).read_bytes())
    build = "from setuptools import build_meta; print(build_meta.build_wheel('.'))"
    done = subprocess.run([sys.executable, "-c", build], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return zipfile.ZipFile(folder / done.stdout.split()[-1])


@pytest.fixture(scope="module")
def metadata(wheel: zipfile.ZipFile) -> Message:
    (name,) = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    return message_from_bytes(wheel.read(name))


def test_the_licence_names_that_of_every_weight(metadata: Message) -> None:
    expression = str(metadata["License-Expression"]).split(" AND ")
    used = {
        next(spdx for name, spdx in SPDX.items() if name in file.licence)
        for file in shipped_files()
    }
    assert used | {"Apache-2.0"} == set(expression)
    texts = metadata.get_all("License-File", [])
    for licence in set(expression) - {"Apache-2.0"}:
        assert f"LICENSES/{licence}.txt" in texts
    notice = (ROOT / "NOTICE").read_text()
    for file in shipped_files():
        assert re.search(rf"\b{file.name}\b", notice), f"NOTICE does not name {file.name}"


def test_the_wheel_holds_what_train_and_the_verbs_read(wheel: zipfile.ZipFile) -> None:
    held = set(wheel.namelist())
    assert {f"facedit/configs/{file.name}" for file in SHIPPED.glob("*.toml")} <= held
    for file in shipped_files():
        assert any(name.endswith(f"/{file.name}.safetensors") for name in held)


def test_links_of_the_description_are_whole_addresses(metadata: Message) -> None:
    links = re.findall(r"\]\(([^)]+)\)", str(metadata.get_payload()))
    assert len(links) > 5
    assert all(link.startswith(("https://", "#")) for link in links)
    assert f"{PROJECT['urls']['Repository']}/raw/main/docs/demo.jpg" in links


def test_every_dependency_has_an_upper_bound() -> None:
    extras = [one for group in PROJECT["optional-dependencies"].values() for one in group]
    assert [one for one in PROJECT["dependencies"] + extras if not re.search("<|==", one)] == []


def names_imported(module: Path) -> set[str]:
    """Top-level packages that a module imports as it is imported itself."""
    found: set[str] = set()
    for node in ast.parse(module.read_text()).body:
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add(str(node.module).partition(".")[0])
    return found


PART_OF = {"markupsafe": "jinja2", "anyio": "mcp"}
"""Packages whose names are in the interface of one that is asked for."""


def test_what_modules_import_is_installed_with_them() -> None:
    """Others' packages that are not asked for are there only where something else brings them."""
    extras = PROJECT["optional-dependencies"]
    asked = [*PROJECT["dependencies"]]
    asked += [one for extra in extras.keys() - {"dev", "demo", "docs"} for one in extras[extra]]
    names = {re.split(r"[^\w-]", one)[0].lower() for one in asked}
    brings = packages_distributions()
    for module in sorted((ROOT / "src").rglob("*.py")):
        for name in names_imported(module) - set(sys.stdlib_module_names) - {"facedit"}:
            owners = {one.lower() for one in (PART_OF.get(name), *brings.get(name, [name])) if one}
            assert owners & names, f"{module.relative_to(ROOT)}: {name}"
