"""Motion weights as one safetensors file: tensors, configuration and provenance together."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor

from facedit.errors import AssetMissing, BadWeights
from facedit.fields import build
from facedit.media.output import whole_or_nothing
from facedit.model.config import ModelConfig
from facedit.model.dit import DiT
from facedit.model.normalise import SpeechProjection
from facedit.model.sampler_settings import SamplerSettings
from facedit.model.weight_sets import WEIGHT_SETS, set_of, weights_folder
from facedit.model.windows import LONGEST_WINDOW, WINDOW
from facedit.tensors import all_finite, described, read_tensors
from facedit.types import Float32
from facedit.weights.hub import pretrained_file, write_card

FORMAT = "facedit-motion-1"

PRETRAINED = "motion.safetensors"
"""Name of the file in a folder or repository of weights."""


@dataclass(frozen=True)
class MotionModel:
    """A trained network with everything needed to use it.

    Attributes:
        net: The network, in evaluation mode.
        projection: Speech features to the network's speech dims.
        motion_scale: Factor on centred, standardised motion before the network, shape (D,).
        encoder: Name of the speech encoder whose features it needs.
        space: Name of the motion space.
        dim_names: Name of each motion dim.
        sampler: Sampler settings that ship with the weights.
        notes: Provenance: steps, data, licence.
        window: Most frames that are drawn together: about the longest it was trained on.
    """

    net: DiT
    projection: SpeechProjection
    motion_scale: Float32
    encoder: str
    space: str
    dim_names: tuple[str, ...]
    sampler: SamplerSettings = field(default_factory=SamplerSettings)
    notes: Mapping[str, object] = field(default_factory=dict)
    window: int = WINDOW

    @classmethod
    def from_pretrained(
        cls, where: str | Path, *, revision: str | None = None, device: torch.device | str = "cpu"
    ) -> MotionModel:
        """Load weights that ``save_pretrained`` wrote.

        Args:
            where: A folder, or ``OWNER/NAME`` of the Hugging Face hub (``HF_HUB_OFFLINE`` holds).
            revision: Branch, tag or commit on the hub.
            device: Where the network is to compute.

        Returns:
            The model. (``AssetMissing`` if there is none, ``BadWeights`` if it is no good.)
        """
        return load_model(pretrained_file(where, PRETRAINED, revision), device)

    def save_pretrained(self, folder: str | Path) -> None:
        """Write the weights and a card into a folder, as the hub takes them.

        Args:
            folder: Made if it is missing.
        """
        Path(folder).mkdir(parents=True, exist_ok=True)
        save_model(self, Path(folder) / PRETRAINED)
        write_card(Path(folder), "Motion model", self.notes)


def save_model(model: MotionModel, path: Path, dtype: torch.dtype = torch.float16) -> None:
    """Write a checkpoint whole or not at all.

    Args:
        model: What to write.
        path: Target, replaced if it exists.
        dtype: Storage type of the network's weights (computation is always float32).
    """
    tensors: dict[str, Tensor] = {
        f"net.{name}": value.detach().to("cpu", dtype).contiguous()
        for name, value in model.net.state_dict().items()
    }
    tensors["speech.matrix"] = torch.from_numpy(np.ascontiguousarray(model.projection.matrix))
    tensors["speech.offset"] = torch.from_numpy(np.ascontiguousarray(model.projection.offset))
    tensors["motion.scale"] = torch.from_numpy(np.ascontiguousarray(model.motion_scale))
    header = {
        "format": FORMAT,
        "config": json.dumps(asdict(model.net.config)),
        "encoder": model.encoder,
        "space": model.space,
        "dim_names": json.dumps(list(model.dim_names)),
        "sampler": json.dumps(asdict(model.sampler)),
        "notes": json.dumps(dict(model.notes)),
        "window": str(model.window),
    }
    with whole_or_nothing(path, force=True) as part:
        save_file(tensors, part, metadata=header)


def weights_path(name_or_path: str | Path) -> Path:
    """Find motion weights.

    Args:
        name_or_path: Name of a set (``weight_sets``), of shipped weights such as ``motion-base``,
            or a file.

    Returns:
        The file. (``AssetMissing`` if the set is not in this installation.)

    Raises:
        AssetMissing: If neither shipped weights nor a file have that name.
    """
    name = str(name_or_path)
    if (found := set_of(name)) is not None:
        name = found.motion
    shipped = weights_folder()
    if (inside := shipped / f"{name}.safetensors").is_file() and os.sep not in name:
        return inside
    if Path(name).exists():
        return Path(name)
    known = sorted(path.stem for path in shipped.glob("motion-*.safetensors"))
    raise AssetMissing(
        f"there are no motion weights {name}: choose {', '.join(WEIGHT_SETS)}, "
        f"{', '.join(known) or 'none'}, or a file."
    )


def load_model(
    name_or_path: str | Path = "default", device: torch.device | str = "cpu"
) -> MotionModel:
    """Load motion weights.

    Args:
        name_or_path: Name of a set, of shipped weights, or a safetensors file.
        device: Where the network is to compute.

    Returns:
        The model, ready for ``infill``. ``weights_path``'s error passes through.

    Raises:
        BadWeights: If the file is damaged, is no facedit motion checkpoint, or does not fit.
    """
    path = weights_path(name_or_path)
    header, tensors = read_tensors(path)
    if header.get("format") != FORMAT:
        raise BadWeights(
            f"{path} has the format {header.get('format')!r}; motion weights have {FORMAT!r}."
        )
    try:
        return _assemble(header, tensors, device)
    except KeyError as error:
        raise BadWeights(f"{path} lacks {error}.") from error
    except BadWeights as error:
        raise BadWeights(f"{path}: {error}") from error


def _assemble(
    header: dict[str, str], tensors: dict[str, Tensor], device: torch.device | str
) -> MotionModel:
    config = build(ModelConfig, described(header, "config"), "config", BadWeights)
    net = _network(config, tensors)
    names, notes = described(header, "dim_names"), described(header, "notes")
    projection = SpeechProjection(
        tensors["speech.matrix"].float().numpy(), tensors["speech.offset"].float().numpy(),
        config.speech_layers,
    )  # fmt: skip
    scale = tensors["motion.scale"].float().numpy()
    dims, speech = config.motion_dims, config.speech_dims
    if not isinstance(names, list) or not isinstance(notes, dict):
        raise BadWeights("dim_names must be a list and notes a table.")
    if scale.shape != (dims,) or len(names) != dims:
        raise BadWeights(f"{len(names)} names and scale {scale.shape} for {dims} motion dims.")
    if projection.matrix.shape[1:] != (speech,) or projection.offset.shape != (speech,):
        raise BadWeights(
            f"the speech projection {projection.matrix.shape} does not give {speech} dims."
        )
    if not all_finite(tensors.values()):
        raise BadWeights("some weights are not finite.")
    if not (scale > 0).all():
        raise BadWeights("the motion scale is not positive.")
    window = header.get("window", str(WINDOW))
    if not (window.isdecimal() and WINDOW <= int(window) <= LONGEST_WINDOW):
        raise BadWeights(f"its window is {window[:20]}, not {WINDOW} to {LONGEST_WINDOW} frames.")
    return MotionModel(
        net=net.to(device).eval().requires_grad_(False),
        projection=projection,
        motion_scale=scale,
        encoder=header["encoder"],
        space=header["space"],
        dim_names=tuple(map(str, names)),
        sampler=build(SamplerSettings, described(header, "sampler"), "sampler", BadWeights),
        notes=notes,
        window=int(window),
    )


def _network(config: ModelConfig, tensors: dict[str, Tensor]) -> DiT:
    """Build the network of a configuration that its tensors bear out."""
    if config.layers > len(tensors):
        raise BadWeights(f"its configuration has {config.layers} layers, its tensors have not.")
    # Built without memory: a forged size is refused below before anything is allocated.
    with torch.device("meta"):
        net = DiT(config)
    state = {
        name.removeprefix("net."): value.float()
        for name, value in tensors.items()
        if name.startswith("net.")
    }
    wanted = {name: tuple(value.shape) for name, value in net.state_dict().items()}
    found = {name: tuple(value.shape) for name, value in state.items()}
    if wanted != found:
        odd = sorted(name for name, _ in wanted.items() ^ found.items())
        raise BadWeights(f"{len(odd)} tensors do not fit its configuration, e.g. {odd[0]}.")
    net.load_state_dict(state, assign=True)
    return net
