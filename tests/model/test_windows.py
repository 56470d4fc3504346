import numpy as np
import pytest

from facedit.model.windows import CONTEXT, PROMPT, WINDOW, plan_windows


def masked(frames, *runs):
    mask = np.zeros(frames, dtype=bool)
    for start, stop in runs:
        mask[start:stop] = True
    return mask


def spans(windows):
    """First and last frame of each window, without its prompt."""
    own = [window.frames[window.weights > 0] for window in windows]
    return [(int(frames[0]), int(frames[-1]) + 1) for frames in own]


def test_a_canvas_that_fits_is_one_window_of_equal_weights():
    (window,) = plan_windows(masked(WINDOW, (3, 9)))
    np.testing.assert_array_equal(window.frames, np.arange(WINDOW))
    np.testing.assert_array_equal(window.weights, np.ones(WINDOW))


@pytest.mark.parametrize(
    ("run", "span"),
    [
        ((140, 150), (95, 195)),  # in the middle of its window
        ((140, 160), (100, 200)),  # as long as fits with context on both sides
        ((0, 10), (0, 100)),
        ((290, 300), (200, 300)),
    ],
)
def test_a_short_run_lies_in_the_middle_of_one_window(run, span):
    assert spans(plan_windows(masked(300, run))) == [span]


def test_a_long_run_is_tiled_with_its_context_by_windows_that_overlap_by_half():
    # 21 frames are one too many for one window with 40 on each side: 100 .. 201.
    assert spans(plan_windows(masked(300, (140, 161)))) == [(100, 200), (101, 201)]
    assert spans(plan_windows(masked(400, (100, 250)))) == [
        (60, 160), (110, 210), (160, 260), (190, 290),
    ]  # fmt: skip
    # At the ends of the canvas there is no context, and the last window ends with it.
    assert spans(plan_windows(masked(250, (0, 250)))) == [
        (0, 100),
        (50, 150),
        (100, 200),
        (150, 250),
    ]


def test_runs_that_are_near_share_windows_and_others_do_not():
    near = plan_windows(masked(400, (150, 155), (160, 165)))
    assert spans(near) == [(107, 207)]
    # As far apart as one window's free frames: they still share; one frame more and they don't.
    free = WINDOW - 2 * CONTEXT
    edge = 155 + free - 1
    together = plan_windows(masked(400, (150, 155), (edge, edge + 5)))
    assert spans(together) == [(110, 210), (119, 219)]
    apart = plan_windows(masked(400, (150, 155), (edge + 1, edge + 6)))
    assert spans(apart) == [(102, 202), (127, 227)]


def test_weights_are_a_tent():
    first, _ = plan_windows(masked(300, (140, 161)))
    np.testing.assert_array_equal(first.weights, [*range(1, 51), *range(50, 0, -1)])


def test_a_window_without_kept_frames_is_given_the_nearest_before_it():
    windows = plan_windows(masked(400, (50, 350)))
    inside = next(window for window in windows if window.frames[PROMPT] >= 60)
    np.testing.assert_array_equal(inside.frames[:PROMPT], [46, 47, 48, 49])
    assert len(inside.frames) == PROMPT + WINDOW
    np.testing.assert_array_equal(inside.weights[:PROMPT], 0)
    np.testing.assert_array_equal(np.diff(inside.frames[PROMPT:]), 1)


def test_without_kept_frames_before_it_a_window_is_given_the_next_after_it():
    first = plan_windows(masked(400, (0, 300)))[0]
    np.testing.assert_array_equal(first.frames[:PROMPT], [300, 301, 302, 303])
    everything = plan_windows(masked(250, (0, 250)))
    assert all(len(window.frames) == WINDOW for window in everything)


def test_longer_windows_are_as_long_as_they_must_be():
    """Ten seconds are drawn at once where they were learnt, a word in no more than before."""
    long = 250
    assert spans(plan_windows(masked(long, (0, long)), long)) == [(0, long)]
    for run in ((140, 150), (0, 10), (290, 300)):
        assert spans(plan_windows(masked(300, run), long)) == spans(plan_windows(masked(300, run)))
    assert spans(plan_windows(masked(600, (200, 300)), long)) == [(160, 340)]
    assert spans(plan_windows(masked(600, (100, 400)), long)) == [(60, 310), (185, 435), (190, 440)]
    for window in plan_windows(masked(1000, (100, 900)), long):
        assert len(window.frames) <= long + PROMPT
