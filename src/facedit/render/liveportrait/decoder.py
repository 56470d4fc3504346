"""LivePortrait's decoder: from warped features to a picture, by SPADE (Park et al. 2019)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

_SLOPE = 0.2


class Decoder(nn.Module):
    """Draws the picture; tensors are called as in ``spade_generator``, spectral norm folded."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Conv2d(256, 512, 3, padding=1)
        for number in range(6):
            self.add_module(f"G_middle_{number}", SpadeBlock(512, 512))
        self.up_0, self.up_1 = SpadeBlock(512, 256), SpadeBlock(256, 64)
        self.conv_img = nn.Sequential(nn.Conv2d(64, 12, 3, padding=1), nn.PixelShuffle(2))

    def forward(self, features: Tensor) -> Tensor:
        """Draw.

        Args:
            features: What was warped, shape (B, 256, H, W).

        Returns:
            RGB from 0 to 1, shape (B, 3, 8 H, 8 W).
        """
        x = self.fc(features)
        for number in range(6):
            x = self.get_submodule(f"G_middle_{number}")(x, features)
        x = self.up_0(functional.interpolate(x, scale_factor=2), features)
        x = self.up_1(functional.interpolate(x, scale_factor=2), features)
        picture: Tensor = self.conv_img(functional.leaky_relu(x, _SLOPE))
        return picture.sigmoid()


class SpadeBlock(nn.Module):
    """Two convolutions whose norms are guided by the warped features, added to the input."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        middle = min(before, after)
        self.conv_0 = nn.Conv2d(before, middle, 3, padding=1)
        self.conv_1 = nn.Conv2d(middle, after, 3, padding=1)
        self.norm_0, self.norm_1 = Spade(before), Spade(middle)
        self.has_shortcut = before != after
        if self.has_shortcut:
            self.conv_s = nn.Conv2d(before, after, 1, bias=False)
            self.norm_s = Spade(before)

    def forward(self, x: Tensor, guide: Tensor) -> Tensor:
        """Transform features, shape (B, C, H, W)."""
        y = self.conv_0(functional.leaky_relu(self.norm_0(x, guide), _SLOPE))
        y = self.conv_1(functional.leaky_relu(self.norm_1(y, guide), _SLOPE))
        shortcut: Tensor = self.conv_s(self.norm_s(x, guide)) if self.has_shortcut else x
        added: Tensor = shortcut + y
        return added


class Spade(nn.Module):
    """Instance norm whose scale and shift differ from place to place."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.mlp_shared = nn.Sequential(nn.Conv2d(256, 128, 3, padding=1), nn.ReLU())
        self.mlp_gamma = nn.Conv2d(128, channels, 3, padding=1)
        self.mlp_beta = nn.Conv2d(128, channels, 3, padding=1)

    def forward(self, x: Tensor, guide: Tensor) -> Tensor:
        """Normalise features, guided by others of any size."""
        hidden = self.mlp_shared(functional.interpolate(guide, size=x.shape[2:]))
        scale: Tensor = 1 + self.mlp_gamma(hidden)
        shift: Tensor = self.mlp_beta(hidden)
        return functional.instance_norm(x) * scale + shift


def without_spectral_norm(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Fold the stored spectral norm into the weights: each is divided by ``u W v``."""
    folded = {}
    for name, tensor in state.items():
        stem, _, leaf = name.rpartition(".")
        if leaf == "weight_orig":
            u, v = state[f"{stem}.weight_u"], state[f"{stem}.weight_v"]
            folded[f"{stem}.weight"] = tensor / torch.dot(u, tensor.flatten(1) @ v)
        elif leaf not in ("weight_u", "weight_v"):
            folded[name] = tensor
    return folded
