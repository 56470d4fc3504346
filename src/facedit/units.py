"""The one place that converts between seconds, motion frames, speech ticks and samples.

The model lives on a fixed grid: motion frame ``k`` is the face at time ``k / MOTION_FPS`` and is
paired with the speech of the interval ``[k, k + 1) / MOTION_FPS``. Everything else in the package
carries seconds (floats), or PTS (integers with a rational time base) at the media border.
"""

from __future__ import annotations

import math
from fractions import Fraction

MOTION_FPS = 25
"""Motion frames per second: the only frame rate the model knows."""

SPEECH_RATE = 16_000
"""Samples per second of the mono sound that speech models hear."""

SPEECH_TICKS_PER_SECOND = 50
"""Encoder states per second of the Whisper encoder."""


def exact_div(numerator: int, denominator: int) -> int:
    """Divide two integers that must divide without a remainder.

    Args:
        numerator: The number to divide.
        denominator: The number to divide by.

    Returns:
        The whole quotient.

    Raises:
        ValueError: If there is a remainder.
    """
    quotient, remainder = divmod(numerator, denominator)
    if remainder:
        raise ValueError(f"{numerator} is not a multiple of {denominator}.")
    return quotient


SPEECH_TICKS_PER_FRAME = exact_div(SPEECH_TICKS_PER_SECOND, MOTION_FPS)
"""Encoder states folded into one motion frame."""

SPEECH_SAMPLES_PER_FRAME = exact_div(SPEECH_RATE, MOTION_FPS)
"""Samples (at SPEECH_RATE) heard during one motion frame."""


def frame_at(time_s: float, fps: float | Fraction = MOTION_FPS) -> int:
    """Return the frame of a grid that is nearest to a time.

    Args:
        time_s: Time in seconds from the grid's frame 0.
        fps: Frames per second of the grid.

    Returns:
        The index of the nearest frame (halves go up).
    """
    return math.floor(time_s * float(fps) + 0.5)


def first_frame_from(time_s: float, fps: float | Fraction = MOTION_FPS) -> int:
    """Return the first frame of a grid that lies at or after a time.

    Args:
        time_s: Time in seconds from the grid's frame 0.
        fps: Frames per second of the grid.

    Returns:
        The smallest ``k`` with ``k / fps >= time_s``, forgiving a nanosecond of rounding.
    """
    return math.ceil(time_s * float(fps) - 1e-9 * float(fps))


def frame_time(frame: int, fps: float | Fraction = MOTION_FPS) -> float:
    """Return the time of a frame of a grid.

    Args:
        frame: Frame index.
        fps: Frames per second of the grid.

    Returns:
        Seconds from the grid's frame 0.
    """
    return float(Fraction(frame) / Fraction(fps))


def sample_at(time_s: float, rate: int) -> int:
    """Return the sample of a sound that is nearest to a time.

    Args:
        time_s: Time in seconds from the sound's first sample.
        rate: Samples per second.

    Returns:
        The index of the nearest sample (halves go up).
    """
    return math.floor(time_s * rate + 0.5)
