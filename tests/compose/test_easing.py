"""When expressions come and go, and where an asked-for blink comes."""

from __future__ import annotations

import numpy as np
import pytest

from facedit.compose.frames.canvas import Canvas
from facedit.compose.takes.easing import blinking, eased, share_of
from facedit.motion.identity import Identity

NOBODY = Identity(np.zeros((478, 3), np.float32), 1.0, np.zeros(2, np.float32))


def canvas(frames: int, *drawn: tuple[int, int], first: int = 0) -> Canvas:
    mask = np.zeros((frames, 2), bool)
    for start, stop in drawn:
        mask[start:stop, 1] = True
    return Canvas(first, np.zeros((frames, 2), np.float32), mask, np.ones(frames), NOBODY)


def shut(found: np.ndarray | None) -> tuple[list[int], int]:
    """In which frames eyes are not open, and in which they are shut most."""
    assert found is not None
    assert not found[..., 1:].any()
    np.testing.assert_array_equal(found[:, 0], found[:, 1])
    lids = found[:, 0, 0]
    return np.flatnonzero(lids > 1e-6).tolist(), int(lids.argmax())


def test_eyes_blink_in_the_middle_of_a_stretch() -> None:
    """In 0.24 s: six frames, of which the third is the shut one."""
    found = blinking(canvas(100, (0, 100)), (1.0, 2.04), 0.5)
    assert shut(found) == ([36, 37, 38, 39, 40, 41], 38)
    assert found.max() == pytest.approx(0.5, abs=1e-3)
    later = blinking(canvas(100, (0, 100), first=50), (3.0, 4.04))
    assert shut(later) == ([36, 37, 38, 39, 40, 41], 38)
    assert later.max() == pytest.approx(1.0, abs=1e-3)
    # Of a stretch that leaves the canvas what lies on it counts.
    assert shut(blinking(canvas(77, (0, 77)), (-9.0, 99.0)))[1] == 38


def test_a_blink_stays_inside_the_frames_that_are_drawn() -> None:
    frames, most = shut(blinking(canvas(100, (10, 20), (45, 90)), (1.0, 2.04)))
    assert (min(frames), most) == (46, 47)
    frames, most = shut(blinking(canvas(100, (25, 36), (48, 90)), (1.0, 2.04)))
    assert (max(frames), most) == (34, 31)
    assert blinking(canvas(100, (10, 20)), (1.0, 2.0)) is None  # not in the stretch
    assert blinking(canvas(100, (30, 36)), (1.0, 2.0)) is None  # 0.2 s from first to last
    assert blinking(canvas(100, (30, 38)), (1.0, 2.0)) is not None
    assert blinking(canvas(100), (1.0, 2.0)) is None
    # Of two places as the nearer one, before or behind the middle; frames at the ends count.
    assert shut(blinking(canvas(100, (20, 34), (46, 60)), (1.0, 2.04)))[1] == 29
    assert shut(blinking(canvas(100, (20, 30), (44, 60)), (1.0, 2.04)))[1] == 46
    assert blinking(canvas(100, (10, 26)), (1.0, 2.0)) is not None
    assert blinking(canvas(100, (10, 25)), (1.0, 2.0)) is None
    assert blinking(canvas(100, (50, 70)), (1.0, 2.0)) is not None
    assert blinking(canvas(100, (51, 70)), (1.0, 2.0)) is None


def test_an_expression_eases_in_before_its_time_and_out_after_it() -> None:
    at_s = np.array([0.7, 0.85, 1.0, 1.5, 2.0, 2.1, 2.15, 2.3, 9.0])
    wanted = [0, 0.5, 1, 1, 1, 0.75, 0.5, 0, 0]
    far = np.full(len(at_s), np.inf)
    np.testing.assert_allclose(eased(at_s, (1.0, 2.0), far), wanted, atol=1e-9)
    np.testing.assert_allclose(
        eased(at_s, (1.0, 2.0), np.full(9, 0.15)), np.array(wanted) / 2, atol=1e-9
    )
    near = eased(np.zeros(3), (-1.0, 1.0), np.array([0.0, 0.1, 0.3]))
    np.testing.assert_allclose(near, [0, 0.25, 1], atol=1e-9)


def test_an_expression_is_gone_in_kept_frames() -> None:
    found = share_of(canvas(50, (10, 40)), (-1.0, 9.0))
    assert not found[:10].any()
    assert not found[40:].any()
    np.testing.assert_allclose(found[[17, 32]], 1)  # 8 frames from kept ones: 0.32 s
    np.testing.assert_allclose(found, found[::-1], atol=1e-9)
    assert 0 < found[10] < found[11] < found[16] < 1
    np.testing.assert_allclose(share_of(canvas(50, (0, 50)), (0.8, 1.2))[[20, 30]], 1)
    assert share_of(canvas(50, (0, 50), first=25), (0.0, 0.7))[0] == pytest.approx(0)
