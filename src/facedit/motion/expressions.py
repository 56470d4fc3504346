"""What an expression adds to mesh motion, as learnt from how people's faces move together."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

import numpy as np

from facedit.errors import BadWeights, UsageError
from facedit.face.blendshapes import BLENDSHAPE_NAMES
from facedit.motion.space import MotionSpace
from facedit.tensors import read_tensors
from facedit.types import Float32, Float64

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
    "surprise": (
        "browInnerUp", "browOuterUpLeft", "browOuterUpRight", "eyeWideLeft", "eyeWideRight",
    ),
}  # fmt: skip
"""The ARKit blendshapes whose mean score is the amount of an expression that may be learnt."""

GAZES = {
    "gaze-left": ("eyeLookOutLeft", "eyeLookInRight"),
    "gaze-right": ("eyeLookInLeft", "eyeLookOutRight"),
    "gaze-up": ("eyeLookUpLeft", "eyeLookUpRight"),
    "gaze-down": ("eyeLookDownLeft", "eyeLookDownRight"),
}
"""Where the eyes look, from the person's own side, and by which blendshapes."""

NEUTRAL, BLINK = "neutral", "blink"
"""Takes away what the face shows of itself; shuts the eyes for a moment."""

_LIDS = ("eyeBlinkLeft", "eyeBlinkRight")
_SPOKEN = ("jaw", "mouthClose", "mouthFunnel", "mouthPucker", "mouthRoll")
_ACROSS = {"InLeft": -1.0, "OutLeft": 1.0, "InRight": 1.0, "OutRight": -1.0}
_DOWN = {"Up": -1.0, "Do": 1.0}


@dataclass(frozen=True, eq=False)
class Expression:
    """An expression.

    Attributes:
        name: What users call it.
        parts: The ARKit blendshapes whose mean score is its amount; none of what has no score.
        most: Highest rise of its score that people in the training footage show.
        added: Motion that goes with one unit of its score, shape (D,); None of what eyes do.
        usual: Score of people's usual faces.
        space: Name of the motion space.
    """

    name: str
    parts: tuple[str, ...]
    most: float
    added: Float32 | None = None
    usual: float = 0.0
    space: str = ""

    @property
    def columns(self) -> list[int]:
        """Numbers of its blendshapes."""
        return [BLENDSHAPE_NAMES.index(part) for part in self.parts]

    @property
    def group(self) -> str:
        """The group of motion dims without which it does not show; eyes are turned with any."""
        upper = self.added is not None and self.parts[0].startswith(("brow", "eye"))
        return "face" if upper else "lips"

    @property
    def eyes(self) -> Float32:
        """What one unit of it does to each eye, the picture's left first, shape (2, 3).

        How far the lid comes down, from 0 to 1; how far the iris moves to the picture's right, and
        down, in widths of the eye.
        """
        moved = np.zeros((2, 3), np.float32)
        for part in self.parts if self.added is None else ():
            eye = 1 if part.endswith("Left") else 0
            look = part.removeprefix("eyeLook")
            if part in _LIDS:
                moved[eye, 0] = 1.0
            elif look in _ACROSS:
                moved[eye, 1] = _ACROSS[look]
            else:
                moved[eye, 2] = _DOWN[look[:2]]
        return moved

    def motion(self, space: MotionSpace) -> Float32:
        """Return what one unit of it adds, shape (D,); UsageError in another motion space."""
        if self.added is None:
            return np.zeros(len(space.names), np.float32)
        if space.name != self.space:
            raise UsageError(
                f"--expression: learnt for the motion space {self.space}, not for {space.name} of "
                "these weights."
            )
        return self.added

    def score(self, shapes: Float64) -> Float64:
        """Return its score of blendshapes (..., 52), shape (...)."""
        return np.asarray(shapes[..., self.columns].mean(axis=-1))


@cache
def _all() -> dict[str, Expression]:
    header, tensors = read_tensors(FILE, "np")
    known = PARTS | {name: (name,) for name in BLENDSHAPE_NAMES[1:]}
    if header.get("kind") != KIND or not tensors.keys() <= known.keys():
        raise BadWeights(f"{FILE.name}: holds no expressions.")
    most, usual = json.loads(header["most"]), json.loads(header["usual"])
    found = {
        name: Expression(
            name, parts, float(most[name]), tensors[name], float(usual[name]), header["space"]
        )
        for name, parts in known.items()
        if name in tensors
    }
    looks = [part for parts in GAZES.values() for part in parts]
    eyes = GAZES | {BLINK: _LIDS} | {part: (part,) for part in (*_LIDS, *looks)}
    found |= {name: Expression(name, parts, 1.0) for name, parts in eyes.items()}
    return found | {NEUTRAL: Expression(NEUTRAL, (), 1.0)}


def expressions() -> dict[str, Expression]:
    """Return the expressions by name, without ARKit's single ones; BadWeights if damaged."""
    return {name: one for name, one in _all().items() if name not in BLENDSHAPE_NAMES}


def expression_named(name: str) -> Expression:
    """Find an expression, or an ARKit blendshape; UsageError if there is none of that name."""
    plain = "-".join(name.split())
    known = {one.lower(): one for one in (*_all(), *BLENDSHAPE_NAMES[1:])}
    found = known.get(plain.lower())
    if found is None:
        raise UsageError(
            f"--expression {name[:40]}: choose {', '.join(expressions())}, or ARKit's."
        )
    if found not in _all():
        why = "speech moves it" if found.startswith(_SPOKEN) else "too little is known of it"
        others = ", ".join(one for one in _all() if one in BLENDSHAPE_NAMES)
        raise UsageError(f"--expression {found}: {why}. Of ARKit's names choose {others}.")
    return _all()[found]
