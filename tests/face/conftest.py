"""A real face without licence strings, and the networks."""

from collections.abc import Callable

import numpy as np
import pytest

from facedit.face.landmarker import Landmarker
from facedit.types import UInt8


@pytest.fixture(scope="session")
def landmarker() -> Landmarker:
    return Landmarker()


@pytest.fixture(scope="session")
def portrait() -> UInt8:
    """A 200 x 200 cut of the public-domain portrait; the face is about 95 pixels wide."""
    data = pytest.importorskip("skimage.data")
    picture: UInt8 = np.ascontiguousarray(data.astronaut()[20:220, 120:320])
    return picture


@pytest.fixture(scope="session")
def scene(portrait: UInt8) -> Callable[..., UInt8]:
    """Makes a 640 x 360 grey picture with portraits of given sizes at given places."""
    cv2 = pytest.importorskip("cv2")

    def make(*places: tuple[int, int, int]) -> UInt8:
        picture = np.full((360, 640, 3), 96, np.uint8)
        for x, y, size in places:
            picture[y : y + size, x : x + size] = cv2.resize(
                portrait, (size, size), interpolation=cv2.INTER_AREA
            )
        return picture

    return make
