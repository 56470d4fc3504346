"""The drawn inside of a mouth: inside the lips only, two rows of teeth, dark between them."""

from __future__ import annotations

import numpy as np

from facedit.render.interior import draw_interior
from facedit.render.warp import Rect
from facedit.types import UInt8

WHOLE = Rect(0, 0, 512, 512)


def _skin() -> UInt8:
    return np.broadcast_to(np.array([200, 150, 130], np.uint8), (512, 512, 3)).copy()


def test_only_the_opening_is_painted(make_face) -> None:
    face = make_face(x=256, y=200, eyes=180, mouth=2.0)
    painted = draw_interior(_skin(), face, WHOLE)
    rows, columns = np.nonzero((painted != _skin()).any(axis=-1))
    assert rows.min() > face[13, 1] - 3
    assert rows.max() < face[14, 1] + 3
    assert columns.min() > face[78, 0] - 3
    assert columns.max() < face[308, 0] + 3


def test_a_wide_mouth_shows_teeth_above_and_below_and_is_dark_between(make_face) -> None:
    face = make_face(x=256, y=200, eyes=180, mouth=3.0)
    painted = draw_interior(_skin(), face, WHOLE).astype(int)
    top, bottom = face[13], face[14]
    x = round(float(top[0])) + 6  # the middle of a front tooth
    teeth = painted[round(float(top[1] + 0.12 * (bottom[1] - top[1]))), x]
    dark = painted[round(float(top[1] + 0.55 * (bottom[1] - top[1]))), x]
    assert teeth.mean() > 2.5 * dark.mean()
    low = painted[round(float(top[1] + 0.9 * (bottom[1] - top[1]))), x]
    assert teeth.mean() > low.mean() > 1.8 * dark.mean()
    # Teeth are nearer to grey than the skin is.
    assert np.ptp(teeth) / teeth.mean() < 0.7 * np.ptp(_skin()[0, 0]) / 160
    assert dark.mean() < 0.4 * _skin()[0, 0].mean()


def test_teeth_have_no_drawn_outlines(make_face) -> None:
    face = make_face(x=256, y=200, eyes=180, mouth=3.0)
    painted = draw_interior(_skin(), face, WHOLE).astype(int).mean(axis=-1)
    row = round(float(face[13, 1] + 0.12 * (face[14, 1] - face[13, 1])))
    middle = round(float(face[13, 0]))
    across = np.arange(-20, 21)  # across the joints of four teeth
    front = painted[row, middle + across]
    shade = np.polyval(np.polyfit(across, front, 2), across)  # darker to the sides, evenly
    assert shade[[0, -1]].max() < shade.max()
    assert np.ptp(front - shade) < 0.12 * front.max()


def test_lips_that_touch_stay_shut(make_face) -> None:
    face = make_face(mouth=-0.55)
    assert np.abs(draw_interior(_skin(), face, WHOLE).astype(int) - _skin()).max() < 30


def test_a_part_of_the_picture_is_painted_alike(make_face) -> None:
    face = make_face(x=256, y=200, eyes=180, mouth=2.0)
    rect = Rect(180, 220, 160, 120)
    whole = draw_interior(_skin(), face, WHOLE)[rect.slices].astype(int)
    part = draw_interior(_skin()[rect.slices], face, rect)
    assert np.abs(whole - part).max() <= 2
