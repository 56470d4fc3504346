"""Takes of Epic's Live Link Face app: the CSV that game engines and 3-D programs read and write.

A row a frame: timecode, the number of values, ARKit's 52 blendshape weights in PascalCase, and
angles of head and eyes. Angles are in radians about the axes of ARKit's face anchor (x to the
person's left, y up, z out of the face), so yaw is positive to the person's left, pitch downwards,
roll where the person's left ear rises. That they are radians is read off
recordings; the app's own description was not at hand.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from facedit.errors import BadMedia
from facedit.face.blendshapes import BLENDSHAPE_NAMES
from facedit.inputs import MOST_TABLE_BYTES, read_text
from facedit.types import Float64, Int64

# fmt: off
WEIGHTS: tuple[str, ...] = (
    "EyeBlinkLeft", "EyeLookDownLeft", "EyeLookInLeft", "EyeLookOutLeft", "EyeLookUpLeft",
    "EyeSquintLeft", "EyeWideLeft", "EyeBlinkRight", "EyeLookDownRight", "EyeLookInRight",
    "EyeLookOutRight", "EyeLookUpRight", "EyeSquintRight", "EyeWideRight", "JawForward", "JawRight",
    "JawLeft", "JawOpen", "MouthClose", "MouthFunnel", "MouthPucker", "MouthRight", "MouthLeft",
    "MouthSmileLeft", "MouthSmileRight", "MouthFrownLeft", "MouthFrownRight", "MouthDimpleLeft",
    "MouthDimpleRight", "MouthStretchLeft", "MouthStretchRight", "MouthRollLower",
    "MouthRollUpper", "MouthShrugLower", "MouthShrugUpper", "MouthPressLeft", "MouthPressRight",
    "MouthLowerDownLeft", "MouthLowerDownRight", "MouthUpperUpLeft", "MouthUpperUpRight",
    "BrowDownLeft", "BrowDownRight", "BrowInnerUp", "BrowOuterUpLeft", "BrowOuterUpRight",
    "CheekPuff", "CheekSquintLeft", "CheekSquintRight", "NoseSneerLeft", "NoseSneerRight",
    "TongueOut",
)
"""The app's weights in its order. No network here sees a tongue: its weight is always 0."""

ANGLES: tuple[str, ...] = (
    "HeadYaw", "HeadPitch", "HeadRoll", "LeftEyeYaw", "LeftEyePitch", "LeftEyeRoll",
    "RightEyeYaw", "RightEyePitch", "RightEyeRoll",
)
"""The app's angles in its order."""
# fmt: on

CURVES = (*WEIGHTS, *ANGLES)
HEADER = ("Timecode", "BlendShapeCount", *CURVES)

OFTEN_LEFT_OUT = ("TongueOut", *ANGLES)
"""Curves that takes of other programs lack: they count as 0 and are not written."""

RATES = (24, 25, 30, 48, 50, 60, 90, 100, 120)
"""Frames a second that timecodes count."""

EYE_TURN_DEG = 30.0
"""How far an eye is turned where a weight of looking is 1: a usual limit of rigs."""


_TIMECODE = re.compile(r"(\d{1,3}):(\d\d):(\d\d)[:;](\d{1,3})(?:\.(\d{1,3}))?")


@dataclass(frozen=True, slots=True, eq=False)
class CurveTake:
    """A take as it was recorded.

    Attributes:
        header: Its first line.
        newline: What ends its lines.
        rows: The texts of its other lines' fields.
        fields: Number of the field of each of ``CURVES``, -1 of one that is not there, and of the
            timecode.
        stamps: Thousandths of a frame that each row's timecode counts, ascending, shape (F,).
        rate: Frames a second.
        values: Weights, and angles in radians, in the order of ``CURVES``, shape (F, 61).
    """

    header: str
    newline: str
    rows: tuple[tuple[str, ...], ...]
    fields: tuple[int, ...]
    stamps: Int64
    rate: int
    values: Float64

    @property
    def times_s(self) -> Float64:
        """Times in seconds since the first row, shape (F,)."""
        return np.asarray((self.stamps - self.stamps[0]) / (1000 * self.rate), np.float64)

    def row(self, number: int, time_s: float, changed: dict[int, float]) -> tuple[str, ...]:
        """Return the texts of a row with another time and other values.

        ``time_s``: its time since the first row; ``changed``: new values by the number of the
        curve. All other texts stay as they are, the timecode's too where the time is its own.
        """
        texts = list(self.rows[number])
        stamp = int(self.stamps[0]) + round(time_s * self.rate * 1000)
        if stamp != self.stamps[number]:
            texts[self.fields[-1]] = _timecode(stamp, self.rate)
        for curve, value in changed.items():
            if self.fields[curve] >= 0:
                texts[self.fields[curve]] = f"{value:.10f}"
        return tuple(texts)


def read_live_link(path: Path) -> CurveTake:
    """Read a take of the app, or of a program that writes as it does.

    BadMedia is raised if it is none, a value is no number, or its timecodes do not ascend.
    """
    text = read_text(path, "take", BadMedia, MOST_TABLE_BYTES)
    lines, newline = text.splitlines(), "\r\n" if "\r\n" in text else "\n"
    names = [name.strip().lower() for name in lines[0].split(",")] if lines else []
    wanted = [(name, name.lower() in names) for name in (*CURVES, HEADER[0])]
    if missing := [name for name, there in wanted if not there and name not in OFTEN_LEFT_OUT]:
        raise BadMedia(
            f"{path}: has no column {missing[0]}: a take of Live Link Face has a Timecode, "
            f"{len(WEIGHTS)} weights and mostly {len(ANGLES)} angles a row."
        )
    fields = tuple(names.index(name.lower()) if there else -1 for name, there in wanted)
    rows, values, counts = [], [], []
    for number, line in enumerate(lines[1:], 2):
        if not line.strip():
            continue
        texts = tuple(line.split(","))
        try:
            found = [float(texts[field]) if field >= 0 else 0.0 for field in fields[:-1]]
            count = _TIMECODE.fullmatch(texts[fields[-1]].strip())
        except (ValueError, IndexError) as error:
            raise BadMedia(f"{path}, line {number}: {error}: a number per column.") from error
        if count is None or not np.isfinite(found).all():
            raise BadMedia(f"{path}, line {number}: give HH:MM:SS:FF.mmm and finite numbers.")
        rows.append(texts)
        values.append(found)
        counts.append([int((count[k] or "0").ljust(3 * (k == 5), "0")) for k in range(1, 6)])
    stamps, rate = _counted(path, np.array(counts or np.zeros((0, 5)), np.int64))
    return CurveTake(lines[0], newline, tuple(rows), fields, stamps, rate, np.array(values))


def _counted(path: Path, counts: Int64) -> tuple[Int64, int]:
    """Count the frames of timecodes: hours, minutes, seconds, frames, thousandths, (F, 5)."""
    most = int(counts[:, 3].max(initial=0)) + 1
    if most > RATES[-1]:
        raise BadMedia(f"{path}: its timecodes count {most} frames a second: up to {RATES[-1]}.")
    rate = next(rate for rate in RATES if rate >= most)
    seconds = counts[:, :3] @ np.array([3600, 60, 1])
    stamps = np.asarray(1000 * (seconds * rate + counts[:, 3]) + counts[:, 4], np.int64)
    if (back := np.flatnonzero(np.diff(stamps) <= 0)).size:
        raise BadMedia(f"{path}: the timecode of row {back[0] + 2} is not behind the one before.")
    if not len(stamps) or stamps[-1] - stamps[0] < 1000 * rate:
        raise BadMedia(f"{path}: a take of less than a second.")
    return stamps, rate


def write_take(path: Path, take: CurveTake, rows: Iterable[tuple[str, ...]]) -> None:
    """Write rows under the header of the take that they are of."""
    with path.open("w", newline="", encoding="utf-8") as file:
        file.writelines(line + take.newline for line in (take.header, *map(",".join, rows)))


def write_live_link(path: Path, times_s: Float64, weights: Float64, angles_deg: Float64) -> None:
    """Write frames as the app does.

    Frames without a face take what lies between their neighbours: an empty field would stop an
    import.

    Args:
        path: The file.
        times_s: Times in seconds, ascending, shape (F,).
        weights: Blendshape weights in the order of ``BLENDSHAPE_NAMES``, shape (F, 52); NaN where
            there is no face.
        angles_deg: Yaw to the picture's right, pitch upwards, roll clockwise, shape (F, 3).
    """
    rows = bridged(times_s, curves_of(weights, angles_deg))
    rate = _rate(times_s)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        for time_s, row in zip(times_s, rows, strict=True):
            fields = (f"{value:.10f}" for value in row)
            writer.writerow((timecode(float(time_s - times_s[0]), rate), len(CURVES), *fields))


def timecode(time_s: float, rate: float) -> str:
    """Return hours, minutes, seconds, frame and thousandths of a frame, counted without drops.

    >>> timecode(3661.22, 25.0)
    '01:01:01:05.500'
    """
    return _timecode(round(time_s * rate * 1000), max(round(rate), 1))


def _timecode(stamp: int, per_second: int) -> str:
    frames, part = divmod(stamp, 1000)
    seconds, frame = divmod(frames, per_second)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour:02d}:{minute:02d}:{second:02d}:{frame:02d}.{part:03d}"


def curves_of(weights: Float64, angles_deg: Float64) -> Float64:
    """Bring weights and angles, as ``write_live_link`` takes them, into the order of ``CURVES``."""
    return np.concatenate([_weights(weights), _angles(weights, angles_deg)], axis=1)


def bridged(times_s: Float64, values: Float64) -> Float64:
    """Fill rows of NaN by what lies between their neighbours in time, shape (F, N)."""
    seen = np.isfinite(values).all(axis=1)
    columns = [np.interp(times_s, times_s[seen], column[seen]) for column in values.T]
    return np.stack(columns, axis=1)


def _weights(weights: Float64) -> Float64:
    """Put the network's weights into the app's order."""
    place = {name.lower(): number for number, name in enumerate(BLENDSHAPE_NAMES)}
    none = np.where(np.isfinite(weights[:, 0]), 0.0, np.nan)
    columns = [
        weights[:, place[name.lower()]] if name.lower() in place else none for name in WEIGHTS
    ]
    return np.stack(columns, axis=1).astype(np.float64)


def _angles(weights: Float64, angles_deg: Float64) -> Float64:
    place = {name: number for number, name in enumerate(BLENDSHAPE_NAMES)}
    eyes = []
    for side, left in (("Left", 1.0), ("Right", -1.0)):
        out, inwards, up, down = (
            weights[:, place[f"eyeLook{way}{side}"]] for way in ("Out", "In", "Up", "Down")
        )
        eyes += [left * (out - inwards), down - up, np.zeros(len(weights))]
    head = angles_deg * np.array([1.0, -1.0, -1.0])
    angles = np.concatenate([head, EYE_TURN_DEG * np.stack(eyes, axis=1)], axis=1)
    return np.asarray(np.radians(angles), np.float64)


def _rate(times_s: Float64) -> float:
    return 1.0 / float(np.median(np.diff(times_s))) if len(times_s) > 1 else 1.0
