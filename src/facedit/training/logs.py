"""Logs of a run: CSV always, TensorBoard if it is installed."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import fmean
from typing import Any


def mean_of(reports: Sequence[Any]) -> dict[str, float]:
    """Average the reports of some steps.

    Args:
        reports: Dataclasses of one kind, at least one.

    Returns:
        The mean of each field, without those that are None.
    """
    rows = [{k: v for k, v in asdict(report).items() if v is not None} for report in reports]
    return {name: fmean(row[name] for row in rows) for name in rows[0]}


class RunLog:
    """Writes figures of a run; each table is one CSV file that later runs append to.

    Args:
        folder: Folder of the run.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._writer: Any = None
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            return
        self._writer = SummaryWriter(str(folder / "tensorboard"))

    def write(self, table: str, step: int, figures: Mapping[str, float]) -> None:
        """Add a row.

        Args:
            table: Name of the table, e.g. ``train``.
            step: Steps done.
            figures: Figures by name. A table with other columns than before is begun anew beside
                the old one.
        """
        names = ["step", *figures]
        path = self._folder / f"{table}.csv"
        if path.is_file():
            with path.open(newline="") as file:
                if next(csv.reader(file), None) != names:
                    path = self._folder / f"{table}.{step}.csv"
        fresh = not path.is_file()
        with path.open("a", newline="") as file:
            writer = csv.writer(file)
            if fresh:
                writer.writerow(names)
            writer.writerow([step, *(f"{value:.6g}" for value in figures.values())])
        if self._writer is not None:
            for name, value in figures.items():
                self._writer.add_scalar(f"{table}/{name}", value, step)

    def close(self) -> None:
        """Flush what is buffered."""
        if self._writer is not None:
            self._writer.close()
