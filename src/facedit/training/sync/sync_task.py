"""The sync network as a training task: lips and speech that belong together, and that do not."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import nn

from facedit.dataset.prepared import read_clip, read_meta
from facedit.device import device_of
from facedit.errors import UsageError
from facedit.fields import build
from facedit.lip_sync.distance import REACH
from facedit.lip_sync.sync_network import SyncNetwork, SyncNetworkConfig
from facedit.lip_sync.sync_weights import SyncModel, save_sync
from facedit.speech.encoders.encoders import layers_in
from facedit.training.distributed import Processes
from facedit.training.engine import TrainingTask, Validation
from facedit.training.motion.data import Dataset, chosen_rows, load_dataset
from facedit.training.motion.scaling import fit_projection, motion_scale
from facedit.training.sync.sync_config import SyncExperiment, SyncOptimConfig
from facedit.training.sync.sync_data import SyncSampler
from facedit.training.sync.sync_loss import sync_loss
from facedit.training.sync.sync_validate import sync_figures

_LOG = logging.getLogger(__name__)


@dataclass
class SyncTask(TrainingTask):
    """Learns to tell the right moment from others.

    Attributes:
        model: What belongs to the network beside its weights.
        learn: Clips to learn from.
        held: Clips held out; None if there are none.
    """

    net: SyncNetwork
    model: SyncModel
    sampler: SyncSampler
    optim: SyncOptimConfig
    learn: Dataset
    held: Dataset | None = None

    def backward(self, step: int, generator: torch.Generator) -> dict[str, float]:
        """Add up the gradients of a step."""
        net, batches = self.net, self.sampler.draw(step)
        sums = dict.fromkeys(("frames", "windows", "frame_right", "window_right"), 0.0)
        for batch in batches:
            motion, speech, valid, stretches = (
                torch.from_numpy(values).to(device_of(net))
                for values in (batch.motion, batch.speech, batch.valid, batch.stretches)
            )
            loss = sync_loss(
                net.motion(motion), net.speech(speech), valid, stretches,
                (net.frame_scale, net.window_scale), REACH,
            )  # fmt: skip
            total = (loss.frames + self.optim.window_weight * loss.windows) / len(batches)
            total.backward()  # type: ignore[no-untyped-call]
            for name in sums:
                sums[name] += float(getattr(loss, name).detach())
        return {name: value / len(batches) for name, value in sums.items()}

    def blank(self) -> nn.Module:
        """Return a network of the same size."""
        return SyncNetwork(self.net.config)

    def validate(self, net: nn.Module) -> Validation | None:
        """Judge on held-out clips; None without any."""
        if self.held is None:
            return None
        return Validation(sync_figures(self._with(net), self.held))

    def save(self, net: nn.Module, path: Path, step: int) -> None:
        """Write weights for use."""
        save_sync(replace(self._with(net), notes={"steps": step, **self.learn.facts()}), path)

    def _with(self, net: nn.Module) -> SyncModel:
        assert isinstance(net, SyncNetwork)
        return replace(self.model, net=net)


def sync_task(config: SyncExperiment, processes: Processes) -> SyncTask:
    """Load the data of an experiment and build its untrained network."""
    data, folder = config.data, Path(config.data.folder)
    meta = read_meta(folder)
    if layers_in(meta.encoder) > 1:
        raise UsageError(
            f"{folder} holds several layers of speech ({meta.encoder}) and the sync network hears "
            "one: prepare with --layer N."
        )
    learn, held = chosen_rows(data)
    projection = fit_projection(
        (read_clip(folder, row.sha256).speech for row in learn),
        meta.encoder,
        data.speech_dims,
        data.whiten,
    )
    lips = meta.groups["lips"]
    sizes = {"motion_dims": lips.stop - lips.start, "speech_dims": len(projection.offset)}
    shape = build(SyncNetworkConfig, config.network | sizes, "network")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.run.seed)
        net = SyncNetwork(shape).to(processes.device)
    scale = motion_scale(meta)[lips]
    packed = load_dataset(folder, learn, projection)
    _LOG.info("%d clips to learn from, %d held out", len(learn), len(held))
    return SyncTask(
        net=net,
        model=SyncModel(net, projection, scale, (lips.start, lips.stop), meta.encoder, meta.space),
        sampler=SyncSampler(packed, lips, scale, data, config.optim, config.run.seed),
        optim=config.optim,
        learn=packed,
        held=load_dataset(folder, held, projection) if held else None,
    )
