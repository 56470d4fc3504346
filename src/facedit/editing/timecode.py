"""SMPTE timecode: a count of frames, written as hours, minutes, seconds and frames."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from fractions import Fraction

_WRITTEN = re.compile(r"(\d{1,2}):([0-5]\d):([0-5]\d)([:;.,])(\d{1,3})")


@dataclass(frozen=True, slots=True)
class Timecode:
    """The address of a frame.

    Attributes:
        frame: Frames since 00:00:00:00.
        rate: Frames per second; addresses count its nearest whole number a second.
        drop: Whether two addresses (four from 60 frames a second on) are left out in every minute
            but each tenth, so that 30000/1001 keeps pace with the clock.
    """

    frame: int
    rate: Fraction
    drop: bool = False

    @classmethod
    def parse(cls, text: str, rate: Fraction) -> Timecode | None:
        """Read a timecode; None if it is none at this rate.

        Args:
            text: Such as ``01:00:00:00``, with ``;`` in front of the frames if addresses are
                left out.
            rate: Frames per second.

        Returns:
            The timecode.
        """
        match = _WRITTEN.fullmatch(text.strip())
        if match is None:
            return None
        whole = round(rate)
        hours, minutes, seconds, frames = (int(match[part]) for part in (1, 2, 3, 5))
        if frames >= whole:
            return None
        drop = match[4] != ":" and _can_drop(rate)
        count = ((hours * 60 + minutes) * 60 + seconds) * whole + frames
        if drop:
            gone = hours * 60 + minutes
            count -= _dropped(whole) * (gone - gone // 10)
        return cls(count, rate, drop)

    def later(self, frames: int) -> Timecode:
        """Return the address of a frame that comes so many frames later."""
        return replace(self, frame=self.frame + frames)

    def __str__(self) -> str:
        """Write it; after 24 hours it begins anew."""
        whole = round(self.rate)
        count = self.frame
        if self.drop:
            a_minute = 60 * whole - _dropped(whole)
            tens, rest = divmod(count, 9 * a_minute + 60 * whole)
            minutes = max((rest - _dropped(whole)) // a_minute, 0)
            count += _dropped(whole) * (9 * tens + minutes)
        seconds, frames = divmod(count, whole)
        minutes, seconds = divmod(seconds, 60)
        hours, minutes = divmod(minutes, 60)
        sign = ";" if self.drop else ":"
        width = len(str(whole - 1))
        return f"{hours % 24:02}:{minutes:02}:{seconds:02}{sign}{frames:0{max(width, 2)}}"


def _can_drop(rate: Fraction) -> bool:
    return round(rate) % 30 == 0 and rate.denominator == 1001


def _dropped(whole: int) -> int:
    return whole // 15
