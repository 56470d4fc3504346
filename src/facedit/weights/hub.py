"""Official files from the Hugging Face hub, where a user asks for them and takes their licence.

The hub's own client fetches, and honours ``HF_HUB_OFFLINE``. Hashes are checked before a file lies
where it is used. Nobody here has seen these addresses answer.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from facedit.errors import AssetMissing, UsageError
from facedit.scratch import scratch_folder
from facedit.weights.user_files import as_first_used, models_dir


@dataclass(frozen=True, slots=True)
class HubFile:
    """A file of a repository.

    Attributes:
        repository: Its owner and name.
        path: Of the file there.
        name: What it is called here, with its folder if it has one.
        licence: Under which it is published.
        sha256: Its hash, or how it begins; empty if it is not known.
    """

    repository: str
    path: str
    name: str
    licence: str
    sha256: str = ""


_LATENTSYNC, _SPEECH = "ByteDance/LatentSync-1.6", "as its model card says (of microsoft/UniSpeech)"

HUB: Mapping[str, tuple[HubFile, ...]] = {
    "liveportrait": tuple(
        HubFile(
            "KwaiVGI/LivePortrait", f"liveportrait/{folder}/{name}.pth", f"{name}.pth", "MIT", sha
        )
        for folder, name, sha in (
            ("base_models", "appearance_feature_extractor", "5279bb86"),
            ("base_models", "motion_extractor", "251e6a94"),
            ("base_models", "warping_module", "2f61a6f2"),
            ("base_models", "spade_generator", "4780afc7"),
            ("retargeting_models", "stitching_retargeting_module", "3652d5a3"),
        )
    ),
    "wavlm": (
        HubFile(
            "microsoft/wavlm-large", "pytorch_model.bin", "wavlm-large/pytorch_model.bin", _SPEECH
        ),
    ),
    "judges": (
        HubFile(_LATENTSYNC, "auxiliary/syncnet_v2.model", "syncnet_v2.model", "not stated there"),
        HubFile(_LATENTSYNC, "auxiliary/sfd_face.pth", "sfd_face.pth", "not stated there"),
        HubFile(
            _LATENTSYNC, "auxiliary/vgg16-397923af.pth", "vgg16-397923af.pth", "BSD-3-Clause",
            "397923af",
        ),
        HubFile(
            _LATENTSYNC, "auxiliary/i3d_torchscript.pt", "i3d_torchscript.pt", "not stated there"
        ),
    ),
}  # fmt: skip
"""By the name that ``doctor --fetch`` takes. ArcFace's files are on no hub that we know."""


def fetch_official(group: str, *, accepted: bool) -> tuple[Path, ...]:
    """Fetch the files of a group that are not there yet.

    Args:
        group: One of ``HUB``.
        accepted: Whether the user takes their licences.

    Returns:
        Where the files are. (``AssetMissing`` if one cannot be had, ``BadWeights`` if it is another
        than published.)

    Raises:
        UsageError: If the licences were not accepted; they are named.
    """
    files = HUB[group]
    if not accepted:
        raise UsageError(
            f"--fetch {group} brings {_listed(files)}: add --accept-licences to take it."
        )
    folder = models_dir() / group
    folder.mkdir(parents=True, exist_ok=True)
    for file in files:
        if not (folder / file.name).is_file():
            _fetch(file, folder)
    return tuple(folder / file.name for file in files)


def _listed(files: Sequence[HubFile]) -> str:
    return "; ".join(
        f"{Path(file.path).name} ({file.licence}) of huggingface.co/{file.repository}"
        for file in files
    )


def _fetch(file: HubFile, folder: Path) -> None:
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    try:
        import huggingface_hub
    except ImportError as error:
        raise AssetMissing("the hub's client is missing: pip install huggingface_hub.") from error
    target = folder / file.name
    target.parent.mkdir(parents=True, exist_ok=True)
    with scratch_folder(folder) as part:
        try:
            found = huggingface_hub.hf_hub_download(file.repository, file.path, local_dir=part)
        except (OSError, huggingface_hub.errors.EntryNotFoundError) as error:
            reason = (str(error).splitlines() or [type(error).__name__])[0][:200]
            raise AssetMissing(
                f"{Path(file.path).name} of huggingface.co/{file.repository} cannot be had: "
                f"{reason}"
            ) from error
        renamed = part / target.name
        Path(found).rename(renamed)
        as_first_used(renamed, file.sha256).replace(target)
