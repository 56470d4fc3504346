"""The loaders of standard measures: shapes, equal inputs, and files that are something else."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from facedit.bench.external.i3d_fvd import fvd, load_i3d
from facedit.bench.external.lpips import load_lpips
from facedit.errors import BadWeights

CONVOLUTIONS = ((0, 3, 64, 11), (3, 64, 192, 5), (6, 192, 384, 3), (8, 384, 256, 3),
                (10, 256, 256, 3))  # fmt: skip


@pytest.fixture(scope="module")
def lpips_files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("lpips")
    random = torch.Generator().manual_seed(0)
    trunk, heads = {"classifier.1.weight": torch.zeros(2, 2)}, {}
    for depth, (number, inside, outside, side) in enumerate(CONVOLUTIONS):
        size = (outside, inside, side, side)
        trunk[f"features.{number}.weight"] = 0.1 * torch.randn(size, generator=random)
        trunk[f"features.{number}.bias"] = torch.zeros(outside)
        heads[f"lin{depth}.model.1.weight"] = torch.full((1, outside, 1, 1), 1.0)
    torch.save(trunk, folder / "alexnet.pth")
    torch.save(heads, folder / "alex.pth")
    return folder / "alexnet.pth", folder / "alex.pth"


class Means(torch.nn.Module):
    """Stands in for I3D: features are means over the clip."""

    def forward(
        self, x: torch.Tensor, rescale: bool = False, resize: bool = False,
        return_features: bool = False,
    ) -> torch.Tensor:  # fmt: skip
        if rescale:
            x = x / 127.5 - 1.0
        out = x.mean(dim=[2, 3, 4])
        if not return_features:
            out = out * 0.0
        return out


def test_lpips_of_equal_pictures_is_nothing(lpips_files: tuple[Path, Path]) -> None:
    net = load_lpips(*lpips_files)
    one, other = np.random.default_rng(0).integers(0, 256, (2, 64, 80, 3)).astype(np.uint8)
    same, there, back = net.distances([one, one, other], [one, other, one])
    assert same == 0
    assert there > 0
    assert there == pytest.approx(back)


def test_lpips_is_bounded_by_unit_features(lpips_files: tuple[Path, Path]) -> None:
    # With heads of ones a depth gives |a - b|^2 of unit vectors without negative parts: at most 2.
    net = load_lpips(*lpips_files)
    black, white = np.zeros((64, 64, 3), np.uint8), np.full((64, 64, 3), 255, np.uint8)
    assert 0 < net.distances([black], [white])[0] <= 2 * len(CONVOLUTIONS)


def test_other_weights_are_refused(lpips_files: tuple[Path, Path], tmp_path: Path) -> None:
    trunk, heads = lpips_files
    with pytest.raises(BadWeights, match="not the weights"):
        load_lpips(heads, trunk)
    garbage = tmp_path / "garbage.pth"
    garbage.write_bytes(b"no weights")
    for wrong in (garbage, tmp_path / "missing.pth"):
        with pytest.raises(BadWeights, match=wrong.name):
            load_lpips(wrong, heads)
        with pytest.raises(BadWeights, match=wrong.name):
            load_i3d(wrong)


def test_i3d_is_called_as_its_users_call_it(tmp_path: Path) -> None:
    script: Any = torch.jit.script
    script(Means()).save(str(tmp_path / "i3d.pt"))
    net = load_i3d(tmp_path / "i3d.pt")
    frames = [np.full((8, 8, 3), 255, np.uint8)] * 10
    np.testing.assert_allclose(net.describe(frames), [1.0, 1.0, 1.0])
    with pytest.raises(ValueError, match="10 frames"):
        net.describe(frames[:9])


def test_fvd_of_equal_sets_is_nothing_and_of_shifted_ones_the_shift() -> None:
    rows = np.random.default_rng(0).standard_normal((30, 6))
    assert fvd(rows, rows) == pytest.approx(0.0, abs=1e-9)
    assert fvd(rows + 2.0, rows) == pytest.approx(24.0)
