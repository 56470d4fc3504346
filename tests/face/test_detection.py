import numpy as np
import pytest

from facedit.face.detection import (
    DETECTOR_SIDE,
    Detection,
    anchor_centres,
    decode_detections,
    overlap,
    suppress,
)


def box(x0: float, y0: float, x1: float, y1: float, score: float = 0.9) -> Detection:
    return Detection(x0, y0, x1, y1, score, np.zeros((6, 2)))


def test_anchors_are_cell_centres_of_both_grids() -> None:
    anchors = anchor_centres()
    assert anchors.shape == (896, 2)
    np.testing.assert_allclose(anchors[[0, 1]], 0.5 / 16)
    np.testing.assert_allclose(anchors[2], [1.5 / 16, 0.5 / 16])  # x runs first
    np.testing.assert_allclose(anchors[512:518], 0.5 / 8)
    np.testing.assert_allclose(anchors[-1], 7.5 / 8)


def test_decoding_adds_the_anchor_and_scales() -> None:
    anchors = anchor_centres()
    regressors = np.zeros((896, 16), np.float32)
    regressors[2] = [1, 2, 20, 30] + [3, 4] * 6
    logits = np.full(896, -50, np.float32)
    logits[2] = 2
    (face,) = decode_detections(regressors, logits, anchors, scale=5.0, min_score=0.5)
    x, y = 1.5 / 16 * DETECTOR_SIDE, 0.5 / 16 * DETECTOR_SIDE
    assert (face.x0, face.x1) == pytest.approx((5 * (x + 1 - 10), 5 * (x + 1 + 10)), rel=1e-5)
    assert (face.y0, face.y1) == pytest.approx((5 * (y + 2 - 15), 5 * (y + 2 + 15)), rel=1e-5)
    np.testing.assert_allclose(face.keypoints[5], [5 * (x + 3), 5 * (y + 4)], rtol=1e-5)
    assert face.score == pytest.approx(1 / (1 + np.exp(-2)))


def test_overlap_of_known_boxes() -> None:
    assert overlap(box(0, 0, 2, 2), box(1, 0, 3, 2)) == pytest.approx(1 / 3)
    assert overlap(box(0, 0, 1, 1), box(2, 2, 3, 3)) == 0
    assert overlap(box(0, 0, 0, 0), box(0, 0, 0, 0)) == 0


def test_doubles_merge_to_their_weighted_mean_and_others_stay() -> None:
    found = suppress([box(0, 0, 10, 10, 0.9), box(1, 0, 11, 10, 0.6), box(50, 0, 60, 10, 0.7)])
    assert [face.score for face in found] == [0.9, 0.7]
    assert found[0].x0 == pytest.approx(0.6 / 1.5)
    assert found[1].x0 == 50
