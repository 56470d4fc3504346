import numpy as np

from facedit.face.canonical import load_canonical_face
from facedit.face.regions import FACE_OVAL, JAW, LIPS, lower_face, upper_face


def test_the_canonical_face_is_a_face() -> None:
    face = load_canonical_face()
    assert face.vertices.shape == (468, 3)
    assert face.triangles.shape == (898, 3)
    assert set(face.triangles.ravel()) == set(range(468))
    np.testing.assert_allclose(face.vertices[33], [-0.5, 0, 0], atol=1e-9)
    np.testing.assert_allclose(face.vertices[263], [0.5, 0, 0], atol=1e-9)
    chin, brow, nose, ear = face.vertices[[152, 10, 4, 234]]
    assert brow[1] < 0 < nose[1] < chin[1]
    assert nose[2] < ear[2]
    # One surface without a hole: only the edges of the face's outline have one triangle.
    edges = np.sort(face.triangles[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
    once, uses = np.unique(edges, axis=0, return_counts=True)
    assert uses.max() == 2
    assert set(once[uses == 1].ravel().tolist()) == set(FACE_OVAL)


def test_lower_and_upper_face_share_out_all_points() -> None:
    vertices = load_canonical_face().vertices
    lower, upper = lower_face(vertices), upper_face(vertices)
    assert sorted([*lower, *upper]) == list(range(478))
    assert set(LIPS + JAW) <= set(lower.tolist())
    assert {33, 263, 468, 473, 10, 70} <= set(upper.tolist())
