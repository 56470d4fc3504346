"""Options that one edit of a script has of its own, where it shall differ from the others."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import PurePosixPath
from typing import Any, cast

from facedit.editing.jsonread import Node
from facedit.errors import BadEdit
from facedit.inputs import MOST_SEED
from facedit.options import REGIONS, Region

MOST_ARTICULATION = 2.0
"""How far lips move at most, against what the model draws."""


@dataclass(frozen=True, slots=True)
class EditOptions:
    """Options of one edit; those of the script, or of the run, count where one is None.

    Attributes:
        seed: Seed of its motion. Edits so near that their pictures are one span take that of the
            first among them that has one.
        voice: Who speaks its new words.
        speech: The user's recording of them: a file beside the script, by its name from there.
        region: What new speech may move.
        articulation: How far lips move, from 0 to 2.
        expression: What its face shows beside speaking, as ``--expression`` has it; times count
            from where the edit begins.
    """

    seed: int | None = None
    voice: str | None = None
    speech: str | None = None
    region: Region | None = None
    articulation: float | None = None
    expression: tuple[str, ...] | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return what is set, for JSON."""
        return {name: value for name, value in asdict(self).items() if value is not None}


NAMES = tuple(EditOptions.__dataclass_fields__)
"""What the options are called in a script."""

NONE = EditOptions()


def read_edit_options(node: Node) -> EditOptions:
    """Read the options of an edit of a script.

    Args:
        node: The edit.

    Returns:
        The options.

    Raises:
        BadEdit: If one has no sensible value; the message names its place.
    """
    seed, voice = node.optional("seed"), node.optional("voice")
    speech, region = node.optional("speech"), node.optional("region")
    articulation, expression = node.optional("articulation"), node.optional("expression")
    if region is not None and region.text() not in REGIONS:
        raise BadEdit(region.says(f"choose {', '.join(REGIONS)}"))
    if speech is not None and not _lies_beside(speech.text()):
        raise BadEdit(speech.says("expected the name of a file beside the script"))
    return EditOptions(
        None if seed is None else _whole(seed),
        None if voice is None else voice.text(),
        None if speech is None else speech.text(),
        None if region is None else cast(Region, region.text()),
        None if articulation is None else articulation.number(0.0, MOST_ARTICULATION),
        None if expression is None else tuple(one.text() for one in expression.items()),
    )


def _whole(node: Node) -> int:
    # Not by way of a float, which holds no large seed.
    if not isinstance(node.value, int) or isinstance(node.value, bool):
        raise BadEdit(node.says("expected a whole number"))
    if not 0 <= node.value <= MOST_SEED:
        raise BadEdit(node.says(f"{node.value} is not between 0 and {MOST_SEED}"))
    return node.value


def _lies_beside(name: str) -> bool:
    """Tell whether a name leads to the script's folder or below it, on any system."""
    path = PurePosixPath(name)
    strange = "\\" in name or "\0" in name or ":" in name
    return bool(name) and not (strange or path.is_absolute() or ".." in path.parts)
