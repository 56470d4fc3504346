"""Which of several faces is meant."""

from __future__ import annotations

import math
from dataclasses import dataclass

from facedit.errors import AmbiguousFace, UsageError
from facedit.face.detection import Detection

SIMILAR_AREA = 0.2
"""A second face whose area is within this part of the largest's makes "the face" ambiguous."""


@dataclass(frozen=True, slots=True)
class FaceChoice:
    """A rule that picks one face of a picture.

    At most one of the fields is set; none set means "the face", which is an error where another
    face is about as large.

    Attributes:
        largest: Take the largest face, however close the second.
        index: Take the N-th face from the left, counted from 1.
        box: Take the face in this box (x, y, width, height in pixels of the file).
        unit: Pixels of the file per pixel of the picture that is searched: a large photograph is
            scaled down first.
    """

    largest: bool = False
    index: int | None = None
    box: tuple[float, float, float, float] | None = None
    unit: float = 1.0

    @classmethod
    def parse(cls, text: str | None) -> FaceChoice:
        """Read ``largest``, a number from 1, or ``x,y,w,h`` in pixels.

        UsageError is raised for anything else.
        """
        if text is None:
            return cls()
        text = text.strip()
        if text == "largest":
            return cls(largest=True)
        try:
            if "," in text:
                x, y, width, height = (float(part) for part in text.split(","))
                if width > 0 and height > 0 and math.isfinite(x + y + width + height):
                    return cls(box=(x, y, width, height))
            elif int(text) >= 1:
                return cls(index=int(text))
        except ValueError:
            pass
        raise UsageError(
            f"face {text!r} is not 'largest', a number from 1 (counted from the left), "
            "or x,y,w,h in pixels."
        )

    def pick(self, faces: list[Detection]) -> Detection | None:
        """Return the face of a picture that is meant, None if the rule fits none.

        AmbiguousFace is raised if no rule was given and a second face is about as large; the
        message lists the faces and how to choose.
        """
        if not faces:
            return None
        ordered = from_left(faces)
        if self.index is not None:
            return ordered[self.index - 1] if self.index <= len(ordered) else None
        if self.box is not None:
            x, y, width, height = (value / self.unit for value in self.box)
            return _nearest_to_box(faces, (x, y, width, height))
        by_area = sorted(faces, key=lambda face: -face.area)
        if not self.largest and len(by_area) > 1:
            first, second = by_area[0].area, by_area[1].area
            if second >= (1 - SIMILAR_AREA) * first:
                raise AmbiguousFace(
                    f"{len(faces)} faces, two of about the same size: "
                    f"{describe(faces, self.unit)}; choose with --face N (from the left), "
                    "--face x,y,w,h or --face largest."
                )
        return by_area[0]

    def missing(self, faces: list[Detection]) -> str:
        """Say in one line why the rule fits no face of a stretch of video.

        ``faces`` are the most that were found in any of its pictures.
        """
        if not faces:
            return (
                "no face found in any frame: a face must be upright, not in profile, and at least "
                "about a twentieth of the picture's longer side wide; choose another clip or "
                "picture."
            )
        found = describe(faces, self.unit)
        if self.index is None and self.box is None:
            return (
                f"what looks like a face from afar is none: {found}; choose another clip "
                "or picture, in which a person's face is upright and not in profile."
            )
        wanted = f"number {self.index}" if self.index is not None else f"at box {self.box}"
        return (
            f"no face {wanted}; found {len(faces)}: {found}; choose one of these with "
            "--face N, or leave --face out."
        )


def from_left(faces: list[Detection]) -> list[Detection]:
    """Return faces in the order in which they are numbered: by their centre, left to right."""
    return sorted(faces, key=lambda face: face.centre)


def describe(faces: list[Detection], unit: float = 1.0) -> str:
    """List faces in one line: number from the left, box as x,y,w,h in pixels of the file, score.

    ``unit`` is pixels of the file per pixel of the picture that was searched.
    """
    lines = []
    for number, face in enumerate(from_left(faces), start=1):
        box = (face.x0, face.y0, face.x1 - face.x0, face.y1 - face.y0)
        pixels = ",".join(f"{unit * value:.0f}" for value in box)
        lines.append(f"[{number}] {pixels} (score {face.score:.2f})")
    return ", ".join(lines)


def _nearest_to_box(
    faces: list[Detection], box: tuple[float, float, float, float]
) -> Detection | None:
    """Return the face whose centre is nearest to a box's, among those whose centre lies in it."""
    x, y, width, height = box

    def inside(face: Detection) -> bool:
        cx, cy = face.centre
        return x <= cx <= x + width and y <= cy <= y + height

    def distance(face: Detection) -> float:
        cx, cy = face.centre
        return (cx - x - width / 2) ** 2 + (cy - y - height / 2) ** 2

    return min(filter(inside, faces), key=distance, default=None)
