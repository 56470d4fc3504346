"""Motion as a take of Epic's Live Link Face app: the CSV that game engines and 3-D programs read.

A row a frame: timecode, the number of values, ARKit's 52 blendshape weights in PascalCase, and
angles of head and eyes. Angles are in radians about the axes of ARKit's face anchor (x to the
person's left, y up, z out of the face), so yaw is positive to the person's left, pitch downwards,
roll where the person's left ear rises. That they are radians is read off
recordings; the app's own description was not at hand.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from facedit.face.blendshapes import BLENDSHAPE_NAMES
from facedit.types import Float64

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

HEADER = ("Timecode", "BlendShapeCount", *WEIGHTS, *ANGLES)

EYE_TURN_DEG = 30.0
"""How far an eye is turned where a weight of looking is 1: a usual limit of rigs."""


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
    rows = np.concatenate([_weights(weights), _angles(weights, angles_deg)], axis=1)
    rows = bridged(times_s, rows)
    rate = _rate(times_s)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        count = len(HEADER) - 2
        for time_s, row in zip(times_s, rows, strict=True):
            fields = (f"{value:.10f}" for value in row)
            writer.writerow((timecode(float(time_s - times_s[0]), rate), count, *fields))


def timecode(time_s: float, rate: float) -> str:
    """Return hours, minutes, seconds, frame and thousandths of a frame, counted without drops.

    >>> timecode(3661.22, 25.0)
    '01:01:01:05.500'
    """
    per_second = max(round(rate), 1)
    thousandths = round(time_s * rate * 1000)
    frames, part = divmod(thousandths, 1000)
    seconds, frame = divmod(frames, per_second)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour:02d}:{minute:02d}:{second:02d}:{frame:02d}.{part:03d}"


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
