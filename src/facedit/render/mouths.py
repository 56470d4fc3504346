"""The default renderer: real mouths, corrected by the mouth network."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from facedit.render.bank import ReferenceBank
from facedit.render.network import MouthNetwork
from facedit.render.renderer import FaceRenderer
from facedit.render.still_renderer import Still, StillRenderer
from facedit.types import LANDMARK_TERMS


@dataclass(frozen=True, slots=True)
class Mouths:
    """The clip's own mouths, warped (implements ``Renderer``).

    Attributes:
        network: Corrects them, and invents what is not there; None to work from real pixels alone.
        device: Where the network computes.
    """

    network: MouthNetwork | None
    device: torch.device | str = "cpu"

    @property
    def name(self) -> str:
        """``mouths``."""
        return "mouths"

    @property
    def terms(self) -> str:
        """Landmarks."""
        return LANDMARK_TERMS

    def of_clip(self, bank: ReferenceBank) -> FaceRenderer:
        """Draw with a clip's own mouths."""
        return FaceRenderer(bank, self.network)

    def of_picture(self, still: Still) -> StillRenderer:
        """Draw with what the network invents."""
        return StillRenderer(still, self.network)
