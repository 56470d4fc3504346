"""Strips of faces show the frames they name, and a difference where there is one."""

import re
from dataclasses import replace

import numpy as np
import pytest

from facedit.face.regions import FACE_OVAL, INNER_LIPS, OUTER_LIPS
from facedit.motion.space import Identity, MotionSpace
from facedit.training.face_strip import COLOURS, FaceStrip, strip_frames, strip_svg

SKIN, LIPS, MOUTH = (colour for colour, _ in COLOURS)


def decoded(values):
    space = MotionSpace.load()
    motion = np.zeros((len(values), space.dims), np.float32)
    motion[:, 0] = values
    return space.decode_shape(motion, Identity(space.canonical, 1.0, np.zeros(3), np.zeros(3)))


@pytest.fixture(scope="module")
def strip():
    frames = strip_frames((8, 22), 40)
    truth = decoded(np.linspace(-1, 1, len(frames)))
    hidden = tuple(8 <= frame < 22 for frame in frames)
    return FaceStrip(frames, hidden, truth, decoded(np.linspace(1, -1, len(frames))))


def polygons(svg, colour):
    """Points of the polygons of a colour, in order."""
    found = re.findall(rf'<polygon points="([^"]+)" fill="{colour}"/>', svg)
    return [np.array([pair.split(",") for pair in one.split()], float) for one in found]


def test_a_strip_runs_from_before_the_span_to_after_it():
    assert strip_frames((8, 22), 40) == (6, 8, 10, 12, 14, 15, 17, 19, 21, 23)
    assert strip_frames((0, 3), 40) == (0, 1, 2, 3, 4)  # nothing before it
    assert strip_frames((36, 40), 40) == (34, 35, 36, 37, 38, 39)
    assert strip_frames((8, 22), 40, 3) == (6, 14, 23)


def test_every_frame_is_there_twice_and_hidden_ones_are_marked(strip):
    svg = strip_svg(strip)
    for colour, points in ((SKIN, FACE_OVAL), (LIPS, OUTER_LIPS), (MOUTH, INNER_LIPS)):
        shown = polygons(svg, colour)
        assert len(shown) == 2 * len(strip.frames) == 20
        assert {len(one) for one in shown} == {len(points)}
    assert svg.count('class="shade"') == sum(strip.hidden) == 8
    assert svg.count("opacity") == 2
    for frame in strip.frames:
        assert f">{frame / 25:.2f} s<" in svg


def test_drawn_faces_are_those_given_and_true_lips_lie_over_them(strip):
    lips = polygons(strip_svg(strip), LIPS)
    truth, drawn = lips[::2], lips[1::2]
    below = drawn[0].mean(axis=0) - truth[0].mean(axis=0)
    # Truth and drawn run against each other: their ends change places.
    tall = [[np.ptp(one[:, 1]) for one in row] for row in (truth, drawn)]
    assert tall[0] == pytest.approx(tall[1][::-1], abs=0.3)
    assert abs(tall[0][0] - tall[0][-1]) > 3
    assert below[1] > 80
    same = strip_svg(replace(strip, drawn=strip.truth))
    lines = re.findall(r'<polygon points="([^"]+)" fill="none"', same)
    filled = re.findall(rf'<polygon points="([^"]+)" fill="{LIPS}"/>', same)
    assert lines[::2] == filled[1::2]


def test_lips_are_to_scale_and_inside_their_tiles(strip):
    svg = strip_svg(strip)
    width, height = (float(v) for v in re.search(r'viewBox="0 0 (\S+) (\S+)"', svg).groups())
    everything = np.concatenate(polygons(svg, SKIN) + polygons(svg, LIPS))
    assert everything.min() >= 0
    assert (everything <= [width, height]).all()
    first = polygons(svg, LIPS)[0]
    own = strip.truth[0][list(OUTER_LIPS), :2]
    ratio = np.ptp(first, axis=0) / np.ptp(own, axis=0)
    assert ratio[0] == pytest.approx(ratio[1], rel=0.02)  # no stretching
