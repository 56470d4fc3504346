"""What a run has logged so far, read back from its CSV files."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from math import isfinite
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Series:
    """A figure over the steps of a run.

    Attributes:
        steps: Steps, ascending.
        values: Its values.
    """

    steps: tuple[int, ...]
    values: tuple[float, ...]

    @property
    def strange(self) -> tuple[int, ...]:
        """Steps at which the value is no finite number."""
        pairs = zip(self.steps, self.values, strict=True)
        return tuple(step for step, value in pairs if not isfinite(value))

    def finite(self) -> Series:
        """Return the series without values that are no finite numbers."""
        steps = tuple(step for step in self.steps if step not in set(self.strange))
        return Series(steps, tuple(value for value in self.values if isfinite(value)))

    def thinned(self, most: int) -> Series:
        """Return means over runs of neighbours, so that at most about ``most`` are left."""
        each = -(-len(self.steps) // most) if most else 1
        if each <= 1:
            return self
        starts = range(0, len(self.steps), each)
        steps = tuple(self.steps[i : i + each][-1] for i in starts)
        parts = [self.values[i : i + each] for i in starts]
        return Series(steps, tuple(sum(part) / len(part) for part in parts))


def read_history(folder: Path, table: str) -> dict[str, Series]:
    """Read a table that ``RunLog`` wrote, over all resumes.

    Args:
        folder: Folder of the run.
        table: Name of the table.

    Returns:
        Series by name of the figure, in the order of the columns. A step that was taken twice,
        because a run died after its last save, counts as it was taken last; unfinished rows are
        left out.
    """
    pattern = re.compile(rf"{re.escape(table)}(\.(\d+))?\.csv")
    files = [
        (int(m[2] or 0), path) for path in folder.iterdir() if (m := pattern.fullmatch(path.name))
    ]
    found: dict[str, dict[int, float]] = {}
    for _, path in sorted(files):
        with path.open(newline="") as file:
            for row in csv.DictReader(file):
                step = row.pop("step", "")
                if not step.isdigit() or None in row.values():
                    continue
                for name, text in row.items():
                    found.setdefault(name, {})[int(step)] = float(text)
    return {name: _series(values) for name, values in found.items()}


def _series(values: dict[int, float]) -> Series:
    steps = tuple(sorted(values))
    return Series(steps, tuple(values[step] for step in steps))
