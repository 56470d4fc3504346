"""What an expression adds to mesh motion, as learnt from how people's faces move together."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

from facedit.errors import BadWeights, UsageError
from facedit.face.blendshapes import BLENDSHAPE_NAMES
from facedit.motion.space import MotionSpace
from facedit.tensors import read_tensors
from facedit.types import Float32

FILE = Path(str(files("facedit.motion"))) / "expressions.safetensors"
KIND = "facedit-expressions-1"

PARTS = {
    "smile": ("mouthSmileLeft", "mouthSmileRight"),
    "frown": ("mouthFrownLeft", "mouthFrownRight"),
    "press": ("mouthPressLeft", "mouthPressRight"),
    "stretch": ("mouthStretchLeft", "mouthStretchRight"),
    "brows-up": ("browInnerUp", "browOuterUpLeft", "browOuterUpRight"),
    "brows-down": ("browDownLeft", "browDownRight"),
    "squint": ("eyeSquintLeft", "eyeSquintRight"),
}
"""The ARKit blendshapes whose mean score is an expression's amount."""


@dataclass(frozen=True, eq=False)
class Expression:
    """An expression.

    Attributes:
        name: What users call it.
        added: Motion that goes with one unit of its score, shape (D,).
        most: Highest rise of its score that people in the training footage show.
        space: Name of the motion space.
    """

    name: str
    added: Float32
    most: float
    space: str

    @property
    def columns(self) -> tuple[int, ...]:
        """Numbers of its blendshapes."""
        return tuple(BLENDSHAPE_NAMES.index(part) for part in PARTS[self.name])

    @property
    def group(self) -> str:
        """The group of motion dims without which it does not show."""
        return "lips" if PARTS[self.name][0].startswith("mouth") else "face"

    def motion(self, space: MotionSpace) -> Float32:
        """Return what one unit of it adds, shape (D,); UsageError in another motion space."""
        if space.name != self.space:
            raise UsageError(
                f"--expression: learnt for the motion space {self.space}, not for {space.name} of "
                "these weights."
            )
        return self.added


@cache
def expressions() -> dict[str, Expression]:
    """Return the expressions by name; BadWeights if their file is damaged."""
    header, tensors = read_tensors(FILE, "np")
    if header.get("kind") != KIND or not tensors.keys() <= PARTS.keys():
        raise BadWeights(f"{FILE.name}: holds no expressions.")
    most = json.loads(header["most"])
    return {
        name: Expression(name, tensors[name], float(most[name]), header["space"])
        for name in PARTS
        if name in tensors
    }


def expression_named(name: str) -> Expression:
    """Find an expression; UsageError if there is none of that name."""
    known = expressions()
    if name not in known:
        raise UsageError(f"--expression {name[:40]}: choose {', '.join(known)}.")
    return known[name]
