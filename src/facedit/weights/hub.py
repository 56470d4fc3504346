"""Official files from the Hugging Face hub, where a user asks for them and takes their licence.

The hub's own client fetches, and honours ``HF_HUB_OFFLINE``. Hashes are checked before a file lies
where it is used. Nobody here has seen these addresses answer.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from facedit.errors import AssetMissing, UsageError
from facedit.scratch import scratch_folder
from facedit.weights.user_files import UserFile, as_first_used, models_dir


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


def _fetch(repository: str, path: str, target: Path, sha256: str) -> None:
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    try:
        import huggingface_hub
    except ImportError as error:
        raise AssetMissing("the hub's client is missing: pip install huggingface_hub.") from error
    with scratch_folder(target.parent) as part:
        try:
            found = huggingface_hub.hf_hub_download(repository, path, local_dir=part)
        except (OSError, huggingface_hub.errors.EntryNotFoundError) as error:
            reason = (str(error).splitlines() or [type(error).__name__])[0][:200]
            raise AssetMissing(
                f"{Path(path).name} of huggingface.co/{repository} cannot be had: {reason}"
            ) from error
        renamed = part / target.name
        Path(found).rename(renamed)
        as_first_used(renamed, sha256).replace(target)
