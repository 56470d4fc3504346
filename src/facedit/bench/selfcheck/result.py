"""The outcome of a self-check: kept as JSON, shown as a short table, asked for before any table."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from facedit.bench.selfcheck.expected import Row
from facedit.errors import FaceditError
from facedit.media.output import whole_or_nothing

JSON_NAME, PAGE_NAME = "selfcheck.json", "selfcheck.html"
FORMAT = "facedit-selfcheck-2"


class SelfCheckFailed(FaceditError):
    """The measures do not do what they claim to, so their figures must not be shown."""

    exit_status = 9


@dataclass(frozen=True, slots=True)
class SelfCheck:
    """What the self-check found.

    Attributes:
        rows: Every expectation and what was seen.
        skipped: Disturbances that this benchmark does not allow, with the reason.
        unexamined: Measures that no disturbance was expected to move.
        items: Ids of the items looked at.
        depends_on: Hash of all that the outcome depends on (``fingerprint``).
        versions: Versions of what took part.
        seconds: How long it took.
    """

    rows: tuple[Row, ...]
    skipped: Mapping[str, str]
    unexamined: tuple[str, ...]
    items: tuple[str, ...]
    depends_on: str
    versions: Mapping[str, str]
    seconds: float = 0.0

    @property
    def passed(self) -> bool:
        """Whether every expectation was met (and there were any)."""
        return bool(self.rows) and all(row.ok for row in self.rows)

    @property
    def failed(self) -> tuple[Row, ...]:
        """The expectations that were not met."""
        return tuple(row for row in self.rows if not row.ok)

    @property
    def failed_lines(self) -> list[str]:
        """The same in words."""
        return [in_words(row) for row in self.failed]

    @property
    def unproven(self) -> dict[str, str]:
        """Measures whose figures must not be shown, each with the first reason."""
        found: dict[str, str] = {}
        for row in self.failed:
            missing = "nan" in row.seen
            found.setdefault(
                row.measure,
                "these clips hold too little of what it measures" if missing else in_words(row),
            )
        return found

    def to_dict(self) -> dict[str, object]:
        """Return it as JSON-ready data."""
        return {"format": FORMAT, "passed": self.passed, **asdict(self)}

    def __str__(self) -> str:
        """Return a short table: what failed, else one line per disturbance."""
        met = sum(row.ok for row in self.rows)
        verdict = "passed" if self.passed else "FAILED"
        lines = [f"selfcheck {verdict}: {met} of {len(self.rows)} expectations met on "
                 f"{len(self.items)} items in {self.seconds:.0f} s"]  # fmt: skip
        counts: dict[str, tuple[int, int]] = {}
        for row in self.rows:
            good, all_ = counts.get(row.disturbance, (0, 0))
            counts[row.disturbance] = (good + row.ok, all_ + 1)
        lines += [f"  {name:<22} {good:>3} of {all_}" for name, (good, all_) in counts.items()]
        lines += [f"  {name:<22} not tested: {why}" for name, why in self.skipped.items()]
        lines += [f"  {line}" for line in self.failed_lines]
        return "\n".join(lines)


def in_words(row: Row) -> str:
    """Say in one line what an expectation found."""
    return f"{row.disturbance}: {row.measure} should be or go {row.expected}; was {row.seen}"


def require(found: SelfCheck) -> None:
    """Refuse to go on with measures that failed their proof, with ``SelfCheckFailed``."""
    if found.passed:
        return
    if not found.rows:
        raise SelfCheckFailed("no table: the self-check tested nothing.")
    first, *more = found.failed
    others = f" (and {len(more)} more)" if more else ""
    raise SelfCheckFailed(
        f"no table: {len(found.failed)} of {len(found.rows)} expectations of the self-check were "
        f"not met; {in_words(first)}{others}. See {JSON_NAME}."
    )


def left_out(found: SelfCheck) -> dict[str, str]:
    """Say which measures a table goes without, and why.

    ``SelfCheckFailed`` if more than half of them failed: then the clips, or we, are at fault, and
    no figure can be trusted.
    """
    examined = {row.measure for row in found.rows}
    if 2 * len(found.unproven) >= len(examined):
        require(found)
    return found.unproven


def save(found: SelfCheck, folder: Path, page: str) -> None:
    """Write the outcome; each file is replaced whole."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(found.to_dict(), indent=1) + "\n"
    # The page first: where the JSON is, all of it is.
    for name, content in ((PAGE_NAME, page), (JSON_NAME, text)):
        with whole_or_nothing(folder / name, force=True) as part:
            part.write_text(content, encoding="utf-8")


def load(folder: Path) -> SelfCheck | None:
    """Read an earlier outcome; None if there is none that can be read."""
    try:
        data = json.loads((folder / JSON_NAME).read_text(encoding="utf-8"))
        if data.pop("format") != FORMAT:
            return None
        passed = data.pop("passed")
        rows = tuple(Row(**row) for row in data["rows"])
        lists = {name: tuple(data[name]) for name in ("unexamined", "items")}
        found = SelfCheck(**{**data, **lists, "rows": rows})
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return found if found.passed == passed else None
