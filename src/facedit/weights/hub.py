"""Files from the Hugging Face hub, where a user asks for them: official ones with their licence.

The hub's own client fetches, and honours ``HF_HUB_OFFLINE``. Hashes are checked before a file lies
where it is used. Nobody here has seen these addresses answer.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from facedit.errors import AssetMissing, UsageError
from facedit.scratch import scratch_folder
from facedit.weights.user_files import UserFile, as_first_used, models_dir

_REPOSITORY = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*")


def fetch_official(group: str, files: Sequence[UserFile], *, accepted: bool) -> None:
    """Fetch those files of a group that lie on the hub and are not there yet.

    Args:
        group: What ``doctor --fetch`` calls them; they go into a folder of that name.
        files: The files. (``AssetMissing`` if one cannot be had, ``BadWeights`` if it is another
            than published.)
        accepted: Whether the user takes their licences.

    Raises:
        UsageError: If the licences were not accepted; they are named.
    """
    on_hub = {file: file.hub for file in files if file.hub is not None}
    if not accepted:
        listed = "; ".join(
            f"{Path(path).name} ({file.licence}) of huggingface.co/{repository}"
            for file, (repository, path) in on_hub.items()
        )
        raise UsageError(f"--fetch {group} brings {listed}: add --accept-licences to take it.")
    folder = models_dir() / group
    folder.mkdir(parents=True, exist_ok=True)
    for file, (repository, path) in on_hub.items():
        target = folder / file.names[0]
        if not target.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            _fetch(repository, path, target, file.sha256)


def pretrained_file(where: str | Path, name: str, revision: str | None = None) -> Path:
    """Find weights that somebody saved: in a folder, else in a repository of the hub.

    Args:
        where: The folder, or ``OWNER/REPOSITORY``; what is fetched stays in the hub's own cache.
        name: The file.
        revision: Branch, tag or commit; the newest if None.

    Returns:
        The file.

    Raises:
        AssetMissing: If there is none, or the hub does not answer or is switched off.
    """
    if Path(where).is_dir():
        if not (file := Path(where) / name).is_file():
            raise AssetMissing(f"{where} holds no {name}.")
        return file
    if not _REPOSITORY.fullmatch(str(where)):
        raise AssetMissing(f"{where}: neither a folder nor a repository of the hub, OWNER/NAME.")
    return _download(str(where), name, revision)


def write_card(folder: Path, what: str, notes: Mapping[str, object]) -> None:
    """Write the README of a folder of weights, with its licence where the hub looks for it."""
    licence = str(notes.get("licence") or notes.get("license") or "unknown")
    lines = ["---", "library_name: facedit", "license: other", f"license_name: {licence}", "---"]
    lines += ["", f"# {what} for facedit", "", *(f"- {key}: {notes[key]}" for key in sorted(notes))]
    (folder / "README.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _fetch(repository: str, path: str, target: Path, sha256: str) -> None:
    with scratch_folder(target.parent) as part:
        renamed = part / target.name
        _download(repository, path, local_dir=part).rename(renamed)
        as_first_used(renamed, sha256).replace(target)


def _download(
    repository: str, path: str, revision: str | None = None, local_dir: Path | None = None
) -> Path:
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    try:
        import huggingface_hub
    except ImportError as error:
        raise AssetMissing("the hub's client is missing: pip install huggingface_hub.") from error
    try:
        found = huggingface_hub.hf_hub_download(
            repository, path, revision=revision, local_dir=local_dir
        )
        return Path(found)
    except (OSError, huggingface_hub.errors.EntryNotFoundError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0][:200]
        raise AssetMissing(
            f"{Path(path).name} of huggingface.co/{repository} cannot be had: {reason}"
        ) from error
