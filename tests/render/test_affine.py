"""Affine maps of triangles, against maps that are known."""

from __future__ import annotations

import numpy as np

from facedit.render.affine import TriangleMaps

TRIANGLES = np.array(
    [[[0, 0], [8, 0], [0, 8]], [[8, 0], [8, 8], [0, 8]], [[1, 1], [2, 2], [3, 3]]], np.float32
)
COLUMNS, ROWS = np.arange(8, dtype=np.float32), np.arange(4, dtype=np.float32) + 2


def test_pixels_go_where_their_triangle_goes() -> None:
    matrix = np.array([[1.5, -0.25], [0.5, 2.0]], np.float32)
    source = TRIANGLES @ matrix.T + np.array([3, -7], np.float32)
    source[1] += 100
    maps = TriangleMaps(TRIANGLES, np.array([0, 1], np.intp))
    numbers = np.array([[0] * 4 + [1] * 3 + [-1]] * 4, np.intp)
    places = maps.places(source, numbers, COLUMNS, ROWS)
    grid = np.stack(np.broadcast_arrays(COLUMNS, ROWS[:, None]), axis=-1)
    moved = grid @ matrix.T + np.array([3, -7], np.float32)
    np.testing.assert_allclose(places[:, :4], moved[:, :4], atol=1e-4)
    np.testing.assert_allclose(places[:, 4:7], moved[:, 4:7] + 100, atol=1e-4)
    np.testing.assert_array_equal(places[:, 7], grid[:, 7])


def test_a_flat_triangle_gives_one_finite_place() -> None:
    maps = TriangleMaps(TRIANGLES, np.array([2], np.intp))
    places = maps.places(TRIANGLES + 5, np.full((4, 8), 2, np.intp), COLUMNS, ROWS)
    np.testing.assert_allclose(places, np.broadcast_to([6.0, 6.0], places.shape))
