"""Which files the judges of published tables are, and where a user's are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from facedit.errors import UsageError
from facedit.weights.user_files import UserFile, find_in

_TOGETHER = "ByteDance/LatentSync-1.6"
"""A repository of the hub that holds several of them under ``auxiliary``."""

_UNSTATED = "not stated there"

FILES: dict[str, UserFile] = {
    "syncnet": UserFile(
        ("syncnet_v2.model", "syncnet_v2.safetensors"), "LSE-C and LSE-D, with s3fd",
        _UNSTATED, f"huggingface.co/{_TOGETHER}",
        "961e8696f888fce4f3f3a6c3d5b3267cf5b343100b238e79b2659bff2c605442",
        (_TOGETHER, "auxiliary/syncnet_v2.model"),
    ),
    "s3fd": UserFile(
        ("sfd_face.pth", "s3fd-619a316812.pth"), "the crops of LSE-C and LSE-D",
        _UNSTATED, f"huggingface.co/{_TOGETHER}",
        "d54a87c2b7543b64729c9a25eafd188da15fd3f6e02f0ecec76ae1b30d86c491",
        (_TOGETHER, "auxiliary/sfd_face.pth"),
    ),
    "arcface": UserFile(
        ("w600k_r50.onnx", "glintr100.onnx", "backbone.pth"), "IDSIM",
        "non-commercial research", "github.com/deepinsight/insightface, buffalo_l",
        "4c06341c33c2ca1f86781dab0e829f88ad5b64be9fba56e56bc9ebdefc619e43",
    ),
    "alexnet": UserFile(
        ("alexnet-owt-7be5be79.pth",), "LPIPS by AlexNet", "BSD-3-Clause",
        "download.pytorch.org/models", "7be5be79",
    ),
    "vgg16": UserFile(
        ("vgg16-397923af.pth",), "LPIPS by VGG16", "BSD-3-Clause",
        "download.pytorch.org/models", "397923af", (_TOGETHER, "auxiliary/vgg16-397923af.pth"),
    ),
    "i3d": UserFile(
        ("i3d_torchscript.pt", "rgb_imagenet.pt"), "FVD",
        _UNSTATED, f"huggingface.co/{_TOGETHER}",
        "bec6519f66ea534e953026b4ae2c65553c17bf105611c746d904657e5860a5e2",
        (_TOGETHER, "auxiliary/i3d_torchscript.pt"),
    ),
    "inception": UserFile(
        ("weights-inception-2015-12-05-6726825d.pth", "pt_inception-2015-12-05-6726825d.pth"),
        "FID", "Apache-2.0", "github.com/toshas/torch-fidelity, releases", "6726825d",
    ),
}  # fmt: skip
"""By the judge's name; a hash is the published one, or its beginning, or not known to us."""

_TRUNKS = ("alexnet", "vgg16")


@dataclass(frozen=True, slots=True)
class JudgeFiles:
    """The files of a run, by the judge's name."""

    paths: Mapping[str, Path]

    @classmethod
    def parse(cls, text: str) -> JudgeFiles:
        """Read the option: a folder, searched two levels deep, or ``NAME=FILE,NAME=FILE``.

        ``lpips=FOLDER`` stands for the trunks in it. UsageError if a name or a file is unknown, a
        folder holds none, or one of syncnet and s3fd lacks the other.
        """
        if "=" not in text:
            paths = dict(_inside(_folder(text), FILES))
            if not paths:
                listed = ", ".join(file.names[0] for file in FILES.values())
                raise UsageError(f"--judges: {text} holds none of {listed}.")
        else:
            paths = {}
            for part in text.split(","):
                name, _, value = part.partition("=")
                paths |= _named(name.strip(), value.strip())
        for one, other in (("syncnet", "s3fd"), ("s3fd", "syncnet")):
            if one in paths and other not in paths:
                raise UsageError(f"--judges: {one} is of no use without {other}.")
        return cls(paths)

    def __str__(self) -> str:
        """Return the option."""
        return ",".join(f"{name}={path}" for name, path in self.paths.items())


def _named(name: str, value: str) -> dict[str, Path]:
    if name == "lpips":
        if found := dict(_inside(_folder(value), _TRUNKS)):
            return found
        raise UsageError(
            f"--judges: {value} holds neither {FILES['alexnet'].names[0]} nor VGG16's."
        )
    if name not in FILES:
        raise UsageError(f"--judges: {name!r} is none of {', '.join([*FILES, 'lpips'])}.")
    path = Path(value)
    if not value or not path.is_file():
        raise UsageError(f"--judges: {name}: {value or 'nothing'} is no file.")
    return {name: path.resolve()}


def _folder(text: str) -> Path:
    folder = Path(text)
    if not folder.is_dir():
        raise UsageError(f"--judges: {text} is no folder; a file is given as NAME=FILE.")
    return folder.resolve()


def _inside(
    folder: Path, names: Mapping[str, UserFile] | tuple[str, ...]
) -> Iterator[tuple[str, Path]]:
    for name in names:
        if (path := find_in(folder, FILES[name].names)) is not None:
            yield name, path
