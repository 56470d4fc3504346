"""Reads LivePortrait's official files, which a user brings: ``.pth`` or safetensors."""

from __future__ import annotations

from pathlib import Path

from torch import Tensor

from facedit.errors import BadWeights
from facedit.tensors import read_tensors, read_torch
from facedit.weights.user_files import UserFile, user_files

PUBLISHED = "huggingface.co/KwaiVGI/LivePortrait, MIT"

NETWORKS = (
    "appearance_feature_extractor", "motion_extractor", "warping_module", "spade_generator",
    "stitching_retargeting_module",
)  # fmt: skip
"""What the files are called, before the suffix."""

LANDMARK_FILE = "landmark.onnx"
"""The network of 203 points, which need not be there."""

DETECTOR_FILE, POINTS_FILE = "det_10g.onnx", "2d106det.onnx"
"""InsightFace's detector and its network of 106 points, which need not be there either."""

_ANIMALS = "liveportrait_animals"
"""Folder of the repository with files of the same names and shapes, wrong for people."""

_FOLDERS = (*["base_models"] * 4, "retargeting_models")
"""Where they lie in the repository."""

_PUBLISHED_SHA256 = (
    "5279bb8654293dbdf327030b397f107237dd9212fb11dd75b83dfb635211ceb5",
    "251e6a94ad667a1d0c69526d292677165110ef7f0cf0f6d199f0e414e8aa0ca5",
    "2f61a6f265fe344f14132364859a78bdbbc2068577170693da57fb96d636e282",
    "4780afc7909a9f84e24c01d73b31a555ef651521a1fe3b2429bd04534d992aee",
    "3652d5a3f95099141a56986aaddec92fadf0a73c87a20fac9a2c07c32b28b611",
)

FILES = {
    f"{name}.pth": UserFile(
        (f"{name}.pth", f"{name}.safetensors"), "motion space and renderer liveportrait", "MIT",
        "huggingface.co/KwaiVGI/LivePortrait", sha256,
        ("KwaiVGI/LivePortrait", f"liveportrait/{folder}/{name}.pth"),
    )
    for name, folder, sha256 in zip(NETWORKS, _FOLDERS, _PUBLISHED_SHA256, strict=True)
} | {
    LANDMARK_FILE: UserFile(
        (LANDMARK_FILE,), "liveportrait's crops; without it our mesh approximates them", "MIT",
        "huggingface.co/KwaiVGI/LivePortrait",
        "31d22a5041326c31f19b78886939a634a5aedcaa5ab8b9b951a1167595d147db",
        ("KwaiVGI/LivePortrait", f"liveportrait/{LANDMARK_FILE}"),
    ),
}  # fmt: skip
"""The files, for whoever lists them."""

INSIGHTFACE = {
    name: UserFile(
        (name,), "liveportrait's crops of pictures, as official", "non-commercial research",
        "huggingface.co/KwaiVGI/LivePortrait", sha256,
        ("KwaiVGI/LivePortrait", f"insightface/models/buffalo_l/{name}"),
    )
    for name, sha256 in (
        (DETECTOR_FILE, "5838f7fe053675b1c7a08b633df49e7af5495cee0493c7dcf6697200b85b5b91"),
        (POINTS_FILE, "f001b856447c413801ef5c42091ed0cd516fcd21f2d6b79635b1e733a7109dbf"),
    )
}  # fmt: skip
"""Those of InsightFace, apart for their licence."""


def find_networks(*names: str) -> dict[str, Path]:
    """Find files of the user's.

    Args:
        *names: Some of ``NETWORKS``.

    Returns:
        The file of each. (``AssetMissing`` names all that are not there.)

    Raises:
        BadWeights: If one lies where the models for animals do, which are called alike.
    """
    wanted = {name: FILES[f"{name}.pth"].names for name in names}
    found = user_files("LivePortrait", wanted, PUBLISHED)
    for path in found.values():
        if _ANIMALS in path.absolute().parts:
            raise BadWeights(
                f"{path} is LivePortrait's model for animals: take the one for people "
                f"({PUBLISHED}, folder liveportrait)."
            )
    return found


def read_state(path: Path, part: str = "") -> dict[str, Tensor]:
    """Read the tensors of a network.

    Args:
        path: The file; nothing in it is executed.
        part: Which network of a file of several, such as ``retarget_mouth``.

    Returns:
        Tensors by their official names, without what training put in front of them.

    Raises:
        BadWeights: If the file is damaged or has no such part.
    """
    if path.suffix == ".safetensors":
        state: dict[str, object] = read_tensors(path)[1]
        if part:
            state = {
                name.removeprefix(f"{part}_"): tensor
                for name, tensor in state.items()
                if name.startswith(f"{part}_")
            }
    else:
        state = read_torch(path)
        state = state.get(part) if part else state  # type: ignore[assignment]
    if not isinstance(state, dict) or not state:
        raise BadWeights(f"{path} holds no {part or path.stem}.")
    return {
        name.removeprefix("module.").removeprefix("detector."): tensor
        for name, tensor in state.items()
        if isinstance(tensor, Tensor)
    }
