"""The sets of our weights that ``--weights`` chooses from: networks that belong together."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from facedit.errors import AssetMissing
from facedit.motion.mesh_space import FILES, space_file
from facedit.weights.fetch import sha256_of
from facedit.weights.shipped import header_of, licence_of


@dataclass(frozen=True, slots=True)
class WeightSet:
    """Weights that are trained on the same footage and used together.

    ``name`` is what ``--weights`` calls the set, ``motion``, ``mouth`` and ``cover`` name its
    files without the suffix (None: it has no cover network), ``about`` says what it was trained on.
    """

    name: str
    motion: str
    mouth: str
    cover: str | None
    about: str

    def files(self, folder: Path | None = None) -> tuple[Path, Path, Path | None]:
        """Return the files of motion model, mouth and cover network, whether or not they are there.

        They lie in the package's own folder of weights by default.
        """
        place = folder or weights_folder()
        motion, mouth = (place / f"{name}.safetensors" for name in (self.motion, self.mouth))
        return motion, mouth, place / f"{self.cover}.safetensors" if self.cover else None

    def missing(self, folder: Path | None = None) -> tuple[str, ...]:
        """Return the names of the set's files that are not there."""
        return tuple(path.name for path in self.files(folder) if path and not path.is_file())


@dataclass(frozen=True, slots=True)
class ChosenWeights:
    """What the user calls the weights of a run, and the files of its networks."""

    name: str
    motion: Path
    mouth: Path
    cover: Path | None

    @property
    def files(self) -> tuple[Path, ...]:
        """Every file of ours that decides what is drawn: the motion space too."""
        space = header_of(self.motion).get("space", "")
        used = [space_file(space)] if space in FILES else []
        cover = [self.cover] if self.cover else []
        return (self.motion, self.mouth, *cover, *used)

    @property
    def licence(self) -> str:
        """Each licence that one of the files carries, once."""
        return "; ".join(dict.fromkeys(licence_of(path) for path in self.files))

    @property
    def mark(self) -> str:
        """Name and short hash of what drew the motion, for the mark in a file."""
        return f"weights {self.name} {sha256_of(self.motion)[:SHORT_HASH]} ({self.licence})"

    def facts(self) -> dict[str, str]:
        """Return what the report says of them."""
        used = ", ".join(f"{path.stem} {sha256_of(path)[:SHORT_HASH]}" for path in self.files)
        return {"weights": f"{self.name} ({used})", "licence of the weights": self.licence}


DEFAULT_SET = "default"

SHORT_HASH = 12
"""Digits of a hash that reports show."""

WEIGHT_SETS = {
    entry.name: entry
    for entry in (
        WeightSet(DEFAULT_SET, "motion-base", "mouth", "cover", "all training footage"),
        WeightSet("grid", "motion-grid", "mouth-grid", None, "GRID alone"),
    )
}
"""The sets by name."""


def weights_folder() -> Path:
    """Return the package's folder of weights."""
    return Path(str(files("facedit"))) / "weights"


def set_of(name_or_path: str | Path) -> WeightSet | None:
    """Find a set by its name or that of its motion weights; None for anything else, such as a file.

    AssetMissing is raised if the package lacks files of that set.
    """
    name = str(name_or_path)
    found = WEIGHT_SETS.get(name)
    if found is None:
        return next((entry for entry in WEIGHT_SETS.values() if entry.motion == name), None)
    if gone := found.missing():
        there = [entry.name for entry in WEIGHT_SETS.values() if not entry.missing()]
        raise AssetMissing(
            f"the weights {name} are not in this installation ({', '.join(gone)}); there are: "
            f"{', '.join(there) or 'none'}."
        )
    return found
