"""The mouth network: shapes, copy weights, native size, files, inputs."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from facedit.errors import AssetMissing, BadWeights
from facedit.render.mouth_inputs import (
    apply_gain,
    canonical_source,
    crop_picture,
    draw_raster,
    network_inputs,
    skin_gain,
)
from facedit.render.network import (
    MouthNetwork,
    MouthNetworkConfig,
    combine,
    load_network,
    save_network,
)
from facedit.render.paint import MouthPainter, WarpedSource
from facedit.render.warp import Rect
from facedit.types import UInt8

TINY = MouthNetworkConfig(size=96, channels=(16, 16, 16), detail=8)


def _inputs() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    noise = torch.Generator().manual_seed(0)
    pictures = torch.rand(2, 4, 3, 96, 96, generator=noise)
    return pictures, torch.rand(2, 3, 96, 96, generator=noise), torch.zeros(2, 4)


def test_copy_weights_sum_to_one_and_the_residual_is_bounded() -> None:
    network = MouthNetwork(TINY)
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.3, generator=torch.Generator().manual_seed(1))
    weights, residual = network(*_inputs())
    assert weights.shape == (2, 4, 96, 96)
    assert residual.shape == (2, 3, 96, 96)
    assert torch.allclose(weights.sum(dim=1), torch.ones(2, 96, 96), atol=1e-5)
    assert float(weights.detach().min()) >= 0
    assert float(residual.detach().abs().max()) <= TINY.residual + 1e-6


def test_an_untrained_network_averages() -> None:
    pictures, raster, gaps = _inputs()
    out = combine(pictures, *MouthNetwork(TINY)(pictures, raster, gaps))
    assert torch.allclose(out, pictures.mean(dim=1), atol=1e-5)


def test_combine_copies_and_adds() -> None:
    pictures, _, _ = _inputs()
    weights = torch.zeros(2, 4, 96, 96)
    weights[:, 2] = 1.0
    out = combine(pictures, weights, torch.full((2, 3, 96, 96), 0.1))
    assert torch.allclose(out, pictures[:, 2] + 0.1)


def test_painting_happens_at_the_pictures_own_size(portrait: UInt8, make_face) -> None:
    face = make_face(x=256, y=200, eyes=200)
    rect = Rect(180, 240, 150, 120)
    native = portrait[rect.slices]
    source = WarpedSource(canonical_source(portrait, face), native)
    painted = MouthPainter(MouthNetwork(TINY)).paint(face, rect, [source, source])
    # Untrained, it averages four times the same picture: not one pixel is lost to the 96 px canvas.
    assert np.abs(painted - native).max() < 0.6


def test_network_file_round_trip(tmp_path) -> None:
    network = MouthNetwork(TINY)
    torch.nn.init.normal_(network.head.weight, generator=torch.Generator().manual_seed(2))
    save_network(network.half().float(), tmp_path / "mouth.safetensors", steps="3")
    loaded = load_network(tmp_path / "mouth.safetensors")
    assert loaded.config == TINY
    with torch.no_grad():
        for one, other in zip(network(*_inputs()), loaded(*_inputs()), strict=True):
            assert torch.equal(one, other)


def test_wrong_files_are_refused(tmp_path) -> None:
    from safetensors.torch import save_file

    with pytest.raises(AssetMissing, match="not there"):
        load_network(tmp_path / "none.safetensors")
    other = tmp_path / "other.safetensors"
    save_file({"x": torch.zeros(1)}, str(other))
    with pytest.raises(BadWeights, match="format"):
        load_network(other)
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(b"not a file of tensors")
    with pytest.raises(BadWeights, match="damaged"):
        load_network(broken)
    header = {"format": "facedit-mouth-1", "config": "{}"}
    save_file({"x": torch.zeros(1)}, str(other), metadata=header)
    with pytest.raises(BadWeights, match=r"damaged|fit"):
        load_network(other)


def test_shipped_network_fits_the_code() -> None:
    from facedit.render.network import default_weights

    if not default_weights().is_file():
        pytest.skip("no shipped mouth network")
    pictures, raster, gaps = _inputs()
    with torch.no_grad():
        weights, residual = load_network()(pictures, raster, gaps)
    assert torch.isfinite(weights).all()
    assert torch.isfinite(residual).all()


def test_inputs_bring_every_source_to_the_target(portrait: UInt8, make_face) -> None:
    target = canonical_source(portrait, make_face(mouth=0.2)).landmarks
    sources = [canonical_source(portrait, make_face(mouth=m)) for m in (0.2, 0.0, 1.0, 2.0)]
    inputs = network_inputs(target, sources, 96)
    assert inputs.pictures.shape == (4, 96, 96, 3)
    assert inputs.raster.shape == (96, 96, 3)
    assert (np.diff(inputs.gaps[1:]) > 0).all()
    own = sources[0].crop[16:112, 16:112].astype(int)
    assert np.abs(inputs.pictures[0].astype(int) - own).mean() < 0.1


def test_raster_shows_the_opening(make_face, portrait: UInt8) -> None:
    areas = [
        draw_raster(canonical_source(portrait, make_face(mouth=m)).landmarks, 96)[..., 1].sum()
        for m in (0.0, 1.0, 2.0)
    ]
    assert areas[0] < 0.5 * areas[1] < areas[1] < areas[2]


def test_large_pictures_are_cropped_without_aliasing() -> None:
    rows, columns = np.mgrid[:1024, :1024]
    stripes = np.where((rows + columns) % 2, 255, 0).astype(np.uint8)
    picture = np.repeat(stripes[..., None], 3, axis=-1)
    crop = crop_picture(picture, np.array([[0.125, 0, 0], [0, 0.125, 0]]))
    assert np.abs(crop[2:-2, 2:-2].astype(int) - 128).max() < 24


def test_skin_gain_is_measured_on_the_cheeks(portrait: UInt8, make_face) -> None:
    face = make_face()
    own = canonical_source(portrait, face)
    darker = canonical_source((portrait * np.array([0.5, 0.8, 0.9])).astype(np.uint8), face)
    gain = skin_gain(darker, own)
    assert gain == pytest.approx([2.0, 1.25, 1.11], rel=0.08)
    assert apply_gain(portrait, np.ones(3, np.float32)) is portrait
