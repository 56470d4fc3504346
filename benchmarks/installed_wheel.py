"""Installs the built wheel in an empty environment of each Python and edits a clip with it.

Prints a row for each Python: packages, their size, the seconds of the installation and of the edit.
Nothing is built from source but the wheel itself, and the checkout is out of reach.

    python benchmarks/installed_wheel.py --clip FILE --replace OLD NEW \
        [--torch torch==2.13.0+cpu] python3.11 python3.12 ...

The clip is any talking head whose words hold OLD; ``--torch`` is installed first, so that it can be
a build for the CPU. The weights that others made are those of this machine's cache.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
MB = 1e6


def installed(python: str, folder: Path, wheel: Path, torch: str | None) -> Path:
    """Make an environment with the wheel and what it needs, none of it compiled here."""
    called(python, "-m", "venv", folder)
    tool = folder / "bin" / "python"
    for package in (torch, wheel):
        if package:
            pip(tool, "install", "--only-binary=:all:", package)
    pip(tool, "check")
    return tool


def pip(python: str | Path, verb: str, *words: str | Path) -> str:
    """Run pip; modules are compiled when they are used, not by it."""
    still = {"install": ("--quiet", "--no-compile"), "wheel": ("--quiet",)}.get(verb, ())
    return called(python, "-m", "pip", "--disable-pip-version-check", verb, *still, *words)


def called(*words: str | Path, folder: Path = ROOT) -> str:
    """Run a command without the checkout on its path; SystemExit with what it said if it fails."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(words, cwd=folder, env=kept, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, words))}: {done.stderr or done.stdout}")
    return done.stdout


def size(folder: Path) -> int:
    """Add up the bytes of the installed packages, pip aside."""
    packages = next(folder.glob("lib/python*/site-packages"))
    files = (path for path in packages.rglob("*") if path.is_file() and not path.is_symlink())
    return sum(
        path.stat().st_size
        for path in files
        if not path.relative_to(packages).parts[0].startswith("pip")
        and "__pycache__" not in path.parts
    )


def main() -> None:
    """Build, install, edit, and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("pythons", nargs="+", metavar="PYTHON")
    parser.add_argument("--clip", type=Path, required=True)
    parser.add_argument("--replace", nargs=2, required=True, metavar=("OLD", "NEW"))
    parser.add_argument("--torch", help="a requirement to install first")
    given = parser.parse_args()
    print("| Python | packages | MB | PyTorch | install | edit |\n|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as scratch:
        work = Path(scratch)
        pip(given.pythons[0], "wheel", "--no-deps", "--wheel-dir", work, ROOT)
        (wheel,) = work.glob("facedit-*.whl")
        edit = ("edit", given.clip.resolve(), "-o", "out.mp4", "--replace", *given.replace)
        for python in given.pythons:
            with tempfile.TemporaryDirectory(dir=work) as folder:
                print(row(python, Path(folder), wheel, given.torch, edit), flush=True)


def row(
    python: str, folder: Path, wheel: Path, torch: str | None, edit: tuple[str | Path, ...]
) -> str:
    """Install, look whether all is there, edit, and say what it took."""
    start = time.monotonic()
    tool = installed(python, folder, wheel, torch)
    made = time.monotonic()
    command = tool.parent / "facedit"
    called(command, "doctor", folder=folder)
    began = time.monotonic()
    called(command, *edit, folder=folder)
    ended = time.monotonic()
    versions = {
        one["name"]: one["version"] for one in json.loads(pip(tool, "list", "--format=json"))
    }
    release = called(tool, "-c", "import platform; print(platform.python_version())").strip()
    return (
        f"| {release} | {len(versions) - 1} | {size(folder) / MB:.0f} | {versions['torch']} "
        f"| {made - start:.0f} s | {ended - began:.0f} s |"
    )


if __name__ == "__main__":
    main()
