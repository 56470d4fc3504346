"""Takes come best first: lips that close, then seams, then lips that go with the sound."""

from types import SimpleNamespace

import numpy as np
import pytest

from compose.compose_cases import upright_face
from facedit.compose.frames.canvas import Canvas
from facedit.compose.source.source_still import closed_mouth
from facedit.compose.takes import take_order as module
from facedit.compose.takes.take_order import best_first
from facedit.face.distances import lip_opening
from facedit.motion.mesh_space import MeshSpace

FRAMES, DRAWN = 40, slice(10, 30)
WAVE = np.sin(np.arange(FRAMES))


class Net:
    """Hears the sign of a feature in that of the jaw's first dim; every frame is +-1."""

    def __init__(self, lips):
        self.lips = lips

    def embed_motion(self, motion):
        wave = motion[:, self.lips][:, 1]
        return np.where(wave > wave.mean(), 1.0, -1.0)[:, None].astype(np.float32)

    def embed_speech(self, speech):
        return np.sign(speech).astype(np.float32)


@pytest.fixture(scope="module")
def case():
    """Lips in span of closed ones, a take that closes on the sound, and what is heard."""
    space = MeshSpace.load()
    face = upright_face(space)
    identity = space.identity(face[None], np.ones(1, np.float32))
    shut = closed_mouth(space, space.encode(face[None], identity)[0], identity)
    lips = space.groups["lips"]
    values = np.repeat(shut[None], FRAMES, axis=0)
    mask = np.zeros(values.shape, bool)
    mask[DRAWN, lips] = True
    canvas = Canvas(100, values, mask, np.ones(FRAMES, np.float32), identity)
    moment = (canvas.start_s + 18 / 25, canvas.start_s + 21 / 25)
    ready = SimpleNamespace(
        models=SimpleNamespace(space=space), canvases=(canvas,), closures=((moment,),),
        speech=(WAVE[:, None].astype(np.float32),),
    )  # fmt: skip
    return ready, canvas, values, lips


def moving(values, lips, wave):
    """Move a dim of the lips a little, not at the seams."""
    motion = values.copy()
    inside = slice(DRAWN.start + 1, DRAWN.stop - 1)
    motion[inside, lips.start + 1] += (0.05 * wave[inside]).astype(np.float32)
    return motion


def test_the_best_take_comes_first(case, monkeypatch):
    ready, canvas, values, lips = case
    net = Net(lips)
    monkeypatch.setattr(module, "sync_network", lambda models: net)
    good, unsynced = moving(values, lips, WAVE), moving(values, lips, -WAVE)
    jumping = good.copy()
    jumping[DRAWN.start, lips.start + 1] += 0.5
    parted = good.copy()
    opened = max((4, -4), key=lambda step: _opening(ready, canvas, values, lips, step))
    parted[14:26, lips.start] += opened
    takes = np.stack([parted, jumping, unsynced, good, good])
    assert best_first(ready, [takes]) == (3, 4, 2, 1, 0)
    monkeypatch.setattr(module, "sync_network", lambda models: None)
    assert best_first(ready, [takes]) == (2, 3, 4, 1, 0)


def _opening(ready, canvas, values, lips, step):
    motion = values[:1].copy()
    motion[0, lips.start] += step
    return lip_opening(ready.models.space.decode(motion, canvas.identity))[0]


def test_a_network_of_another_space_is_not_asked():
    shipped = module.load_sync()
    fitting = SimpleNamespace(motion=SimpleNamespace(space=shipped.space, encoder=shipped.encoder))
    other = SimpleNamespace(motion=SimpleNamespace(space="mesh-grid", encoder=shipped.encoder))
    assert module.sync_network(fitting) is not None
    assert module.sync_network(other) is None
