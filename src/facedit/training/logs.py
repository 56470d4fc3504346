"""Logs of a run: tables and pictures always, TensorBoard if it is installed."""

from __future__ import annotations

import csv
import logging
from collections.abc import Mapping, Sequence
from math import isfinite
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING

import cv2
import numpy as np

from facedit.media.output import whole_or_nothing
from facedit.types import UInt8

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

_LOG = logging.getLogger(__name__)


def mean_of(rows: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Average the figures of some steps; what a step lacks is NaN there and left out."""
    return {
        name: fmean([row[name] for row in rows if row[name] == row[name]] or [np.nan])
        for name in rows[0]
    }


class RunLog:
    """Writes figures and pictures of a run; each table is one CSV file that later runs append to.

    Event files for TensorBoard lie in the folder's ``tensorboard``.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._events: SummaryWriter | None = None
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            _LOG.info("no curves: pip install 'facedit[train]' brings TensorBoard")
            return
        self._events = SummaryWriter(str(folder / "tensorboard"))

    def write(self, table: str, step: int, figures: Mapping[str, float]) -> None:
        """Add a row to a table, which is begun anew beside the old one if its columns change."""
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
        if self._events is not None:
            for name, value in figures.items():
                if isfinite(value):
                    self._events.add_scalar(f"{table}/{name}", value, step)

    def show(self, name: str, step: int, picture: UInt8) -> None:
        """Keep an RGB picture as ``NAME.png``, the newest alone; TensorBoard keeps them all."""
        done, png = cv2.imencode(".png", np.ascontiguousarray(picture[..., ::-1]))
        assert done
        with whole_or_nothing(self._folder / f"{name}.png", force=True) as part:
            part.write_bytes(png.tobytes())
        if self._events is not None:
            self._events.add_image(name, picture, step, dataformats="HWC")

    def close(self) -> None:
        """Flush what is buffered."""
        if self._events is not None:
            self._events.close()
