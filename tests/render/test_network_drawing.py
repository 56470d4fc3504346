"""The network made ready for drawing computes what the network computes."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from facedit.render.network import MouthNetwork, MouthNetworkConfig
from facedit.render.network_drawing import DrawingNetwork
from facedit.render.paint import covering
from facedit.render.warp import Rect

TINY = MouthNetworkConfig(size=96, channels=(16, 24, 32), detail=8)


@pytest.fixture(scope="module")
def network() -> MouthNetwork:
    torch.manual_seed(3)
    made = MouthNetwork(TINY).eval()
    torch.nn.init.normal_(made.head.weight, std=0.1)
    return made


@pytest.mark.parametrize(
    "part", [Rect(0, 0, 96, 96), Rect(20, 33, 41, 30), Rect(0, 50, 9, 46), Rect(95, 95, 1, 1)]
)
def test_a_part_is_what_the_network_says_there(network: MouthNetwork, part: Rect) -> None:
    noise = torch.Generator().manual_seed(0)
    pictures = torch.rand(2, 4, 3, 96, 96, generator=noise)
    raster = torch.rand(2, 3, 96, 96, generator=noise)
    gaps = torch.rand(2, 4, generator=noise) / 8
    with torch.inference_mode():
        weights, residual = network(pictures, raster, gaps)
        drawn, added, covered = DrawingNetwork(network)(
            pictures.permute(0, 3, 4, 1, 2), raster.permute(0, 2, 3, 1), gaps, part
        )
    assert drawn.shape == (2, covered.height, covered.width, 4)
    assert added.shape == (2, covered.height, covered.width, 3)
    x, y = part.x - covered.x, part.y - covered.y
    assert x >= 0
    assert y >= 0
    inner = (slice(None), slice(y, y + part.height), slice(x, x + part.width))
    rows, columns = part.slices
    for got, want in ((drawn, weights), (added, residual)):
        wanted = want[:, :, rows, columns].permute(0, 2, 3, 1)
        assert got[inner].shape == wanted.shape
        # bfloat16 keeps eight bits; what is compared varies by far more.
        assert float((got[inner] - wanted).abs().max()) < 0.04
        assert float((got[inner] - wanted).abs().mean()) < 0.25 * float(want.std())


def test_the_network_given_is_not_changed(network: MouthNetwork) -> None:
    before = {name: value.clone() for name, value in network.state_dict().items()}
    DrawingNetwork(network)
    for name, value in network.state_dict().items():
        assert value.dtype == torch.float32
        assert torch.equal(value, before[name])
    assert all(parameter.requires_grad for parameter in network.parameters())


def test_covering_is_all_that_a_region_reads() -> None:
    turn = np.array([[0.5, 0.1, 10.3], [-0.1, 0.5, 20.2]])
    rect = Rect(7, 9, 30, 20)
    found = covering(turn, rect, 96)
    corners = np.array([(x, y, 1) for x in (0, 29) for y in (0, 19)]) @ turn.T
    assert found == Rect(10, 17, 18, 14)
    assert (np.floor(corners.min(axis=0)) >= (found.x, found.y)).all()
    last = (found.x + found.width - 1, found.y + found.height - 1)
    assert (np.ceil(corners.max(axis=0)) <= last).all()
    # Beyond the canvas the border goes on.
    far = np.array([[1, 0, 500.0], [0, 1, -500.0]])
    assert covering(far, rect, 96) == Rect(95, 0, 1, 1)
