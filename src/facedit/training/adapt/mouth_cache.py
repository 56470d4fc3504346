"""Fine-tuned mouth networks on disk, by the pictures, weights and settings they come from.

An entry holds only the parts that learnt, exactly, so that a second edit of a clip shows what the
first one showed.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import asdict, fields
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from facedit.cache import cached
from facedit.device import device_of
from facedit.render.bank import ReferenceBank
from facedit.render.network import MouthNetwork
from facedit.training.adapt.mouth_tune import Adapted, AdaptSettings, adapt_mouth

_LOG = logging.getLogger(__name__)

_VERSION = "1"
_FIGURES = tuple(one.name for one in fields(Adapted) if one.name != "network")


def cached_adaptation(
    network: MouthNetwork,
    banks: Sequence[ReferenceBank],
    settings: AdaptSettings | None = None,
    progress: Callable[[int], None] | None = None,
) -> Adapted:
    """Do ``adapt_mouth`` at most once; what comes from the cache is the same to the bit."""
    settings = settings or AdaptSettings()
    return cached(
        f"mouths/{adaptation_key(network, banks, settings)}.safetensors",
        lambda entry: _read(entry, network),
        lambda: adapt_mouth(network, banks, settings, progress),
        lambda part, made: _write(part, made, network),
    )


def adaptation_key(
    network: MouthNetwork, banks: Sequence[ReferenceBank], settings: AdaptSettings
) -> str:
    """Name an adaptation by all that it depends on: a SHA-256 in hexadecimal."""
    digest = hashlib.sha256(
        json.dumps([_VERSION, asdict(network.config), asdict(settings)]).encode()
    )
    # Rounding differs from device to device: a run on the CPU always gives what the CPU gives.
    digest.update(device_of(network).type.removeprefix("cpu").encode())
    for value in network.state_dict().values():
        digest.update(value.detach().cpu().float().contiguous().numpy().data)
    for bank in banks:
        digest.update(f"bank of {len(bank)}".encode())
        for frame in bank.frames:
            digest.update(np.float64(frame.time_s).tobytes())
            digest.update(np.ascontiguousarray(frame.source.landmarks).data)
            digest.update(np.ascontiguousarray(frame.source.crop).data)
    return digest.hexdigest()


def _read(path: Path, network: MouthNetwork) -> Adapted:
    """Read an entry; ``ValueError`` if it is damaged or of another network."""
    try:
        with safe_open(str(path), "pt") as file:
            facts = json.loads((file.metadata() or {})["adapted"])
            changed = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    except SafetensorError as error:
        raise ValueError(str(error)) from error
    given = {name: facts[name] for name in _FIGURES}
    shown = network
    if given["used"]:
        shown = deepcopy(network)
        state = shown.state_dict()
        if not changed or any(state[key].shape != changed[key].shape for key in changed):
            raise ValueError("its tensors are not the network's")
        shown.load_state_dict({**state, **changed})
    found = Adapted(network=shown, **given)
    _LOG.info("Mouth network %s (made before).", found.outcome)
    return found


def _write(part: Path, made: Adapted, network: MouthNetwork) -> None:
    """Write what differs from the network it started from."""
    first = network.state_dict()
    changed = {
        key: value.detach().cpu().contiguous()
        for key, value in made.network.state_dict().items()
        if made.used and not torch.equal(value.cpu(), first[key].cpu())
    }
    facts = {name: getattr(made, name) for name in _FIGURES}
    save_file(changed, str(part), metadata={"adapted": json.dumps(facts)})
