"""What a manifest states of an output, as data: who made it, of what, and what was changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from facedit import __version__
from facedit.options import Making

CHANGES = "io.github.facedit.changes"
"""Label of the assertion of our own."""

VERSION = 1
"""Version of that assertion."""

_SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/"


@dataclass(frozen=True, slots=True)
class Change:
    """A stretch of the output that is not as it was shot.

    Attributes:
        start_s: Where new pictures begin, in seconds of the output.
        end_s: Where they end.
        kind: ``substitute``, ``insert``, ``delete``, ``express``, ``sync`` or ``generate``.
        before: What was said there; None if that is not known.
        after: What is said there now; None if that is not known.
    """

    start_s: float
    end_s: float
    kind: str
    before: str | None = None
    after: str | None = None

    def to_dict(self) -> dict[str, object]:
        """Return it for JSON."""
        return {
            "start_s": round(self.start_s, 3),
            "end_s": round(self.end_s, 3),
            "kind": self.kind,
            "before": self.before,
            "after": self.after,
        }

    def __str__(self) -> str:
        """Return it for people."""
        return f"{self.start_s:.2f}-{self.end_s:.2f} s: {self.what}"

    @property
    def what(self) -> str:
        """What was done, in words."""
        if self.kind == "delete" and self.before:
            return f'"{self.before}" was cut'
        if self.kind == "insert" and self.after:
            return f'"{self.after}" was added'
        if self.kind == "express":
            return f'another expression of the face at "{self.after}"'
        if self.before and self.after:
            return f'"{self.before}" became "{self.after}"'
        new = "new speech and the face for it"
        return f'{new}: "{self.after}"' if self.after else new


@dataclass(frozen=True, slots=True)
class Origin:
    """A file that an output is made of.

    Attributes:
        path: The file.
        sha256: Its hash, in hexadecimal.
    """

    path: Path
    sha256: str

    def to_dict(self) -> dict[str, str]:
        """Return it for JSON; where it lies on the machine is nobody's business."""
        return {"name": self.path.name, "sha256": self.sha256}


@dataclass(frozen=True, slots=True)
class Statement:
    """What is stated of an output.

    Attributes:
        verb: What was done.
        changes: Where it is not as it was shot.
        origins: What it is made of; the first is what was edited.
        voice: Whose voice speaks.
        weights: What drew the motion.
        consent: The statement of consent, if one was given.
    """

    verb: Making
    changes: tuple[Change, ...]
    origins: tuple[Origin, ...]
    voice: str
    weights: Mapping[str, str] = field(default_factory=dict)
    consent: str | None = None

    @property
    def is_edit(self) -> bool:
        """Whether it goes on from a recording; else all that moves is made."""
        return self.verb != "generate"

    def definition(self, title: str, kind: str) -> dict[str, object]:
        """Return the manifest for C2PA's library, without the ingredients.

        ``title``: name of the output; ``kind``: its MIME type. Returns the definition as data for
        JSON.
        """
        details = {
            "version": VERSION,
            "verb": self.verb,
            "sources": [origin.to_dict() for origin in self.origins],
            "changes": [change.to_dict() for change in self.changes],
            "voice": self.voice,
            "weights": dict(self.weights),
            "consent": self.consent,
        }
        return {
            "claim_generator_info": [{"name": "facedit", "version": __version__}],
            "title": title,
            "format": kind,
            "assertions": [
                {"label": "c2pa.actions.v2", "created": True, "data": {"actions": self._actions()}},
                {"label": CHANGES, "created": True, "data": details},
            ],
        }

    def ingredient(self, number: int) -> dict[str, str]:
        """Return what the manifest states of a file that the output is made of.

        ``number``: which one. Returns the ingredient as data for JSON.
        """
        origin = self.origins[number]
        edited = self.is_edit and number == 0
        return {
            "title": origin.path.name,
            "description": f"SHA-256 {origin.sha256}",
            "relationship": "parentOf" if edited else "inputTo",
            "label": _ingredient(number),
        }

    def _actions(self) -> list[dict[str, object]]:
        """Say it in C2PA's own words: what was opened or created, and each change with its time."""
        used = [_ingredient(number) for number in range(len(self.origins))]
        if not self.is_edit:
            source = {"digitalSourceType": f"{_SOURCE_TYPE}trainedAlgorithmicMedia"}
            created = {"action": "c2pa.created", "parameters": {"ingredientIds": used}} | source
            return [created | _described(self.changes)]
        opened: dict[str, object] = {
            "action": "c2pa.opened",
            "parameters": {"ingredientIds": used[:1]},
        }
        source = {"digitalSourceType": f"{_SOURCE_TYPE}compositeWithTrainedAlgorithmicMedia"}
        return [opened, {"action": "c2pa.edited"} | source | _described(self.changes)]


def _described(changes: tuple[Change, ...]) -> dict[str, object]:
    """Give changes as C2PA does: regions in time."""
    regions = [
        {
            "description": change.what,
            "region": [
                {
                    "type": "temporal",
                    "time": {
                        "type": "npt",
                        "start": f"{change.start_s:.3f}",
                        "end": f"{change.end_s:.3f}",
                    },
                }
            ],
        }
        for change in changes
    ]
    return {"changes": regions} if regions else {}


def _ingredient(number: int) -> str:
    return f"source-{number + 1}"
