"""Sync weights as one safetensors file: network, speech projection, scale and provenance."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from importlib.resources import files
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor

from facedit.device import device_of, inference
from facedit.errors import AssetMissing, BadWeights
from facedit.fields import build
from facedit.lip_sync.distance import SyncScore, mean_distances, score
from facedit.lip_sync.sync_network import SyncNetwork, SyncNetworkConfig
from facedit.media.output import whole_or_nothing
from facedit.model.normalise import SpeechProjection
from facedit.tensors import all_finite, described, read_tensors
from facedit.types import Bool, Float32

FORMAT = "facedit-sync-1"
LICENCE = "research use only (CC BY-NC 4.0)"
MAX_BYTES = 64 << 20
"""Refuse to read larger files; the shipped one is below 3 MB."""


@dataclass(frozen=True)
class SyncModel:
    """A trained sync network with everything needed to use it.

    Attributes:
        net: The network, in evaluation mode.
        projection: Speech features to the network's speech dims.
        motion_scale: Factor on standardised lip motion before the network, shape (D,).
        lips: First and last plus one of the motion dims it sees.
        encoder: Name of the speech encoder whose features it needs.
        space: Name of the motion space.
        notes: Provenance: steps, data.
    """

    net: SyncNetwork
    projection: SpeechProjection
    motion_scale: Float32
    lips: tuple[int, int]
    encoder: str
    space: str
    notes: Mapping[str, object] = field(default_factory=dict)

    def embed_motion(self, motion: Float32) -> Float32:
        """Embed standardised motion (T, D), finite (see ``bridged``), to unit vectors (T, E)."""
        lips = motion[:, self.lips[0] : self.lips[1]] * self.motion_scale
        return _embed(self.net.motion, lips)

    def embed_speech(self, speech: Float32) -> Float32:
        """Embed speech features (T, C) frame by frame to unit vectors (T, E)."""
        return self.embed_projected(self.projection(speech))

    def embed_projected(self, speech: Float32) -> Float32:
        """Embed speech that is projected already (T, S) to unit vectors (T, E)."""
        return _embed(self.net.speech, speech)


def bridged(motion: Float32) -> tuple[Float32, Bool]:
    """Draw straight lines through frames of motion (T, D) without a face (NaN rows).

    Returns finite motion (zeros if no frame has a face) and which frames have one, shape (T,): the
    others must not count.
    """
    seen = np.asarray(np.isfinite(motion).all(axis=1))
    if seen.all():
        return motion, seen
    out = np.zeros_like(motion)
    if seen.any():
        frames = np.arange(len(motion))
        for dim in range(motion.shape[1]):
            out[:, dim] = np.interp(frames, frames[seen], motion[seen, dim])
    return out, seen


def save_sync(model: SyncModel, path: Path, dtype: torch.dtype = torch.float16) -> None:
    """Write weights whole or not at all; ``dtype`` is that of storage, computation is float32."""
    tensors: dict[str, Tensor] = {
        f"net.{name}": value for name, value in model.net.state_dict().items()
    }
    tensors["speech.matrix"] = torch.from_numpy(model.projection.matrix)
    tensors["speech.offset"] = torch.from_numpy(model.projection.offset)
    tensors["motion.scale"] = torch.from_numpy(model.motion_scale)
    header = {
        "format": FORMAT,
        "licence": LICENCE,
        "config": json.dumps(asdict(model.net.config)),
        "lips": json.dumps(list(model.lips)),
        "encoder": model.encoder,
        "space": model.space,
        "notes": json.dumps(dict(model.notes)),
    }
    stored = {k: v.detach().to("cpu", dtype).contiguous() for k, v in tensors.items()}
    with whole_or_nothing(path, force=True) as part:
        save_file(stored, part, metadata=header)


def default_weights() -> Path:
    """Return where the shipped weights lie (whether or not they are there)."""
    return Path(str(files("facedit").joinpath("weights/sync.safetensors")))


def load_sync(path: Path | None = None, device: torch.device | str = "cpu") -> SyncModel:
    """Load sync weights, the shipped ones by default, in float32.

    AssetMissing is raised if the file is not there, BadWeights if it is damaged, no sync network of
    this version, or does not fit.
    """
    path = path or default_weights()
    if not path.is_file():
        raise AssetMissing(
            f"Sync network {path.name} is not there: install facedit again, or train one."
        )
    header, tensors = read_tensors(path, most_bytes=MAX_BYTES)
    try:
        model = _assemble(header, {name: value.float() for name, value in tensors.items()})
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise BadWeights(f"{path.name} is damaged or does not fit the code: {reason}") from error
    model.net.to(device)
    return model


def _assemble(header: dict[str, str], tensors: dict[str, Tensor]) -> SyncModel:
    """Build the model from a file's parts; ``ValueError`` and others if they do not fit."""
    if header["format"] != FORMAT:
        raise ValueError(f"format {header['format']!r} instead of {FORMAT!r}.")
    config = build(SyncNetworkConfig, described(header, "config"), "config", BadWeights)
    projection = SpeechProjection(
        tensors.pop("speech.matrix").numpy(), tensors.pop("speech.offset").numpy()
    )
    scale = tensors.pop("motion.scale").numpy()
    net = SyncNetwork(config)
    net.load_state_dict({k.removeprefix("net."): v for k, v in tensors.items()})
    first, last = described(header, "lips")
    if scale.shape != (config.motion_dims,) or last - first != config.motion_dims:
        raise ValueError(f"dims {first} to {last} and scale {scale.shape} do not fit.")
    if projection.matrix.shape[1:] != (config.speech_dims,):
        raise ValueError(f"the speech projection {projection.matrix.shape} does not fit.")
    if not all_finite(tensors.values()):
        raise ValueError("some weights are not finite.")
    return SyncModel(
        net=net.eval().requires_grad_(False),
        projection=projection,
        motion_scale=scale,
        lips=(first, last),
        encoder=header["encoder"],
        space=header["space"],
        notes=described(header, "notes"),
    )


def _embed(encoder: torch.nn.Module, values: Float32) -> Float32:
    if not len(values):
        return np.zeros((0, 1), np.float32)
    with inference():
        whole = torch.from_numpy(np.ascontiguousarray(values, np.float32))[None]
        found = encoder(whole.to(device_of(encoder)))[0]
    return np.asarray(found.cpu().numpy(), np.float32)


def judge(
    net: SyncModel, motion: Float32, speech: Float32 | None, counts: Bool
) -> SyncScore | None:
    """Score a stretch; None where no frame of it has both face and sound.

    ``motion`` (T, D) is standardised, with NaN rows where there is no face; ``speech`` (T, C) are
    the features under it, None where there is no sound; ``counts`` (T,) marks the stretch.
    """
    finite, seen = bridged(motion)
    counts = counts & seen
    if speech is None or not counts.any():
        return None
    distances = mean_distances(net.embed_motion(finite), net.embed_speech(speech), counts)
    return score(distances, int(counts.sum()))
