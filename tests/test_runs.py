import numpy as np
import pytest

from facedit.runs import runs


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ("", []),
        ("000", []),
        ("111", [(0, 3)]),
        ("0110", [(1, 3)]),
        ("1001101", [(0, 1), (3, 5), (6, 7)]),
    ],
)
def test_runs_are_first_and_last_plus_one(rows, found):
    assert runs(np.array([row == "1" for row in rows], np.bool_)) == found
