"""Fine-tuned mouth networks on disk, by the pictures, weights and settings they come from.

An entry holds only the parts that learnt, exactly, so that a second edit of a clip shows what the
first one showed. An entry that cannot be read, or does not fit, is made again.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import asdict, fields
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from facedit.adapt.mouth import Adapted, AdaptSettings, adapt_mouth
from facedit.assets import cache_dir
from facedit.render.bank import ReferenceBank
from facedit.render.network import MouthNetwork
from facedit.speech.cache import store

_LOG = logging.getLogger(__name__)

_VERSION = "1"
_FIGURES = tuple(one.name for one in fields(Adapted) if one.name != "network")


def cached_adaptation(
    network: MouthNetwork,
    banks: Sequence[ReferenceBank],
    settings: AdaptSettings | None = None,
    progress: Callable[[int], None] | None = None,
) -> Adapted:
    """Fine-tune the mouth network to a clip at most once.

    Args:
        network: As in ``adapt_mouth``.
        banks: As in ``adapt_mouth``.
        settings: As in ``adapt_mouth``.
        progress: As in ``adapt_mouth``; not called where an entry is found.

    Returns:
        As ``adapt_mouth``, to the bit the same whether or not it comes from the cache.
    """
    settings = settings or AdaptSettings()
    path = cache_dir() / "mouth" / f"{adaptation_key(network, banks, settings)}.safetensors"
    found = _read(path, network)
    if found is not None:
        _LOG.info("Mouth network %s (made before).", found.outcome)
        return found
    made = adapt_mouth(network, banks, settings, progress)
    store(path, lambda part: _write(part, made, network))
    return made


def adaptation_key(
    network: MouthNetwork, banks: Sequence[ReferenceBank], settings: AdaptSettings
) -> str:
    """Name an adaptation by all that it depends on.

    Args:
        network: The network it starts from.
        banks: The mouths of each stretch of the clip.
        settings: How.

    Returns:
        A SHA-256 in hexadecimal.
    """
    digest = hashlib.sha256(
        json.dumps([_VERSION, asdict(network.config), asdict(settings)]).encode()
    )
    for value in network.state_dict().values():
        digest.update(value.detach().cpu().float().contiguous().numpy().data)
    for bank in banks:
        digest.update(f"bank of {len(bank)}".encode())
        for frame in bank.frames:
            digest.update(np.float64(frame.time_s).tobytes())
            digest.update(np.ascontiguousarray(frame.source.landmarks).data)
            digest.update(np.ascontiguousarray(frame.source.crop).data)
    return digest.hexdigest()


def _read(path: Path, network: MouthNetwork) -> Adapted | None:
    """Read an entry; None if it is missing or damaged."""
    try:
        with safe_open(str(path), "pt") as file:
            facts = json.loads((file.metadata() or {})["adapted"])
            changed = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
        given = {name: facts[name] for name in _FIGURES}
        shown = network
        if given["used"]:
            shown = deepcopy(network)
            state = shown.state_dict()
            if not changed or any(state[key].shape != changed[key].shape for key in changed):
                raise ValueError("its tensors are not the network's")
            shown.load_state_dict({**state, **changed})
        os.utime(path)
        return Adapted(network=shown, **given)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
        _LOG.warning("The cached mouth %s is damaged and is made again: %s", path.name, error)
        return None


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
