"""LivePortrait's networks, loaded together from the files that a user brings."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch

from facedit.errors import BadWeights
from facedit.motion.liveportrait.motion_extractor import MotionExtractor
from facedit.motion.liveportrait.official_files import (
    NETWORKS,
    find_networks,
    read_state,
)
from facedit.motion.liveportrait.source_crops import SourceCrops
from facedit.render.liveportrait.appearance import AppearanceExtractor
from facedit.render.liveportrait.decoder import Decoder, without_spectral_norm
from facedit.render.liveportrait.stitching import (
    KeypointNetwork,
    eye_network,
    lip_network,
    stitching_network,
)
from facedit.render.liveportrait.warping import WarpingModule
from facedit.tensors import empty, filled


@dataclass(frozen=True, slots=True)
class LivePortrait:
    """All networks, for inference.

    Attributes:
        appearance: From a picture to its features.
        motion: From a picture to its motion.
        warping: Moves the features.
        decoder: From moved features to a picture.
        stitching: Keeps the shoulders where they are.
        eyes: Opens the eyes as far as asked.
        lips: Opens the lips as far as asked.
        crops: Finds what is cut out.
    """

    appearance: AppearanceExtractor
    motion: MotionExtractor
    warping: WarpingModule
    decoder: Decoder
    stitching: KeypointNetwork
    eyes: KeypointNetwork
    lips: KeypointNetwork
    crops: SourceCrops


def load_liveportrait(device: torch.device | str = "cpu") -> LivePortrait:
    """Load the networks from the user's files.

    Args:
        device: Where they compute.

    Returns:
        The networks. (``AssetMissing`` names all files that are not there; ``BadWeights`` if one is
        damaged or another network's.)
    """
    files = find_networks(*NETWORKS)
    appearance, motion, warping, decoder, small = (files[name] for name in NETWORKS)
    return LivePortrait(
        filled(empty(AppearanceExtractor), read_state(appearance), appearance).to(device),
        filled(empty(MotionExtractor), read_state(motion), motion).to(device),
        filled(empty(WarpingModule), read_state(warping), warping).to(device),
        _decoder(decoder).to(device),
        _small(stitching_network(), small, "retarget_shoulder").to(device),
        _small(eye_network(), small, "retarget_eye").to(device),
        _small(lip_network(), small, "retarget_mouth").to(device),
        SourceCrops.found(),
    )


def _decoder(path: Path) -> Decoder:
    state = read_state(path)
    try:
        folded = without_spectral_norm(state)
    except (KeyError, RuntimeError) as error:  # a norm is missing, or of another shape
        raise BadWeights(f"{path} is no Decoder: its spectral norms do not fit.") from error
    return filled(empty(Decoder), folded, path)


def _small(network: KeypointNetwork, path: Path, part: str) -> KeypointNetwork:
    return filled(network, read_state(path, part), path)
