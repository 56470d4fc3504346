"""From a character's curves to motion and back, by the map and the network that ship."""

import numpy as np

from facedit.compose.session.performance import mean_face
from facedit.face.landmarker import Landmarker
from facedit.face.pose import fit_pose
from facedit.motion.curve_map import curve_map
from facedit.motion.live_link import CURVES, curves_of
from facedit.motion.mesh_space import MeshSpace


def test_curves_become_motion_that_shows_them(space: MeshSpace) -> None:
    """What the network reads off the mean face that moves by the map is what was given."""
    identity, rng = mean_face(space), np.random.default_rng(0)
    landmarker = Landmarker()

    def shown(motion: np.ndarray) -> np.ndarray:
        faces = space.decode(motion, identity)
        weights = np.array([landmarker.blendshapes(one) for one in faces], float)
        return curves_of(weights, fit_pose(faces, space.canonical).degrees())

    given = shown((0.7 * rng.standard_normal((60, space.dims))).astype(np.float32))
    again = shown(curve_map().motion(space, given))
    for name, least in (("JawOpen", 0.9), ("MouthPucker", 0.8), ("MouthSmileLeft", 0.8)):
        column = CURVES.index(name)
        assert np.corrcoef(given[:, column], again[:, column])[0, 1] > least, name
    head = [CURVES.index(f"Head{name}") for name in ("Yaw", "Pitch", "Roll")]
    np.testing.assert_allclose(again[:, head], given[:, head], atol=0.02)
