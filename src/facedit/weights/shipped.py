"""Our own weights in the package: which there are, and under which licence."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode
from dataclasses import asdict, dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from importlib.resources import files
from pathlib import Path

from facedit.errors import BadWeights
from facedit.inputs import parse_json
from facedit.tensors import read_metadata
from facedit.weights.fetch import sha256_of

SHIPPED = {
    "weights/motion-base.safetensors": "motion model: draws facial motion from speech",
    "weights/mouth.safetensors": "mouth network: paints mouths that the clip does not show",
    "weights/cover.safetensors": "cover network: finds what hides a mouth",
    "weights/motion-grid.safetensors": "motion model of the set grid: trained on GRID alone",
    "weights/mouth-grid.safetensors": "mouth network of the set grid",
    "weights/sync.safetensors": "sync network: the benchmark's judge of lips against speech",
    "motion/mesh.safetensors": "motion space: face landmarks as coefficients",
    "motion/mesh-grid.safetensors": "the same, fitted to GRID alone",
    "motion/expressions.safetensors": "what a smile or raised brows add to motion",
    "motion/curves.safetensors": "a character's curves as motion",
    "weights/face_mesh.safetensors": "triangles of the face mesh",
    "weights/ridge.safetensors": "ridge regression from speech: a baseline of the benchmark",
    "weights/phones.safetensors": "phone network: where words and phones lie in English speech",
    "weights/voice_bank.safetensors": "speaker embeddings of the voices, to choose the nearest",
}
"""Purpose of each file, by its path in the package."""

OPTIONAL = tuple(f"weights/{network}-grid.safetensors" for network in ("motion", "mouth"))
"""Files without which an installation is whole: they are listed only where they are."""

_CARD_LICENCE = re.compile(r"^\W*licence\W+(?P<licence>[^|*:\n]+)", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class ShippedFile:
    """A file of our own weights, its name without folder and suffix.

    Its size is 0 and its hash empty if it is missing; the licence is as its metadata or the model
    card beside it says; it is damaged if it is not the file that was installed: unknown of a
    checkout, whose files are whatever is worked on.
    """

    name: str
    purpose: str
    size_bytes: int
    sha256: str
    licence: str
    damaged: bool = False

    @property
    def installed(self) -> bool:
        """Whether it is there."""
        return self.size_bytes > 0

    def to_dict(self) -> dict[str, object]:
        """Return the facts for JSON."""
        return {"installed": self.installed, **asdict(self)}


def shipped_files(
    package: Path | None = None, installation: Distribution | None = None
) -> tuple[ShippedFile, ...]:
    """Look at the weights that should be in the package: one entry per file of ``SHIPPED``.

    Missing ones too, unless they are ``OPTIONAL``. ``installation`` is what pip wrote down as it
    installed the package.
    """
    root = package or Path(str(files("facedit")))
    recorded = _recorded(installation)
    return tuple(
        _look(root / path, purpose, recorded)
        for path, purpose in SHIPPED.items()
        if path not in OPTIONAL or (root / path).is_file()
    )


def _recorded(installation: Distribution | None) -> dict[Path, str]:
    """Return the hashes of the files that were installed, in hexadecimal."""
    if installation is None:
        try:
            installation = distribution("facedit")
        except PackageNotFoundError:
            return {}
    return {
        Path(str(file.locate())).resolve(): urlsafe_b64decode(f"{file.hash.value}=").hex()
        for file in installation.files or ()
        if file.suffix == ".safetensors" and file.hash is not None and file.hash.mode == "sha256"
    }


def _look(path: Path, purpose: str, recorded: dict[Path, str]) -> ShippedFile:
    if not path.is_file():
        return ShippedFile(path.stem, purpose, 0, "", "")
    found = sha256_of(path)
    damaged = recorded.get(path.resolve(), found) != found
    size = path.stat().st_size
    return ShippedFile(path.stem, purpose, size, found, licence_of(path), damaged)


def licence_of(path: Path) -> str:
    """Return the licence of a weights file, as its metadata or the model card beside it says.

    ``not stated`` if neither does.
    """
    stated = _licence(header_of(path)) or _card_licence(path.with_suffix(".md"))
    return stated or "not stated"


def header_of(path: Path) -> dict[str, str]:
    """Read a safetensors file's metadata; empty if it is damaged or not there."""
    try:
        return read_metadata(path)
    except BadWeights:
        return {}


def _licence(metadata: dict[str, str]) -> str:
    """Find the licence in the metadata, or in a JSON object that is one of its values."""
    if metadata.get("licence"):
        return metadata["licence"]
    for value in metadata.values():
        try:
            inner = parse_json(value, "metadata", BadWeights)
        except BadWeights:
            continue
        if isinstance(inner, dict) and isinstance(inner.get("licence"), str):
            return str(inner["licence"])
    return ""


def _card_licence(card: Path) -> str:
    """Find the licence in a model card: its first line, or table row, that begins with the word."""
    try:
        found = _CARD_LICENCE.search(card.read_text(encoding="utf-8"))
    except (OSError, UnicodeError):
        return ""
    return found["licence"].strip() if found else ""
